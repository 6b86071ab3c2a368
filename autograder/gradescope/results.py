"""Makes Gradescope's `results.json` from a report; its format is described at
https://gradescope-autograders.readthedocs.io/en/latest/specs/.

Students can read all of it at once. No test is hidden, because a hidden test can also hide a student's total,
and there is no leaderboard. All texts are plain text: names that a student chose are shown, never
interpreted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from autograder.plain.strict_model import StrictModel
from autograder.plain.text import plain_text
from autograder.report import LONGEST_TEXT, Report, Result, Status

# More than this is not read; a notebook can have thousands of failing cells.
MOST_FLAGS = 20

_STATUS: dict[Status, Literal["passed", "failed"]] = {"pass": "passed", "partial": "failed", "fail": "failed"}


class Test(StrictModel):
    """One line of the results; without a score, it is only a message."""

    name: str
    output: str
    score: float | None = None
    max_score: float | None = None
    status: Literal["passed", "failed"] | None = None  # None: Gradescope derives it from the score
    output_format: Literal["text"] = "text"
    visibility: Literal["visible"] = "visible"


class Results(StrictModel):
    """Everything that Gradescope gets for one submission."""

    score: float
    output: str
    tests: tuple[Test, ...] = ()
    execution_time: float | None = None
    output_format: Literal["text"] = "text"
    visibility: Literal["visible"] = "visible"
    stdout_visibility: Literal["hidden"] = "hidden"  # it is for the instructor
    extra_data: dict[str, Any] | None = None

    def to_json(self) -> str:
        """Return the content of the file."""
        return self.model_dump_json(indent=2, exclude_none=True, ensure_ascii=True) + "\n"


def results_of(report: Report, manual_points: Mapping[str, float], *, seconds: float) -> Results:
    """Return Gradescope's results for a submission.

    Args:
        report: the source of the scores.
        manual_points: the points of questions that a person grades, by name; they are part of no score here.
        seconds: how long grading took.
    """
    kept = report.model_copy(update={"flags": report.flags[:MOST_FLAGS]})
    return Results(
        score=report.score,
        output="\n".join(_summary(report, manual_points)),
        tests=(
            *(_test(name, result) for name, result in report.criteria.items()),
            *(_by_hand(name, points) for name, points in manual_points.items()),
        ),
        execution_time=round(seconds, 1),
        extra_data={"report": kept.model_dump(mode="json")},
    )


def not_graded(reason: str) -> Results:
    """Return Gradescope's results if there is no report, through no fault of the student.

    Args:
        reason: a sentence without its full stop.
    """
    return Results(
        score=0,
        output=f"This submission has not been graded: {plain_text(reason, at_most=LONGEST_TEXT)}.\n"
        "The score of 0 says nothing about your work. Please tell the course staff: they see the details in the "
        "output of the autograder, and can grade it again without a new submission.",
    )


def _summary(report: Report, manual_points: Mapping[str, float]) -> list[str]:
    lines = [f"{report.score:g} of {report.max_score:g} points by measurement."]
    if manual_points:
        lines.append(
            f"Up to {sum(manual_points.values()):g} more are given by a person who reads your answer."
        )
    if report.needs_review:
        lines.append("A person will look at this submission, so the score may still change.")
    shown = [flag for flag in report.flags if not flag.for_staff]
    lines += [f"- {flag.message}" for flag in shown[:MOST_FLAGS]]
    if (more := len(shown) - MOST_FLAGS) > 0:
        lines.append(f"- and {more} more like these.")
    return lines


def _test(name: str, result: Result) -> Test:
    return Test(
        name=name,
        output=("A person decides here. " if result.status == "review" else "") + result.feedback,
        score=result.score,
        max_score=result.max_score,
        status=_STATUS.get(result.status),
    )


def _by_hand(name: str, points: float) -> Test:
    return Test(
        name=name,
        output=f"Read by a person, for up to {points:g} points; they are not part of the score shown here.",
    )
