"""Accuracy on digits that the notebook did not see: the test digits, some moved by one pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from autograder.verify.graph import FrozenModel, call
from solutions.data import RawDigits

MOST_DIGITS = 2000
# Test labels are public, so a notebook may have learned them by heart; digit k is moved by SHIFTS[k % 5].
SHIFTS = ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))


@dataclass(frozen=True)
class HeldOut:
    """Held-out digits: float32 images (n, 28, 28, 1) in [0, 1], and integer labels (n,)."""

    images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]


def held_out(digits: RawDigits) -> HeldOut:
    """Return the first test digits, each moved by one of the fixed shifts."""
    images = digits.x_test[:MOST_DIGITS]
    moved = [np.roll(image, SHIFTS[k % len(SHIFTS)], axis=(0, 1)) for k, image in enumerate(images)]
    scaled = (np.stack(moved)[..., np.newaxis] / 255).astype(np.float32)  # (n, 28, 28, 1)
    return HeldOut(scaled, digits.y_test[:MOST_DIGITS].astype(np.int64))


def accuracy(model: FrozenModel, digits: HeldOut) -> float:
    """Return the share of digits whose class is the largest output; 0 unless there are ten outputs."""
    shape = model.shapes[model.output]
    if len(shape) != 2 or shape[1] != 10:
        return 0.0
    outputs = call(tf.function(model.function(model.output)), digits.images)  # (n, 10)
    return float(np.mean(outputs.argmax(axis=1) == digits.labels))
