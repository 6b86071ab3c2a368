"""Sketches: short vectors whose distances approximate the distances of long ones.

A hundred thousand weights of three hundred students cannot be compared pair by pair; their sketches can.
Every number of the long vector is added to, or subtracted from, one entry of the short one. The entry and the
sign are random but the same for all vectors. Distances are then right to about five percent, and the
difference of two sketches is the sketch of the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import PlainSerializer, PlainValidator

LENGTH = 512
_CHUNK = 1 << 20


def _from_json(numbers: object) -> npt.NDArray[np.float64]:
    vector = np.asarray(numbers, np.float64)
    if vector.shape != (LENGTH,) or not np.isfinite(np.square(vector).sum()):
        raise ValueError("not a sketch")
    return vector


# In JSON, a sketch is a list of numbers.
Vector = Annotated[
    npt.NDArray[np.float64], PlainValidator(_from_json), PlainSerializer(lambda it: it.tolist())
]


def sketch(numbers: npt.NDArray[np.floating]) -> Vector | None:
    """Return the sketch of a vector; None if the vector or its sketch is not finite."""
    short = np.zeros(LENGTH)
    with np.errstate(over="ignore", invalid="ignore"):
        for place in range(0, len(numbers), _CHUNK):
            part = numbers[place : place + _CHUNK].astype(np.float64)
            chance = np.random.default_rng(place).integers(0, 2 * LENGTH, _CHUNK)[: len(part)]
            signed = np.where(chance & 1, part, -part)
            short += np.bincount(chance >> 1, signed, minlength=LENGTH)
        return short if np.isfinite(np.square(short).sum()) else None


def near_pairs(sketches: Sequence[Vector], most: Sequence[float]) -> list[tuple[int, int]]:
    """Return the pairs of sketches that are near: at most the smaller of both allowed distances apart.

    Args:
        sketches: of vectors with the same meaning.
        most: the largest distance that each sketch allows.
    """
    pairs = []
    for i in range(len(sketches) - 1):
        others = np.stack(sketches[i + 1 :])
        distances = np.sqrt(np.square(others - sketches[i]).sum(axis=1))
        allowed = np.minimum(np.asarray(most[i + 1 :]), most[i])
        pairs += [(i, i + 1 + int(j)) for j in np.flatnonzero(distances <= allowed)]
    return pairs
