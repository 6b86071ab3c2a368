"""Measures how well images excite the filters of a layer: gain, pattern score, own-filter test.

The formulas are those of the method. Here a_i(X) is the mean activation of filter i for image X, b_i is its
mean over uniform noise, and X_i^ref is the result of the reference ascent on the same model:

    gain      r_i = (a_i(X_i) - b_i) / (a_i(X_i^ref) - b_i)
    pattern   p_i = the same ratio after scaling all images, including noise and reference, to one mean
              and one standard deviation

The gain tells how far the ascent went. The pattern score tells which filter it was for, even if
`deprocess_image` has changed the arrays since. The common mean and deviation are those of the typical
reference image: at the contrast of the noise, networks with large biases can hardly tell a pattern from
noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from autograder.exercises.activation_maximization.constants import STEPS
from autograder.exercises.activation_maximization.verify.conditions import Conditions, Floats
from autograder.measurements import FilterMeasurement
from autograder.verify.compiled import Function
from autograder.verify.graph import FrozenModel, LayerOutput, call, mean_of_all
from solutions.gradient_ascent import Ascent, gradient_ascent

NOISE_IMAGES = 64
# The first three steps decide whether an ascent escapes the zeros of a ReLU, and that depends on the noise it
# starts from. So every filter is tried from this many more starts.
TRIALS, TRIAL_STEPS = 16, 5
# A filter is dead if the reference cannot raise it by this share of the typical filter's rise.
DEAD_SHARE = 1e-3
# A pattern is clear if, at the common contrast, it raises its filter by this share of the typical rise and by
# this many standard deviations of the noise.
CLEAR_SHARE, CLEAR_DEVIATIONS = 0.1, 4.0


@dataclass(frozen=True)
class Layer:
    """One layer of one model, and the results of the reference ascent for its filters under given conditions.

    Shapes: `noise`, `noise_common`, `reference`, `reference_common`, `live` and `clear` are (filters,);
    `fingerprints` is (filters, filters): the pattern scores of every reference image on all filters.
    """

    name: str
    tensor: str
    filters: int
    conditions: Conditions
    mean_activations: Callable[[Floats], Floats]  # (n, 28, 28, 1) -> (n, filters)
    own_activations: Function  # filter i for image i; starts over after the last filter
    ascent: Ascent
    common: tuple[float, float]  # mean and standard deviation for the pattern score
    noise: Floats
    noise_common: Floats
    reference: Floats
    reference_common: Floats
    fingerprints: Floats
    live: npt.NDArray[np.bool_]
    clear: npt.NDArray[np.bool_]

    @cached_property
    def descent(self) -> Ascent:
        """The result of the reference when it goes down instead of up."""
        noise = self.conditions.noise(self.filters, seed=0)
        return _climb(self.own_activations, self.conditions, noise, step_size=-1.0)


def look_at_layer(model: FrozenModel, layer: LayerOutput, conditions: Conditions, *, seed: int) -> Layer:
    """Run the reference ascent for all filters of one layer of the student's model."""
    means = model.function(layer.tensor, mean_of_all)
    noise_images = conditions.noise(NOISE_IMAGES, seed=seed)
    noise = call(model, means, noise_images)
    filters = noise.shape[1]
    own = model.own_means(layer.tensor)
    ascent = _climb(own, conditions, conditions.noise(filters, seed=seed))
    reference = np.diagonal(call(model, means, ascent.images))
    rise = reference - noise.mean(axis=0)
    live = _is_live(rise)
    common = _usual_scale(ascent.images[live] if live.any() else ascent.images)
    noise_common = call(model, means, to_scale(noise_images, *common))
    excited_common = call(model, means, to_scale(ascent.images, *common))
    reference_common = np.diagonal(excited_common)
    return Layer(
        name=layer.name,
        tensor=layer.tensor,
        filters=filters,
        conditions=conditions,
        mean_activations=lambda images: call(model, means, images),
        own_activations=own,
        ascent=ascent,
        common=common,
        noise=noise.mean(axis=0),
        noise_common=noise_common.mean(axis=0),
        reference=reference,
        reference_common=reference_common,
        fingerprints=_patterns(excited_common, noise_common.mean(axis=0), reference_common),
        live=live,
        clear=live & _is_clear(reference_common - noise_common.mean(axis=0), noise_common.std(axis=0), live),
    )


def _climb(
    own: Function, conditions: Conditions, noise: Floats, *, steps: int = STEPS, step_size: float = 1.0
) -> Ascent:
    """Run gradient ascent on noise images, each for its own filter."""
    return gradient_ascent(
        own.computation,
        noise,
        steps=steps,
        step_size=step_size,
        bounds=conditions.bounds,
        weights=own.weights,
    )


def _patterns(excited: Floats, noise: Floats, reference: Floats) -> Floats:
    """Return pattern scores, (n, filters), from activations at the common scale."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scores: Floats = np.nan_to_num((excited - noise) / (reference - noise), posinf=0.0, neginf=0.0)
    return scores


def _likeliest_filters(layer: Layer, patterns: Floats) -> npt.NDArray[np.intp]:
    """Return the filters that images with these pattern scores, (n, filters), were most likely made for.

    An image excites more than its own filter, and some filters respond to nearly everything. So each whole
    row of scores is compared with that of every reference image, and the nearest reference is taken.
    """
    if not layer.clear.any():
        return np.zeros(len(patterns), np.intp)
    seen, known = (np.clip(scores[:, layer.clear], -1, 2) for scores in (patterns, layer.fingerprints))
    distance = np.square(seen[:, np.newaxis] - known[layer.clear]).sum(axis=2)  # (n, clear)
    nearest: npt.NDArray[np.intp] = np.flatnonzero(layer.clear)[distance.argmin(axis=1)]
    return nearest


def _is_live(rise: Floats) -> npt.NDArray[np.bool_]:
    usual = np.median(rise[rise > 0]) if np.any(rise > 0) else np.inf
    live: npt.NDArray[np.bool_] = np.isfinite(rise) & (rise > DEAD_SHARE * usual)
    return live


def _is_clear(rise: Floats, deviation: Floats, live: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    positive = rise[live & (rise > 0)]
    usual = np.median(positive) if len(positive) else np.inf
    clear: npt.NDArray[np.bool_] = (rise > CLEAR_SHARE * usual) & (rise > CLEAR_DEVIATIONS * deviation)
    return clear


def _usual_scale(images: Floats) -> tuple[float, float]:
    """Return the median mean and the median standard deviation of images."""
    exact = images.astype(np.float64)
    return (
        float(np.median(exact.mean(axis=(1, 2, 3)))),
        max(float(np.median(exact.std(axis=(1, 2, 3)))), 1e-3),
    )


def only_sure_filters(layer: Layer, *, seed: int) -> Layer:
    """Return the layer with only those filters live that an ascent raises from every noise tried.

    The others are left out: the student's correct ascent may have failed where the reference did not.
    """
    trials = [
        _climb(
            layer.own_activations,
            layer.conditions,
            layer.conditions.noise(layer.filters, seed=seed + 1 + trial),
            steps=TRIAL_STEPS,
        ).activations
        for trial in range(TRIALS)
    ]
    always_rises = np.all([steps[-1] > steps[0] for steps in trials], axis=0)
    return replace(layer, live=layer.live & always_rises, clear=layer.clear & always_rises)


def to_scale(images: Floats, mean: float, deviation: float) -> Floats:
    """Scale every image, (n, 28, 28, 1), to one mean and standard deviation; a flat image becomes grey."""
    exact = images.astype(np.float64)  # pixel values may overflow single precision
    centred = exact - exact.mean(axis=(1, 2, 3), keepdims=True)
    spread = centred.std(axis=(1, 2, 3), keepdims=True)
    flat = spread < 1e-12
    scaled = np.where(flat, 0.0, centred / np.where(flat, 1.0, spread))
    return (mean + deviation * scaled).astype(np.float32)


@dataclass(frozen=True)
class Scores:
    """The scores of images on all filters of a layer.

    Shapes: (n, filters), and (n,) for `own`, the filter of each image.
    """

    own: npt.NDArray[np.intp]
    excited: Floats  # mean activations
    spreads: npt.NDArray[np.float64]  # (n,): deviation of the pixels, relative to the reference
    gains: Floats
    patterns: Floats


def score_images(layer: Layer, images: Floats, positions: Sequence[int]) -> Scores:
    """Measure images, (n, 28, 28), on all filters; images whose position has no filter are left out."""
    kept = [k for k, place in enumerate(positions) if place < layer.filters]
    own = np.array([positions[k] for k in kept], np.intp)
    stack = _finite(images[kept][..., np.newaxis])
    nothing = np.zeros((0, layer.filters), np.float32)
    excited = layer.mean_activations(stack) if kept else nothing
    excited_common = layer.mean_activations(to_scale(stack, *layer.common)) if kept else nothing
    patterns = _patterns(excited_common, layer.noise_common, layer.reference_common)
    with np.errstate(divide="ignore", invalid="ignore"):
        gains = (excited - layer.noise) / (layer.reference - layer.noise)
    return Scores(
        own=own,
        excited=excited,
        spreads=_spreads(layer, stack, own, excited),
        gains=np.where(layer.live, gains, 0.0),
        patterns=np.where(layer.live, patterns, 0.0),
    )


def measure_filters(layer: Layer, scores: Scores) -> tuple[FilterMeasurement, ...]:
    """Return the measurement of each image on its own filter."""
    best = _likeliest_filters(layer, scores.patterns)
    return tuple(
        FilterMeasurement(
            index=int(i),
            live=bool(layer.live[i]),
            clear=bool(layer.clear[i]),
            noise=_number(layer.noise[i]),
            image=_number(scores.excited[k, i]),
            reference=_number(layer.reference[i]),
            gain=_number(scores.gains[k, i]),
            spread=_number(scores.spreads[k]),
            pattern=_number(scores.patterns[k, i]),
            best_filter=int(best[k]),
            best_pattern=_number(scores.patterns[k, best[k]]),
            best_gain=_number(scores.gains[k, best[k]]),
        )
        for k, i in enumerate(scores.own)
    )


def movement(filters: tuple[FilterMeasurement, ...]) -> float:
    """Return how far images moved away from noise relative to the reference: their median spread."""
    return _number(np.median([one.spread for one in filters if one.live] or [0.0]))


def _spreads(
    layer: Layer, stack: Floats, own: npt.NDArray[np.intp], excited: Floats
) -> npt.NDArray[np.float64]:
    """Return the standard deviation of every image's pixels, relative to that of its filter's reference.

    Images that went down are compared with a reference that also goes down, because the gradient of a ReLU
    vanishes on the way.
    """
    if not len(own):
        return np.zeros(0)
    live = layer.live[own]
    rise = (excited[np.arange(len(own)), own] - layer.noise[own])[live]
    path = layer.ascent if not live.any() or np.median(rise) >= 0 else layer.descent
    spread, reference = (
        images.astype(np.float64).std(axis=(1, 2, 3)) for images in (stack, path.images[own])
    )
    relative: npt.NDArray[np.float64] = spread / np.maximum(reference, 1e-12)
    return relative


def fit(filters: tuple[FilterMeasurement, ...]) -> float:
    """Return how well images fit a layer: the mean pattern score of its clear filters, each at most 1."""
    scores = [min(max(one.pattern, 0.0), 1.0) for one in filters if one.clear]
    return float(np.mean(scores)) if scores else 0.0


def _finite(images: Floats) -> Floats:
    """Return images with zeros in place of NaN and infinity."""
    return np.nan_to_num(images, nan=0.0, posinf=0.0, neginf=0.0)


def _number(value: np.floating | float) -> float:
    """Return a finite number for JSON: six digits are more than any verdict needs."""
    return float(f"{np.nan_to_num(float(value), nan=0.0, posinf=1e30, neginf=-1e30):.6g}")
