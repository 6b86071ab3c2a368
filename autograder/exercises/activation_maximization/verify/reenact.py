"""Does a student's gradient ascent again: on the student's own network, from the student's own start.

Where an ascent ended does not say how it went. So its recorded steps choose a hypothesis: what was climbed, for
which filter, in which direction, how the gradient was scaled, how far each step went and how many there were. The
verifier then climbs by its own arithmetic. If the handed-in images come out, the hypothesis is shown to be true.
Under a wrong one they do not: the displacements of start and end correlate by 0.9 at most, mostly by less than 0.5,
where the true one reaches 1.00.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from autograder.evidence import Evidence
from autograder.exercises.activation_maximization.constants import SIDE, STEPS
from autograder.exercises.activation_maximization.films import Films
from autograder.exercises.activation_maximization.verify.climbing import Looks, Way, Ways, climb_again
from autograder.exercises.activation_maximization.verify.filming import looks_of, make_films, plan_films
from autograder.exercises.activation_maximization.verify.hypotheses import Found, Hypothesis, find_hypothesis
from autograder.exercises.activation_maximization.verify.objectives import Maps, Objective, cosines
from autograder.exercises.activation_maximization.verify.squashed import squashed_likeness
from autograder.exercises.activation_maximization.verify.stretches import followed_share
from autograder.exercises.activation_maximization.verify.watched import (
    STEADY,
    Rule,
    Watched,
    WatchedImage,
    kind_of_start,
    moved,
    rule_of,
    step_length,
    usual_steps,
    watched_images,
)
from autograder.measurements import REPRODUCED_SHARE, ReenactedImage, Reenactment
from autograder.verify.graph import FrozenModel, LayerOutput

Floats = npt.NDArray[np.float32]

PIXELS = SIDE * SIDE
# An image is reproduced from this correlation of displacements; of whole images, if they have lost their scale.
REPRODUCED = 0.95
# (n, 28, 28, 1) -> (n, filters)
MeanActivations = Callable[[Floats], Floats]
# Where steps are this close to the size and number asked for, the exercise's own ascent need not be shown as well.
ABOUT_THE_SIZE, ABOUT_THE_NUMBER = 0.1, 2


@dataclass(frozen=True, eq=False)
class Reenacted:
    """What is known of how images were made, and the films of it; no films where there is nothing to see."""

    measurement: Reenactment
    films: Films | None = None


def reenact(
    evidence: Evidence,
    run: int,
    images: Floats,
    positions: Sequence[int],
    model: FrozenModel,
    layers: Sequence[LayerOutput],
    mean_activations: MeanActivations,
) -> Reenacted | None:
    """Find how images were made, and make them again; None if no step was recorded.

    Args:
        evidence: the evidence of the submission.
        run: the executed cell after which the images were seen.
        images: (n, 28, 28).
        positions: the filter of each image.
        model: the student's network.
        layers: those that the images may be for, the likeliest first, and the network's output last.
        mean_activations: of the filters of the first of these layers.
    """
    flat = np.nan_to_num(images.reshape(len(images), PIXELS), posinf=0.0, neginf=0.0)
    watched = watched_images(evidence, run, flat, positions)
    if watched is None:
        return None
    if not watched.images or not layers:
        return Reenacted(Reenactment(watched=0))
    first = np.unique(flat, axis=0, return_index=True)[1]
    if len(first) <= len(flat) / 2:  # one variable for all: no filter has its own image
        different = replace(watched, images=[one for one in watched.images if one.place in first])
        made = _made_again(different, flat, model, layers, mean_activations).measurement
        is_proven = made.is_shown and not made.gains_nothing
        known = len(different.images) if is_proven else 0
        return Reenacted(Reenactment(known, kept="same", steps=usual_steps(watched)))
    return _made_again(watched, flat, model, layers, mean_activations)


def _made_again(
    watched: Watched,
    flat: Floats,
    model: FrozenModel,
    layers: Sequence[LayerOutput],
    mean_activations: MeanActivations,
) -> Reenacted:
    """Find how images, (n, 784), were made, and make them again."""
    rule = rule_of(watched)
    plans = plan_films(watched, flat)
    looks = looks_of(plans)
    asked = _as_asked(watched, rule, flat, model, layers[0], looks)
    if asked is not None:
        found, ways, rule = asked
    else:
        found, ways = find_hypothesis(watched, model, layers), {}
        if rule is not None and found.hypothesis is None:
            squashed = squashed_likeness(watched, rule, flat, model, layers[0])
            found = replace(found, likeness=max(found.likeness, squashed))
        if rule is not None and found.hypothesis is not None:
            rule = replace(rule, size=-rule.size) if found.is_reversed else rule
            ways = climb_again(watched, found.hypothesis, rule, model, looks)
    # what is as asked climbs the means of the first layer, which are compiled already
    known = None if asked is not None else found.hypothesis
    rise = _rise(watched, known, flat, ways, mean_activations)
    measured = _measurement(watched, found, rule, ways, flat, rise)
    if measured.is_contradicted and rule is not None and found.hypothesis is not None:
        measured = replace(measured, followed=round(followed_share(watched, found.hypothesis, rule, flat), 3))
    films = make_films(
        plans,
        ways,
        model,
        layers[0],
        mean_activations,
        is_as_asked=asked is not None,
        needs_right=not _was_right(measured),
    )
    return Reenacted(measured, films)


def _was_right(found: Reenactment) -> bool:
    """Tell whether the images were made by the exercise's own ascent."""
    return (
        found.is_as_asked
        and abs(found.step_size - 1) <= ABOUT_THE_SIZE
        and abs(found.steps - STEPS) <= ABOUT_THE_NUMBER
    )


def _as_asked(
    watched: Watched, rule: Rule | None, flat: Floats, model: FrozenModel, layer: LayerOutput, looks: Looks
) -> tuple[Found, Ways, Rule] | None:
    """Return the exercise's own hypothesis, with starts and ends and its rule, if most images come out under it.

    This is what most students did, and the compiled reference ascent makes it fast.
    """
    if (
        rule is None
        or rule.replaces
        or rule.scaling != "root_mean_square"
        or len(model.shapes[layer.tensor]) != 4
    ):
        return None
    filters = {one.filter: one.filter for one in watched.alive}
    hypothesis = Hypothesis(Maps(model, layer), Objective("mean"), filters)
    up = replace(rule, size=abs(rule.size))
    ways = climb_again(watched, hypothesis, up, model, looks, only_fast=True)
    same = [_correlation(flat[place], way.start, way.end) >= REPRODUCED for place, way in ways.items()]
    if not same or np.mean(same) < REPRODUCED_SHARE:
        return None
    return Found(hypothesis, agreeing=1.0, likeness=1.0), ways, up


def _correlation(image: Floats, start: Floats, end: Floats, *, has_scale: bool = True) -> float:
    """Return how well a displacement from the start agrees; without a scale, how well the images do.

    A picture may be clipped, so that it is compared with the end in its own grey values: both have the same histogram.
    """
    if has_scale:
        one, other = image - start, end - start
    else:
        one = image - image.mean()
        other = np.empty_like(one)
        other[np.argsort(end, kind="stable")] = np.sort(one)
    return float(cosines(one[np.newaxis], other[np.newaxis])[0])


def _correlation_of(one: WatchedImage, image: Floats, way: Way, slope: Floats | None) -> float:
    """Return how well an image agrees with what doing its ascent again leads to."""
    if slope is not None:
        return abs(float(cosines(image[np.newaxis], slope[np.newaxis])[0]))
    return _correlation(image, way.start, way.end, has_scale=one.link.kept != "picture")


def _slopes(watched: Watched, known: Hypothesis | None, ways: Ways) -> dict[int, Floats]:
    """Return, by image, the gradients at the ends of the ways, where these were kept in place of images."""
    kept = [
        (one.place, ways[one.place].end, chosen)
        for one in watched.alive
        if known is not None
        and one.link.kept == "gradient"
        and one.place in ways
        and (chosen := known.filter_for(one.filter)) is not None
    ]
    if known is None or not kept:
        return {}
    ends, filters = np.stack([end for _, end, _ in kept]), np.array([chosen for *_, chosen in kept])
    slopes = known.maps.gradients(ends, known.objective.derivative(known.maps.of(ends), filters))
    return {place: slope for (place, *_), slope in zip(kept, slopes, strict=True)}


def _rise(
    watched: Watched,
    known: Hypothesis | None,
    images: Floats,
    ways: Ways,
    mean_activations: MeanActivations,
) -> float:
    """Return the median share of the distance of images from noise that was covered on their way; -1 if unknown.

    Distances are those of the objective. The share is close to 1 for an ascent from noise, or a descent, and close to
    0 for a step that begins at an image from elsewhere. A picture of an end has another scale; the end itself counts.
    """
    starts, ends, filters = [], [], []
    for one in watched.alive:
        chosen = one.filter if known is None else known.filter_for(one.filter)
        way = ways.get(one.place)
        end = images[one.place] if one.link.kept != "picture" else way.end if way is not None else None
        # one ascent may continue from image to image: what counts is where it began
        first = watched.steps.whole[watched.rows_of(one)[0]]
        if first >= 0 and end is not None and chosen is not None and one.link.steps:
            starts.append(watched.steps.wholes[first, 0])
            ends.append(end)
            filters.append(chosen)
    if not filters:
        return -1.0

    def values(stack: list[Floats]) -> Floats:
        whole, own = np.stack(stack).astype(np.float32), np.array(filters)
        if known is not None:
            return known.objective.value(known.maps.of(whole), own)
        activations = mean_activations(whole.reshape(-1, SIDE, SIDE, 1))
        mean: Floats = activations[np.arange(len(own)), own % activations.shape[1]]
        return mean

    noise = np.random.default_rng(0).random((len(filters), PIXELS))
    before, after, silent = values(starts), values(ends), values(list(noise))
    distance = np.maximum(np.abs(after - silent), 1e-12)
    return float(f"{np.minimum(np.median(np.abs(after - before) / distance), 10):.3g}")


def _measurement(
    watched: Watched,
    found: Found,
    rule: Rule | None,
    ways: Ways,
    flat: Floats,
    rise: float,
) -> Reenactment:
    hypothesis, alive = found.hypothesis, watched.alive
    kind, by = hypothesis.mix_up if hypothesis else ("", 0)
    kept = [one.link.kept for one in alive]
    scaling, size = (rule.scaling, rule.size) if rule else ("", 0.0)
    if (
        scaling == "root_mean_square" and abs(abs(size) * SIDE - 1) <= STEADY
    ):  # SIDE is the norm's square root of pixels
        scaling, size = "norm", size * SIDE
    slopes = _slopes(watched, hypothesis, ways)
    correlations = {
        one.place: _correlation_of(one, flat[one.place], way, slopes.get(one.place))
        for one in watched.images
        if (way := ways.get(one.place)) is not None
    }
    living = {one.place for one in alive}
    return Reenactment(
        watched=len(watched.images),
        dead=tuple(sorted(one.filter for one in watched.images if one.place not in living)),
        objective=hypothesis.objective.kind if hypothesis else "",
        place=hypothesis.objective.place if hypothesis else (),
        layer=hypothesis.maps.layer.name if hypothesis else "",
        filters=kind,
        by=by,
        agreeing=round(found.agreeing, 3),
        likeness=round(found.likeness, 3),
        direction=int(np.sign(size)),
        scaling=scaling,
        step_size=float(f"{abs(size):.4g}"),
        steps=usual_steps(watched),
        start=kind_of_start(watched),
        kept="step" if watched.replaces else max(set(kept), key=kept.count) if kept else "",
        step_length=step_length(watched),
        moved=moved(watched, flat),
        rise=rise,
        is_steady=rule is None or rule.is_steady,
        ascents=len(watched.ascents),
        images=tuple(
            ReenactedImage(
                index=one.filter,
                steps=one.link.steps,
                kept=one.link.kept,
                correlation=round(correlations[one.place], 4) if one.place in correlations else None,
                reproduced=correlations.get(one.place, 0.0) >= REPRODUCED,
            )
            for one in watched.images
        ),
    )
