"""Climbs again: from the student's own start, on the student's own network, by the verifier's own arithmetic."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from autograder.exercises.activation_maximization.constants import SIDE
from autograder.exercises.activation_maximization.verify.hypotheses import Hypothesis
from autograder.exercises.activation_maximization.verify.objectives import Maps, Objective
from autograder.exercises.activation_maximization.verify.watched import EPSILON, Rule, Watched
from autograder.verify.graph import FrozenModel
from solutions.gradient_ascent import gradient_ascent

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]
# By the index of an image: start and end of its ascent, (784,) each.
Ways = dict[int, tuple[Floats, Floats]]

MOST_STEPS = 400


def climb_again(
    watched: Watched, hypothesis: Hypothesis, rule: Rule, model: FrozenModel, *, only_fast: bool = False
) -> Ways:
    """Make the images again for which a hypothesis says how.

    With `only_fast`, nothing is made that the compiled reference ascent cannot make.
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
    updates = np.array([one.link.steps for one, *_ in todo])
    if _is_the_usual(hypothesis, rule, filters, updates):
        ends = _all_at_once(model, hypothesis.maps, starts, filters, int(updates[0]), rule)
    elif only_fast:
        return {}
    else:
        ends = climb(hypothesis.maps, hypothesis.objective, starts, filters, updates, rule)
    return {one.place: (start, end) for (one, start, _), end in zip(todo, ends, strict=True)}


def _is_the_usual(hypothesis: Hypothesis, rule: Rule, filters: Indices, updates: Indices) -> bool:
    """Tell whether the compiled reference ascent does this: it is faster."""
    return (
        hypothesis.objective.kind == "mean"
        and not hypothesis.maps.is_flat
        and rule.scaling == "root_mean_square"
        and len(set(filters.tolist())) == len(filters)
        and len(set(updates.tolist())) == 1
    )


def _all_at_once(
    model: FrozenModel, maps: Maps, starts: Floats, filters: Indices, updates: int, rule: Rule
) -> Floats:
    own = model.own_means(maps.layer.tensor)
    stack = np.zeros((maps.filters, SIDE, SIDE, 1), np.float32)
    stack[filters] = starts.reshape(-1, SIDE, SIDE, 1)
    ascent = gradient_ascent(own.computation, stack, steps=updates, step_size=rule.size, weights=own.weights)
    ends: Floats = ascent.images[filters].reshape(len(filters), -1)
    return ends


def climb(
    maps: Maps,
    objective: Objective,
    starts: Floats,
    filters: Indices,
    updates: Indices,
    rule: Rule,
) -> Floats:
    """Climb from starts, (n, 784), each for its filter and by its number of updates; return the ends, (n, 784)."""
    images = starts.astype(np.float32).copy()
    derivative = objective.derivative(maps.of(images), filters)
    for step in range(int(updates.max())):
        if step and not objective.is_linear:
            derivative = objective.derivative(maps.of(images), filters)
        gradients = maps.gradients(images, derivative)
        move = np.float32(rule.size) * scaled(gradients, rule.scaling)
        images += np.where((step < updates)[:, np.newaxis], move, np.float32(0))
    return images


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
