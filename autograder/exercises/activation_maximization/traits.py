"""The numbers by which the images of a submission differ from those of others."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from autograder.measurements import Measurements


def traits_of(measured: Measurements) -> tuple[float, ...] | None:
    """Return the traits by which images differ from those of others; None if there are none."""
    images = measured.images
    if images is None or not images.filters:
        return None
    patterns = [one.pattern for one in images.filters if one.live]
    gains = [one.gain for one in images.filters if one.live]
    own = [one.best_filter == one.index for one in images.filters if one.live and one.clear]
    return (
        _median(patterns),
        math.copysign(math.log1p(abs(_median(gains))), _median(gains)),
        sum(own) / len(own) if own else 0.0,
        images.distinct / max(1, images.count),
        sum(not one.live for one in images.filters) / len(images.filters),
        math.log1p(abs(images.movement)) if math.isfinite(images.movement) else 0.0,
        _deviation(patterns),
    )


def _median(values: Sequence[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return statistics.median(finite) if finite else 0.0


def _deviation(values: Sequence[float]) -> float:
    finite = [max(-2.0, min(2.0, value)) for value in values if math.isfinite(value)]
    return statistics.pstdev(finite) if finite else 0.0
