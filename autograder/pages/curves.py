"""Activation curves as lines that the page draws itself: sharp at every size, and in the page's colours."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

from autograder.pictures import Floats

WIDTH, HEIGHT = 400, 190
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 10, 32
MOST_CURVES = 64
MOST_POINTS = 120


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its position in the drawing, and its label."""

    at: float
    label: str


@dataclass(frozen=True)
class Curves:
    """Curves in one frame of WIDTH x HEIGHT.

    Attributes:
        lines: SVG path data, one path for each filter.
        median: the path of the median.
        across: tick marks for the steps.
        up: tick marks for the values.
        number: how many filters there are.
    """

    lines: tuple[Markup, ...]
    median: Markup
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    number: int


def make_curves(values: Floats) -> Curves | None:
    """Return one curve for each row, drawn over its steps; None if there is nothing to draw.

    Args:
        values: (filters, steps); a value that is not finite leaves a gap.
    """
    if values.ndim != 2 or values.shape[1] < 2:
        return None
    numbers = values.astype(np.float64)
    finite = np.isfinite(numbers)
    if not finite.any():
        return None
    numbers[~finite] = np.nan
    seen = numbers[:, finite.any(axis=0)]
    steps = np.flatnonzero(finite.any(axis=0))
    if seen.shape[1] < 2:
        return None
    low, high = _room(seen[np.isfinite(seen)])
    frame = _Frame(float(steps[0]), float(steps[-1]), low, high)
    some = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), MOST_POINTS)).astype(int))
    columns = seen[:, some]
    return Curves(
        lines=tuple(frame.path(steps[some], row) for row in columns[:MOST_CURVES]),
        median=frame.path(steps[some], np.nanmedian(columns, axis=0)),
        across=tuple(Tick(frame.x(tick), f"{tick:g}") for tick in _ticks(frame.first, frame.last)),
        up=tuple(Tick(frame.y(tick), f"{tick:.4g}") for tick in _ticks(low, high)),
        number=len(values),
    )


def make_lines(values: Floats) -> Curves | None:
    """Return one line for each row, (rows, steps), through those of its values that are known.

    None if there are not two values to connect.
    """
    numbers = values.astype(np.float64)
    finite = np.isfinite(numbers)
    known = [np.flatnonzero(row) for row in finite]
    if not any(len(steps) > 1 for steps in known):
        return None
    low, high = _room(numbers[finite])
    frame = _Frame(
        float(min(map(min, filter(len, known)))), float(max(map(max, filter(len, known)))), low, high
    )
    return Curves(
        lines=tuple(frame.path(steps, row[steps]) for steps, row in zip(known, numbers, strict=True)),
        median=Markup(),
        across=tuple(Tick(frame.x(tick), f"{tick:g}") for tick in _ticks(frame.first, frame.last)),
        up=tuple(Tick(frame.y(tick), f"{tick:.4g}") for tick in _ticks(low, high)),
        number=len(values),
    )


def _room(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the lowest and the highest value, apart from each other."""
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-9 * max(1.0, abs(low), abs(high)):
        return low - 0.5 * max(1.0, abs(low)), high + 0.5 * max(1.0, abs(high))
    return low, high


@dataclass(frozen=True)
class _Frame:
    first: float
    last: float
    low: float
    high: float

    def x(self, step: float) -> float:
        return LEFT + (step - self.first) / (self.last - self.first) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (value - self.low) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)

    def path(self, steps: np.ndarray, values: np.ndarray) -> Markup:
        words, is_down = [], False
        for step, value in zip(steps, values, strict=True):
            if math.isfinite(value):
                words.append(f"{'L' if is_down else 'M'}{self.x(float(step)):.1f} {self.y(float(value)):.1f}")
            is_down = math.isfinite(value)
        return Markup("".join(words))  # noqa: S704 (numbers)


def _ticks(low: float, high: float) -> list[float]:
    """Return a handful of round numbers between two values."""
    if not math.isfinite(high - low):
        return []
    slack = 1e-9 * (high - low)
    ticks = MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [float(tick) for tick in ticks if low - slack <= tick <= high + slack]
