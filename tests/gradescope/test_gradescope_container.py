"""The bundle in Gradescope's own layout: whatever was handed in and whatever fails, there are results."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.course.folder import ASSIGNMENT, Course
from autograder.grading.course import grade_course
from autograder.grading.grader import ready_to_grade
from autograder.progress.bars import show_progress
from autograder.record.files import (
    read_report,
)
from autograder.settings import load_settings

MakeContainer = Callable[..., Any]


@pytest.mark.deep
def test_the_scores_are_those_of_the_report(
    make_container: MakeContainer,
    bundled_course: Course,
    digits_file: Path,
    make_notebook: Callable[[Mapping[str, str]], NotebookNode],
    correct_cells: dict[str, str],
) -> None:
    look_around = (
        "import os\nprint('SEEN:', [path for path in ('/autograder/source', '/autograder/results', "
        "'/autograder/submission_metadata.json') if os.path.exists(path)])"
    )
    notebook = nbformat.writes(make_notebook(correct_cells | {"look": look_around}))
    submission = bundled_course.submission_folder("ada")
    submission.mkdir(parents=True)
    (submission / "my notebook.ipynb").write_text(notebook)
    settings = load_settings(bundled_course.root).model_copy(update={"data": str(digits_file)})
    with (
        ready_to_grade(bundled_course, settings, announce=lambda line: None) as grader,
        show_progress(1) as progress,
    ):
        grade_course(bundled_course, ["ada"], grader, progress)
    report = read_report(bundled_course.result_folder("ada"))
    assert report is not None

    container = make_container(notebook)
    results = container.run()

    assert results["score"] == report.score > 50
    *measured, interpretation = results["tests"]
    assert {test["name"]: test["score"] for test in measured} == {
        name: result.score for name, result in report.criteria.items()
    }
    assert {test["name"]: test["max_score"] for test in measured} == bundled_course.points()
    assert {test["name"]: test["output"] for test in measured if test.get("status")} == {
        name: result.feedback for name, result in report.criteria.items() if result.status != "review"
    }
    assert interpretation["name"] == "interpretation"
    assert "score" not in interpretation
    there = results["extra_data"]["report"]
    assert there["submission_sha256"] == report.submission_sha256
    assert there["student"] == "submission 1234"
    assert there["provenance"]["rubric_sha256"] == report.provenance.rubric_sha256
    assert there["provenance"]["sandbox"] == "bwrap"
    assert results["execution_time"] > 1


def test_an_unreadable_notebook_earns_nothing_and_says_why(make_container: MakeContainer) -> None:
    results = make_container("{ this is no notebook").run()

    assert results["score"] == 0
    assert "cannot be read as a notebook" in results["output"]
    assert {test["score"] for test in results["tests"] if "score" in test} == {0}
    assert "Nothing could be graded" in results["tests"][0]["output"]


@pytest.mark.deep
def test_a_run_that_takes_too_long_has_results(make_container: MakeContainer) -> None:
    results = make_container("{}", seconds="0.1").run()

    assert results["score"] == 0
    assert "it took longer than the 10 minutes" in results["output"]
    assert "says nothing about your work" in results["output"]


def test_where_bubblewrap_does_not_work_nothing_is_run(make_container: MakeContainer) -> None:
    bubblewrap = Path(shutil.which("bwrap") or "")
    results = make_container("{}", bound={bubblewrap: Path("/bin/false")}).run()

    assert "no sandbox: bubblewrap does not start" in results["output"]
    assert "--sandbox none" in results["output"]
    assert "says nothing about your work" in results["output"]


@pytest.mark.deep
def test_a_bundle_made_without_a_sandbox_needs_none_and_says_so(
    make_container: MakeContainer, make_notebook: Callable[[Mapping[str, str]], NotebookNode]
) -> None:
    notebook = nbformat.writes(make_notebook({"cnn": "x = 1"}))
    container = make_container(notebook, bound={Path(shutil.which("bwrap") or ""): Path("/bin/false")})
    settings = container.root / "source" / "course" / "gradeascent.toml"
    settings.write_text(settings.read_text().replace('sandbox = "bwrap"', 'sandbox = "none"'))

    results = container.run()

    assert results["score"] == 0
    assert "without a sandbox" in results["output"]
    assert "No Keras model" in results["tests"][0]["output"]


@pytest.mark.deep
def test_a_fault_of_the_kit_has_results(make_container: MakeContainer) -> None:
    container = make_container("{}")
    with (container.root / "source/kit/autograder/grading/stages.py").open("a") as file:
        file.write("\ndef make_report(*_): raise ZeroDivisionError('broken')\n")

    results = container.run()

    assert "a fault of gradeascent itself (ZeroDivisionError)" in results["output"]
    assert "says nothing about your work" in results["output"]


@pytest.mark.deep
def test_a_kit_that_does_not_even_start_has_results(make_container: MakeContainer) -> None:
    container = make_container("{}")
    (container.root / "source/kit/autograder/grading/stages.py").write_text("import no_such_module")

    results = container.run()

    assert "the autograder was stopped before its end" in results["output"]


@pytest.mark.deep
def test_a_bundle_without_its_course_has_results(make_container: MakeContainer) -> None:
    container = make_container("{}")
    shutil.rmtree(container.root / "source" / "course" / "source" / ASSIGNMENT)

    results = container.run()

    assert "not a course folder" in results["output"]
