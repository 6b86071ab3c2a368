"""`gradeascent rescore`: what another rubric changes is shown first, and only `--apply` writes it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from nbformat import NotebookNode

from autograder.cli import run
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook
from autograder.course.initialise import initialise
from autograder.course.notebooks import write_notebook
from autograder.execute.sandbox import Sandbox
from autograder.grading.course import grade_course
from autograder.grading.grader import ready_to_grade
from autograder.progress.bars import show_progress
from autograder.record.files import (
    read_report,
)
from autograder.settings import Settings

STRICTER = "[thresholds]\nconv_layers = 5\n"
BLANK = ("bert", "cleo")


@pytest.fixture(scope="module")
def graded_course(
    sandbox: Sandbox,
    tmp_path_factory: pytest.TempPathFactory,
    digits_file: Path,
    make_notebook: Callable[[Mapping[str, str]], NotebookNode],
    correct_cells: dict[str, str],
) -> Course:
    """One correct submission, and two that are no notebooks."""
    course = initialise(tmp_path_factory.mktemp("rescored") / "course")
    write_notebook(make_notebook(correct_cells | {"check_cnn": ""}), handed_in(course, "ada"))
    for student in BLANK:
        handed_in(course, student).parent.mkdir(parents=True)
        handed_in(course, student).write_text("")
    settings = Settings(jobs=2, data=str(digits_file))
    with (
        ready_to_grade(course, settings, announce=print) as grader,
        show_progress(3) as progress,
    ):
        grade_course(course, course.students(), grader, progress)
    return course


@pytest.fixture
def course(graded_course: Course, tmp_path: Path) -> Course:
    return Course.open(shutil.copytree(graded_course.root, tmp_path / "course"))


def handed_in(course: Course, student: str) -> Path:
    return course.submission_folder(student) / f"{ASSIGNMENT}.ipynb"


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def make_stricter(course: Course) -> None:
    (course.root / "gradeascent.toml").write_text(STRICTER)


def rescore(course: Course, *arguments: str) -> int:
    return run(["rescore", *arguments, "--course", str(course.root), "--jobs", "1"])


def test_a_stricter_threshold_is_shown_and_nothing_is_written(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    make_stricter(course)
    before = files_in(course.root)

    assert rescore(course) == 0

    said = capsys.readouterr().out
    (row,) = [line for line in said.splitlines() if "ada" in line]
    assert "cnn" in row
    assert "pass 20/20" in row
    assert "partial 16/20" in row
    assert "3 submissions scored again: 1 change (0 gain points, 1 lose some), 2 keep their verdicts" in said
    assert "Nothing is written yet" in said
    assert files_in(course.root) == before


def test_what_was_shown_is_written_and_recorded(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    make_stricter(course)
    runs = {file: content for file, content in files_in(course.graded).items() if file.endswith("run.json")}
    picture = (course.result_folder("ada") / "grid.png").stat().st_mtime_ns

    assert rescore(course, "--apply") == 0

    report = read_report(course.result_folder("ada"))
    assert report is not None
    assert report.criteria["cnn"].score == 16
    notebook = (course.result_folder("ada") / f"{ASSIGNMENT}.ipynb").read_text()
    assert "16 of 20 points" in notebook
    assert "20 of 20 points" not in notebook
    assert (course.result_folder("ada") / "grid.png").stat().st_mtime_ns == picture
    assert files_in(course.graded).items() >= runs.items()
    with open_gradebook(course) as gradebook:
        assert gradebook.find_submission(ASSIGNMENT, "ada").score == report.score
    assert "3 of 3 are in the gradebook" in capsys.readouterr().out

    assert rescore(course, "--apply", "--no-record") == 0
    said = capsys.readouterr().out
    assert "0 change" in said
    assert "0 reports are written" in said


@pytest.mark.deep
def test_a_check_of_the_course_is_applied_to_what_is_stored(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    (course.root / "rubric").mkdir()
    (course.root / "rubric" / "test_ours.py").write_text(
        "def test_plot(award):\n    award(1, 'Everybody gets these points.')\n"
    )

    assert rescore(course, "ada", "--apply", "--no-record") == 0

    report = read_report(course.result_folder("ada"))
    assert report is not None
    assert report.criteria["plot"].feedback == "Everybody gets these points."
    assert "1 change (1 gain points, 0 lose some)" in capsys.readouterr().out


@pytest.mark.deep
def test_a_broken_check_writes_nothing(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    (course.root / "rubric").mkdir()
    (course.root / "rubric" / "test_ours.py").write_text("def test_plot(award):\n    award.no_such_thing\n")
    before = files_in(course.graded)

    assert rescore(course, "--apply") == 2

    assert "the rubric is broken" in capsys.readouterr().err
    assert {file: content for file, content in files_in(course.graded).items() if file != ".lock"} == {
        file: content for file, content in before.items() if file != ".lock"
    }


def test_a_training_that_was_ended_too_early_for_a_higher_threshold_is_listed(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    file = course.result_folder("ada") / "run.json"
    note = json.loads(file.read_text())
    note["origin"] |= {"profile": "quick", "quick_accuracy": 0.95}
    file.write_text(json.dumps(note))
    (course.root / "gradeascent.toml").write_text("thresholds.accuracy_full = 0.93\n")

    assert rescore(course, "ada") == 1

    assert "ada: not scored again: its training was ended at a lower accuracy" in " ".join(
        capsys.readouterr().out.split()
    )


def test_submissions_that_must_run_again_are_listed_and_not_run(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    handed_in(course, "ada").write_text("something newer")
    shutil.rmtree(course.result_folder("bert"))
    before = files_in(course.graded)

    assert rescore(course, "--apply", "--no-record") == 1

    said = capsys.readouterr().out
    assert "ada: not scored again: other files were handed in since it was run" in said
    assert "bert: not scored again: it was not run to its end yet" in said
    assert files_in(course.graded) == before


@pytest.mark.deep
def test_another_verifier_measures_stored_evidence_again(
    course: Course, digits_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = course.result_folder("ada")
    note = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(note | {"verifier_sha256": "an older one"}))
    (folder / "measurements.json").write_text('{"in": "an older form"}')
    graded = read_report(folder)
    before = files_in(course.graded)

    assert rescore(course, "ada", "--data", str(digits_file)) == 0
    assert "1 were measured again" in capsys.readouterr().out
    assert files_in(course.graded) == before

    assert rescore(course, "ada", "--data", str(digits_file), "--apply", "--no-record") == 0
    assert read_report(folder) == graded
    assert json.loads((folder / "run.json").read_text()) == note
