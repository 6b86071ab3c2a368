"""Images that no ascent of the student's has made are for a person, whatever the kernel says of steps.

Each attack hands in good images from elsewhere. Its records are as consistent with them as student code can make them
without doing the ascent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from forged_ascents import ATTACKS
from forged_evidence import Evidences

from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.rubric.score import score
from autograder.verify.verifier import Verifier

Tell = Callable[[str, str], None]

POINTS = dict.fromkeys(("cnn", "training", "images", "ascent", "objective", "updates", "plot"), 10.0)
FOR_AN_ASCENT = ("ascent", "objective", "updates")

# One of each kind is tried in every run: of steps that were made up, of true steps that made nothing, and of excuses.
OF_EACH_KIND = {
    "a straight way from noise, the first of 50 gradients true",
    "a straight way from noise that is its own gradient",
    "true small steps from pasted images, the last but one kept",
    "a record that the recorder has failed",
}
TRIED = [tried if tried in OF_EACH_KIND else pytest.param(tried, marks=pytest.mark.deep) for tried in ATTACKS]


@pytest.mark.parametrize("tried", TRIED)
def test_no_point_for_an_ascent_counts_by_itself(
    tried: str, verifier: Verifier, evidence: Evidences, tell: Tell
) -> None:
    parts, images = ATTACKS[tried](evidence)
    work = evidence.make(evidence.model(), *parts, evidence.images(images), is_watched=True)
    work = replace(work, records=tuple(replace(one, run=0) for one in work.records))

    measurements, _ = verifier.measure(work)

    assert measurements.trouble == ""
    everything = score(EXERCISE, measurements, Thresholds(), POINTS)
    results = {name: everything[name] for name in FOR_AN_ASCENT}
    assert [name for name, one in results.items() if one.score and one.status != "review"] == []
    assert any(one.status == "review" for one in results.values())
    tell(tried, ", ".join(f"{name}: {one.status}" for name, one in results.items()))
