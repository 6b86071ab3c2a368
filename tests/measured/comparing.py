"""Do measurements of the same submission say the same, beyond rounding?

Training is chaotic: TensorFlow rounds differently on another processor, and after some hundred steps the network is
another network that has learned equally well. So facts about the notebook have to be the same to the last digit, and
what was learned only within tolerances. A field that is not listed here is a fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from math import isclose
from statistics import median
from typing import Any

from autograder.measurements import FilterMeasurement, ImagesMeasurement, Measurements, Reenactment

Same = Callable[[Any, Any], bool]


def within(absolute: float, *, relative: float = 0.0) -> Same:
    """Two numbers are the same where they are so near, absolutely or relatively to the first."""
    return lambda one, other: abs(one - other) <= absolute + relative * abs(one)


def within_factor(factor: float) -> Same:
    """Two numbers are the same if neither is larger than this many times the other, and both or neither are zero."""
    return lambda one, other: (one * other > 0 and 1 / factor <= one / other <= factor) or one == other


def rounded_alike(one: float, other: float) -> bool:
    """Two numbers that are computed but not learned are the same up to the digits that are kept."""
    return isclose(one, other, rel_tol=1e-3)


# By "part.field": all that hangs on a training.
LEARNED: dict[str, Same] = {
    # The quick profile stops a training at an accuracy that is good enough, one epoch or batch sooner or later.
    "model.accuracy": within(0.05),
    "model.epochs": within_factor(3),
    "model.updates": within_factor(3),
    "model.learning_rate": rounded_alike,
    # Which filter is mistaken for that of all images depends on what was learned.
    "images.mix_up": lambda one, other: (one and one.kind) == (other and other.kind),
    "images.movement": within(0.02, relative=0.2),
    # A filter that is dead in one training leaves noise, or the same image as another filter, in its place.
    "images.distinct": within(0, relative=0.05),
    "images.usable": within(0, relative=0.05),
    "plot.distinct": within(0, relative=0.05),
    "plot.shown": within(0, relative=0.05),
    "steps.per_image": rounded_alike,
    # Hints and differences are words, and tested where they are made.
    "errors": lambda one, other: (
        _of_each(one, "cell", "error", "missing_module") == _of_each(other, "cell", "error", "missing_module")
    ),
    "changed_cells": lambda one, other: _of_each(one, "cell", "change") == _of_each(other, "cell", "change"),
    # Came later: where nothing is committed of it, nothing is compared.
    "model.accuracy_before": lambda one, other: None in (one, other) or abs(one - other) <= 0.15,
    "pictures_shown": lambda one, other: one is None or one == other,
    "notices": lambda one, other: not one or one == other,
}
# What is left out: the curves are not committed, filters are compared below. Of how the images were made, what was
# learned decides everything but direction, start and what was kept; verdicts and causes follow from the rest.
OF_THE_ASCENT = {"direction", "start", "kept"}
NOT_COMPARED = {"steps.curves", "images.filters"} | {
    f"reenactment.{field.name}" for field in fields(Reenactment) if field.name not in OF_THE_ASCENT
}
PARTS = ("model", "images", "steps", "reenactment", "plot")


def _of_each(records: Sequence[object], *names: str) -> list[tuple[object, ...]]:
    return [tuple(getattr(one, name) for name in names) for one in records]


Number = Callable[[Sequence[FilterMeasurement]], float]


def _share(holds: Callable[[FilterMeasurement], bool]) -> Number:
    return lambda filters: sum(map(holds, filters)) / len(filters)


def _median(attribute: str) -> Number:
    return lambda filters: median(getattr(one, attribute) for one in filters)


# Of the living filters: which of them are hit by chance differs, what is true of most does not.
OF_LIVING: dict[str, tuple[Number, Same]] = {
    "median gain": (_median("gain"), within(0.05, relative=0.25)),
    "median spread": (_median("spread"), within(0.02, relative=0.2)),
    "median pattern": (_median("pattern"), within(0.15)),
    "median best pattern": (_median("best_pattern"), within(0.15)),
    "share of clear ones": (_share(lambda one: one.clear), within(0.2)),
    "share of images that resemble most what their own filter wants": (
        _share(lambda one: one.best_filter == one.index),
        within(0.2),
    ),
}
# By the same names: what is as near as can be expected of a network that was trained in another arithmetic, as in
# bfloat16, which not every processor computes. Such a network has learned as much, and has learned it otherwise.
OF_ANOTHER_ARITHMETIC: dict[str, Same] = {
    "plot.distinct": within(1, relative=0.05),
    "plot.shown": within(1, relative=0.05),
    "median gain": within(0.1, relative=0.25),
    "median best pattern": within(0.25),
    "share of images that resemble most what their own filter wants": within(0.25),
}


def differences(
    committed: Measurements, measured: Measurements, *, same_arithmetic: bool = True
) -> list[str]:
    """Return a line for everything that was measured otherwise than it is committed.

    Args:
        committed: the measurements of before.
        measured: those of today.
        same_arithmetic: whether both networks were trained in the same one.
    """
    others = {} if same_arithmetic else OF_ANOTHER_ARITHMETIC
    found = list(_of_fields("", committed, measured, others))
    for part in PARTS:
        one, other = getattr(committed, part), getattr(measured, part)
        if one is not None and other is not None:
            found += _of_fields(f"{part}.", one, other, others)
        elif one is not other:
            found.append(f"{part}: there is {'none' if other is None else 'one'} now")
    if committed.images is not None and measured.images is not None:
        found += _of_filters(committed.images, measured.images, others)
    return found


def _of_fields(prefix: str, one: object, other: object, others: Mapping[str, Same]) -> Iterable[str]:
    for field in fields(one):  # type: ignore[arg-type]
        name = prefix + field.name
        if name in NOT_COMPARED or name in PARTS:
            continue
        before, now = getattr(one, field.name), getattr(other, field.name)
        if not others.get(name, LEARNED.get(name, _equal))(before, now):
            yield f"{name}: {before!r} is {now!r} now"


def _equal(one: object, other: object) -> bool:
    return one == other


def _of_filters(
    one: ImagesMeasurement, other: ImagesMeasurement, others: Mapping[str, Same]
) -> Iterable[str]:
    if [each.index for each in one.filters] != [each.index for each in other.filters]:
        yield f"filters: {len(one.filters)} are {len(other.filters)} now"
        return
    if not one.filters:
        return
    shares = [_share(lambda each: each.live)(images.filters) for images in (one, other)]
    if not within(0.15)(*shares):
        yield f"share of living filters: {shares[0]:.3g} is {shares[1]:.3g} now"
    living = [[each for each in images.filters if each.live] for images in (one, other)]
    if not all(living):
        return
    for name, (number, same) in OF_LIVING.items():
        before, now = map(number, living)
        if not others.get(name, same)(before, now):
            yield f"{name}: {before:.3g} is {now:.3g} now"
