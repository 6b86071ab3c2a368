"""Finds the chosen lattices and the maps in the evidence, under whatever name and in whatever arrangement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from autograder.evidence import Evidence, Record
from autograder.exercises.ising_activation_maps.constants import CHOSEN, CLASSES, MAPS, SIDE
from autograder.exercises.ising_activation_maps.data import Lattices
from autograder.plain.text import plain_text
from autograder.verify.arrays import read_array

Floats = npt.NDArray[np.float32]

MOST_LATTICES, MOST_CHOICES = 16, 3
# Between a spin that is down, -1 or 0, and one that is up.
BETWEEN = 0.25


class Chosen(NamedTuple):
    """Places in the test data, and the variable that says so."""

    places: tuple[int, ...]
    variable: str


@dataclass(frozen=True)
class Handed:
    """Maps as they were handed in, in one arrangement: (n, 2, height, width)."""

    record: Record
    shape: tuple[int, ...]
    maps: Floats


def chosen_places(evidence: Evidence, lattices: Lattices) -> list[Chosen]:
    """Return the places of the chosen lattices in the test data, the last version first, since names are used again.

    The variable may hold the places, or the lattices themselves. -1 stands for what is none of the test lattices.
    """
    found: list[Chosen] = []
    for _, array in arrays_called(evidence, CHOSEN):
        flat = array.ravel()
        if 2 <= len(flat) <= MOST_LATTICES and (flat == np.round(flat)).all():
            places = tuple(int(one) if 0 <= one < len(lattices.shown) else -1 for one in flat)
            found.append(Chosen(places, CHOSEN))
        elif places := _places_of(array, lattices):
            found.append(Chosen(places, CHOSEN))
    if found:
        return list(dict.fromkeys(found))[:MOST_CHOICES]
    for record in reversed(evidence.of_kind("array")):
        other = read_array(evidence.payload(record))
        if other is not None and (places := _places_of(other, lattices)):
            return [Chosen(places, plain_text(str(record.facts.get("variable")), at_most=100))]
    return []


def _places_of(array: npt.NDArray[np.floating], lattices: Lattices) -> tuple[int, ...]:
    """Return the places of lattices that an array, (n, 32, 32, 1) say, holds; empty if it holds none."""
    count, rest = divmod(array.size, SIDE * SIDE)
    if rest or not 2 <= count <= MOST_LATTICES or SIDE not in array.shape:
        return ()
    ups = np.where(np.nan_to_num(array.reshape(count, -1)) > BETWEEN, 1, -1)  # also of 0 and 1
    known = np.where(lattices.shown.reshape(len(lattices.shown), -1) > BETWEEN, 1, -1)
    alike = ups @ known.T == SIDE * SIDE
    return tuple(int(row.argmax()) if row.any() else -1 for row in alike) if alike.any() else ()


def arrays_called(evidence: Evidence, name: str) -> Iterator[tuple[Record, npt.NDArray[np.floating]]]:
    """Yield the versions of an array with this name, the last first."""
    for record in reversed(evidence.of_kind("array")):
        if record.facts.get("variable") == name:
            array = read_array(evidence.payload(record))
            if array is not None:
                yield record, array


def handed_in(evidence: Evidence, count: int) -> Iterator[Handed]:
    """Yield the maps as handed in: under the exercise's name, else whatever has a fitting shape."""
    named = list(arrays_called(evidence, MAPS))
    found = [one for record, array in named for one in _arranged(record, array, count)]
    if found:
        yield from found
        return
    for record in reversed(evidence.of_kind("array")):
        array = read_array(evidence.payload(record))
        if array is not None and record.facts.get("variable") not in {MAPS, CHOSEN}:
            yield from _arranged(record, array, count)


def _arranged(record: Record, array: npt.NDArray[np.floating], count: int) -> Iterator[Handed]:
    """Yield the maps as (n, 2, height, width), however their axes were arranged; maps of a single class, twice."""
    shape = array.shape
    squeezed = array.reshape([length for length in shape if length > 1])
    if not np.isfinite(squeezed).all():
        return
    arrangements: list[npt.NDArray[np.floating]] = []
    if squeezed.ndim == 4 and squeezed.shape[:2] == (count, CLASSES):
        arrangements.append(squeezed)
    if squeezed.ndim == 4 and squeezed.shape[:2] == (CLASSES, count):
        arrangements.append(squeezed.swapaxes(0, 1))
    if squeezed.ndim == 4 and (squeezed.shape[0], squeezed.shape[3]) == (count, CLASSES):
        arrangements.append(np.moveaxis(squeezed, 3, 1))
    if squeezed.ndim == 3 and squeezed.shape[0] == count * CLASSES:
        arrangements.append(squeezed.reshape(count, CLASSES, *squeezed.shape[1:]))
        arrangements.append(squeezed.reshape(CLASSES, count, *squeezed.shape[1:]).swapaxes(0, 1))
    if squeezed.ndim == 3 and squeezed.shape[0] == count:
        arrangements.append(np.stack([squeezed, squeezed], axis=1))
    for maps in arrangements:
        with np.errstate(over="ignore"):
            yield Handed(record, shape, np.ascontiguousarray(maps, np.float32))
