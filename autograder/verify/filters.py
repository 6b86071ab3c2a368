"""How well images excite the filters of a layer: gain, pattern score, own-filter test.

The formulas are those of the method: with a_i(X) the mean activation of filter i for image X, b_i its mean
over uniform noise and X_i^ref the reference ascent on the same model,

    gain      r_i = (a_i(X_i) - b_i) / (a_i(X_i^ref) - b_i)
    pattern   p_i = the same ratio after bringing every image, noise and reference included, to one mean
              and one standard deviation

The gain tells how far the ascent went, the pattern score tells which filter it went for, whatever
`deprocess_image` has done to the arrays since.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from autograder.measurements import FilterMeasurement
from autograder.verify.graph import FrozenModel, LayerOutput, call
from solutions.gradient_ascent import Activations, Ascent, gradient_ascent, uniform_noise

Floats = npt.NDArray[np.float32]

NOISE_IMAGES = 64
# Filters beyond these are not looked at: the exercise shows an 8 x 8 grid.
MOST_FILTERS = 128
# What every image is brought to for the pattern score: about that of uniform noise.
COMMON_MEAN, COMMON_DEVIATION = 0.5, 0.3
# Whether an ascent finds its way out of the zeros of a ReLU is decided within its first three steps, and
# depends on the noise it starts from: so every filter is tried from this many more.
TRIALS, TRIAL_STEPS = 16, 5
# A filter is dead if the reference cannot raise it by this share of what it raises the usual filter.
DEAD_SHARE = 1e-3


@dataclass(frozen=True)
class Layer:
    """One layer of one model, and what the reference ascent makes of its filters.

    Shapes: `noise`, `noise_common`, `reference`, `reference_common` and `live` are (filters,).
    """

    name: str
    filters: int
    mean_activations: Callable[[Floats], Floats]  # (n, 28, 28, 1) -> (n, filters)
    own_activations: Activations  # the diagonal of these: of image i, that of filter i
    ascent: Ascent
    noise: Floats
    noise_common: Floats
    reference: Floats
    reference_common: Floats
    live: npt.NDArray[np.bool_]


def look_at_layer(model: FrozenModel, layer: LayerOutput, *, seed: int) -> Layer:
    """Run the reference ascent for all filters of one layer of the student's model."""
    feature_maps = model.function(layer.tensor)

    def means(images: tf.Tensor) -> tf.Tensor:
        maps = feature_maps(images)  # (n, height, width, filters)
        return tf.reduce_mean(maps, axis=(1, 2))[:, :MOST_FILTERS]

    # A function of its own also lets the tape of the reference ascent see through the imported graph.
    compiled = tf.function(means)
    noise_images = uniform_noise(NOISE_IMAGES, seed=seed)
    noise = call(compiled, noise_images)
    filters = noise.shape[1]

    def own(images: tf.Tensor) -> tf.Tensor:
        return tf.linalg.diag_part(compiled(images))

    ascent = gradient_ascent(own, uniform_noise(filters, seed=seed))
    reference = np.diagonal(call(compiled, ascent.images))
    b = noise.mean(axis=0)
    rise = reference - b
    usual = np.median(rise[rise > 0]) if np.any(rise > 0) else np.inf
    return Layer(
        name=layer.name,
        filters=filters,
        mean_activations=lambda images: call(compiled, images),
        own_activations=own,
        ascent=ascent,
        noise=b,
        noise_common=call(compiled, to_common_scale(noise_images)).mean(axis=0),
        reference=reference,
        reference_common=np.diagonal(call(compiled, to_common_scale(ascent.images))),
        live=np.isfinite(rise) & (rise > DEAD_SHARE * usual),
    )


def only_sure_filters(layer: Layer, *, seed: int) -> Layer:
    """Return the layer with only those filters alive that an ascent raises from any noise.

    The others are left out: a correct ascent of the student's may have failed where the reference did not.
    """
    trials = [
        gradient_ascent(
            layer.own_activations, uniform_noise(layer.filters, seed=seed + 1 + trial), steps=TRIAL_STEPS
        ).activations
        for trial in range(TRIALS)
    ]
    always_rises = np.all([steps[-1] > steps[0] for steps in trials], axis=0)
    return replace(layer, live=layer.live & always_rises)


def to_common_scale(images: Floats) -> Floats:
    """Bring every image, (n, 28, 28, 1), to mean 0.5 and standard deviation 0.3; a flat one becomes grey."""
    exact = images.astype(np.float64)  # images may be large enough to overflow single precision
    centred = exact - exact.mean(axis=(1, 2, 3), keepdims=True)
    deviation = centred.std(axis=(1, 2, 3), keepdims=True)
    flat = deviation < 1e-12
    scaled = np.where(flat, 0.0, centred / np.where(flat, 1.0, deviation))
    return (COMMON_MEAN + COMMON_DEVIATION * scaled).astype(np.float32)


def measure_filters(layer: Layer, images: Floats) -> tuple[FilterMeasurement, ...]:
    """Measure image i, of (n, 28, 28), on filter i of the layer, for as many as there are of both."""
    count = min(len(images), layer.filters)
    stack = _finite(images[:count, :, :, np.newaxis])
    excited = layer.mean_activations(stack)  # (count, filters)
    excited_common = layer.mean_activations(to_common_scale(stack))
    with np.errstate(divide="ignore", invalid="ignore"):
        patterns = (excited_common - layer.noise_common) / (layer.reference_common - layer.noise_common)
        gains = (excited - layer.noise) / (layer.reference - layer.noise)
    patterns = np.where(layer.live, np.nan_to_num(patterns, posinf=0.0, neginf=0.0), -np.inf)
    best = patterns.argmax(axis=1)
    return tuple(
        FilterMeasurement(
            index=i,
            live=bool(layer.live[i]),
            noise=_number(layer.noise[i]),
            image=_number(excited[i, i]),
            reference=_number(layer.reference[i]),
            gain=_number(gains[i, i]) if layer.live[i] else 0.0,
            pattern=_number(patterns[i, i]) if layer.live[i] else 0.0,
            best_filter=int(best[i]),
            best_pattern=_number(patterns[i, best[i]]),
            best_gain=_number(gains[i, best[i]]) if layer.live[best[i]] else 0.0,
        )
        for i in range(count)
    )


def movement(layer: Layer, images: Floats) -> float:
    """Return how far images, (n, 28, 28), have moved away from noise, relative to the reference.

    Measured by the standard deviation of the pixels, so that it does not depend on the direction.
    """
    count = min(len(images), layer.filters)
    live = layer.live[:count]
    if not live.any():
        return 0.0
    spread = _finite(images[:count]).astype(np.float64).std(axis=(1, 2))
    reference = layer.ascent.images[:count, :, :, 0].astype(np.float64).std(axis=(1, 2))
    return _number(float(np.median(spread[live] / reference[live])))


def fit(filters: tuple[FilterMeasurement, ...]) -> float:
    """Return how well images fit a layer: the mean pattern score of its living filters, each at most 1."""
    scores = [min(max(one.pattern, 0.0), 1.0) for one in filters if one.live]
    return float(np.mean(scores)) if scores else 0.0


def _finite(images: Floats) -> Floats:
    """Return images with zeros in place of what is no number."""
    return np.nan_to_num(images, nan=0.0, posinf=0.0, neginf=0.0)


def _number(value: np.floating | float) -> float:
    """Return a finite number for JSON: six digits are more than any verdict needs."""
    return float(f"{np.nan_to_num(float(value), nan=0.0, posinf=1e30, neginf=-1e30):.6g}")
