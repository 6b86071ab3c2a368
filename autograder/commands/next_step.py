"""What to do next in a folder: the answer to `gradeascent` without a command."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from autograder.course.folder import Course
from autograder.errors import CourseError
from autograder.record.files import read_report

HELP = "'gradeascent --help' lists all commands."

# A command, and what it does here.
Step = tuple[str, str]


def next_step(folder: Path) -> Iterator[str]:
    """Yield the lines that say where the user is and what to type next."""
    try:
        course = Course.open(folder)
    except CourseError:
        where, steps = _outside(folder)
    else:
        where, steps = _inside(course)
    yield where
    width = max(len(command) for command, _ in steps)
    yield from (f"  {command:{width}}  {meaning}" for command, meaning in steps)
    yield HELP


def _outside(folder: Path) -> tuple[str, list[Step]]:
    """Return what can be done in a folder that is no course."""
    here = folder.resolve()
    above = next((parent for parent in here.parents if _is_course(parent)), None)
    if above:
        return f"This folder belongs to the course in {above}.", [
            (f"cd {shlex.quote(str(above))}", "go there")
        ]
    if inside := [one.name for one in sorted(here.iterdir()) if _is_course(one)]:
        steps = [(f"cd {shlex.quote(name)}", "go there") for name in inside[:3]]
        return "There is a course inside this folder.", steps
    if (here / "selfcheck.py").is_file() and (notebooks := sorted(here.glob("*.ipynb"))):
        command = f"gradeascent check {shlex.quote(notebooks[0].name)}"
        return "This folder holds a released notebook.", [(command, "run it with its checks")]
    return "There is no course in this folder.", [
        ("gradeascent demo", "see the whole cycle on built-in data"),
        ("gradeascent init DIR", "make a course folder"),
    ]


def _is_course(folder: Path) -> bool:
    try:
        return any((folder / "source").glob("*/*.ipynb"))
    except OSError:
        return False


def _inside(course: Course) -> tuple[str, list[Step]]:
    """Return how far a course is, and what comes next."""
    assignment = course.assignment
    released = course.release_folder(assignment)
    if not any(released.glob("*.ipynb")):
        return "The notebook is not released yet.", [("gradeascent release", "make the students' version")]
    students = course.students(assignment)
    if not students:
        return f"The students' version is in {released}. There are no submissions yet.", [
            ("gradeascent collect DOWNLOAD --lms LMS", "moodle, canvas, gradescope or plain")
        ]
    reports = [read_report(course.result_folder(student, assignment)) for student in students]
    graded = [report for report in reports if report]
    if len(graded) < len(students):
        count = f"{len(graded)} of {len(students)} submissions are graded."
        return count, [("gradeascent grade", "run, measure, score and record the others")]
    unsure = sum(report.needs_review for report in graded)
    pages = sum(any((course.root / "feedback" / one / assignment).glob("*.html")) for one in students)
    where = f"All {len(students)} submissions are graded; the kit was not sure of {unsure}."
    return where, [
        ("gradeascent review", "look at them, and grade the answers"),
        ("gradeascent feedback", f"make a page for each student; {pages} of {len(students)} have a page"),
        ("gradeascent export FORMAT", "scores for canvas, moodle, gradescope or csv"),
        ("gradeascent rescore", "what another threshold or check would change"),
    ]
