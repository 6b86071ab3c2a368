"""Finds what was climbed: the objective whose gradients, on the student's own network, are the recorded ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from autograder.exercises.activation_maximization.verify.objectives import (
    Kind,
    Maps,
    Objective,
    cosines,
    means_of_the_largest,
)
from autograder.exercises.activation_maximization.verify.watched import Watched
from autograder.verify.graph import FrozenModel, LayerOutput

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]
Losses = npt.NDArray[np.float64]

# An objective or a mix-up holds if most samples agree; the search ends where nearly all do.
MOST_OF_THEM, NEARLY_ALL = 0.75, 0.95
# Two gradients are of the same objective from this cosine.
SAME_DIRECTION = 0.98
# Gradients that choose the hypothesis, and objectives that are tried at once.
MOST_SAMPLES, AT_ONCE = 16, 4
# How close a recorded loss has to be to the value of an objective, relative to it.
SAME_VALUE = 1e-3
OF_THE_OWN_MAP: tuple[Kind, ...] = ("maximum", "mean_square")
OF_ALL_MAPS: tuple[Kind, ...] = ("layer", "row_of_all", "column_of_all")
BORDERS = (2, 1, 3)


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """What is climbed, and by the filter that an image is meant for, for which filter."""

    maps: Maps
    objective: Objective
    filters: dict[int, int]

    @property
    def mix_up(self) -> tuple[str, int]:
        """How filters were mixed up: "own", "constant", "shifted", "reversed" or "other", and by how much."""
        return mixed_up(self.filters, self.maps.filters)

    def filter_for(self, meant: int) -> int | None:
        """Return the filter that was climbed for an image, also where there was no sample; None if unknown."""
        (kind, by), count = self.mix_up, self.maps.filters
        if kind == "own":
            return meant % count if meant < count or self.maps.is_flat else None
        if kind == "constant":
            return by
        if kind == "shifted":
            return (meant + by) % count
        if kind == "reversed":
            return by - meant if 0 <= by - meant < count else None
        return self.filters.get(meant)


@dataclass(frozen=True, eq=False)
class Found:
    """What the recorded gradients say.

    Attributes:
        hypothesis: what most samples agree with.
        agreeing: the share of samples that do.
        likeness: the median cosine with the gradients that the exercise asks for, without its sign, and without a
            penalty on the image where that is closer; -1 if unknown.
        is_reversed: whether the recorded gradients point the other way, as those of a negated loss do.
    """

    hypothesis: Hypothesis | None = None
    agreeing: float = 0.0
    likeness: float = -1.0
    is_reversed: bool = False


def find_hypothesis(watched: Watched, model: FrozenModel, layers: Sequence[LayerOutput]) -> Found:
    """Find what was climbed on a network, in one of these layers, the likeliest first."""
    (rows, meant), best = sampled_rows(watched), Found()
    if not len(rows):
        return best
    steps = watched.steps
    images, gradients = (steps.wholes[steps.whole[rows], part] for part in (0, 1))
    for layer in layers:
        maps = Maps(model, layer)
        computed = maps.of(images)
        candidates = [
            (objective, filters)
            for objective, filters in _candidates(computed, steps.losses[rows], meant, maps.is_flat)
            if layer is layers[0]
            or _has_value(
                objective, computed, filters, steps.losses[rows], in_a_batch=bool(steps.lanes.any())
            )
        ]
        for start in range(0, len(candidates), AT_ONCE):
            some = candidates[start : start + AT_ONCE]
            derivatives = [objective.derivative(computed, filters) for objective, filters in some]
            slopes = maps.gradients(np.tile(images, (len(some), 1)), np.concatenate(derivatives))
            for (objective, filters), part in zip(some, np.split(slopes, len(some)), strict=True):
                likeness = cosines(part, gradients)
                if best.likeness < 0:
                    alike = np.maximum(np.abs(likeness), np.abs(_without_penalty(part, images, gradients)))
                    best = replace(best, likeness=float(np.median(alike)))
                fits = np.abs(likeness) >= SAME_DIRECTION
                if fits.mean() >= MOST_OF_THEM and fits.mean() > best.agreeing:
                    pairs = zip(meant[fits], filters[fits], strict=True)
                    best = Found(
                        Hypothesis(maps, objective, {int(own): int(taken) for own, taken in pairs}),
                        agreeing=float(fits.mean()),
                        likeness=best.likeness,
                        is_reversed=bool(np.median(likeness[fits]) < 0),
                    )
            if best.agreeing >= NEARLY_ALL:
                return best
    return best


def _without_penalty(slopes: Floats, images: Floats, gradients: Floats) -> Losses:
    """Return the cosines, (n,), of gradients, (n, 784), with slopes, whatever penalty on the image they contain.

    The penalty is a multiple of the image, as of its square, and one of all pixels alike; both are left out.
    """
    rests = []
    for vectors in (slopes, gradients):
        rest = vectors.astype(np.float64)
        for at, image in enumerate(images.astype(np.float64)):
            penalty = np.stack([image, np.ones_like(image)], axis=1)
            rest[at] -= penalty @ np.linalg.lstsq(penalty, rest[at], rcond=None)[0]
        rests.append(rest.astype(np.float32))
    return cosines(rests[0], rests[1])


def _has_value(
    objective: Objective,
    maps: Floats,
    filters: Indices,
    losses: Losses,
    *,
    in_a_batch: bool,
) -> bool:
    """Tell whether an objective has the values of the recorded losses, which in a batch are those of all its images.

    Output units are tried in any case, and in a batch the means of feature maps.
    """
    if objective.kind in {"unit", "log_unit"} or (in_a_batch and objective.kind == "mean"):
        return True
    values = objective.value(maps, filters)
    return bool(
        np.mean(np.abs(np.abs(values) - np.abs(losses)) <= SAME_VALUE * np.abs(losses)) >= MOST_OF_THEM
    )


def sampled_rows(watched: Watched) -> tuple[Indices, Indices]:
    """Return rows with whole images and gradients, each of a different ascent, and the filters that they are for."""
    steps, found = watched.steps, list[tuple[int, int]]()
    known = [
        (rows, one.filter)
        for one in watched.alive
        if one.link.kept != "start"
        and (
            rows := [
                row for row in watched.own_rows_of(one) if steps.whole[row] >= 0 and steps.scales[row, 0] > 0
            ]
        )
    ]
    for rows, number in known[:: max(len(known) // MOST_SAMPLES, 1)][:MOST_SAMPLES]:
        found.append((rows[len(found) % len(rows)], number))
    return np.array([row for row, _ in found], np.intp), np.array([number for _, number in found], np.intp)


def _candidates(
    maps: Floats,
    losses: Losses,
    meant: Indices,
    is_flat: bool,  # noqa: FBT001
) -> Iterator[tuple[Objective, Indices]]:
    """Yield objectives with the filter for each sample: those asked for, then those of the value of the loss."""
    own = meant % maps.shape[3]
    if is_flat:
        values, kinds = maps[:, 0, 0], (Objective("unit"), Objective("log_unit"))
        for objective in kinds:
            there = np.log(np.maximum(values, 1e-12)) if objective.kind == "log_unit" else values
            yield objective, _nearest(there, losses)
            yield objective, own
        return
    yield Objective("mean"), own
    means = maps.mean(axis=(1, 2))  # (n, filters)
    yield Objective("mean"), _nearest(means, losses)
    for by in (1, -1):
        yield Objective("mean"), (own + by) % maps.shape[3]
    for constant in (0, maps.shape[3] - 1):
        yield Objective("mean"), np.full(len(own), constant)
    for width in BORDERS:
        if min(maps.shape[1:3]) > 2 * width:
            yield Objective("border_left_out", (width,)), own
    for kind in (*OF_THE_OWN_MAP, *OF_ALL_MAPS):
        yield Objective(kind), own
    chosen = maps[np.arange(len(maps)), :, :, own]  # (n, height, width)
    spot = _common(chosen.reshape(len(chosen), -1), losses)
    if spot is not None:
        yield Objective("place", divmod(spot, chosen.shape[2])), own
    row, column = _common(chosen.mean(axis=2), losses), _common(chosen.mean(axis=1), losses)
    if row is not None:
        yield Objective("row", (row,)), own
    if column is not None:
        yield Objective("column", (column,)), own
    largest = _common(means_of_the_largest(chosen)[:, :-1], losses)  # of all, it is the mean
    if largest:
        yield Objective("strongest", (largest + 1,)), own
    for kind in OF_THE_OWN_MAP:
        objective = Objective(kind)
        columns = [objective.value(maps, np.full(len(maps), j)) for j in range(maps.shape[3])]
        yield objective, _nearest(np.stack(columns, axis=1), losses)


def _nearest(values: Floats, losses: Losses) -> Indices:
    """Return the column of each row of values, (n, columns), that is nearest to its loss, whatever its sign."""
    nearest: Indices = np.abs(np.abs(values) - np.abs(losses)[:, np.newaxis]).argmin(axis=1)
    return nearest


def _common(values: Floats, losses: Losses) -> int | None:
    """Return the column that has the value of the loss in most rows of values, (n, columns)."""
    near = (
        np.abs(np.abs(values) - np.abs(losses)[:, np.newaxis]) <= SAME_VALUE * np.abs(losses)[:, np.newaxis]
    )
    shares = near.mean(axis=0)
    return int(shares.argmax()) if shares.max() >= MOST_OF_THEM else None


def mixed_up(filters: dict[int, int], count: int) -> tuple[str, int]:
    """Return how filters were mixed up, from pairs of the filter that was meant and the one that was climbed."""
    pairs = list(filters.items())
    if np.mean([meant % count == taken for meant, taken in pairs]) >= MOST_OF_THEM:
        return "own", 0
    if len(pairs) == 1:  # one filter shows no rule
        return "other", 0
    if len({taken for _, taken in pairs}) == 1:
        return "constant", pairs[0][1]
    for kind, by in (
        ("shifted", [taken - meant for meant, taken in pairs]),
        ("reversed", [taken + meant for meant, taken in pairs]),
    ):
        usual = int(np.median(by))
        if np.mean(np.array(by) == usual) >= MOST_OF_THEM:
            return kind, usual
    return "other", 0
