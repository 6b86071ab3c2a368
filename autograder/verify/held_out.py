"""Provides digits that the notebook did not see: the test digits, unchanged and moved by one pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solutions.data import RawDigits

MOST_DIGITS = 2000
# Test labels are public, so a notebook may have memorized them. Digit k is moved by SHIFTS[k % 5].
SHIFTS = ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))


@dataclass(frozen=True)
class HeldOut:
    """Held-out digits, unchanged and moved: float32 (n, 28, 28, 1) in [0, 1], and integer labels (n,)."""

    images: npt.NDArray[np.float32]
    moved: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]


def held_out(digits: RawDigits) -> HeldOut:
    """Return the first test digits, and the same digits moved by the fixed shifts."""
    images = digits.x_test[:MOST_DIGITS]
    moved = [np.roll(image, SHIFTS[k % len(SHIFTS)], axis=(0, 1)) for k, image in enumerate(images)]
    return HeldOut(_scaled(images), _scaled(np.stack(moved)), digits.y_test[:MOST_DIGITS].astype(np.int64))


def _scaled(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return (images[..., np.newaxis] / 255).astype(np.float32)  # (n, 28, 28, 1)
