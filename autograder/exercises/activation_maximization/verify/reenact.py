"""Does a student's gradient ascent again: on the student's own network, from the student's own start.

Where an ascent ended does not say how it went. So its recorded steps choose a hypothesis: what was climbed, for
which filter, in which direction, how the gradient was scaled, how far each step went and how many there were. The
verifier then climbs by its own arithmetic. If the handed-in images come out, the hypothesis is shown to be true.
Under a wrong one they do not: the displacements of start and end correlate by 0.9 at most, mostly by less than 0.5,
where the true one reaches 1.00.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from autograder.evidence import Evidence
from autograder.exercises.activation_maximization.verify.ascents import (
    PROJECTIONS,
    Ascent,
    Link,
    Steps,
    ascents_in,
    link_images,
    recorded_steps,
    regular,
)
from autograder.exercises.activation_maximization.verify.objectives import Maps, Objective, cosines
from autograder.measurements import REPRODUCED_SHARE, ReenactedImage, Reenactment
from autograder.verify.graph import FrozenModel, LayerOutput
from solutions.gradient_ascent import gradient_ascent

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

# An image is reproduced from this correlation of displacements; of whole images, if they have lost their scale.
REPRODUCED = 0.95
# A rule or an objective holds if it is that of most; the search ends at one that is that of nearly all.
MOST_OF_THEM, NEARLY_ALL = 0.75, 0.95
# Two gradients are of the same objective from this cosine.
SAME_DIRECTION = 0.98
# A rule for the size of steps holds if half of the steps differ from it by less than this.
STEADY = 0.02
# Gradients that choose the hypothesis, and objectives that are tried at once.
MOST_SAMPLES, AT_ONCE = 16, 4
MOST_STEPS = 400
# How close a recorded loss has to be to the value of an objective.
SAME_VALUE = 1e-3
EPSILON = 1e-7
PIXELS = 28 * 28
OTHER_FUNCTIONALS = (
    Objective("maximum"),
    Objective("mean_square"),
    Objective("layer"),
    Objective("row_of_all"),
    Objective("column_of_all"),
)
SCALINGS = ("root_mean_square", "maximum", "deviation", "batch")


@dataclass(frozen=True, eq=False)
class _Watched:
    """An image with the ascent that it came out of.

    Attributes:
        place: the index of the image.
        filter: the filter that it is meant for.
        link: its ascent.
        start: where the ascent began, (784,); None if that is not known.
    """

    place: int
    filter: int
    link: Link
    start: Floats | None


@dataclass(frozen=True)
class _Rule:
    """How a gradient becomes a step."""

    scaling: str
    size: float  # with its sign


@dataclass(frozen=True, eq=False)
class _Found:
    """What the recorded gradients say: a hypothesis, the share of samples that agree, and whether with another sign.

    `likeness` says how much they agree with the gradients that the exercise asks for.
    """

    hypothesis: _Hypothesis | None = None
    agreeing: float = 0.0
    likeness: float = -1.0
    is_reversed: bool = False


@dataclass(frozen=True, eq=False)
class _Hypothesis:
    """What is climbed, and for each image for which filter."""

    maps: Maps
    objective: Objective
    filters: dict[int, int]  # by the filter that an image is meant for


def reenact(
    evidence: Evidence,
    run: int,
    images: Floats,
    positions: Sequence[int],
    model: FrozenModel,
    layers: Sequence[LayerOutput],
) -> Reenactment | None:
    """Find how images were made, and make them again; None if no step was recorded.

    Args:
        evidence: the evidence of the submission.
        run: the executed cell after which the images were seen.
        images: (n, 28, 28).
        positions: the filter of each image.
        model: the student's network.
        layers: those that the images may be for, the likeliest first, and the network's output last.
    """
    flat = np.nan_to_num(images.reshape(len(images), PIXELS), posinf=0.0, neginf=0.0)
    seen = _watched(evidence, run, flat, positions)
    if seen is None:
        return None
    steps, ascents, watched = seen
    if not watched or not layers:
        return Reenactment(watched=0)
    rule, is_steady = _rule(steps, ascents, watched)
    alive = [one for one in watched if not _is_dead(steps, ascents[one.link.ascent])]
    if (
        len(np.unique(flat, axis=0)) <= len(flat) / 2
    ):  # one variable for all, or the like: no filter has its own image
        return Reenactment(watched=len(watched), kept="same", steps=_usual_steps(alive))
    hypothesis: _Hypothesis | None
    asked = _as_asked(alive, rule, flat, model, layers[0])
    if asked is not None:
        hypothesis, ends, rule = asked
        found = _Found(hypothesis, agreeing=1.0, likeness=1.0)
    else:
        found = _find(steps, ascents, alive, model, layers)
        hypothesis = found.hypothesis
        if rule is not None and found.is_reversed:
            rule = replace(rule, size=-rule.size)
        ends = _again(alive, hypothesis, rule, model) if hypothesis is not None and rule is not None else {}
    pictures = {one.place for one in watched if one.link.kept == "picture"}
    correlations = {
        place: _correlation(flat[place], start, end, has_scale=place not in pictures)
        for place, (start, end) in ends.items()
    }
    return _measurement(
        ascents,
        watched,
        alive,
        found,
        rule,
        correlations,
        flat,
        step_length=_step_length(steps, ascents, alive),
        is_steady=is_steady,
    )


def _watched(
    evidence: Evidence, run: int, flat: Floats, positions: Sequence[int]
) -> tuple[Steps, list[Ascent], list[_Watched]] | None:
    """Return the recorded steps that lead to the most images, and the images that they lead to."""
    best: tuple[Steps, list[Ascent], list[_Watched]] | None = None
    for steps in recorded_steps(evidence, run):
        found = ascents_in(steps)
        ascents = regular(steps, found, len(flat))
        links = link_images(flat, steps, ascents, is_regular=ascents is not found)
        watched = list(_with_starts(steps, ascents, links, flat, positions))
        if best is None or len(watched) > len(best[2]):
            best = steps, ascents, watched
    return best


def _with_starts(
    steps: Steps,
    ascents: list[Ascent],
    links: Sequence[Link | None],
    flat: Floats,
    positions: Sequence[int],
) -> Iterator[_Watched]:
    """Yield the watched images. One ascent may go on from image to image; each then starts at the last one."""
    last: dict[int, tuple[int, int]] = {}  # by ascent: the image before, and its steps
    for place, link in enumerate(links):
        if link is None:
            continue
        before = last.get(link.ascent)
        start: Floats | None
        if before is not None and link.steps > before[1] and link.kept != "gradient":
            last[link.ascent] = (place, link.steps)
            start = flat[before[0]]
            kept = "every_step" if link.steps - before[1] == 1 else link.kept
            link = replace(link, steps=link.steps - before[1], kept=kept)
        else:
            last[link.ascent] = (place, link.steps)
            whole = steps.whole[ascents[link.ascent].rows[0]]
            start = steps.wholes[whole, 0] if whole >= 0 else None
        yield _Watched(place, int(positions[place]), link, start)


def _is_dead(steps: Steps, ascent: Ascent) -> bool:
    """Tell whether there was never a gradient."""
    return bool((steps.scales[ascent.rows, 0] == 0).all())


def _rule(steps: Steps, ascents: list[Ascent], watched: Sequence[_Watched]) -> tuple[_Rule | None, bool]:
    """Return how gradients became steps, and whether all steps were made so."""
    multiples, rows, clean = [], [], []
    for index in dict.fromkeys(one.link.ascent for one in watched):
        ascent = ascents[index]
        multiples += ascent.multiples
        rows += ascent.rows[: len(ascent.multiples)]
        clean += ascent.is_clean
    for one in watched:
        if one.link.multiple:
            multiples.append(one.link.multiple)
            rows.append(ascents[one.link.ascent].rows[-1])
            clean.append(one.link.is_clean)
    moves = np.array(multiples)
    counted = (moves != 0) & (steps.scales[rows, 0] > 0) if len(moves) else np.zeros(0, np.bool_)
    if not counted.any():
        return None, True
    share_clean = float(np.mean(np.array(clean)[counted]))
    sure = counted & np.array(clean) if share_clean > 0 else counted
    scales = steps.scales[np.array(rows)[sure]]
    sizes = np.column_stack([moves[sure][:, np.newaxis] * scales, moves[sure]])
    usual = np.median(sizes, axis=0)
    spread = np.median(np.abs(sizes - usual), axis=0) / np.maximum(np.abs(usual), 1e-30)
    best = 0 if spread[0] <= STEADY else int(spread.argmin())
    name = (*SCALINGS, "none")[best]
    return _Rule(name, float(usual[best])), bool(share_clean >= 0.9 and spread[best] <= STEADY)


def _as_asked(
    alive: Sequence[_Watched], rule: _Rule | None, flat: Floats, model: FrozenModel, layer: LayerOutput
) -> tuple[_Hypothesis, dict[int, tuple[Floats, Floats]], _Rule] | None:
    """Return the exercise's own hypothesis, with starts and ends, if most images come out under it.

    This is what most students did, and the compiled reference ascent makes it fast.
    """
    if rule is None or rule.scaling != "root_mean_square" or len(model.shapes[layer.tensor]) != 4:
        return None
    up = replace(rule, size=abs(rule.size))
    hypothesis = _Hypothesis(Maps(model, layer), Objective("mean"), {one.filter: one.filter for one in alive})
    ends = _again(alive, hypothesis, up, model, only_fast=True)
    same = [_correlation(flat[place], *ways, has_scale=True) >= REPRODUCED for place, ways in ends.items()]
    return (hypothesis, ends, up) if same and np.mean(same) >= REPRODUCED_SHARE else None


def _find(
    steps: Steps,
    ascents: list[Ascent],
    alive: Sequence[_Watched],
    model: FrozenModel,
    layers: Sequence[LayerOutput],
) -> _Found:
    """Find what the recorded gradients are gradients of: the objective that most samples agree with."""
    kept_an_image = [one for one in alive if one.link.kept not in {"start", "gradient"}]
    samples, best = _samples(steps, ascents, kept_an_image), _Found()
    if not samples:
        return best
    rows = np.array([row for row, _ in samples])
    meant = np.array([number for _, number in samples])
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
                    best = replace(best, likeness=float(np.median(np.abs(likeness))))
                fits = np.abs(likeness) >= SAME_DIRECTION
                if fits.mean() >= MOST_OF_THEM and fits.mean() > best.agreeing:
                    pairs = zip(meant[fits], filters[fits], strict=True)
                    best = _Found(
                        _Hypothesis(maps, objective, {int(own): int(taken) for own, taken in pairs}),
                        agreeing=float(fits.mean()),
                        likeness=best.likeness,
                        is_reversed=bool(np.median(likeness[fits]) < 0),
                    )
            if best.agreeing >= NEARLY_ALL:
                return best
    return best


def _has_value(
    objective: Objective,
    maps: Floats,
    filters: Indices,
    losses: npt.NDArray[np.float64],
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


def _samples(steps: Steps, ascents: list[Ascent], alive: Sequence[_Watched]) -> list[tuple[int, int]]:
    """Return rows with whole images and gradients, each of another ascent, with the filter that it is for."""
    found: list[tuple[int, int]] = []
    for one in alive[:: max(len(alive) // MOST_SAMPLES, 1)][:MOST_SAMPLES]:
        rows = [
            row for row in ascents[one.link.ascent].rows if steps.whole[row] >= 0 and steps.scales[row, 0] > 0
        ]
        if one.link.kept not in {"end", "picture"} or one.start is None:
            rows = rows[:1] if len({other.link.ascent for other in alive}) > 1 else []
        if rows:
            found.append((rows[len(found) % len(rows)], one.filter))
    return found


def _candidates(
    maps: Floats,
    losses: npt.NDArray[np.float64],
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
    for objective in (
        *(Objective("border_left_out", (width,)) for width in (2, 1, 3) if min(maps.shape[1:3]) > 2 * width),
        *OTHER_FUNCTIONALS,
    ):
        yield objective, own
    chosen = maps[np.arange(len(maps)), :, :, own]  # (n, height, width)
    for kind, values in (
        ("place", chosen.reshape(len(chosen), -1)),
        ("row", chosen.mean(axis=2)),
        ("column", chosen.mean(axis=1)),
    ):
        spot = _common(values, losses)
        if spot is not None:
            place = divmod(spot, chosen.shape[2]) if kind == "place" else (spot,)
            yield Objective(kind, place), own  # type: ignore[arg-type]
    for kind in ("maximum", "mean_square"):
        objective = Objective(kind)  # type: ignore[arg-type]
        values = np.stack(
            [objective.value(maps, np.full(len(maps), j)) for j in range(maps.shape[3])], axis=1
        )
        yield objective, _nearest(values, losses)


def _nearest(values: Floats, losses: npt.NDArray[np.float64]) -> Indices:
    """Return the column of each row of values, (n, columns), that is nearest to its loss, whatever its sign."""
    nearest: Indices = np.abs(np.abs(values) - np.abs(losses)[:, np.newaxis]).argmin(axis=1)
    return nearest


def _common(values: Floats, losses: npt.NDArray[np.float64]) -> int | None:
    """Return the column that has the value of the loss in most rows of values, (n, columns)."""
    near = (
        np.abs(np.abs(values) - np.abs(losses)[:, np.newaxis]) <= SAME_VALUE * np.abs(losses)[:, np.newaxis]
    )
    shares = near.mean(axis=0)
    return int(shares.argmax()) if shares.max() >= MOST_OF_THEM else None


def _again(
    alive: Sequence[_Watched],
    hypothesis: _Hypothesis,
    rule: _Rule,
    model: FrozenModel,
    *,
    only_fast: bool = False,
) -> dict[int, tuple[Floats, Floats]]:
    """Climb again; return start and end, (784,) each, by the index of the image.

    With `only_fast`, nothing is returned if the compiled reference ascent cannot do it.
    """
    pick = _Pick(hypothesis)
    able = [one for one in alive if one.start is not None and pick(one.filter) is not None]
    able = [one for one in able if 0 < one.link.steps <= MOST_STEPS]
    if not able:
        return {}
    starts = np.stack([one.start for one in able if one.start is not None])
    filters = np.array([pick(one.filter) or 0 for one in able])
    updates = np.array([one.link.steps for one in able])
    if _is_the_usual(hypothesis, rule, filters, updates):
        ends = _all_at_once(model, hypothesis.maps, starts, filters, int(updates[0]), rule)
    elif only_fast:
        return {}
    else:
        ends = climb(hypothesis.maps, hypothesis.objective, starts, filters, updates, rule.scaling, rule.size)
    return {one.place: (start, end) for one, start, end in zip(able, starts, ends, strict=True)}


@dataclass(frozen=True)
class _Pick:
    """Returns the filter that was climbed for the filter that an image is meant for, also where there was no sample."""

    hypothesis: _Hypothesis

    def __call__(self, meant: int) -> int | None:
        kind, by = mixed_up(self.hypothesis.filters, self.hypothesis.maps.filters)
        filters = self.hypothesis.maps.filters
        if kind == "own":
            return meant if meant < filters else meant % filters if self.hypothesis.maps.is_flat else None
        if kind == "constant":
            return by
        if kind == "shifted":
            return meant + by if 0 <= meant + by < filters else (meant + by) % filters
        if kind == "reversed":
            return by - meant if 0 <= by - meant < filters else None
        return self.hypothesis.filters.get(meant)


def mixed_up(filters: dict[int, int], count: int) -> tuple[str, int]:
    """Return how filters were mixed up, from pairs of the filter that was meant and the one that was climbed."""
    pairs = list(filters.items())
    if all(meant % count == taken for meant, taken in pairs):
        return "own", 0
    if len({taken for _, taken in pairs}) == 1 and len(pairs) > 1:
        return "constant", pairs[0][1]
    for kind, by in (
        ("shifted", [taken - meant for meant, taken in pairs]),
        ("reversed", [taken + meant for meant, taken in pairs]),
    ):
        usual = int(np.median(by))
        if np.mean(np.array(by) == usual) >= MOST_OF_THEM:
            return kind, usual
    return "other", 0


def _is_the_usual(hypothesis: _Hypothesis, rule: _Rule, filters: Indices, updates: Indices) -> bool:
    """Tell whether the compiled reference ascent does this: it is faster."""
    return (
        hypothesis.objective.kind == "mean"
        and not hypothesis.maps.is_flat
        and rule.scaling == "root_mean_square"
        and len(set(filters.tolist())) == len(filters)
        and len(set(updates.tolist())) == 1
    )


def _all_at_once(
    model: FrozenModel, maps: Maps, starts: Floats, filters: Indices, updates: int, rule: _Rule
) -> Floats:
    own = model.own_means(maps.layer.tensor)
    stack = np.zeros((maps.filters, 28, 28, 1), np.float32)
    stack[filters] = starts.reshape(-1, 28, 28, 1)
    ascent = gradient_ascent(own.computation, stack, steps=updates, step_size=rule.size, weights=own.weights)
    ends: Floats = ascent.images[filters].reshape(len(filters), -1)
    return ends


def climb(
    maps: Maps,
    objective: Objective,
    starts: Floats,
    filters: Indices,
    updates: Indices,
    scaling: str,
    size: float,
) -> Floats:
    """Climb from starts, (n, 784), each for its filter and by its number of updates; return the ends, (n, 784)."""
    images = starts.astype(np.float32).copy()
    derivative = objective.derivative(maps.of(images), filters)
    for step in range(int(updates.max())):
        if step and not objective.is_linear:
            derivative = objective.derivative(maps.of(images), filters)
        gradients = maps.gradients(images, derivative)
        move = np.float32(size) * scaled(gradients, scaling)
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


def _correlation(image: Floats, start: Floats, end: Floats, *, has_scale: bool) -> float:
    """Return how well a displacement from the start agrees; without a scale, how well the images do."""
    one, other = (image - start, end - start) if has_scale else (image - image.mean(), end - end.mean())
    return float(cosines(one[np.newaxis], other[np.newaxis])[0])


def _measurement(
    ascents: list[Ascent],
    watched: Sequence[_Watched],
    alive: Sequence[_Watched],
    found: _Found,
    rule: _Rule | None,
    correlations: dict[int, float],
    flat: Floats,
    *,
    step_length: float,
    is_steady: bool,
) -> Reenactment:
    hypothesis = found.hypothesis
    kind, by = mixed_up(hypothesis.filters, hypothesis.maps.filters) if hypothesis else ("", 0)
    kept = [one.link.kept for one in alive]
    scaling, size = (rule.scaling, rule.size) if rule else ("", 0.0)
    if scaling == "root_mean_square" and abs(abs(size) * 28 - 1) <= STEADY:
        scaling, size = "norm", size * 28
    return Reenactment(
        watched=len(watched),
        dead=tuple(sorted(one.filter for one in watched if one not in alive)),
        objective=hypothesis.objective.kind if hypothesis else "",
        place=hypothesis.objective.place if hypothesis else (),
        layer=hypothesis.maps.layer.name if hypothesis else "",
        tensor=hypothesis.maps.layer.tensor if hypothesis else "",
        filters=kind,
        by=by,
        agreeing=round(found.agreeing, 3),
        likeness=round(found.likeness, 3),
        direction=int(np.sign(size)),
        scaling=scaling,
        step_size=float(f"{abs(size):.4g}"),
        steps=_usual_steps(alive),
        start=_start(watched, flat),
        kept=max(set(kept), key=kept.count) if kept else "",
        step_length=step_length,
        moved=_moved(alive, flat),
        is_steady=is_steady,
        ascents=len(ascents),
        images=tuple(
            ReenactedImage(
                index=one.filter,
                steps=one.link.steps,
                kept=one.link.kept,
                correlation=round(correlations[one.place], 4) if one.place in correlations else None,
                reproduced=correlations.get(one.place, 0.0) >= REPRODUCED,
            )
            for one in watched
        ),
    )


def _usual_steps(alive: Sequence[_Watched]) -> float:
    return float(np.median([one.link.steps for one in alive])) if alive else 0.0


def _step_length(steps: Steps, ascents: list[Ascent], watched: Sequence[_Watched]) -> float:
    """Return the root mean square of the median step, estimated from its projections."""
    rows = [ascents[index].rows for index in dict.fromkeys(one.link.ascent for one in watched)]
    moves = [np.diff(steps.images[some], axis=0) for some in rows if len(some) > 1]
    if not moves:
        return 0.0
    lengths = np.linalg.norm(np.concatenate(moves), axis=1) / np.sqrt(PROJECTIONS * PIXELS)
    return float(f"{np.median(lengths):.3g}")


def _moved(alive: Sequence[_Watched], flat: Floats) -> float:
    """Return the root mean square of the median way from a start to its image."""
    ways = [flat[one.place] - one.start for one in alive if one.start is not None]
    return float(f"{np.median([np.sqrt(np.square(way).mean()) for way in ways]):.4g}") if ways else 0.0


def _start(watched: Sequence[_Watched], flat: Floats) -> str:
    """Return what the ascents began with."""
    starts = [one.start for one in watched if one.start is not None]
    if not starts:
        return ""
    stack = np.stack(starts)
    deviations = stack.std(axis=1)
    if (deviations < 1e-6).mean() > MOST_OF_THEM:
        return "black" if np.median(stack) == 0 else "one_grey"
    earlier = [
        np.array_equal(one.start, flat[before.place])
        for before, one in itertools.pairwise(watched)
        if one.start is not None
    ]
    if earlier and np.mean(earlier) > MOST_OF_THEM:
        return "previous_image"
    lowest = (stack == stack.min(axis=1, keepdims=True)).mean(axis=1)
    if np.median(lowest) > 0.4:
        return "digit"
    if len(stack) > 1 and len(np.unique(stack, axis=0)) == 1:
        return "same_noise"
    if stack.min() >= 0 and stack.max() <= 1 and abs(float(np.median(deviations)) - 0.289) < 0.03:
        return "uniform"
    return "other_noise"
