"""Measures the figures: which of the chosen lattices and of their maps they show, and what the titles say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import zoom

from autograder.evidence import Evidence, Record
from autograder.exercises.ising_activation_maps.constants import SIDE
from autograder.exercises.ising_activation_maps.records import FigureMeasurement
from autograder.plain.text import plain_text
from autograder.verify.arrays import read_array

Floats = npt.NDArray[np.float32]

# The exercise's own cell that draws lattices.
GIVEN_PICTURES = frozenset({"look_at_data"})
MOST_PANELS, MOST_PICTURES, LARGEST_SIDE = 400, 64, 512
# A picture shows a lattice, or a map, if they correlate so much; a smooth enlargement is a little different.
SAME_LATTICE, SAME_MAP = 0.98, 0.85
# How exactly a title has to say a number.
TEMPERATURE_WITHIN, PROBABILITY_WITHIN = 0.06, 0.011
_NUMBER = re.compile(r"\d+\.?\d*|\.\d+")


@dataclass(frozen=True)
class ToShow:
    """What the figure should show, and what the titles should say."""

    lattices: Floats  # (n, 32, 32)
    maps: Floats  # (n, 2, height, width), as handed in
    temperatures: tuple[float, ...]
    probabilities: tuple[tuple[float, ...], ...]  # of each lattice, of both classes


@dataclass(frozen=True)
class Panel:
    """One panel: its title and its pictures, with one number for each pixel."""

    title: str
    pictures: tuple[Floats, ...]


def measure_figures(evidence: Evidence, wanted: ToShow | None) -> FigureMeasurement | None:
    """Return what the figures of the cell that shows the most contain; None if there is no figure.

    The panels of one cell count together, since one figure for each lattice is as good as one for all.
    """
    by_run: dict[int, list[list[Panel]]] = {}
    for record in evidence.of_kind("figure"):
        if 0 <= record.run < len(evidence.cells) and evidence.cells[record.run].cell in GIVEN_PICTURES:
            continue
        by_run.setdefault(record.run, []).append(list(_panels(evidence, record)))
    found = [_measure(figures, wanted) for figures in by_run.values()]
    return max(found, key=lambda one: (one.lattices + one.maps, one.temperatures, one.panels), default=None)


def _measure(figures: list[list[Panel]], wanted: ToShow | None) -> FigureMeasurement:
    panels = [panel for figure in figures for panel in figure]
    lattices, maps, temperatures, probabilities = set(), set(), set(), set()
    for row, spins in enumerate(wanted.lattices if wanted else ()):
        assert wanted is not None
        titles = []
        for panel in panels:
            is_lattice = any(_is_lattice(one, spins) for one in panel.pictures)
            classes = {
                c
                for c, one_map in enumerate(wanted.maps[row] if len(wanted.maps) else ())
                if any(_likeness(one, one_map) > SAME_MAP for one in panel.pictures)
                or (is_lattice and np.ptp(one_map) == 0)  # a map of a single value cannot be seen
            }
            maps |= {(row, c) for c in classes}
            if is_lattice:
                lattices.add(row)
            if is_lattice or classes:
                titles.append(panel.title)
        numbers = [float(number) for number in _NUMBER.findall(" ".join(titles))]
        if _says(numbers, (wanted.temperatures[row],), TEMPERATURE_WITHIN):
            temperatures.add(row)
        chances = wanted.probabilities[row]
        if _says(numbers, chances, PROBABILITY_WITHIN) or _says(
            numbers, tuple(100 * one for one in chances), 100 * PROBABILITY_WITHIN
        ):
            probabilities.add(row)
    return FigureMeasurement(
        panels=sum(bool(panel.pictures) for panel in panels),
        lattices=len(lattices),
        maps=len(maps),
        temperatures=len(temperatures),
        probabilities=len(probabilities),
        figures=len(figures),
    )


def _says(numbers: list[float], wanted: tuple[float, ...], within: float) -> bool:
    return any(abs(number - one) <= within for number in numbers for one in wanted)


def _panels(evidence: Evidence, record: Record) -> Iterator[Panel]:
    """Yield the panels of a figure; those whose pixels are not there, without pictures."""
    row = read_array(evidence.payload(record))
    pixels = row.ravel() if row is not None else np.zeros(0)
    facts, start, left = record.facts.get("panels"), 0, MOST_PICTURES
    for fact in facts[:MOST_PANELS] if isinstance(facts, list) else []:
        if not isinstance(fact, dict):
            continue
        pictures, shapes = [], fact.get("shapes")
        for shape in shapes[:left] if isinstance(shapes, list) else []:
            if not _is_shape(shape):
                continue
            size = int(np.prod(shape))
            part = pixels[start : start + size]
            start, left = start + size, left - 1
            if len(part) == size:
                pictures.append(np.nan_to_num(part.reshape(shape).astype(np.float32)))
        yield Panel(plain_text(str(fact.get("title", "")), at_most=200), tuple(pictures))


def _is_shape(shape: object) -> bool:
    return (
        isinstance(shape, list)
        and len(shape) in {2, 3}
        and all(type(length) is int and 0 < length <= LARGEST_SIDE for length in shape)
        and (len(shape) == 2 or shape[2] <= 4)
    )


def _is_lattice(picture: Floats, spins: Floats) -> bool:
    """Tell whether a picture shows a lattice, in whatever two colours, as it is or with every spin enlarged."""
    height, width = picture.shape[:2]
    if height != width or height % SIDE:
        return False
    times = height // SIDE
    small = [one.reshape(SIDE, times, SIDE, times).mean(axis=(1, 3)) for one in _channels(picture)]
    return any(abs(_correlation(one, spins)) > SAME_LATTICE for one in small)


def _likeness(picture: Floats, one_map: Floats) -> float:
    """Return the largest correlation of a picture with a map of any size, also if its colours are reversed."""
    if picture.shape[:2] != one_map.shape:
        if min(one_map.shape) < 2 or max(picture.shape[:2]) < max(one_map.shape):
            return 0.0
        factors = (picture.shape[0] / one_map.shape[0], picture.shape[1] / one_map.shape[1])
        one_map = zoom(one_map, factors, order=1, grid_mode=True, mode="nearest")
    if picture.shape[:2] != one_map.shape:
        return 0.0
    return max(_correlation(one, one_map) for one in _channels(picture))


def _channels(picture: Floats) -> list[Floats]:
    """Return the colours of a picture, without its opacity."""
    return [picture] if picture.ndim == 2 else [picture[..., one] for one in range(min(picture.shape[2], 3))]


def _correlation(first: Floats, second: Floats) -> float:
    one, other = (part.astype(np.float64) - part.mean(dtype=np.float64) for part in (first, second))
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float((one * other).sum() / size) if size > 1e-20 else 0.0
