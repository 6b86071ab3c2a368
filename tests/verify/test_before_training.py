"""Whether a network could read digits before it was trained follows from its versions and from what was seen."""

from __future__ import annotations

from typing import Any, cast

import pytest

from autograder.evidence import Evidence, Record
from autograder.measurements import ModelMeasurement
from autograder.verify.graph import FrozenModel
from autograder.verify.models import MeasuredModel, accuracy_before_training

NOTHING: dict[str, Any] = {"seen": 0, "unseen": 0, "lost": 0, "others": 0}


def version(run: int, accuracy: float, *, updates: int = 0) -> MeasuredModel:
    measured = ModelMeasurement(
        "model", 4, 0, (28, 28, 1), 10, compiled=True, epochs=0, updates=updates, loss="", learning_rate=0.0,
        accuracy=0.0, digits=1000,
    )  # fmt: skip
    record = Record("model", run, {"variable": "model", "updates": updates})
    return MeasuredModel(record, cast("FrozenModel", None), measured, lambda: accuracy)


def seen(versions: list[MeasuredModel], *others: int) -> Evidence:
    """Evidence of these versions, and of gradients of weights in each cell, in order."""
    notes = [Record("gradients", run, {**NOTHING, "others": count}) for run, count in enumerate(others)]
    return Evidence("graded", records=(*(one.record for one in versions), *notes))


@pytest.mark.parametrize(
    ("what", "versions", "others", "before"),
    [
        ("trained as asked", [version(1, 0.1), version(2, 0.97, updates=600)], (0, 0, 1), 0.1),
        ("built and trained in one cell", [version(1, 0.97, updates=600)], (0, 1, 0), None),
        ("templates, never trained", [version(1, 0.97)], (0, 0, 0), 0.97),
        ("weights pasted later", [version(1, 0.1), version(2, 0.97)], (0, 0, 0), 0.97),
        ("pasted, then a few updates", [version(1, 0.97), version(2, 0.97, updates=2)], (0, 0, 1), 0.97),
        ("an own loop, without an optimizer", [version(1, 0.1), version(2, 0.97)], (0, 0, 9), 0.1),
        ("copied from the trained one", [version(1, 0.97, updates=600), version(2, 0.97)], (0, 1, 0), None),
        ("loaded with its optimizer", [version(1, 0.97, updates=600)], (0, 0, 0), 0.97),
    ],
)
def test_what_a_network_could_read_before_any_training(
    what: str, versions: list[MeasuredModel], others: tuple[int, ...], before: float | None
) -> None:
    assert accuracy_before_training(versions, seen(versions, *others)) == before, what


def test_evidence_of_an_earlier_recorder_shows_nothing() -> None:
    versions = [version(1, 0.97)]
    notes = (Record("gradients", 1, {"seen": 0, "unseen": 0, "lost": 0}),)

    assert accuracy_before_training(versions, Evidence("graded", records=notes)) is None
