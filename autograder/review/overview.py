"""The class at a glance: score distribution, where and why points were lost, and how long notebooks ran.

This module only gathers numbers and submission names from the reports and the gradebook; the page draws them.
Every count comes with the wall filter that shows its submissions.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median

from autograder.exercise import Exercise
from autograder.report import WORDS, Result, Status
from autograder.review.submissions import ReviewSubmission
from autograder.rubric.award import NOT_CHECKED

MOST_BINS = 12
MOST_MISTAKES = 20
MOST_RUNS = 10
_WIDTHS = (1, 2, 2.5, 5, 10)
_POINT = 1e-9  # tolerance for sums of points


@dataclass(frozen=True)
class Count:
    """A number of submissions, and the query with which the wall shows them."""

    number: int
    query: dict[str, str]


@dataclass(frozen=True)
class Bin:
    """Scores from `low` to below `high`; the last bin includes `high`."""

    low: float
    high: float
    count: Count


@dataclass(frozen=True)
class ScoreDistribution:
    """The score distribution; scores that still wait for a person may rise."""

    bins: tuple[Bin, ...]
    max_score: float
    mean: float
    median: float
    most: int  # submissions in the fullest bin


@dataclass(frozen=True)
class CriterionBar:
    """The class results for one criterion."""

    criterion: str
    counts: dict[Status, Count]
    mean: float
    max_score: float

    @property
    def number(self) -> int:
        """How many submissions have a verdict on it."""
        return sum(count.number for count in self.counts.values())


@dataclass(frozen=True)
class Mistake:
    """A cause of missing points, and how many submissions lost points to it.

    `is_shown` is False for what only says what was measured, and leaves open why.
    """

    words: str
    is_shown: bool
    count: Count
    criteria: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """How long one part of a run took."""

    name: str
    seconds: float


@dataclass(frozen=True)
class RunBar:
    """One run and where its time went."""

    submission: ReviewSubmission
    seconds: float
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Failure:
    """Runs that did not finish, all for the same reason."""

    outcome: str
    count: Count


@dataclass(frozen=True)
class Overview:
    """Everything that the page shows.

    `scores` is None while there are no scores; `unnamed` counts submissions whose loss has no reported cause.
    """

    submissions: int
    waiting: int
    scores: ScoreDistribution | None
    criteria: tuple[CriterionBar, ...]
    mistakes: tuple[Mistake, ...]
    unnamed: int
    runs: tuple[RunBar, ...]
    usual_seconds: float
    failures: tuple[Failure, ...]


def make_overview(submissions: Sequence[ReviewSubmission], exercise: Exercise) -> Overview:
    """Summarize a class."""
    runs = sorted(
        (
            _run(one, one.report.timings, exercise.slow_cells)
            for one in submissions
            if one.report and one.report.timings
        ),
        key=lambda run: -run.seconds,
    )
    return Overview(
        submissions=len(submissions),
        waiting=sum(not one.is_reviewed for one in submissions),
        scores=_scores(submissions),
        criteria=tuple(_criteria(submissions)),
        mistakes=tuple(_mistakes(submissions, exercise)[:MOST_MISTAKES]),
        unnamed=sum(
            any(result.status != "pass" and not result.cause for _, result in _results(one))
            for one in submissions
        ),
        runs=tuple(runs[:MOST_RUNS]),
        usual_seconds=median(run.seconds for run in runs) if runs else 0.0,
        failures=tuple(_failures(submissions)),
    )


def bin_edges(highest: float) -> list[float]:
    """Return the edges of the bins for scores from 0 to `highest`: a few round numbers."""
    unit = 10.0 ** math.floor(math.log10(highest / MOST_BINS)) if highest > 0 else 1.0
    width = next(unit * factor for factor in _WIDTHS if highest / (unit * factor) <= MOST_BINS)
    return [index * width for index in range(max(1, math.ceil(highest / width - _POINT)) + 1)]


def _scores(submissions: Sequence[ReviewSubmission]) -> ScoreDistribution | None:
    scored = [one for one in submissions if one.report is not None or one.marks is not None]
    if not scored:
        return None
    points = [one.score for one in scored]
    most = max(one.max_score for one in scored)
    edges = bin_edges(max(most, *points))
    bins = []
    for low, high in itertools.pairwise(edges):
        is_last = high == edges[-1]
        number = sum(low <= score and (score < high or is_last) for score in points)
        bins.append(Bin(low, high, Count(number, _between(low, high, is_last=is_last))))
    return ScoreDistribution(
        tuple(bins), most, mean(points), median(points), max(one.count.number for one in bins)
    )


def _between(low: float, high: float, *, is_last: bool) -> dict[str, str]:
    query = {"score_from": f"{low:g}"}
    return query if is_last else query | {"score_below": f"{high:g}"}


def _criteria(submissions: Sequence[ReviewSubmission]) -> Iterator[CriterionBar]:
    results: dict[str, list[tuple[ReviewSubmission, Result]]] = defaultdict(list)
    for one in submissions:
        for name, result in _results(one):
            results[name].append((one, result))
    for name, found in results.items():
        statuses = [result.status for _, result in found]
        yield CriterionBar(
            criterion=name,
            counts={
                status: Count(statuses.count(status), {"criterion": name, "status": status})
                for status in WORDS
            },
            mean=mean(_score(one, name, result) for one, result in found),
            max_score=max(result.max_score for _, result in found),
        )


def _mistakes(submissions: Sequence[ReviewSubmission], exercise: Exercise) -> list[Mistake]:
    """Group missing points by likely cause, not by criterion: one error can affect several criteria."""
    number: Counter[str] = Counter()
    criteria: dict[str, dict[str, None]] = defaultdict(dict)
    for one in submissions:
        made = [
            (result.cause, name) for name, result in _results(one) if result.cause not in {"", NOT_CHECKED}
        ]
        number.update({cause for cause, _ in made})
        for cause, name in made:
            criteria[cause][name] = None
    found = [
        Mistake(
            exercise.mistake_words(cause),
            cause not in exercise.general_causes,
            Count(times, {"cause": cause}),
            tuple(criteria[cause]),
        )
        for cause, times in number.items()
    ]
    return sorted(found, key=lambda mistake: (-mistake.count.number, mistake.words))


def _results(one: ReviewSubmission) -> Iterable[tuple[str, Result]]:
    return one.report.criteria.items() if one.report is not None else ()


def _score(one: ReviewSubmission, criterion: str, result: Result) -> float:
    mark = one.marks.marks.get(f"check_{criterion}") if one.marks is not None else None
    return mark.score if mark is not None else result.score


def _run(one: ReviewSubmission, timings: Mapping[str, float], slow_cells: Mapping[str, str]) -> RunBar:
    slow = [Part(words, timings.get(f"cell {cell}", 0.0)) for words, cell in slow_cells.items()]
    cells = timings.get("cells", timings.get("run", 0.0))
    parts = (
        Part("start", timings.get("start", 0.0)),
        *slow,
        Part("other cells", max(0.0, cells - sum(part.seconds for part in slow))),
        Part("measured again", timings.get("verify", 0.0)),
    )
    return RunBar(one, sum(part.seconds for part in parts), parts)


def _failures(submissions: Sequence[ReviewSubmission]) -> Iterator[Failure]:
    failed = Counter(
        one.report.outcome for one in submissions if one.report and one.report.outcome != "graded"
    )
    for outcome, number in sorted(failed.items(), key=lambda item: (-item[1], item[0])):
        yield Failure(outcome, Count(number, {"outcome": outcome}))
