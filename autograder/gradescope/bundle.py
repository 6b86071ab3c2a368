"""`autograder.zip`: everything that Gradescope needs to grade a course's submissions, each in a container.

Its notebook is the students' version, which has the points and the check cells but no solution. It is in the
source folder of a course, so the kit in the container sees a normal course.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import tomli_w

from autograder.course.folder import Course
from autograder.course.leaks import leaks_in, secrets_of, texts_of
from autograder.course.notebooks import read_notebook, write_notebook
from autograder.course.release import released_notebook
from autograder.errors import LeakError
from autograder.exercise import find_exercise
from autograder.gradescope.kit import constraints, kit_files
from autograder.gradescope.results import not_graded
from autograder.gradescope.time_limits import deadline, within
from autograder.grading.grader import digits_of
from autograder.plain.files import write_whole
from autograder.plain.scratch import temporary_folder
from autograder.rubric.score import rubric_files
from autograder.settings import SETTINGS_FILE, Settings
from solutions.data import write_npz

SCRIPTS = Path(__file__).with_name("scripts")
DIGITS = "digits.npz"
# The same contents must give the same archive; this is the earliest time that a zip file can hold.
_TIME = (1980, 1, 1, 0, 0, 0)


def write_bundle(
    course: Course,
    settings: Settings,
    file: Path,
    *,
    minutes: int,
    announce: Callable[[str], None],
    assignment: str = "",
) -> None:
    """Write the archive that an instructor uploads to Gradescope.

    Args:
        course: the source of points, checks and data.
        settings: the settings for grading there; limits are lowered to fit the time.
        file: the archive; an older one is replaced.
        minutes: the time after which Gradescope stops a submission.
        announce: receives a line on where the digits come from, if that is unexpected.
        assignment: the assignment.

    Raises:
        LeakError: the archive would reveal part of the solution.
        CourseError, DataError: the notebook or the digits cannot be used.
    """
    assignment = assignment or course.assignment
    with temporary_folder() as name:
        folder = Path(name)
        _lay_out_course(folder / "course", course, settings, minutes, announce, assignment)
        _refuse_leaks(course, folder, assignment)
        files = dict(_scripts(minutes))
        files |= {f"kit/{path}": content for path, content in kit_files()}
        files |= {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        write_whole(file, _archive(files))


def how_to_use(course: Course, settings: Settings, file: Path, *, minutes: int, assignment: str = "") -> str:
    """Return instructions for the instructor, in a few lines."""
    assignment = assignment or course.assignment
    points = sum(course.points(assignment).values())
    by_hand = course.manual_points(assignment)
    lines = [
        f"The autograder is in {file}; it holds no solution. In Gradescope, in a programming assignment:",
        f"- Configure Autograder: {points:g} points, Ubuntu 22.04 or newer; upload the archive.",
        f"- Settings: a timeout of {minutes} minutes, a container with 2 CPUs, and 6 GB of memory (at least 3).",
        *(f"- Manual grading: a question of {most:g} points for '{name}'." for name, most in by_hand.items()),
        "- Test Autograder: a submission of your own; it also shows whether the sandbox works there.",
    ]
    if settings.sandbox == "none":
        lines.append(
            "There is NO SANDBOX in it: a notebook runs with all rights in its container, so it can read the rubric "
            "and give itself any score."
        )
    return "\n".join(lines)


def _lay_out_course(
    folder: Path,
    course: Course,
    settings: Settings,
    minutes: int,
    announce: Callable[[str], None],
    assignment: str,
) -> None:
    """Make the container's course folder."""
    notebook = released_notebook(course, assignment)
    write_notebook(notebook, folder / "source" / assignment / course.source_notebook(assignment).name)
    exercise = find_exercise(settings.exercise)
    for path in rubric_files(exercise, course.root):
        if path != exercise.checks:
            write_whole(folder / "rubric" / path.name, path.read_bytes())
    digits = digits_of(course, settings, announce=announce)
    write_npz(digits, folder / DIGITS)
    there = settings.model_copy(
        update={
            "jobs": 1,
            "warm_start": False,
            "python": "",
            "data": DIGITS,
            "limits": within(settings.limits, minutes),
        }
    )
    write_whole(folder / SETTINGS_FILE, tomli_w.dumps(there.model_dump()))


def _refuse_leaks(course: Course, folder: Path, assignment: str) -> None:
    """Look for lines of the solution; the rubric's numbers may be there: students never see the archive."""
    secrets = secrets_of(read_notebook(course.source_notebook(assignment)), {})
    texts = (replace(text, is_code=False) for text in texts_of(folder) if not text.place.endswith(DIGITS))
    if leaks := leaks_in(secrets, texts):
        raise LeakError(f"the bundle would hold {leaks[0]}")


def _scripts(minutes: int) -> Iterator[tuple[str, bytes]]:
    """Yield the scripts that Gradescope starts, and the files that they read."""
    for script in sorted(SCRIPTS.iterdir()):
        yield script.name, script.read_bytes()
    yield "seconds", f"{deadline(minutes)}\n".encode()
    yield "constraints.txt", constraints().encode()
    stopped = "the autograder was stopped before its end, perhaps because its container has too little memory"
    yield "not_finished.json", not_graded(stopped).to_json().encode()
    late = f"it took longer than the {minutes} minutes that there are"
    yield "out_of_time.json", not_graded(late).to_json().encode()


def _archive(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            member = zipfile.ZipInfo(name, _TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = (0o755 if (SCRIPTS / name).is_file() else 0o644) << 16
            archive.writestr(member, data)
    return content.getvalue()
