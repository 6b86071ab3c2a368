"""A whole course of twelve students, by the commands that an instructor types: from the release to every export.

Whatever a student, a TA or an LMS is shown in the end has to agree with `report.json`.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from lms_readers import canvas_import, moodle_gradebook_import, moodle_worksheet_import
from nbformat import NotebookNode

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook, search_path
from autograder.course.notebooks import compose, read_notebook
from autograder.execute.sandbox import Sandbox
from autograder.gradescope.results import results_of
from autograder.record.files import (
    read_report,
)
from autograder.report import Report

pytestmark = pytest.mark.deep

STUDENTS = ("ada", "bert", "cleo", "dora", "emil", "fay", "gus", "hana", "ivo", "jan", "kim", "lea")
ANSWER = {"interpretation": "The first layers want edges; the last ones want textures."}
PARTICIPANT = {student: 101 + number for number, student in enumerate(STUDENTS)}
CANVAS_ID = {student: 501 + number for number, student in enumerate(STUDENTS)}
DUE = "2026-03-31 12:00:00 UTC"
HOURS_LATE = {"emil": 3, "hana": 1}

LATE_POLICY = '''"""A point for every hour."""
from math import ceil

from nbgrader.plugins import BasePlugin


class PointPerHour(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return ceil(total_seconds_late / 3600)
'''


class Instructor:
    """Types commands in the course folder."""

    def __init__(self, folder: Path, keras_home: Path) -> None:
        self.folder = folder
        self._environment = os.environ | {
            "PATH": search_path(),
            "TZ": "UTC",
            "KERAS_HOME": str(keras_home),
            "JUPYTER_CONFIG_DIR": str(folder / "no-settings"),
            "COLUMNS": "200",
        }

    def types(self, command: str, *words: object, status: int = 0) -> str:
        program, *rest = command.split()
        module = {"gradeascent": "autograder", "nbgrader": "nbgrader"}[program]
        done = subprocess.run(
            [sys.executable, "-m", module, *rest, *map(str, words)],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == status, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr


def hand_in(released: NotebookNode, correct: Mapping[str, str]) -> dict[str, str]:
    """Return the files of twelve students, as text."""
    good = correct | {"plot": ""} | ANSWER
    other_filter = good["ascent"].replace("list(images.numpy())", "list(np.roll(images.numpy(), 1, axis=0))")
    three = good["cnn"].replace(", ('conv2d_2', 2)", "")
    stripped = compose(released, good)
    for cell in stripped.cells:
        cell.metadata = NotebookNode()
    notebooks = {
        "ada": compose(released, good),
        "bert": stripped,
        "cleo": compose(released, good | {"ascent": other_filter}),
        "dora": compose(released, good | {"cnn": three}),
        "emil": compose(released, good | {"interpretation": "Stripes."}),
        "gus": compose(released, ANSWER | {"cnn": "model = 1 / 0"}),
        "hana": compose(released, ANSWER),
        "ivo": compose(released, {"cnn": correct["cnn"]} | ANSWER),
        "jan": released,
        "kim": compose(released, {"interpretation": "=HYPERLINK(1) <script>alert(1)</script>"}),
        "lea": compose(released, {"cnn": "model = ("} | ANSWER),
    }
    return {student: nbformat.writes(notebook) for student, notebook in notebooks.items()} | {"fay": "{"}


def moodle_download(file: Path, notebooks: Mapping[str, str]) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for number, student in enumerate(STUDENTS):
            hour = 12 + HOURS_LATE[student] if student in HOURS_LATE else 10
            minute = 0 if student in HOURS_LATE else number
            folder = f"{student.title()} Example_{PARTICIPANT[student]}_assignsubmission_file"
            entry = zipfile.ZipInfo(f"{folder}/{ASSIGNMENT}.ipynb", (2026, 3, 31, hour, minute, 0))
            archive.writestr(entry, notebooks[student])
    return file


def write_table(file: Path, rows: Sequence[Sequence[object]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(rows)
    return file


@dataclass(frozen=True)
class End:
    """A course at its end.

    Attributes:
        totals: what every student must have earned, from the reports, the TA's decisions and the late policy.
        first: the reports before the rubric was changed.
    """

    course: Course
    instructor: Instructor
    first: dict[str, Report]
    reports: dict[str, Report]
    flagged: dict[str, set[str]]
    penalties: dict[str, float]
    totals: dict[str, float]


MANUAL = {student: float(number % 11) for number, student in enumerate(STUDENTS)}
OVERRIDDEN = {"ada": {"check_plot": 5.0}, "dora": {"check_cnn": 18.0}}
COMMENT = "Well seen; say how it changes with depth."


def reports_of(course: Course) -> dict[str, Report]:
    found = {student: read_report(course.result_folder(student)) for student in STUDENTS}
    return {student: report for student, report in found.items() if report}


def grade_by_hand(course: Course) -> None:
    """Do what formgrader does when a TA types: a score and a comment, and nothing waits any more."""
    with open_gradebook(course) as gradebook:
        for student in STUDENTS:
            for grade in gradebook.find_submission(ASSIGNMENT, student).notebooks[0].grades:
                by_hand = {"interpretation": MANUAL[student], **OVERRIDDEN.get(student, {})}
                score = by_hand.get(grade.name)
                if score is not None:
                    grade.manual_score = score
                grade.needs_manual_grade = False
            answer = gradebook.find_comment("interpretation", ASSIGNMENT, ASSIGNMENT, student)
            answer.manual_comment = COMMENT
        gradebook.db.commit()


def waiting(course: Course) -> dict[str, set[str]]:
    with open_gradebook(course) as gradebook:
        submissions = gradebook.assignment_submissions(ASSIGNMENT)
        return {
            one.student.id: {grade.name for grade in one.notebooks[0].grades if grade.needs_manual_grade}
            for one in submissions
        }


@pytest.fixture(scope="module")
def end(
    tmp_path_factory: pytest.TempPathFactory,
    sandbox: Sandbox,
    digits_file: Path,
    correct_cells: dict[str, str],
) -> End:
    folder = tmp_path_factory.mktemp("year") / "course"
    keras_home = tmp_path_factory.mktemp("keras")
    (keras_home / "datasets").mkdir()
    shutil.copy(digits_file, keras_home / "datasets" / "mnist.npz")
    folder.mkdir()
    instructor = Instructor(folder, keras_home)
    instructor.types("gradeascent init .")
    settings = folder / "gradeascent.toml"
    settings.write_text(f'data = "{digits_file}"\nprofile = "quick"\njobs = 2\n')
    (folder / "late_policy.py").write_text(LATE_POLICY)
    with (folder / "nbgrader_config.py").open("a") as config:
        config.write('c.AssignLatePenalties.plugin_class = "late_policy.PointPerHour"\n')
    course = Course.open(folder)

    instructor.types("nbgrader generate_assignment", ASSIGNMENT)
    instructor.types("nbgrader db assignment add", ASSIGNMENT, f"--duedate={DUE}")
    released = read_notebook(course.release_folder() / f"{ASSIGNMENT}.ipynb")

    download = moodle_download(folder / "download.zip", hand_in(released, correct_cells))
    roster = write_table(
        folder / "roster.csv",
        [("Student ID", "Full name"), *((student, f"{student.title()} Example") for student in STUDENTS)],
    )
    instructor.types("gradeascent collect", download, "--lms", "moodle", "--roster", roster)
    instructor.types("gradeascent grade")
    first = reports_of(course)

    grade_by_hand(course)
    settings.write_text(settings.read_text() + "[thresholds]\nconv_layers = 5\n")
    instructor.types("gradeascent grade")
    flagged = waiting(course)
    grade_by_hand(course)
    instructor.types("gradeascent feedback")

    reports = reports_of(course)
    penalties = {student: float(HOURS_LATE.get(student, 0)) for student in STUDENTS}
    totals = {}
    for student, report in reports.items():
        by_hand = OVERRIDDEN.get(student, {})
        measured = sum(by_hand.get(f"check_{name}", one.score) for name, one in report.criteria.items())
        totals[student] = measured + MANUAL[student] - penalties[student]
    return End(course, instructor, first, reports, flagged, penalties, totals)


def test_everybody_is_graded_and_measured_as_they_deserve(end: End) -> None:
    assert set(end.first) == set(STUDENTS)
    lost = {
        student: {name for name, result in report.criteria.items() if result.status != "pass"}
        for student, report in end.first.items()
    }
    always = {"plot", "training"}  # there is none, and it is short
    assert lost["ada"] <= always
    assert lost["bert"] == lost["ada"]
    assert lost["cleo"] - always == {"objective"}
    assert lost["dora"] - always == {"cnn"}
    assert end.first["fay"].outcome == "invalid_notebook"


def test_the_gradebook_agrees(end: End) -> None:
    with open_gradebook(end.course) as gradebook:
        for student in STUDENTS:
            submission = gradebook.find_submission(ASSIGNMENT, student)
            automatic = {
                grade.name.removeprefix("check_"): grade.auto_score
                for grade in submission.notebooks[0].grades
            }
            automatic.pop("interpretation")
            assert automatic == {name: one.score for name, one in end.reports[student].criteria.items()}
            assert (submission.late_submission_penalty or 0) == end.penalties[student]
            assert submission.score - (submission.late_submission_penalty or 0) == end.totals[student]


def test_a_new_rubric_flags_only_what_a_person_decided_and_it_changes(end: End) -> None:
    before = {student: report.criteria["cnn"].score for student, report in end.first.items()}
    after = {student: report.criteria["cnn"].score for student, report in end.reports.items()}
    assert after["ada"] < before["ada"]
    assert after["jan"] == before["jan"]
    # fay's notebook cannot be read, so all of it waits for a person; dora's network was judged by one
    assert end.flagged["dora"] == {"check_cnn"}
    assert {student for student, cells in end.flagged.items() if cells} <= {"dora", "fay"}


@pytest.mark.parametrize("student", STUDENTS)
def test_feedback_agrees(student: str, end: End) -> None:
    page = (end.course.root / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()

    total = re.search(r'<p class="score"><strong>([^<]*)</strong>', page)

    assert total is not None
    assert float(total[1]) == end.totals[student]
    assert COMMENT in page
    assert "<script" not in page.lower()


def test_nbgrader_s_own_feedback_is_the_same_page(end: End) -> None:
    page = end.course.root / "feedback" / "ada" / ASSIGNMENT / f"{ASSIGNMENT}.html"
    before = page.read_bytes()
    page.unlink()

    end.instructor.types("nbgrader generate_feedback", ASSIGNMENT, "--student=ada", "--force")

    assert page.read_bytes() == before


def test_a_feedback_archive_for_moodle_has_everybody_s_page(end: End) -> None:
    end.instructor.types("gradeascent feedback --zip feedback.zip --lms moodle --into download.zip")

    with zipfile.ZipFile(end.course.root / "feedback.zip") as archive:
        folders = {name.split("/")[0] for name in archive.namelist()}
    named = {f"{s.title()} Example_{PARTICIPANT[s]}_assignsubmission_file" for s in STUDENTS}
    assert {folder.rstrip("_") for folder in folders} == named


def test_the_csv_agrees(end: End) -> None:
    end.instructor.types("gradeascent export csv --to grades.csv")

    with (end.course.root / "grades.csv").open(newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {student: float(row["score"]) for student, row in rows.items()} == end.totals
    assert {student: float(row["late_penalty"]) for student, row in rows.items()} == end.penalties


def test_canvas_would_enter_the_same_scores(end: End) -> None:
    rows: list[Sequence[object]] = [
        ("Student", "ID", "SIS Login ID", "Section", "Activation maximization (77)"),
        ("    Points Possible", "", "", "", "100.00"),
        *((f"Example, {s.title()}", CANVAS_ID[s], s, "1", "") for s in STUDENTS),
    ]
    into = write_table(end.course.root / "canvas.csv", rows)

    end.instructor.types("gradeascent export canvas --to filled.csv --into", into)

    taken = canvas_import(
        end.course.root / "filled.csv",
        {CANVAS_ID[s]: (s, f"Example, {s.title()}") for s in STUDENTS},
        {77: "Activation maximization"},
    )
    assert not taken.new_assignments
    assert not taken.new_people
    assert {(77, CANVAS_ID[s]): total for s, total in end.totals.items()} == {
        place: float(score) for place, score in taken.scores.items()
    }


def test_moodle_would_enter_the_same_scores_and_comments(end: End) -> None:
    heading = ("Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade")
    heading += (
        "Grade can be changed",
        "Last modified (submission)",
        "Last modified (grade)",
        "Feedback comments",
    )
    rows = [
        (
            f"Participant {PARTICIPANT[s]}",
            f"{s.title()} Example",
            "",
            "Submitted",
            "",
            "100.00",
            "Yes",
            "-",
            "-",
            "",
        )
        for s in STUDENTS
    ]
    into = write_table(end.course.root / "worksheet.csv", [heading, *rows])

    end.instructor.types("gradeascent export moodle --to sheet.csv --into", into)

    people = {number: student for student, number in PARTICIPANT.items()}
    grades, comments = moodle_worksheet_import(end.course.root / "sheet.csv", people, 100)
    assert grades == end.totals
    assert all(COMMENT in comments[student] for student in STUDENTS)


def test_moodle_s_gradebook_and_nbgrader_s_own_export_agree(end: End) -> None:
    end.instructor.types("gradeascent export moodle --to plain.csv")
    end.instructor.types("nbgrader export --to=nbgrader.csv")

    taken = moodle_gradebook_import(
        end.course.root / "plain.csv", "student_id", STUDENTS, ASSIGNMENT, f"{ASSIGNMENT} feedback"
    )
    assert {student: score for student, (score, _) in taken.items()} == end.totals
    with (end.course.root / "nbgrader.csv").open(newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    own = {s: float(row["score"]) for s, row in rows.items()}
    assert own == end.totals


@pytest.mark.parametrize("student", STUDENTS)
def test_gradescope_s_results_agree(student: str, end: End) -> None:
    report = end.reports[student]

    results = results_of(report, end.course.manual_points(), seconds=1)

    assert results.score == report.score == sum(one.score for one in report.criteria.values())


def test_grading_once_more_changes_no_score(end: End) -> None:
    end.instructor.types("gradeascent grade")

    test_the_gradebook_agrees(end)
    assert not any(waiting(end.course).values())


def test_nbgrader_s_validation_shows_which_checks_are_not_met(end: End) -> None:
    said = end.instructor.types("nbgrader validate", end.course.release_folder() / f"{ASSIGNMENT}.ipynb")

    assert "VALIDATION FAILED ON 8 CELL(S)" in said
    assert "AssertionError: There is no `model` yet." in said
    assert "AssertionError: `visualized_feature` holds no images yet." in said


def test_nbgrader_s_zip_collect_finds_what_students_handed_in(end: End) -> None:
    archive = end.course.root / "downloaded" / ASSIGNMENT / "archive" / "all.zip"
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(end.course.submission_folder("ada") / f"{ASSIGNMENT}.ipynb", f"nora_{ASSIGNMENT}.ipynb")
    end.instructor.types(
        "nbgrader zip_collect",
        ASSIGNMENT,
        r"--FileNameCollectorPlugin.named_regexp=.*/(?P<student_id>\w+?)_(?P<file_id>activation_maximization)",
    )

    assert "nora" in end.course.students()
    shutil.rmtree(end.course.submitted / "nora")


def test_an_archive_of_another_course_and_unknown_students_are_reported(end: End, tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("Nora Else_900_assignsubmission_file/essay.pdf", "no notebook")
        archive.writestr(f"Nick Else_901_assignsubmission_file/{ASSIGNMENT}.ipynb", "{}")

    said = end.instructor.types(
        "gradeascent collect", other, "--lms", "moodle", "--roster", end.course.root / "roster.csv", status=1
    )

    assert "Nora Else" in said
    assert "Nick Else" in said
    assert set(end.course.students()) == set(STUDENTS)
