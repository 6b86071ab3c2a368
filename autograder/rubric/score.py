"""Runs the rubric: Measurements -> pytest -> a Result per criterion."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import BaseModel

from autograder.errors import RubricError
from autograder.exercise import Exercise, python_files
from autograder.measurements import Measurements
from autograder.report import Result
from autograder.rubric.plugin import RubricPlugin

# The checks need none of this, and must not pick up the settings of a surrounding project or installed
# plugins. Asserts stay as written: rewriting parses them, and CPython before 3.11.8 can fail at that while
# other threads are running ("AST constructor recursion depth mismatch").
PLAIN_PYTEST = (
    "--disable-plugin-autoload", "--assert=plain",
    "-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:faulthandler", "-p", "no:unraisableexception",
    "-p", "no:threadexception", "-p", "no:logging", "-p", "no:warnings", "-s", "-c", "/dev/null",
    "--noconftest", "--import-mode=importlib",
)  # fmt: skip


def rubric_files(exercise: Exercise, course: Path) -> list[Path]:
    """Return the check files: the exercise's own, then those in the course's `rubric/` folder."""
    return [exercise.checks, *sorted((course / "rubric").glob("test_*.py"))]


def rubric_sha256(
    exercise: Exercise, files: Sequence[Path], thresholds: BaseModel, points: Mapping[str, float]
) -> str:
    """Return a digest that identifies a rubric: its checks, its thresholds and its points."""
    digest = hashlib.sha256()
    helpers = set(python_files((Path(__file__).parent, *exercise.scored_by))) - set(files)
    for file in (*files, *sorted(helpers)):
        digest.update(file.read_bytes())
    digest.update(thresholds.model_dump_json().encode())
    digest.update(repr(sorted(points.items())).encode())
    return digest.hexdigest()


def score(
    exercise: Exercise,
    measurements: Measurements,
    thresholds: BaseModel,
    points: Mapping[str, float],
    files: Sequence[Path] = (),
) -> dict[str, Result]:
    """Apply the rubric to measurements.

    Args:
        exercise: whose rubric it is.
        measurements: of one submission.
        thresholds: the thresholds of the rubric.
        points: of every criterion, in the order of the results.
        files: the check files; a later check replaces an earlier one of the same name. Without any, the
            exercise's own.

    Raises:
        RubricError: a check cannot be imported, raises an error, or is missing.
    """
    checks = files or (exercise.checks,)
    rubric = RubricPlugin(exercise, measurements, thresholds, points)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main(
            [*PLAIN_PYTEST, *map(str, checks)], plugins=[rubric, import_module(exercise.fixtures)]
        )
    if not rubric.broken and code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        names = ", ".join(map(str, checks))
        reason = said.getvalue().strip()[-400:] or pytest.ExitCode(code).name
        raise RubricError(f"the rubric in {names} cannot be read: {reason}")
    return rubric.complete()
