"""Verdicts beside labels: counted, and named where they differ."""

from __future__ import annotations

import pytest
from made_reports import make_report

from autograder.audit.comparison import compare
from autograder.audit.labelled import LabelledSubmission, parse_labelled
from autograder.report import Report, Result, Status


def labelled(name: str, label: str = "") -> LabelledSubmission:
    return parse_labelled(name, f"# /// label\n{label}# ///\n")


def report(name: str, feedback: str = "as it should be", **given: Status) -> Report:
    criteria = {
        criterion: Result(status=status, score=0, max_score=10, feedback=feedback, measured={"steps": 7})
        for criterion, status in given.items()
    }
    return make_report(name, criteria)


def test_agreement_is_counted_on_the_diagonal() -> None:
    result = compare("quick", [labelled("a"), labelled("b", '# cnn = "fail"\n')],
                     {"a": report("a", cnn="pass"), "b": report("b", cnn="fail")})  # fmt: skip

    assert result.disagreements == []
    assert result.matrices["cnn"]["pass"] == {"pass": 1, "partial": 0, "fail": 0, "review": 0}
    assert result.matrices["cnn"]["fail"]["fail"] == 1


def test_of_several_defensible_verdicts_the_given_one_counts_as_expected() -> None:
    both = labelled("a", '# cnn = ["partial", "fail"]\n')

    result = compare("quick", [both], {"a": report("a", cnn="fail")})

    assert result.disagreements == []
    assert result.matrices["cnn"]["fail"]["fail"] == 1


def test_a_right_submission_that_loses_points_and_a_wrong_one_that_passes_are_counted() -> None:
    submissions = [labelled("right"), labelled("wrong", '# cnn = "fail"\n')]

    result = compare(
        "quick", submissions, {"right": report("right", cnn="partial"), "wrong": report("wrong", cnn="pass")}
    )

    assert (result.failed_correct, result.passed_wrong) == (1, 1)
    assert [(one.submission, one.expected, one.given) for one in result.disagreements] == [
        ("right", ("pass",), "partial"),
        ("wrong", ("fail",), "pass"),
    ]
    assert result.disagreements[0].measured == {"steps": 7}


def test_feedback_without_the_cause_is_a_disagreement() -> None:
    label = '# cnn = "fail"\n# [feedback_mentions]\n# cnn = ["Sign", "noise"]\n'

    result = compare("quick", [labelled("a", label)], {"a": report("a", "look at the sign", cnn="fail")})

    assert [one.not_mentioned for one in result.disagreements] == [("noise",)]


@pytest.mark.parametrize(("status", "count"), [("review", 1), ("fail", 0)])
def test_submissions_for_a_person_are_counted_once(status: Status, count: int) -> None:
    result = compare("quick", [labelled("a")], {"a": report("a", cnn=status, plot=status)})

    assert result.sent_to_review == count
