"""Recognises common mix-ups in a set of images: one filter for all, shifted indices, reversed order.

All are recognised from the pattern scores of every image on every filter, next to those of the reference
images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from autograder.exercises.activation_maximization.verify.filters import Layer, Scores
from autograder.measurements import MixUp

# Images fit the filters of a mix-up if their mean pattern score, each at most 1, is at least this,
FITS = 0.75
# and if it exceeds their score on their own filters by this much.
BETTER = 0.2
# One filter for all: NEARLY_ALL of the images score at least CLEARLY on its pattern, and at most NOT_MOST of
# the reference images do.
CLEARLY, NEARLY_ALL, NOT_MOST = 0.8, 0.9, 0.5
FARTHEST_SHIFT = 8


@dataclass(frozen=True)
class _Fit:
    mix_up: MixUp
    value: float


def recognise_mix_up(layer: Layer, scores: Scores) -> MixUp | None:
    """Return the mix-up that fits the images clearly better than their own filters do, or None."""
    if len(scores.own) < 2:
        return None
    own = _fit(layer, scores, scores.own)
    candidates = [_one_for_all(layer, scores), *_shifts(layer, scores), _reversal(layer, scores)]
    found = [one for one in candidates if one is not None and one.value >= max(FITS, own + BETTER)]
    return max(found, key=lambda one: one.value).mix_up if found else None


def _fit(layer: Layer, scores: Scores, filters: npt.NDArray[np.intp]) -> float:
    """Return how well images fit these filters, one for each image; 0 if too few of the filters are clear."""
    inside = (filters >= 0) & (filters < layer.filters)
    rows, columns = np.flatnonzero(inside), filters[inside]
    clear = layer.clear[columns]
    if clear.sum() < max(len(filters) / 4, 1):
        return 0.0
    return float(np.clip(scores.patterns[rows[clear], columns[clear]], 0, 1).mean())


def _one_for_all(layer: Layer, scores: Scores) -> _Fit | None:
    shown = (scores.patterns >= CLEARLY).mean(axis=0)  # (filters,): the share of images with its pattern
    usual = (layer.fingerprints[layer.clear] >= CLEARLY).mean(axis=0) if layer.clear.any() else shown
    possible = layer.clear & (shown >= NEARLY_ALL) & (usual <= NOT_MOST)
    if not possible.any():
        return None
    best = int(np.where(possible, scores.patterns.mean(axis=0), -np.inf).argmax())
    value = float(np.clip(scores.patterns[:, best], 0, 1).mean())
    return _Fit(MixUp("one_for_all", best), value)


def _shifts(layer: Layer, scores: Scores) -> list[_Fit]:
    return [
        _Fit(MixUp("shifted", by), _fit(layer, scores, scores.own + by))
        for by in range(-FARTHEST_SHIFT, FARTHEST_SHIFT + 1)
        if by
    ]


def _reversal(layer: Layer, scores: Scores) -> _Fit:
    last = int(scores.own.max())
    return _Fit(MixUp("reversed", 0), _fit(layer, scores, last - scores.own))
