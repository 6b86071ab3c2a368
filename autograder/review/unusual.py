"""How unusual a submission's images are in their class: TAs want to see the odd ones first."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from autograder.measurements import Measurements

# Below this spread the whole class is alike in a trait, and tiny differences do not matter.
_LEAST_SPREAD = 0.02
# Gains after `deprocess_image` mean little: a trait counts for at most this many typical deviations.
_MOST = 25.0


Traits = tuple[float, ...]


def unusualness(of_class: Mapping[str, Traits | None]) -> dict[str, float]:
    """Return each submission's distance from the typical one: the sum over its traits, in typical deviations.

    A submission without images counts as typical: there is no grid to look at.
    """
    traits = {key: values for key, values in of_class.items() if values is not None}
    columns = list(zip(*traits.values(), strict=True))
    middles = [statistics.median(column) for column in columns]
    spreads = [_spread(column, middle) for column, middle in zip(columns, middles, strict=True)]
    found = {
        key: sum(
            min(_MOST, abs(value - middle) / spread)
            for value, middle, spread in zip(values, middles, spreads, strict=True)
        )
        for key, values in traits.items()
    }
    return {key: found.get(key, 0.0) for key in of_class}


def traits_of(measured: Measurements) -> Traits | None:
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


def _spread(column: Sequence[float], middle: float) -> float:
    return max(_LEAST_SPREAD, 1.4826 * statistics.median(abs(value - middle) for value in column))
