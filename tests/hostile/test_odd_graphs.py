"""Whatever a graph of allowed operations does, it costs only its own measurement."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from forged_evidence import Evidences
from odd_graphs import GRAPHS, forged, with_odd_names

from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.measurements import Measurements
from autograder.report import Result
from autograder.rubric.score import score
from autograder.verify.verifier import Verifier

Tell = Callable[[str, str], None]

POINTS = dict.fromkeys(("cnn", "training", "images", "ascent", "objective", "updates", "plot"), 10.0)
QUICK = {"the least whole number divided by -1", "a layer without rows"}
TRIED = [tried if tried in QUICK else pytest.param(tried, marks=pytest.mark.deep) for tried in GRAPHS]


@pytest.fixture(scope="module")
def honest(verifier: Verifier, evidence: Evidences) -> Measurements:
    return verifier.measure(evidence.make(evidence.model(), evidence.images()))[0]


def judged(measurements: Measurements) -> dict[str, Result]:
    return score(EXERCISE, measurements, Thresholds(), POINTS)


@pytest.mark.parametrize("tried", TRIED)
def test_an_odd_graph_earns_nothing_for_training_and_harms_no_other(
    tried: str, verifier: Verifier, honest: Measurements, evidence: Evidences, tell: Tell
) -> None:
    measurements, _ = verifier.measure(forged(evidence, GRAPHS[tried]))

    results = judged(measurements)
    assert {name for name in ("training", "plot") if results[name].score > 0} == set()
    assert verifier.measure(evidence.make(evidence.model(), evidence.images()))[0] == honest
    tell(tried, measurements.trouble or measurements.refused_model or "measured as any other")


@pytest.mark.deep
def test_odd_names_are_only_text(verifier: Verifier, evidence: Evidences, tell: Tell) -> None:
    results = judged(verifier.measure(with_odd_names(evidence))[0])

    said = "".join(result.feedback for result in results.values())
    assert [sign for sign in said if not sign.isprintable() and sign != "\n"] == []
    tell("names of layers that clear the screen", "in the feedback, they are text")
