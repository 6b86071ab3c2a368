"""Grades the one submission in a Gradescope container; the bundle's `run_autograder` starts it.

It always writes `results.json`, whatever happens. Only the instructor sees what it prints.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from pathlib import Path

from autograder.course.folder import Course
from autograder.course.submission import Submission
from autograder.errors import GradeascentError
from autograder.gradescope.memory import beside_the_kit
from autograder.gradescope.results import Results, not_graded, results_of
from autograder.grading.grader import ready_to_grade
from autograder.grading.stages import make_report, run_submission
from autograder.plain.files import write_whole
from autograder.plain.machine import container_mb
from autograder.plain.text import plain_text
from autograder.plain.untrusted_files import open_plain
from autograder.progress.step import Step
from autograder.settings import load_settings
from solutions.data import DataError

LONGEST_METADATA = 16 * 1024 * 1024


def main() -> None:
    """Grade the submission under the folder named on the command line, and write its results."""
    root = Path(sys.argv[1])
    write_whole(root / "results" / "results.json", grade(root).to_json())


def grade(root: Path) -> Results:
    """Grade the submission in a folder with Gradescope's layout."""
    started = time.monotonic()
    try:
        return _grade(root, started)
    except (GradeascentError, DataError, OSError) as error:
        _print(f"not graded: {error}")
        return not_graded(str(error))
    except Exception as error:  # noqa: BLE001 (otherwise Gradescope would only say that there are no results)
        traceback.print_exc()
        return not_graded(f"a fault of gradeascent itself ({type(error).__name__})")


def _grade(root: Path, started: float) -> Results:
    course = Course.open(root / "source" / "course")
    settings = load_settings(course.root)
    limits = beside_the_kit(settings.limits, container_mb())
    settings = settings.model_copy(update={"limits": limits})
    assignment = next(course.source.iterdir()).name
    submission = Submission(submission_name(root), assignment, root / "submission")
    with ready_to_grade(course, settings, announce=_print, assignment=assignment) as grader:
        run, _ = run_submission(submission, grader, on_step=_print_cells)
        report = make_report(submission, run, grader.rubric)
    _print(report.model_dump_json(indent=2, ensure_ascii=True))
    return results_of(report, course.manual_points(assignment), seconds=time.monotonic() - started)


def _print_cells(step: Step) -> None:
    if not step.doing:
        _print(f"{step.cells_done} of {step.cells} cells done")


def submission_name(root: Path) -> str:
    """Return the report's name for the submission: its number, since student names stay with Gradescope."""
    try:
        with open_plain(root / "submission_metadata.json") as file:
            number = json.loads(file.read(LONGEST_METADATA))["id"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return "submission"
    return plain_text(f"submission {number}", at_most=60)


def _print(line: str) -> None:
    print("\n".join(map(plain_text, line.split("\n"))), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
