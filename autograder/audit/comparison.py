"""Compares verdicts with labels: what was expected, what was given, and where the two disagree."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from pydantic import Field

from autograder.audit.labelled import LabelledSubmission
from autograder.plain.strict_model import StrictModel
from autograder.report import WORDS, Report, Result, Status


class Disagreement(StrictModel):
    """One criterion of one submission on which the rubric and the teacher differ."""

    submission: str
    criterion: str
    expected: tuple[Status, ...]
    given: Status
    not_mentioned: tuple[str, ...] = Field(description="words that the feedback should contain and does not")
    wrong_cause: str = Field("", description="the cause that was named, if it is not true")
    feedback: str
    measured: dict[str, float | int | str | bool]


class Comparison(StrictModel):
    """All verdicts of one profile, next to their labels."""

    profile: str
    submissions: int
    matrices: dict[str, dict[Status, dict[Status, int]]] = Field(
        description="by criterion: how often each status was given, as [expected][given]; if the label allows several "
        "statuses and one of them was given, it counts as the expected one"
    )
    disagreements: list[Disagreement]
    wrong_causes: int = Field(0, description="criteria for which a wrong cause was named")
    causes_named: int = Field(0, description="criteria for which a true cause was named")
    causes_missing: int = Field(
        0, description="criteria for which no cause was named although the label has one"
    )
    failed_correct: int = Field(
        description="criteria that should have passed and earned less than all points"
    )
    passed_wrong: int = Field(description="criteria that passed and should not have")
    sent_to_review: int = Field(description="submissions with a criterion that a person has to decide")


def compare(
    profile: str,
    labelled: Sequence[LabelledSubmission],
    reports: Mapping[str, Report],
    general: Collection[str] = (),
) -> Comparison:
    """Compare the reports on labelled submissions with their labels.

    Args:
        profile: the profile under which they were graded.
        labelled: the submissions with their labels.
        reports: by the name of the submission.
        general: causes that only say what was measured; they are not wrong, but name nothing.
    """
    pairs = [(submission, reports[submission.name]) for submission in labelled]
    criteria = list(dict.fromkeys(name for report in reports.values() for name in report.criteria))
    found = [one for submission, report in pairs for one in disagreements(submission, report, general)]
    causes = [cause_of(*pair, name, general) for pair in pairs for name in pair[1].criteria]
    return Comparison(
        profile=profile,
        submissions=len(pairs),
        matrices={criterion: matrix(criterion, pairs) for criterion in criteria},
        disagreements=found,
        wrong_causes=causes.count("wrong"),
        causes_named=causes.count("named"),
        causes_missing=causes.count("missing"),
        failed_correct=sum(one.expected == ("pass",) and one.given in {"partial", "fail"} for one in found),
        passed_wrong=sum("pass" not in one.expected and one.given == "pass" for one in found),
        sent_to_review=sum(
            any(result.status == "review" for result in report.criteria.values()) for _, report in pairs
        ),
    )


def matrix(
    criterion: str, pairs: Iterable[tuple[LabelledSubmission, Report]]
) -> dict[Status, dict[Status, int]]:
    """Return how often each status was given for each expected status, as [expected][given]."""
    counts: dict[Status, dict[Status, int]] = {row: dict.fromkeys(WORDS, 0) for row in WORDS}
    for submission, report in pairs:
        expected, given = submission.label.expected(criterion), report.criteria[criterion].status
        counts[given if given in expected else expected[0]][given] += 1
    return counts


def cause_of(
    submission: LabelledSubmission, report: Report, criterion: str, general: Collection[str]
) -> Literal["", "named", "missing", "wrong"]:
    """Tell whether the cause of missing points is a true one; empty if the label or the verdict has none."""
    result, true = report.criteria[criterion], submission.label.causes.get(criterion)
    if true is None or result.status not in {"partial", "fail"}:
        return ""
    if result.cause in true:
        return "named"
    return "missing" if not result.cause or result.cause in general else "wrong"


def disagreements(
    submission: LabelledSubmission, report: Report, general: Collection[str] = ()
) -> Iterable[Disagreement]:
    """Yield every criterion on which the report differs from the label: in its verdict, its words or its cause."""
    for criterion, result in report.criteria.items():
        expected = submission.label.expected(criterion)
        missing = not_mentioned(submission, criterion, result)
        is_wrong = cause_of(submission, report, criterion, general) == "wrong"
        if result.status not in expected or missing or is_wrong:
            yield Disagreement(
                submission=submission.name,
                criterion=criterion,
                expected=expected,
                given=result.status,
                not_mentioned=missing,
                wrong_cause=result.cause if is_wrong else "",
                feedback=result.feedback,
                measured=result.measured,
            )


def not_mentioned(submission: LabelledSubmission, criterion: str, result: Result) -> tuple[str, ...]:
    """Return the words that the feedback on a criterion should contain but does not."""
    wanted = submission.label.feedback_mentions.get(criterion, ())
    return tuple(words for words in wanted if words.lower() not in result.feedback.lower())
