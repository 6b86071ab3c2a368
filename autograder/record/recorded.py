"""Tracks what is already in the gradebook for a submission, so that nothing is recorded twice."""

from __future__ import annotations

import json
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.course.folder import Course
from autograder.course.marks import read_marks
from autograder.plain.files import write_whole
from autograder.plain.strict_model import StrictModel
from autograder.plain.untrusted_files import sha256_of
from autograder.record.files import (
    read_report,
)

RECORDED = "recorded.json"
TIMESTAMP = "timestamp.txt"  # nbgrader's own
_CONFIG = "nbgrader_config.py"


class Recorded(StrictModel):
    """What was recorded last."""

    submission_sha256: str
    content_sha256: str  # of everything that determines the gradebook entry
    notebook_sha256: str = ""  # of the notebook that nbgrader writes last, after the note


def read_recorded(course: Course, student: str, assignment: str) -> Recorded | None:
    """Return what was recorded last; None if nothing was, or it is unknown."""
    try:
        return Recorded.model_validate_json(
            (course.result_folder(student, assignment) / RECORDED).read_bytes()
        )
    except (OSError, ValueError):
        return None


def note_recorded(
    course: Course, gradebook: Gradebook, student: str, assignment: str, notebook: bytes
) -> None:
    """Note that the current report is in the gradebook, and which notebook nbgrader is about to write."""
    if now := _of_today(course, gradebook, student, assignment, notebook):
        write_whole(
            course.result_folder(student, assignment) / RECORDED, now.model_dump_json(indent=2) + "\n"
        )


def is_recorded(course: Course, gradebook: Gradebook, student: str, assignment: str) -> bool:
    """Tell whether recording again would change nothing."""
    recorded = read_recorded(course, student, assignment)
    if recorded is None:
        return False
    notebook = _content(autograded_notebook(course, student, assignment))
    return recorded == _of_today(course, gradebook, student, assignment, notebook)


def autograded_notebook(course: Course, student: str, assignment: str) -> Path:
    """Return the file that nbgrader's formgrader and feedback read."""
    return course.root / "autograded" / student / assignment / course.source_notebook(assignment).name


def _of_today(
    course: Course, gradebook: Gradebook, student: str, assignment: str, notebook: bytes
) -> Recorded | None:
    """Return the current state: report, executed notebook, and all that the late penalty depends on."""
    folder = course.result_folder(student, assignment)
    report = read_report(folder)
    if report is None:
        return None
    name = course.source_notebook(assignment).stem
    marks = read_marks(gradebook, assignment, name, student).get(student)
    if marks is None:
        return None
    # A penalty may be a share of the score, and a person may have added to the score since.
    late = (marks.score, marks.late_seconds) if marks.is_late else ""
    verdict = report.model_dump(mode="json", exclude={"timings", "provenance"})
    parts: list[str | bytes] = [
        json.dumps(verdict, sort_keys=True),
        _content(folder / f"{assignment}.ipynb"),
        _content(course.submission_folder(student, assignment) / TIMESTAMP),
        _content(course.root / _CONFIG),
        str(late),
    ]
    return Recorded(
        submission_sha256=report.submission_sha256,
        content_sha256=sha256_of(parts),
        notebook_sha256=sha256_of([notebook]),
    )


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
