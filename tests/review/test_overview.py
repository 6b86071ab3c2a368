"""The class page counts what reports and gradebook say, and every number can be seen on the wall."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from made_reports import make_report

from autograder.course.folder import ASSIGNMENT
from autograder.course.marks import Mark, Marks
from autograder.evidence import Outcome
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.report import Result, Status
from autograder.review import overview as the_overview
from autograder.review.overview import Overview, bin_edges
from autograder.review.submissions import ReviewSubmission, key_of

make_overview = partial(the_overview.make_overview, exercise=EXERCISE)

POINTS = {"cnn": 20.0, "ascent": 20.0, "objective": 15.0}
SHARE: dict[Status, float] = {"pass": 1.0, "partial": 0.5, "fail": 0.0, "review": 0.0}


def submission(
    student: str,
    *,
    causes: dict[str, str] | None = None,
    outcome: Outcome = "graded",
    timings: dict[str, float] | None = None,
    marks: Marks | None = None,
    **statuses: Status,
) -> ReviewSubmission:
    """A submission that passes everything that is not said to be otherwise."""
    criteria = {}
    for name, points in POINTS.items():
        status = statuses.get(name, "pass")
        cause = (causes or {}).get(name, "")
        score = points * SHARE[status]
        criteria[name] = Result(status=status, score=score, max_score=points, feedback="…", cause=cause)
    report = make_report(student, criteria, outcome=outcome, timings=timings or {})
    return ReviewSubmission(key_of(ASSIGNMENT, student), student, Path("nowhere"), report, marks)


def graded_by_hand(student: str, points: float) -> ReviewSubmission:
    mark = Mark("interpretation", 10.0, None, points, 0.0, waits=False)
    return submission(student, marks=Marks("1", marks={"interpretation": mark}))


def numbers(overview: Overview, criterion: str) -> dict[Status, int]:
    bar = next(one for one in overview.criteria if one.criterion == criterion)
    return {status: count.number for status, count in bar.counts.items()}


def test_an_empty_class_has_an_overview() -> None:
    overview = make_overview([])

    assert (overview.submissions, overview.scores, overview.criteria) == (0, None, ())


def test_every_score_is_in_one_bin_and_full_marks_in_the_last() -> None:
    everyone = [
        submission("ada"),
        submission("bert", cnn="fail"),
        submission("cleo", cnn="fail", ascent="fail", objective="fail"),
    ]

    scores = make_overview(everyone).scores

    assert scores is not None
    held = {(one.low, one.high): one.count.number for one in scores.bins if one.count.number}
    assert held == {(0, 5): 1, (35, 40): 1, (50, 55): 1}
    assert (scores.mean, scores.median, scores.max_score) == (30, 35, 55)
    assert scores.bins[-1].count.query == {"score_from": "50"}
    assert scores.bins[0].count.query == {"score_from": "0", "score_below": "5"}


def test_what_the_gradebook_says_is_the_score() -> None:
    scores = make_overview([graded_by_hand("ada", 7.0), graded_by_hand("bert", 9.0)]).scores

    assert scores is not None
    assert (scores.mean, scores.max_score) == (8, 10)


def test_more_points_than_there_are_still_have_a_bin() -> None:
    scores = make_overview([graded_by_hand("ada", 14.0)]).scores

    assert scores is not None
    assert scores.bins[-1].low <= 14 <= scores.bins[-1].high
    assert scores.bins[-1].count.number == 1


@pytest.mark.parametrize("highest", [0, 0.5, 1, 3, 7.5, 10, 55, 90, 100, 101.5, 1000])
def test_bins_are_few_round_and_of_one_width(highest: float) -> None:
    edges = bin_edges(highest)

    assert 1 <= len(edges) - 1 <= 12
    assert edges[0] == 0
    assert edges[-1] >= highest
    assert len({round(high - low, 9) for low, high in pairwise(edges)}) == 1


def test_criteria_are_counted_by_status() -> None:
    overview = make_overview(
        [submission("ada"), submission("bert", ascent="partial"), submission("cleo", ascent="review")]
    )

    assert numbers(overview, "cnn") == {"pass": 3, "partial": 0, "fail": 0, "review": 0}
    assert numbers(overview, "ascent") == {"pass": 1, "partial": 1, "fail": 0, "review": 1}
    bar = next(one for one in overview.criteria if one.criterion == "ascent")
    assert (bar.mean, bar.max_score) == (10, 20)
    assert bar.counts["partial"].query == {"criterion": "ascent", "status": "partial"}


def test_one_mistake_that_costs_points_in_two_criteria_counts_once() -> None:
    stopped = {"ascent": "cell_stopped", "objective": "cell_stopped"}
    overview = make_overview(
        [
            submission("ada", ascent="fail", objective="fail", causes=stopped),
            submission("bert", ascent="fail", causes={"ascent": "gradient_descent"}),
            submission("cleo", ascent="partial", causes={"ascent": "gradient_descent"}),
        ]
    )

    found = [(one.words, one.count.number, one.criteria) for one in overview.mistakes]
    assert found == [
        ("descent instead of ascent", 2, ("ascent",)),
        ("a cell stopped with an error", 1, ("ascent", "objective")),
    ]
    assert overview.mistakes[0].count.query == {"cause": "gradient_descent"}


def test_a_cause_is_distinguished_from_what_was_only_measured() -> None:
    overview = make_overview(
        [
            submission("ada", ascent="fail", causes={"ascent": "gradient_descent"}),
            submission("bert", ascent="fail", causes={"ascent": "not_raised"}),
        ]
    )

    assert {one.words: one.is_shown for one in overview.mistakes} == {
        "descent instead of ascent": True,
        "filters do not respond to their images": False,
    }


def test_a_loss_that_no_report_explains_is_counted() -> None:
    overview = make_overview(
        [
            submission("ada", cnn="fail", causes={"cnn": "no_model"}),
            submission("bert", cnn="fail", ascent="fail"),
        ]
    )

    assert (len(overview.mistakes), overview.unnamed) == (1, 1)


def test_the_slowest_runs_come_first_and_say_where_the_time_went() -> None:
    slow = {"start": 3.0, "run": 60.5, "cells": 60.0, "cell train": 40.0, "cell ascent": 15.0, "verify": 2.0}
    overview = make_overview(
        [submission("ada", timings={"start": 3.0, "cells": 10.0}), submission("bert", timings=slow)]
    )

    assert [(run.submission.student, run.seconds) for run in overview.runs] == [("bert", 65.0), ("ada", 13.0)]
    assert [part.seconds for part in overview.runs[0].parts] == [3.0, 40.0, 15.0, 5.0, 2.0]
    assert overview.usual_seconds == 39


def test_failed_runs_are_grouped_by_what_happened() -> None:
    overview = make_overview(
        [
            submission("ada"),
            submission("bert", outcome="timeout"),
            submission("cleo", outcome="timeout"),
            submission("dora", outcome="kernel_died"),
        ]
    )

    found = [(one.outcome, one.count.number, one.count.query) for one in overview.failures]
    assert found == [("timeout", 2, {"outcome": "timeout"}), ("kernel_died", 1, {"outcome": "kernel_died"})]


def test_who_has_no_report_and_no_score_only_counts_as_a_submission() -> None:
    overview = make_overview([ReviewSubmission("0" * 16, "emil", Path("nowhere"))])

    assert (overview.submissions, overview.waiting, overview.scores) == (1, 1, None)
