"""Makes the films of the watched ascents: what was recorded of each, beside what came out when it was done again.

Of most steps only a few numbers are recorded. A film shows those that were kept whole and are nearest to the steps
that it is meant to show; done again, an ascent has them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from autograder.exercises.activation_maximization.constants import PANELS, SIDE, STEPS
from autograder.exercises.activation_maximization.films import ABOUT, FRAMES, LONGEST, Films
from autograder.exercises.activation_maximization.verify.climbing import Ways, ascend_all
from autograder.exercises.activation_maximization.verify.watched import Watched, WatchedImage
from autograder.verify.graph import FrozenModel, LayerOutput
from solutions.deprocess import deprocess

Floats = npt.NDArray[np.float32]

# A recorded loss is the mean activation if it differs from it by less than this share of the largest one.
SAME_VALUE = 0.02
# What is handed in is an image on the way, and not its start or a gradient.
ON_THE_WAY = frozenset({"end", "earlier", "every_step", "picture"})


@dataclass(frozen=True, eq=False)
class Plan:
    """What the film of one image shows.

    Attributes:
        image: the watched image.
        steps: of its frames.
        recorded: frames that were recorded, (784,), by step.
        losses: the recorded loss at each step.
    """

    image: WatchedImage
    steps: tuple[int, ...]
    recorded: Mapping[int, Floats]
    losses: Floats


def plan_films(watched: Watched, flat: Floats) -> dict[int, Plan]:
    """Choose the frames for the first images, by their index."""
    leads_to = Counter(one.link.ascent for one in watched.images)
    return {
        one.place: _plan(watched, one, flat[one.place], is_whole=leads_to[one.link.ascent] == 1)
        for one in watched.images
        if one.place < PANELS
    }


def looks_of(plans: Mapping[int, Plan]) -> dict[int, tuple[int, ...]]:
    """Return the steps after which an image is to be kept when its ascent is done again."""
    return {place: plan.steps for place, plan in plans.items()}


def _plan(watched: Watched, one: WatchedImage, image: Floats, *, is_whole: bool) -> Plan:
    """Choose the frames of one film; an ascent that leads to several images has only its start and its end."""
    steps, last = watched.steps, max(one.link.steps, 0)
    rows = watched.rows_of(one)
    there = {
        number: steps.wholes[steps.whole[row], 0]
        for number, row in enumerate(rows if is_whole else ())
        if steps.whole[row] >= 0
    }
    recorded = {0: one.start} if one.start is not None else {}
    wanted = [step for step in ABOUT if step < last] + [last]
    shown = []
    for target in wanted:
        near = [step for step in there if 0 < step < last and _nearest(wanted, step) == target]
        step = min(near, key=lambda step: abs(step - target)) if near and 0 < target < last else target
        shown.append(step)
        if step in there:
            recorded.setdefault(step, there[step])
    if one.link.kept in ON_THE_WAY and last:
        recorded[last] = image
    losses = steps.losses[rows[:last]] if is_whole else steps.losses[:0]
    return Plan(one, tuple(shown), recorded, losses.astype(np.float32))


def _nearest(wanted: Sequence[int], step: int) -> int:
    return min(wanted, key=lambda target: abs(target - step))


def make_films(
    plans: Mapping[int, Plan],
    ways: Ways,
    model: FrozenModel,
    layer: LayerOutput,
    mean_activations: Callable[[Floats], Floats],
    *,
    is_as_asked: bool,
    needs_right: bool,
) -> Films | None:
    """Return the films; None if there are none.

    Args:
        plans: what they show, by the index of an image.
        ways: the ascents that were done again.
        model: the student's network.
        layer: whose filters the images are for.
        mean_activations: of its filters.
        is_as_asked: whether the ascents that were done again climb the mean of each image's own map in that layer.
        needs_right: whether to make the images of the exercise's own ascent from the same starts.
    """
    if not plans or len(model.shapes[layer.tensor]) != 4:
        return None
    again = {
        place: {
            step: image
            for step in plan.steps
            if (image := _done_again(ways, place, step, plan.steps[-1])) is not None
        }
        for place, plan in plans.items()
    }
    climbed = {place: way.values for place, way in ways.items()} if is_as_asked else {}
    measured = _measured(
        {place: (plan.recorded, {} if place in climbed else again[place]) for place, plan in plans.items()},
        {place: plan.image.filter for place, plan in plans.items()},
        mean_activations,
        batch=model.batch,
    )
    n = max(plans) + 1
    size = (SIDE, SIDE)
    films = Films(
        filters=np.full(n, -1, np.int16),
        steps=np.full((n, FRAMES), -1, np.int16),
        recorded=np.zeros((n, FRAMES, *size), np.uint8),
        is_recorded=np.zeros((n, FRAMES), np.bool_),
        again=np.zeros((n, FRAMES, *size), np.uint8),
        is_again=np.zeros((n, FRAMES), np.bool_),
        right=np.zeros((n, *size), np.uint8),
        is_right=np.zeros(n, np.bool_),
        activations=np.full((n, 2, _length(plans.values())), np.nan, np.float32),
    )
    for place, plan in plans.items():
        films.filters[place] = plan.image.filter
        for frame, step in enumerate(plan.steps):
            films.steps[place, frame] = min(step, np.iinfo(np.int16).max)
            for images, frames, there in (
                (plan.recorded, films.recorded, films.is_recorded),
                (again[place], films.again, films.is_again),
            ):
                if step in images:
                    frames[place, frame] = deprocess(images[step].reshape(size))
                    there[place, frame] = True
        recorded = measured[place][0]
        confirmed = plan.losses if _are_confirmed(plan.losses, recorded) else None
        _draw_curve(films.activations[place, 0], recorded, confirmed)
        _draw_curve(films.activations[place, 1], measured[place][1], climbed.get(place))
    if needs_right:
        for place, image in _right(plans, model, layer).items():
            films.right[place] = deprocess(image.reshape(size))
            films.is_right[place] = True
    return films


def _done_again(ways: Ways, place: int, step: int, last: int) -> Floats | None:
    if place not in ways:
        return None
    return ways[place].end if step == last else ways[place].looks.get(step)


def _length(plans: Iterable[Plan]) -> int:
    return min(max(plan.steps[-1] for plan in plans) + 1, LONGEST)


def _measured(
    frames: Mapping[int, tuple[Mapping[int, Floats], Mapping[int, Floats]]],
    filters: Mapping[int, int],
    mean_activations: Callable[[Floats], Floats],
    *,
    batch: int,
) -> dict[int, tuple[dict[int, float], dict[int, float]]]:
    """Return by image the mean activation of its own map at each frame: as recorded, and as done again.

    There are always whole batches, because another number of images would have to be compiled.
    """
    found: dict[int, tuple[dict[int, float], dict[int, float]]] = {place: ({}, {}) for place in frames}
    keys = [
        (place, part, step)
        for place, rows in frames.items()
        for part, images in enumerate(rows)
        for step in images
    ]
    if keys:
        stack = np.zeros((-(-len(keys) // batch) * batch, SIDE, SIDE, 1), np.float32)
        for image, (place, part, step) in zip(stack, keys, strict=False):
            image[:] = frames[place][part][step].reshape(SIDE, SIDE, 1)
        for row, (place, part, step) in zip(mean_activations(stack), keys, strict=False):
            value = float(row[filters[place] % len(row)])
            if np.isfinite(value):
                found[place][part][step] = value
    return found


def _are_confirmed(losses: Floats, measured: Mapping[int, float]) -> bool:
    """Tell whether recorded losses are the mean activations, as far as these were measured."""
    known = [step for step in measured if step < len(losses)]
    largest = max(map(abs, measured.values()), default=0.0)
    return bool(known) and all(abs(losses[step] - measured[step]) <= SAME_VALUE * largest for step in known)


def _draw_curve(curve: Floats, measured: Mapping[int, float], values: Floats | None) -> None:
    """Fill in a curve: values at all steps if there are any, and what was measured at the frames."""
    if values is not None:
        some = values[: len(curve)]
        curve[: len(some)] = some
    for step, value in measured.items():
        if step < len(curve):
            curve[step] = value


def _right(plans: Mapping[int, Plan], model: FrozenModel, layer: LayerOutput) -> dict[int, Floats]:
    """Return where the exercise's own ascent leads from the students' starts, by the index of an image."""
    filters = model.shapes[layer.tensor][-1] or 0
    chosen: dict[int, tuple[int, Floats]] = {}  # by filter: each has one place in the batch
    for place, plan in plans.items():
        if plan.image.start is not None and plan.image.filter < filters:
            chosen[plan.image.filter] = (place, plan.image.start)
    if not chosen:
        return {}
    starts = np.stack([start for _, start in chosen.values()]).astype(np.float32)
    path, _ = ascend_all(model, layer, starts, np.array(list(chosen)), updates=STEPS, step_size=1.0)
    return {place: image for (place, _), image in zip(chosen.values(), path[STEPS], strict=True)}
