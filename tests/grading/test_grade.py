"""From submissions to reports: whatever was handed in, and however often the command is given."""

from __future__ import annotations

import gc
import json
import shutil
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from nbformat import NotebookNode

import autograder.grading.course
import autograder.grading.stages
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.notebooks import write_notebook
from autograder.course.submission import Submission
from autograder.errors import CourseError, GradeascentError
from autograder.execute.sandbox import Sandbox
from autograder.grading.course import grade_course, submissions_of
from autograder.grading.grader import Grader, ready_to_grade
from autograder.grading.stored import up_to_date_run
from autograder.measurements import Measurements
from autograder.pictures import Pictures
from autograder.progress.step import Step
from autograder.record.files import (
    read_report,
    read_run,
)
from autograder.report import Report
from autograder.run import Origin, Run
from autograder.settings import Limits, Settings

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass
class Diary:
    """Writes down what the grader tells."""

    run: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def started(self, student: str) -> None: ...

    def step(self, student: str, step: Step) -> None:
        if step == Step(0, step.cells):
            self.run.append(student)

    def finished(self, student: str, report: Report, *, was_up_to_date: bool) -> None:
        if was_up_to_date:
            self.kept.append(student)

    def failed(self, student: str, error: GradeascentError | OSError) -> None:
        self.lost.append(student)


@pytest.fixture(scope="module")
def first_course(
    tmp_path_factory: pytest.TempPathFactory,
    make_notebook: Callable[[Mapping[str, str]], NotebookNode],
    correct_cells: dict[str, str],
) -> Course:
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(REPOSITORY / "source" / ASSIGNMENT, root / "source" / ASSIGNMENT)
    for student in ("ada", "bert", "cleo", "dora", "emil"):
        (root / "submitted" / student / ASSIGNMENT).mkdir(parents=True)
    course = Course.open(root)
    write_notebook(make_notebook(correct_cells), handed_in(course, "ada"))
    handed_in(course, "bert").write_text('{"nbformat": 4, "cells": [{"cell_type": "\\ud800"}]}')
    handed_in(course, "cleo").write_text("")
    handed_in(course, "dora").write_text(" " * 200_000)
    return course


def handed_in(course: Course, student: str) -> Path:
    return course.submission_folder(student) / f"{ASSIGNMENT}.ipynb"


@pytest.fixture(scope="module")
def grader(sandbox: Sandbox, first_course: Course, digits_file: Path) -> Iterator[Grader]:
    settings = Settings(jobs=2, data=str(digits_file), limits=Limits(notebook_mb=0.1, cell_seconds=120))
    with ready_to_grade(first_course, settings, announce=lambda line: None) as ready:
        yield ready


@pytest.fixture(scope="module")
def first(first_course: Course, grader: Grader) -> dict[str, Report]:
    return grade_course(first_course, submissions_of(first_course, []), grader, Diary())


@pytest.fixture
def course(first: dict[str, Report], first_course: Course, tmp_path: Path) -> Course:
    """A copy of the graded course, with the times of its files."""
    return Course.open(shutil.copytree(first_course.root, tmp_path / "course"))


def written_at(course: Course, file: str, student: str = "ada") -> int:
    return (course.result_folder(student) / file).stat().st_mtime_ns


def test_a_correct_submission_is_graded(first: dict[str, Report]) -> None:
    report = first["ada"]

    assert report.outcome == "graded"
    lost = [name for name, result in report.criteria.items() if result.status != "pass"]
    assert set(lost) <= {"training", "plot"}  # one short epoch, and no plot
    assert report.score == sum(result.score for result in report.criteria.values())


@pytest.mark.parametrize(
    ("student", "outcome", "words"),
    [
        ("bert", "invalid_notebook", "not a valid notebook"),
        ("cleo", "invalid_notebook", "the file is empty"),
        ("dora", "too_large", "larger than the limit"),
        ("emil", "invalid_notebook", "no notebook"),
    ],
)
def test_what_is_no_notebook_gets_a_report_that_says_so(
    student: str, outcome: str, words: str, first: dict[str, Report], first_course: Course
) -> None:
    report = first[student]

    assert (report.outcome, report.score, report.needs_review) == (outcome, 0, True)
    assert words in report.criteria["cnn"].feedback
    assert str(first_course.root) not in report.model_dump_json()
    assert read_report(first_course.result_folder(student)) == report


def test_what_is_up_to_date_is_left_alone(course: Course, grader: Grader, first: dict[str, Report]) -> None:
    before, diary = written_at(course, "report.json"), Diary()

    reports = grade_course(course, submissions_of(course, []), grader, diary)

    assert written_at(course, "report.json") == before
    assert diary.kept == ["ada", "bert", "cleo", "dora", "emil"]
    assert reports == first


def test_another_threshold_changes_the_verdict_without_a_kernel(course: Course, grader: Grader) -> None:
    before, diary = written_at(course, "run.json"), Diary()
    thresholds = grader.rubric.thresholds.model_copy(update={"conv_layers": 5})
    stricter = replace(grader, rubric=replace(grader.rubric, thresholds=thresholds))

    reports = grade_course(course, ["ada"], stricter, diary)

    assert reports["ada"].criteria["cnn"].score == 16
    assert written_at(course, "run.json") == before
    assert diary.run == []


def test_a_newer_verifier_measures_again_without_a_kernel(
    course: Course, grader: Grader, first: dict[str, Report]
) -> None:
    folder = course.result_folder("ada")
    note = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(note | {"verifier_sha256": "an older one"}))
    (folder / "measurements.json").write_text('{"in": "an older form"}')
    (folder / "report.json").unlink()
    diary = Diary()

    report = grade_course(course, ["ada"], grader, diary)["ada"]

    assert diary.run == []
    assert report == first["ada"]
    assert json.loads((folder / "run.json").read_text()) == note


def test_what_is_measured_again_keeps_what_it_came_from(
    course: Course, grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training that ended at a higher accuracy than asked for today is known as that also afterwards."""
    folder = course.result_folder("ada")
    file = folder / "run.json"
    note = json.loads(file.read_text())
    note["origin"] |= {"profile": "quick", "quick_accuracy": 0.95}
    file.write_text(json.dumps(note | {"verifier_sha256": "an older one"}))
    asked = Origin.model_validate(note["origin"] | {"quick_accuracy": 0.9})
    measured = Run(asked, None, Measurements("graded"), Pictures(), {}, "")
    monkeypatch.setattr(
        "autograder.grading.stored.measure_again", lambda _, origin, __: replace(measured, origin=origin)
    )

    run = up_to_date_run(folder, asked, grader, name=ASSIGNMENT)

    assert run is not None
    assert run.origin.quick_accuracy == 0.95


def test_a_report_that_was_lost_is_made_again_from_the_run(
    course: Course, grader: Grader, first: dict[str, Report]
) -> None:
    (course.result_folder("ada") / "report.json").unlink()
    before, diary = written_at(course, "run.json"), Diary()

    reports = grade_course(course, ["ada"], grader, diary)

    assert reports["ada"] == first["ada"]
    assert written_at(course, "run.json") == before
    assert diary.run == []


@pytest.mark.deep
def test_an_interrupted_run_is_repeated_with_the_same_scores(
    course: Course, grader: Grader, first: dict[str, Report]
) -> None:
    for file in ("report.json", "run.json"):
        (course.result_folder("ada") / file).unlink()
    diary = Diary()

    report = grade_course(course, ["ada"], grader, diary)["ada"]

    assert diary.run == ["ada"]
    assert report.criteria == first["ada"].criteria


def test_a_changed_notebook_is_run_again(
    course: Course, grader: Grader, make_notebook: Callable[[Mapping[str, str]], NotebookNode]
) -> None:
    write_notebook(make_notebook({"cnn": "model = None"}), handed_in(course, "ada"))
    diary = Diary()

    report = grade_course(course, ["ada"], grader, diary)["ada"]

    assert diary.run == ["ada"]
    assert report.score == 0


def test_a_student_who_handed_in_nothing_cannot_be_graded(first_course: Course) -> None:
    with pytest.raises(CourseError, match="no submission of 'zoe'"):
        submissions_of(first_course, ["ada", "zoe"])


def test_results_that_cannot_be_written_cost_only_their_own_submission(
    course: Course, grader: Grader
) -> None:
    for student in ("cleo", "emil"):
        shutil.rmtree(course.graded / student)
    (course.graded / "cleo").write_text("a file in the way")
    diary = Diary()

    reports = grade_course(course, ["cleo", "emil"], grader, diary)

    assert diary.lost == ["cleo"]
    assert list(reports) == ["emil"]
    assert (course.result_folder("emil") / "report.json").is_file()


def test_a_fault_of_the_kit_itself_costs_one_submission_and_is_written_down(
    course: Course, grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    for student in ("cleo", "emil"):
        shutil.rmtree(course.graded / student)
    make_report = autograder.grading.stages.make_report

    def make_or_fail(submission: Submission, *rest: object) -> Report:
        if submission.student == "cleo":
            raise ZeroDivisionError("a fault of our own")
        return make_report(submission, *rest)

    monkeypatch.setattr("autograder.grading.stored.make_report", make_or_fail)
    diary = Diary()

    reports = grade_course(course, ["cleo", "emil"], grader, diary)

    assert diary.lost == ["cleo"]
    assert list(reports) == ["emil"]
    assert "a fault of our own" in (course.result_folder("cleo") / "fault.txt").read_text()


def test_a_run_is_forgotten_once_its_report_is_written(
    course: Course, grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = grader.origin(Submission("ada", ASSIGNMENT, course.submission_folder("ada")))
    run = read_run(course.result_folder("ada"), origin, name=ASSIGNMENT)
    assert run is not None
    runs: list[weakref.ref[Run]] = []
    held: list[int] = []

    def new_run(*_: object, **__: object) -> Run:
        new = replace(run)
        runs.append(weakref.ref(new))
        return new

    class Counting(Diary):
        def finished(self, student: str, report: Report, *, was_up_to_date: bool) -> None:
            gc.collect()  # pytest, which has scored it, leaves circles behind
            held.append(sum(one() is not None for one in runs))

    monkeypatch.setattr(autograder.grading.course, "run_stored_or_new", new_run)

    grade_course(course, course.students(), grader, Counting(), force=True)

    assert held[-1] == 1
