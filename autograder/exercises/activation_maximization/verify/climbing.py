"""Climbs again: from the student's own start, on the student's own network, by the verifier's own arithmetic."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from autograder.exercises.activation_maximization.constants import SIDE
from autograder.exercises.activation_maximization.verify.hypotheses import Hypothesis
from autograder.exercises.activation_maximization.verify.objectives import Maps, Objective
from autograder.exercises.activation_maximization.verify.watched import EPSILON, Rule, Watched
from autograder.verify.graph import FrozenModel, LayerOutput
from solutions.gradient_ascent import gradient_ascent

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

MOST_STEPS = 400


@dataclass(frozen=True, eq=False)
class Way:
    """An ascent that was done again.

    Attributes:
        start, end: images, (784,).
        looks: images on the way, (784,), by their steps.
        values: what was climbed, at every step, (steps + 1,); None if it was not computed.
    """

    start: Floats
    end: Floats
    looks: Mapping[int, Floats] = field(default_factory=dict)
    values: Floats | None = None


# By the index of an image.
Ways = dict[int, Way]
Looks = Mapping[int, Sequence[int]]


def climb_again(
    watched: Watched,
    hypothesis: Hypothesis,
    rule: Rule,
    model: FrozenModel,
    looks: Looks,
    *,
    only_fast: bool = False,
) -> Ways:
    """Make the images again for which a hypothesis says how.

    Args:
        watched: what was watched of them.
        hypothesis: what was climbed.
        rule: how gradients became steps.
        model: the student's network.
        looks: by the index of an image, the steps after which it is kept on the way.
        only_fast: make nothing that the compiled reference ascent cannot make.
    """
    todo = [
        (one, one.start, chosen)
        for one in watched.alive
        if one.start is not None
        and 0 < one.link.steps <= MOST_STEPS
        and (chosen := hypothesis.filter_for(one.filter)) is not None
    ]
    if not todo:
        return {}
    starts = np.stack([start for _, start, _ in todo])
    filters = np.array([chosen for *_, chosen in todo])
    updates = np.array(
        [len(watched.own_rows_of(one)) if rule.replaces else one.link.steps for one, *_ in todo]
    )
    stops = sorted({step for one, *_ in todo for step in looks.get(one.place, ())})
    if _is_the_usual(hypothesis, rule, filters, updates):
        path, values = ascend_all(
            model,
            hypothesis.maps.layer,
            starts,
            filters,
            updates=int(updates[0]),
            step_size=rule.size,
            stops=stops,
        )
    elif only_fast:
        return {}
    else:
        path = climb(hypothesis.maps, hypothesis.objective, starts, filters, updates, rule, stops)
        values = None
    last = max(path)
    return {
        one.place: Way(
            start,
            path[last][row],
            {step: path[step][row] for step in looks.get(one.place, ()) if step in path},
            values[:, row] if values is not None else None,
        )
        for row, (one, start, _) in enumerate(todo)
    }


def _is_the_usual(hypothesis: Hypothesis, rule: Rule, filters: Indices, updates: Indices) -> bool:
    """Tell whether the compiled reference ascent does this: it is faster."""
    return (
        hypothesis.objective.kind == "mean"
        and not hypothesis.maps.is_flat
        and rule.scaling == "root_mean_square"
        and not rule.replaces
        and len(set(filters.tolist())) == len(filters)
        and len(set(updates.tolist())) == 1
    )


def ascend_all(
    model: FrozenModel,
    layer: LayerOutput,
    starts: Floats,
    filters: Indices,
    *,
    updates: int,
    step_size: float,
    stops: Sequence[int] = (),
) -> tuple[dict[int, Floats], Floats]:
    """Climb the means of different filters' maps from starts, (n, 784), all at once.

    Returns:
        The images, (n, 784), at the start, at the end, and after each of `stops` steps; and the means at every step,
        (updates + 1, n).
    """
    own = model.own_means(layer.tensor)
    stack = np.zeros((model.shapes[layer.tensor][-1] or 0, SIDE, SIDE, 1), np.float32)
    stack[filters] = starts.reshape(-1, SIDE, SIDE, 1)
    path, values = {0: starts}, []
    # in parts, each from where the last one ended: the same steps, and the images between them can be seen
    for before, after in itertools.pairwise(sorted({0, *(one for one in stops if one < updates), updates})):
        ascent = gradient_ascent(
            own.computation, stack, steps=after - before, step_size=step_size, weights=own.weights
        )
        stack = ascent.images
        path[after] = stack[filters].reshape(len(filters), -1)
        values.append(ascent.activations[:-1, filters])
    values.append(ascent.activations[-1:, filters])
    return path, np.concatenate(values)


def climb(
    maps: Maps,
    objective: Objective,
    starts: Floats,
    filters: Indices,
    updates: Indices,
    rule: Rule,
    stops: Sequence[int] = (),
) -> dict[int, Floats]:
    """Climb from starts, (n, 784), each for its filter and by its number of updates.

    Returns:
        The images, (n, 784), at the start, at the end, and after each of these steps.
    """
    images = starts.astype(np.float32).copy()
    path = {0: starts}
    derivative = objective.derivative(maps.of(images), filters)
    most = int(updates.max())
    for step in range(most):
        if step and not objective.is_linear:
            derivative = objective.derivative(maps.of(images), filters)
        gradients = maps.gradients(images, derivative)
        move = np.float32(rule.size) * scaled(gradients, rule.scaling)
        moved = move if rule.replaces else images + move
        images = np.where((step < updates)[:, np.newaxis], moved, images)
        if step + 1 in stops:
            path[step + 1] = images.copy()
    path[most] = images
    return path


def scaled(gradients: Floats, scaling: str) -> Floats:
    """Return gradients, (n, 784), divided by what the scaling says."""
    if scaling == "none":
        return gradients
    if scaling == "maximum":
        by = np.abs(gradients).max(axis=1, keepdims=True)
    elif scaling == "deviation":
        by = gradients.std(axis=1, keepdims=True)
    elif scaling == "batch":
        by = np.full((len(gradients), 1), np.sqrt(np.square(gradients).mean()))
    else:
        by = np.sqrt(np.square(gradients).mean(axis=1, keepdims=True))
    result: Floats = (gradients / (by + EPSILON)).astype(np.float32)
    return result
