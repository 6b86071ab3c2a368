"""How unusual a submission's images are in their class: TAs want to see the odd ones first."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

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


def _spread(column: Sequence[float], middle: float) -> float:
    return max(_LEAST_SPREAD, 1.4826 * statistics.median(abs(value - middle) for value in column))
