"""Makes the release from the source with nbgrader's own generator; it appears whole or not at all."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from nbformat import NotebookNode

from autograder.course.folder import Course
from autograder.course.gradebook import course_directory, one_at_a_time, open_gradebook, search_path
from autograder.course.leaks import find_leaks
from autograder.course.notebooks import read_notebook
from autograder.course.selfchecks import fill_in, scales
from autograder.errors import CourseError, LeakError
from autograder.plain.files import write_whole
from autograder.plain.scratch import temporary_folder
from autograder.plain.untrusted_files import sha256_of
from autograder.settings import load_settings

_NO_THRESHOLDS: Mapping[str, float] = MappingProxyType({})
_GENERATOR_SECONDS = 300

# Dies with the process that started it, even if that is killed: PR_SET_PDEATHSIG is 1, SIGKILL is 9. A
# generator that survives would change the gradebook during the next command.
_NBGRADER = """
import ctypes, runpy
ctypes.CDLL(None).prctl(1, 9)
runpy.run_module("nbgrader", run_name="__main__", alter_sys=True)
"""

# Only one grader at a time may do this, since nbgrader's generator removes cells for a moment.
ENTER = "enter the assignment"


def generate_release(
    course: Course, assignment: str = "", *, hidden_thresholds: Mapping[str, float] = _NO_THRESHOLDS
) -> Path:
    """Make the students' version of an assignment and enter the assignment in the gradebook.

    The old release stays until the new one is complete and free of leaks.

    Returns:
        The folder of the release.

    Raises:
        LeakError: the release would show a part of the solution; an old release is kept.
        CourseError: nbgrader rejected the source; the message says why.
    """
    assignment = assignment or course.assignment
    notebook = course.source_notebook(assignment)
    target = course.release_folder(assignment)
    with (
        one_at_a_time(course_directory(course).db_url, ENTER),
        tempfile.TemporaryDirectory(prefix=".release-", dir=course.root) as scratch,
    ):
        made = _generate(course, assignment, Path(scratch), database=Path(scratch) / "gradebook.db")
        stated = scales(load_settings(course.root))
        leaks = find_leaks(notebook, made, hidden_thresholds, stated=stated)
        if leaks:
            more = f" (and {len(leaks) - 1} more)" if len(leaks) > 1 else ""
            raise LeakError(f"the release would leak: {leaks[0]}{more}")
        # last, so that a rejected release leaves no trace in the gradebook
        _generate(course, assignment, Path(scratch) / "entered")
        _replace(target, made, Path(scratch) / "old")
    return target


def enter_assignment(course: Course, assignment: str = "") -> NotebookNode:
    """Update the assignment's cells and their points in the gradebook; the release does not change.

    Returns:
        The notebook that students would get now.

    Raises:
        CourseError: nbgrader rejected the source or cannot use its gradebook; the message says why.
    """
    assignment = assignment or course.assignment
    name = course.source_notebook(assignment).name
    with temporary_folder() as scratch:
        return read_notebook(_generate(course, assignment, Path(scratch)) / name)


# The last notebook, by the digest of its inputs: cached because nbgrader takes seconds.
_released: dict[str, NotebookNode] = {}


def released_notebook(course: Course, assignment: str = "") -> NotebookNode:
    """Return the notebook that students would get now; nothing in the course folder is changed.

    Raises:
        CourseError: nbgrader rejected the source; the message says why.
    """
    assignment = assignment or course.assignment
    source, config = course.source_notebook(assignment), course.root / "nbgrader_config.py"
    settings = load_settings(course.root).model_dump_json()
    content = sha256_of(
        [source.name, source.read_bytes(), config.read_bytes() if config.is_file() else b"", settings]
    )
    if content not in _released:
        with temporary_folder() as scratch:
            made = _generate(course, assignment, Path(scratch), database=Path(scratch) / "gradebook.db")
            _released.clear()
            _released[content] = read_notebook(made / source.name)
    return copy.deepcopy(_released[content])


def _generate(course: Course, assignment: str, scratch: Path, *, database: Path | None = None) -> Path:
    """Run nbgrader's generator in its own process: it changes the working directory and prints a lot.

    Without a `database`, it enters the assignment in the course's gradebook.
    """
    course.source_notebook(assignment)
    if database is None:
        with open_gradebook(course):  # reports a problem in one line, which nbgrader does not
            pass
        write_whole(scratch / "jupyter" / "nbgrader_config.json", json.dumps(_gradebook_settings(course)))
    command = [
        *(sys.executable, "-c", _NBGRADER, "generate_assignment", assignment, "--force", "--create"),
        f"--CourseDirectory.root={course.root}",
        *([f"--CourseDirectory.db_url=sqlite:///{database}"] if database else []),
        # nbgrader joins this to the course's root, and an absolute path replaces the root
        f"--CourseDirectory.release_directory={scratch / 'release'}",
        "--CourseDirectory.directory_structure={nbgrader_step}/{student_id}/{assignment_id}",
    ]
    try:
        done = subprocess.run(
            command,
            cwd=course.root,
            env=_environment(scratch),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GENERATOR_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CourseError(f"nbgrader did not finish the release in {_GENERATOR_SECONDS} seconds") from error
    made = scratch / "release" / assignment
    if done.returncode or not made.is_dir():
        raise CourseError(f"nbgrader cannot make the release of '{assignment}': {_reason(done.stderr)}")
    fill_in(made, load_settings(course.root))
    return made


def _gradebook_settings(course: Course) -> dict[str, dict[str, str]]:
    """Return the gradebook's location as file settings; a command line would show the password to all."""
    directory = course_directory(course)
    return {"CourseDirectory": {"db_url": directory.db_url, "course_id": directory.course_id}}


def _environment(scratch: Path) -> dict[str, str]:
    """Return the environment of the generator.

    The user's own Jupyter settings must not change what students get.
    """
    return os.environ | {
        "PATH": search_path(),
        "JUPYTER_CONFIG_DIR": str(scratch / "jupyter"),
        "JUPYTER_DATA_DIR": str(scratch / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(scratch / "jupyter"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _reason(log: str) -> str:
    """Return the line of nbgrader's log that gives the reason: the first exception, else the first error."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    exceptions = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Invalid\w*): ", line)]
    errors = [line.split("ERROR |")[-1].strip() for line in lines if "ERROR |" in line]
    return (exceptions or errors or lines or ["it said nothing"])[0]


def _replace(target: Path, made: Path, old: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.rename(old)
    shutil.move(made, target)
