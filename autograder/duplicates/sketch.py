"""Sketches: short vectors whose distances stand for those of long ones.

A hundred thousand weights of three hundred students cannot be compared pair by pair; their sketches can. Every
number of the long vector is added to, or subtracted from, one of the short one's places, chosen by chance but
for all the same: distances then are right to about five percent, and differences of sketches are sketches of
differences.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

LENGTH = 512
_CHUNK = 1 << 20


def sketch(numbers: npt.NDArray[np.floating]) -> Vector | None:
    """Return the sketch of a vector; None if not all of it, or of what comes of it, is finite."""
    short = np.zeros(LENGTH)
    with np.errstate(over="ignore", invalid="ignore"):
        for place in range(0, len(numbers), _CHUNK):
            part = numbers[place : place + _CHUNK].astype(np.float64)
            chance = np.random.default_rng(place).integers(0, 2 * LENGTH, _CHUNK)[: len(part)]
            signed = np.where(chance & 1, part, -part)
            short += np.bincount(chance >> 1, signed, minlength=LENGTH)
        return short if np.isfinite(np.square(short).sum()) else None


def near_pairs(sketches: Sequence[Vector], most: Sequence[float]) -> list[tuple[int, int]]:
    """Return which sketches are near each other: no farther than the smaller of what both allow.

    Args:
        sketches: of vectors of the same meaning.
        most: the largest distance that each allows.
    """
    pairs = []
    for i in range(len(sketches) - 1):
        others = np.stack(sketches[i + 1 :])
        distances = np.sqrt(np.square(others - sketches[i]).sum(axis=1))
        allowed = np.minimum(np.asarray(most[i + 1 :]), most[i])
        pairs += [(i, i + 1 + int(j)) for j in np.flatnonzero(distances <= allowed)]
    return pairs
