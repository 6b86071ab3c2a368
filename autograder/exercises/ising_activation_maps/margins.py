"""What the audit compares with the thresholds of the rubric."""

from __future__ import annotations

from typing import Any

from autograder.exercise import Quantity
from autograder.measurements import Measurements


def _accuracy(measured: Measurements, _: Any) -> float | None:
    return measured.model.accuracy if measured.model is not None else None


QUANTITIES: tuple[Quantity, ...] = (
    Quantity(
        "training", "held-out accuracy", "accuracy_none", lambda one: float(one.accuracy_none), _accuracy
    ),
    Quantity(
        "training", "held-out accuracy", "accuracy_full", lambda one: float(one.accuracy_full), _accuracy
    ),
)
