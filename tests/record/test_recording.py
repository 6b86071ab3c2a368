"""From reports to nbgrader's gradebook: what a TA sees in formgrader, however often the command is given."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from command_line import succeed
from diary import Diary
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook, search_path
from autograder.course.initialise import initialise
from autograder.course.notebooks import compose, grade_id, write_notebook
from autograder.course.release import enter_assignment
from autograder.errors import GradeascentError
from autograder.execute.sandbox import Sandbox
from autograder.record.files import (
    read_report,
)
from autograder.record.recording import record_reports
from autograder.report import Report

ANSWER = "The first layers want edges; the last ones want textures."
STUDENTS = ("ada", "bert", "cleo", "dora", "emil", "fay")


def handed_in(course: Course, student: str) -> Path:
    return course.submission_folder(student) / f"{ASSIGNMENT}.ipynb"


@pytest.fixture(scope="module")
def first_course(
    tmp_path_factory: pytest.TempPathFactory,
    sandbox: Sandbox,
    digits_file: Path,
    correct_cells: dict[str, str],
) -> Course:
    """Six who handed in; graded and recorded by the command."""
    course = initialise(tmp_path_factory.mktemp("course") / "course")
    released = enter_assignment(course)
    correct = compose(released, correct_cells | {"plot": "", "interpretation": ANSWER})
    write_notebook(correct, handed_in(course, "ada"))
    write_notebook(without_metadata(correct), handed_in(course, "bert"))
    write_notebook(released, handed_in(course, "cleo"))
    handed_in(course, "dora").parent.mkdir(parents=True)
    handed_in(course, "dora").write_text("{")
    write_notebook(
        compose(released, {"cnn": "model = 1 / 0", "interpretation": ANSWER}),
        handed_in(course, "emil").with_name("my work.ipynb"),
    )
    course.submission_folder("fay").mkdir(parents=True)
    hand_in_at(course, "emil", "2026-01-02 10:00:00 UTC")
    succeed(["grade", "--course", str(course.root), "--data", str(digits_file), "--profile", "quick"])
    return course


def without_metadata(notebook: NotebookNode) -> NotebookNode:
    stripped = nbformat.from_dict(json.loads(nbformat.writes(notebook)))
    for cell in stripped.cells:
        cell.metadata = NotebookNode()
    return stripped


def hand_in_at(course: Course, student: str, moment: str) -> None:
    (course.submission_folder(student) / "timestamp.txt").write_text(f"{moment}\n")


@pytest.fixture
def course(first_course: Course, tmp_path: Path) -> Course:
    return Course.open(shutil.copytree(first_course.root, tmp_path / "course", copy_function=shutil.copy2))


def report_of(course: Course, student: str) -> Report:
    report = read_report(course.result_folder(student))
    assert report is not None
    return report


def change_report(course: Course, student: str, **changes: object) -> None:
    """Write what another rubric would have given."""
    changed = report_of(course, student).model_copy(update=changes)
    (course.result_folder(student) / "report.json").write_text(changed.model_dump_json())


def with_score(report: Report, criterion: str, score: float) -> dict[str, object]:
    other = report.criteria[criterion].model_copy(update={"score": score, "status": "partial"})
    return {
        "criteria": report.criteria | {criterion: other},
        "score": report.score - report.criteria[criterion].score + score,
    }


def scores(course: Course, student: str) -> dict[str, float | None]:
    with open_gradebook(course) as gradebook:
        grades = gradebook.find_submission(ASSIGNMENT, student).notebooks[0].grades
        return {grade.name: grade.auto_score for grade in grades}


def waiting(course: Course, student: str) -> set[str]:
    with open_gradebook(course) as gradebook:
        grades = gradebook.find_submission(ASSIGNMENT, student).notebooks[0].grades
        return {grade.name for grade in grades if grade.needs_manual_grade}


def give(course: Course, student: str, cell: str, score: float, comment: str = "") -> None:
    """Do what formgrader does when a TA types a score and a comment."""
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade(cell, ASSIGNMENT, ASSIGNMENT, student)
        grade.manual_score, grade.needs_manual_grade = score, False
        if comment:
            gradebook.find_comment(cell, ASSIGNMENT, ASSIGNMENT, student).manual_comment = comment
        gradebook.db.commit()


def autograded(course: Course, student: str) -> NotebookNode:
    return nbformat.read(
        course.root / "autograded" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4
    )


def dump(course: Course) -> list[str]:
    connection = sqlite3.connect(course.gradebook)
    try:
        return sorted(connection.iterdump())
    finally:
        connection.close()


@pytest.mark.parametrize("student", STUDENTS)
def test_every_criterion_has_the_score_of_its_report(student: str, first_course: Course) -> None:
    report = report_of(first_course, student)

    recorded = scores(first_course, student)

    expected = {f"check_{name}": result.score for name, result in report.criteria.items()}
    assert {name: score for name, score in recorded.items() if name != "interpretation"} == expected
    with open_gradebook(first_course) as gradebook:
        assert gradebook.find_submission(ASSIGNMENT, student).score == report.score


@pytest.mark.parametrize("student", ["ada", "bert", "emil"])
def test_an_answer_waits_for_a_person(student: str, first_course: Course) -> None:
    assert "interpretation" in waiting(first_course, student)
    shown = next(
        cell for cell in autograded(first_course, student).cells if grade_id(cell) == "interpretation"
    )
    assert shown.source == ANSWER


def test_an_empty_answer_earns_nothing(first_course: Course) -> None:
    assert scores(first_course, "cleo")["interpretation"] == 0
    assert waiting(first_course, "cleo") == set()


@pytest.mark.parametrize("student", ["dora", "fay"])
def test_what_could_not_be_read_waits_for_a_person(student: str, first_course: Course) -> None:
    assert waiting(first_course, student) == set(scores(first_course, student))


def test_formgrader_shows_the_verified_results_and_what_the_student_ran(first_course: Course) -> None:
    for student, given in (("ada", "data"), ("bert", "deprocess")):
        cells = {grade_id(cell): cell for cell in autograded(first_course, student).cells}
        assert "20 of 20 points" in cells["check_cnn"].outputs[0].text
        assert cells[given].execution_count is not None


def test_recording_again_changes_nothing(course: Course) -> None:
    before = dump(course)
    diary = Diary()

    assert record_reports(course, STUDENTS, diary) == list(STUDENTS)
    assert record_reports(course, STUDENTS, diary, force=True) == list(STUDENTS)

    assert diary.trouble == {}
    assert dump(course) == before


def test_a_person_s_score_stays_and_a_changed_one_under_it_is_flagged(course: Course) -> None:
    give(course, "ada", "interpretation", 8, "Well seen.")
    give(course, "ada", "check_cnn", 19)
    record_reports(course, ["ada"], Diary(), force=True)
    assert waiting(course, "ada") == set()

    change_report(course, "ada", **with_score(report_of(course, "ada"), "cnn", 5))
    record_reports(course, ["ada"], Diary())

    assert waiting(course, "ada") == {"check_cnn"}
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade("check_cnn", ASSIGNMENT, ASSIGNMENT, "ada")
        assert (grade.auto_score, grade.manual_score, grade.score) == (5, 19, 19)
        answer = gradebook.find_grade("interpretation", ASSIGNMENT, ASSIGNMENT, "ada")
        assert (answer.manual_score, answer.score) == (8, 8)
        comment = gradebook.find_comment("interpretation", ASSIGNMENT, ASSIGNMENT, "ada")
        assert comment.comment == "Well seen."


def test_another_answer_under_a_person_s_score_is_flagged(course: Course) -> None:
    give(course, "ada", "interpretation", 8)

    change_report(course, "ada", submission_sha256="0" * 64)
    record_reports(course, ["ada"], Diary())

    assert waiting(course, "ada") == {"interpretation"}


def test_what_a_person_should_look_at_is_flagged_until_they_did(course: Course) -> None:
    report = report_of(course, "cleo")
    plot = report.criteria["plot"].model_copy(update={"status": "review"})
    change_report(course, "cleo", criteria=report.criteria | {"plot": plot}, needs_review=True)

    record_reports(course, ["cleo"], Diary())
    assert waiting(course, "cleo") == {"check_plot"}

    give(course, "cleo", "check_plot", 4)
    record_reports(course, ["cleo"], Diary(), force=True)
    assert waiting(course, "cleo") == set()


@pytest.mark.deep
def test_late_penalties_follow_the_course_s_own_settings(course: Course) -> None:
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-01-01 10:00:00 UTC")
    with (course.root / "nbgrader_config.py").open("a") as file:
        file.write('c.LateSubmissionPlugin.penalty_method = "zero"\n')
    change_report(course, "emil", **with_score(report_of(course, "emil"), "plot", 3))

    record_reports(course, STUDENTS, Diary())

    with open_gradebook(course) as gradebook:
        late = gradebook.find_submission(ASSIGNMENT, "emil")
        assert (late.total_seconds_late, late.score) == (24 * 60 * 60, 3)
        assert late.late_submission_penalty == 3
        assert not gradebook.find_submission(ASSIGNMENT, "cleo").late_submission_penalty


@pytest.mark.deep
def test_a_gradebook_that_was_lost_is_made_again(course: Course) -> None:
    course.gradebook.unlink()

    assert record_reports(course, ["ada", "cleo"], Diary()) == ["ada", "cleo"]

    assert scores(course, "ada")["check_cnn"] == report_of(course, "ada").criteria["cnn"].score


@pytest.mark.deep
def test_points_of_today_hold_in_the_gradebook(course: Course) -> None:
    source = course.source_notebook()
    text = source.read_text()
    assert '"points": 5' in text
    source.write_text(text.replace('"points": 5', '"points": 6'))
    changed = {
        name: result.model_copy(update={"max_score": course.points()[name]})
        for name, result in report_of(course, "cleo").criteria.items()
    }
    change_report(course, "cleo", criteria=changed)

    assert record_reports(course, ["cleo"], Diary()) == ["cleo"]

    with open_gradebook(course) as gradebook:
        assert gradebook.find_assignment(ASSIGNMENT).max_score == 102


@pytest.mark.parametrize(
    ("student", "spoil", "words"),
    [
        ("cleo", lambda course: hand_in_at(course, "cleo", "yesterday"), "timestamp.txt is not a time"),
        ("a[b]", lambda course: None, "as a pattern"),
        ("nobody", lambda course: None, "'nobody' has no report"),
    ],
)
@pytest.mark.deep
def test_one_that_cannot_be_recorded_is_reported_and_the_others_continue(
    student: str, spoil: Callable[[Course], None], words: str, course: Course
) -> None:
    spoil(course)
    diary = Diary()

    assert record_reports(course, [student, "ada"], diary) == ["ada"]

    assert words in diary.trouble[student]


def spoil_settings(course: Course) -> None:
    (course.root / "nbgrader_config.py").write_text("c = get_config(\n")


def spoil_gradebook(course: Course) -> None:
    course.gradebook.write_bytes(b"no database" * 1000)


def age_gradebook(course: Course) -> None:
    with sqlite3.connect(course.gradebook) as connection:
        connection.execute("ALTER TABLE submitted_assignment DROP COLUMN timestamp")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(spoil_settings, "nbgrader's settings", marks=pytest.mark.deep),
        (spoil_gradebook, "file is not a database"),
        pytest.param(age_gradebook, "nbgrader db upgrade", marks=pytest.mark.deep),
    ],
)
def test_a_gradebook_that_cannot_be_used_is_one_clear_line(
    spoil: Callable[[Course], None], words: str, course: Course, digits_file: Path
) -> None:
    spoil(course)

    done = command(course, "grade", "--data", str(digits_file), "--profile", "quick")

    assert done.returncode == 2
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_locked_gradebook_is_reported_and_the_same_command_continues(course: Course) -> None:
    change_report(course, "cleo", **with_score(report_of(course, "cleo"), "plot", 2))
    connection = sqlite3.connect(course.gradebook)
    connection.execute("BEGIN EXCLUSIVE")
    diary = Diary()
    try:
        with pytest.raises(GradeascentError, match="another program is writing"):
            record_reports(course, ["cleo"], diary)
    finally:
        connection.close()

    assert record_reports(course, ["cleo"], diary) == ["cleo"]
    assert scores(course, "cleo")["check_plot"] == 2


def command(course: Course, *words: str, program: str = "autograder") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", program, *words],
        cwd=course.root,
        env=os.environ | {"PATH": search_path(), "JUPYTER_CONFIG_DIR": str(course.root / "no-settings")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.deep
def test_nbgrader_autograde_gives_the_same_verdicts(course: Course, digits_file: Path) -> None:
    settings = course.root / "gradeascent.toml"
    settings.write_text(f'data = "{digits_file}"\nprofile = "quick"\n')
    before = {student: scores(course, student) for student in STUDENTS}
    waited = {student: waiting(course, student) for student in STUDENTS}
    course.gradebook.unlink()
    shutil.rmtree(course.root / "autograded")
    shutil.rmtree(course.result_folder("ada"))  # so that it has to be run, not only read
    enter_assignment(course)

    done = command(course, "autograde", ASSIGNMENT, program="nbgrader")

    able = ("ada", "bert", "cleo", "dora")  # nbgrader skips notebooks of another name
    assert {student: scores(course, student) for student in able} == {s: before[s] for s in able}, done.stderr
    assert {student: waiting(course, student) for student in able} == {s: waited[s] for s in able}
    assert record_reports(course, STUDENTS, Diary()) == list(STUDENTS)
    assert {student: scores(course, student) for student in STUDENTS} == before


@pytest.mark.deep
def test_another_assignment_is_still_nbgrader_s_own(tmp_path: Path) -> None:
    course = initialise(tmp_path / "course")
    sheet = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                "assert 1 + 1 == 2",
                metadata={
                    "nbgrader": {
                        "grade": True,
                        "grade_id": "sum",
                        "locked": True,
                        "points": 3,
                        "schema_version": 3,
                        "solution": False,
                        "task": False,
                    }
                },
            )
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    for folder in ("source/sums", "submitted/ada/sums"):
        write_notebook(sheet, course.root / folder / "sums.ipynb")
    made = command(course, "generate_assignment", "sums", program="nbgrader")
    assert made.returncode == 0, made.stderr

    done = command(course, "autograde", "sums", program="nbgrader")

    assert done.returncode == 0, done.stderr
    with Gradebook(f"sqlite:///{course.gradebook}") as gradebook:
        assert gradebook.find_submission("sums", "ada").score == 3
