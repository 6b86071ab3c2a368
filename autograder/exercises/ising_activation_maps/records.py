"""What is measured of this exercise besides the network; kept in `Measurements.own` as JSON can hold it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter

from autograder.measurements import Measurements


@dataclass(frozen=True)
class Head:
    """How the network comes from feature maps to classes."""

    pooling: str  # "mean", "max" or "none"
    dense: int  # layers of Dense kind between the feature maps and the classes
    logits: int  # numbers that the softmax takes
    places: tuple[int, int]  # height and width of the feature maps
    filters: int


@dataclass(frozen=True)
class ChoiceMeasurement:
    """The chosen lattices, as the network sees them."""

    variable: str  # "" if they are known only from their maps or spins
    places: tuple[int, ...]  # in the test data; -1 for what is none
    distinct: int  # how many different ones are in the test data
    right: int  # of these, how many the network classifies correctly
    wrong: int  # how many wrongly
    wrong_there: int  # how many of all test lattices it classifies wrongly
    doubtful: int  # of those it classifies correctly, how many are among the least certain that stand in for wrong ones
    probabilities: tuple[float, ...]  # of the true phase, in the order of `places`


@dataclass(frozen=True)
class MapsMeasurement:
    """The maps, and what they turned out to be."""

    variable: str
    shape: tuple[int, ...]  # as handed in
    count: int  # usable maps
    wanted: int
    found: str  # which maps they are, as `hypotheses` names it; "" if nothing fits
    fitting: int  # how many of them are these
    resized: bool  # are they so after the right maps were enlarged in the same way?
    likeness: float  # median correlation with the maps asked for
    error: float  # from the maps asked for, relative to their root mean square; the median
    units: bool  # do they have the units of the formula?


@dataclass(frozen=True)
class FigureMeasurement:
    """What the figures show of the lattices and their maps."""

    panels: int
    lattices: int  # how many of the chosen ones
    maps: int  # how many of the handed-in maps
    temperatures: int  # lattices whose titles say their temperature
    probabilities: int  # lattices whose titles say a probability that the network gives
    figures: int


@dataclass(frozen=True)
class OwnMeasurement:
    """All of these; None means that nothing of this kind was found."""

    head: Head | None = None
    choice: ChoiceMeasurement | None = None
    maps: MapsMeasurement | None = None
    figure: FigureMeasurement | None = None


_ADAPTER = TypeAdapter(OwnMeasurement)


def own_of(measurements: Measurements) -> OwnMeasurement:
    """Read what `as_own` wrote; empty if nothing was measured."""
    return _ADAPTER.validate_python(measurements.own)


def as_own(measured: OwnMeasurement) -> dict[str, Any]:
    """Return the measurements as plain numbers, words and lists."""
    return asdict(measured)
