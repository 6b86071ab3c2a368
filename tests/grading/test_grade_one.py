"""`gradeascent grade-one`: one folder in, one folder out, and a course takes the result for its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from command_line import succeed
from nbformat import NotebookNode

from autograder.cli import run
from autograder.course.folder import ASSIGNMENT
from autograder.course.initialise import initialise
from autograder.course.notebooks import write_notebook
from autograder.execute.sandbox import Sandbox
from autograder.record.files import (
    read_report,
)

MakeNotebook = Callable[[Mapping[str, str]], NotebookNode]


def hand_in(folder: Path, make_notebook: MakeNotebook) -> Path:
    write_notebook(make_notebook({"cnn": "print('nothing yet')"}), folder / f"{ASSIGNMENT}.ipynb")
    return folder


def test_results_need_no_course_and_are_up_to_date_in_one(
    sandbox: Sandbox,
    tmp_path: Path,
    digits_file: Path,
    make_notebook: MakeNotebook,
    capsys: pytest.CaptureFixture[str],
) -> None:
    submission = hand_in(tmp_path / "ada" / ASSIGNMENT, make_notebook)
    results, data = tmp_path / "results", str(digits_file)

    succeed(["grade-one", str(submission), str(results), "--data", data])

    report = read_report(results)
    assert report is not None
    assert (report.student, report.outcome, report.max_score) == ("ada", "graded", 90)
    assert {file.name for file in results.iterdir()} == {
        f"{ASSIGNMENT}.ipynb", "evidence", "grid.png", "measurements.json", "pictures.npz", "report.json", "run.json",
    }  # fmt: skip

    succeed(["grade-one", str(submission), str(results), "--data", data])
    assert "up to date" in capsys.readouterr().err

    course = initialise(tmp_path / "course")
    shutil.copytree(submission, course.submission_folder("ada"))
    shutil.copytree(results, course.result_folder("ada"))
    succeed(["grade", "--course", str(course.root), "--data", data, "--no-record"])
    assert "up to date" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("results", "words"),
    [("submission/results", "cannot be written into the submission"), ("others", "holds 'thesis.tex'")],
)
def test_nothing_is_written_where_something_else_is(
    results: str,
    words: str,
    tmp_path: Path,
    make_notebook: MakeNotebook,
    capsys: pytest.CaptureFixture[str],
) -> None:
    submission = hand_in(tmp_path / "submission", make_notebook)
    (tmp_path / "others" / "evidence").mkdir(parents=True)
    (tmp_path / "others" / "thesis.tex").write_text("the only copy")
    before = sorted(tmp_path.rglob("*"))

    assert run(["grade-one", str(submission), str(tmp_path / results)]) == 2

    assert words in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "others" / "thesis.tex").read_text() == "the only copy"


def test_no_submission_is_an_error_and_not_a_grade(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["grade-one", str(tmp_path / "nobody"), str(tmp_path / "results")]) == 2

    assert "there is no submission in" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()
