"""Bundles a submission that the kit was wrong about, for the people who can mend it, without personal details."""

from __future__ import annotations

import io
import json
import platform
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import MissingEntry

from autograder.audit.anonymous import LEFT_OUT, SOMEBODY, KnownNames, anonymous_facts, anonymous_notebook
from autograder.collect.place import Shelf
from autograder.course.folder import Course
from autograder.course.gradebook import open_gradebook
from autograder.course.release import released_notebook
from autograder.course.submission import Submission
from autograder.errors import CourseError, SubmissionError
from autograder.grading.course import submissions_of
from autograder.plain.files import write_whole
from autograder.record.files import MEASUREMENTS, PICTURES, REPORT, read_report
from autograder.settings import Settings

_WHEN = (1980, 1, 1, 0, 0, 0)  # the first that a zip can name: not when it was made


@dataclass(frozen=True)
class Case:
    """The bundle of one submission.

    Attributes:
        files: contents by name.
        notes: what is not in it, and why.
    """

    files: dict[str, bytes]
    notes: tuple[str, ...] = ()


def make_case(course: Course, student: str, settings: Settings, assignment: str = "") -> Case:
    """Return what is needed to see why a submission got its verdict.

    Raises:
        CourseError: the student is unknown, there is no report, or the gradebook, which knows names, cannot be read.
    """
    assignment = assignment or course.assignment
    submissions_of(course, [student], assignment)
    folder = course.result_folder(student, assignment)
    report = read_report(folder)
    if report is None:
        raise CourseError(f"{student} has no report yet; run 'gradeascent grade {student}' first")
    names = KnownNames({student, *_names_of(course, student, assignment)})
    notes: list[str] = []
    facts = report.model_dump(mode="json") | {"student": SOMEBODY}
    for flag in facts["flags"]:  # these are lines of the student's own
        flag["details"] = [LEFT_OUT for _ in flag["details"]]
    files = {
        REPORT: _json(anonymous_facts(facts, names)),
        "settings.json": _json(anonymous_facts(_without_address(settings), names)),
        "machine.json": _json(_machine(course)),
    }
    try:
        files[MEASUREMENTS] = _json(anonymous_facts(_without_lines(folder / MEASUREMENTS), names))
        files[PICTURES] = (folder / PICTURES).read_bytes()
    except (OSError, ValueError):
        notes.append("there are no measurements: the submission was never run to its end")
    try:
        handed_in = Submission(student, assignment, course.submission_folder(student, assignment))
        notebook = handed_in.read(settings.limits)
        released = released_notebook(course, assignment)
        clean = anonymous_notebook(notebook, released, names)
        files[f"{assignment}.ipynb"] = (nbformat.writes(clean) + "\n").encode()
    except SubmissionError as error:
        notes.append(f"the notebook cannot be read: {names.without(str(error))}")
    return Case(files, tuple(notes))


def write_case(case: Case, file: Path) -> None:
    """Write a bundle as a zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(case.files.items()):
            archive.writestr(zipfile.ZipInfo(name, _WHEN), content, zipfile.ZIP_DEFLATED)
    write_whole(file, packed.getvalue())


def what_is_in(case: Case, file: Path) -> Iterator[str]:
    """Yield the lines that say what was bundled, and what to do before it is sent."""
    yield f"{file}: {', '.join(sorted(case.files))}"
    yield from (f"note: {note}" for note in case.notes)
    yield (
        "Removed: the names in the gradebook, comments, docstrings, outputs, answers, texts and folders. Text inside "
        "the code and the names of variables are still there: look into the file before you send it."
    )


def _names_of(course: Course, student: str, assignment: str) -> set[str]:
    """Return what the gradebook and the collected download call a student."""
    collected = Shelf(course, assignment).record(student)
    names = {collected.person} if collected else set()
    with open_gradebook(course) as gradebook:
        try:
            one = gradebook.find_student(student)
        except MissingEntry:
            return names
        known = (one.first_name, one.last_name, one.email, one.lms_user_id)
        return names | {name for name in known if name}


def _without_address(settings: Settings) -> dict[str, Any]:
    """Return the settings without what names the course's server."""
    return settings.model_dump(mode="json") | {"selfcheck_url": LEFT_OUT if settings.selfcheck_url else ""}


def _without_lines(file: Path) -> Any:
    """Read measurements, without lines of changed cells and the names of files."""
    measured = json.loads(file.read_bytes())
    for changed in measured.get("changed_cells", []):
        changed["difference"] = LEFT_OUT if changed.get("difference") else ""
    for notice in measured.get("notices", []):
        notice["message"], notice["about"] = LEFT_OUT, []
    return measured


def _machine(course: Course) -> dict[str, Any]:
    """Return what a verdict may depend on, besides the versions in the report."""
    return {
        "python": platform.python_version(),
        "processor": platform.machine(),
        "own_checks": sorted(check.name for check in (course.root / "rubric").glob("test_*.py")),
    }


def _json(facts: Any) -> bytes:
    return (json.dumps(facts, indent=2) + "\n").encode()
