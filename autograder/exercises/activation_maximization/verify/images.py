"""Finds the student's result among the images in the evidence, and the layer that they were made for.

Images come in versions, one after every cell that changed them. Every version is measured on the network as
it was at the time, and the version that shows the most counts. So a later cell that overwrites a correct
result costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, chain

import numpy as np

from autograder.evidence import Evidence, Record
from autograder.exercises.activation_maximization.constants import LAYER, RESULT, SIDE
from autograder.exercises.activation_maximization.verify.conditions import (
    AS_ASKED,
    Conditions,
    Floats,
    other_conditions,
)
from autograder.exercises.activation_maximization.verify.figures import drawn
from autograder.exercises.activation_maximization.verify.filters import (
    Layer,
    fit,
    look_at_layer,
    measure_filters,
    movement,
    score_images,
)
from autograder.exercises.activation_maximization.verify.mix_ups import recognise_mix_up
from autograder.measurements import IN_A_FIGURE, ImagesMeasurement
from autograder.verify.arrays import read_array
from autograder.verify.graph import LayerOutput
from autograder.verify.models import MeasuredModel
from autograder.verify.network import Network

MOST_IMAGE_SETS, MOST_IMAGES_IN_A_SET, MOST_IMAGES_IN_ALL = 48, 512, 8192
MOST_LAYERS_TRIED = 10
MOST_TRIED_ELSEWHERE = 4
MOST_POSITIONS = 1000
# Images with at least this mean pattern score count as made for the layer.
FITS_WELL = 0.8
# If the layer is not the named one, this share of the images must be clearer on their own filter than
# elsewhere.
OWN_SHARE, OWN_MARGIN = 0.8, 0.8


@dataclass(frozen=True, eq=False)
class Version:
    """The result images as they were after one cell, and the network as it was at the time.

    Shapes: `stack` is float32 (n, 28, 28); `positions` holds the filter of each image.
    """

    record: Record
    stack: Floats
    positions: tuple[int, ...]
    model: MeasuredModel | None
    asked_layer: str = LAYER

    @property
    def is_deprocessed(self) -> bool:
        """Whether these images have lost their scale."""
        return looks_deprocessed(self.stack[np.isfinite(self.stack).all(axis=(1, 2))])


@dataclass(frozen=True, eq=False)
class Candidate:
    """One version of the result images, measured on one layer, if there is any."""

    version: Version
    measurement: ImagesMeasurement
    layer: Layer | None

    @property
    def fits(self) -> bool:
        """Whether these images were made for this layer."""
        return fit(self.measurement.filters) >= FITS_WELL

    @property
    def fits_beyond_doubt(self) -> bool:
        """Whether these images were clearly made for this layer, although it is not the named one."""
        clear = [one for one in self.measurement.filters if one.clear]
        own = [one for one in clear if one.pattern >= max(OWN_MARGIN * one.best_pattern, 0.5)]
        return self.fits and len(own) >= OWN_SHARE * len(clear) and self.is_of_this_size

    @property
    def is_of_this_size(self) -> bool:
        """Whether the layer has a filter for every image."""
        return self.measurement.count <= self.measurement.layer_filters

    def quality(self) -> tuple[float, int, bool]:
        """Return how much of the work this version shows; ties go to the fullest, then an unmodified one."""
        measured = self.measurement
        return round(fit(measured.filters) * measured.usable, 1), measured.usable, measured.scale_known


def best_images(evidence: Evidence, classifiers: list[list[MeasuredModel]], *, seed: int) -> Candidate | None:
    """Return the version of the result images that shows the most; None if no images were seen.

    Args:
        evidence: the evidence of the submission.
        classifiers: the networks that may have made the images, likeliest first; for each, all versions in
            the order they were seen.
        seed: the seed of the reference's noise.

    Conditions other than those of the exercise, layers other than the named one, and networks other than the
    likeliest are tried only if no version fits.
    """
    sets = list(image_sets(evidence))
    if not sets:
        return None
    look = LayerCache(seed)
    best: Candidate | None = None
    for versions_of_model in classifiers or [[]]:
        versions = [
            Version(
                record, stack, positions, model_at(versions_of_model, record), layer_name(evidence, record)
            )
            for record, stack, positions in sets
        ]
        found = _best_of(versions, look)
        if best is None or (not best.fits and found.quality() > best.quality()):
            best = found
    return best


def _best_of(versions: list[Version], look: LayerCache) -> Candidate:
    named = [measure_on(version, look(version, _named(version), AS_ASKED)) for version in versions]
    best = max(named, key=Candidate.quality)
    if best.layer is None:
        return best
    version = best.version
    conditions = other_conditions(version.stack, is_deprocessed=version.is_deprocessed)
    if conditions and (not best.fits or conditions[0].bounds != AS_ASKED.bounds):
        otherwise = (measure_on(version, look(version, _named(version), some)) for some in conditions)
        best = max(chain([best], otherwise), key=Candidate.quality)
    if not best.fits:
        fullest = sorted(named, key=lambda one: one.measurement.usable, reverse=True)[:MOST_TRIED_ELSEWHERE]
        elsewhere = (
            measure_on(one.version, look(one.version, other, some))
            for one in fullest
            for other in layers_to_try(one.version)[1:]
            for some in (AS_ASKED, *conditions[:1])
        )
        best = max((one for one in elsewhere if one.fits_beyond_doubt), key=Candidate.quality, default=best)
    return best


def _named(version: Version) -> LayerOutput | None:
    """Return the first layer to try for these images: the named one if it exists."""
    return next(iter(layers_to_try(version)), None)


class LayerCache:
    """Measures every layer only once under the same conditions, because a reference ascent takes time."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._layers: dict[tuple[str, str, Conditions], Layer] = {}

    def __call__(self, version: Version, layer: LayerOutput | None, conditions: Conditions) -> Layer | None:
        """Return a measured layer of the network that belongs to these images; None if there is none."""
        if version.model is None or layer is None:
            return None
        key = (version.model.record.payload, layer.tensor, conditions)
        if key not in self._layers:
            self._layers[key] = look_at_layer(version.model.frozen, layer, conditions, seed=self._seed)
        return self._layers[key]


def measure_on(version: Version, layer: Layer | None) -> Candidate:
    """Measure one version of the images on one layer, or only count them if there is none."""
    return Candidate(version, measure_images(version, layer), layer)


def model_at(versions: list[MeasuredModel], record: Record) -> MeasuredModel | None:
    """Return the version of a network that existed when a record was made, otherwise the first version."""
    before = [model for model in versions if model.record.run <= record.run]
    return before[-1] if before else versions[0] if versions else None


def image_sets(evidence: Evidence) -> Iterator[tuple[Record, Floats, tuple[int, ...]]]:
    """Yield the sets of images, float32 (n, 28, 28), with their filters, in the order they were seen.

    If the exercise's variable name holds images, other names are ignored. Under another name, digits are not
    a result, because a notebook may keep some of them around. If no name holds images, those in the figures
    are used.
    """
    records = evidence.of_kind("images")
    named = [record for record in records if str(record.facts.get("variable")).startswith(RESULT)]
    found = list(_readable(evidence, (named or records)[:MOST_IMAGE_SETS]))
    if not named:
        found = [one for one in found if not looks_like_digits(one[1])]
    if not found:
        figures = [
            Record(one.kind, one.run, {**one.facts, "variable": IN_A_FIGURE}, one.payload)
            for one in drawn(evidence)
        ]
        panels = _readable(evidence, figures[:MOST_IMAGE_SETS])
        found = [one for one in panels if len(one[1]) > 1 and not looks_like_digits(one[1])]
    images = accumulate(len(stack) for _, stack, _ in found)
    yield from (one for one, so_far in zip(found, images, strict=True) if so_far <= MOST_IMAGES_IN_ALL)


def _readable(evidence: Evidence, records: list[Record]) -> Iterator[tuple[Record, Floats, tuple[int, ...]]]:
    for record in records:
        stack = read_array(evidence.payload(record))
        if stack is None or stack.shape[1:] != (SIDE, SIDE) or len(stack) > MOST_IMAGES_IN_A_SET:
            continue
        with np.errstate(over="ignore"):  # values too large for single precision become infinite
            yield record, stack.astype(np.float32), _positions(record, len(stack))


def _positions(record: Record, count: int) -> tuple[int, ...]:
    """Return the filter of each image: as reported by the kernel, otherwise the order of the images."""
    said = record.facts.get("positions")
    if isinstance(said, list) and len(said) == count == len(set(map(str, said))):
        numbers = [place for place in said if type(place) is int and 0 <= place < MOST_POSITIONS]
        if len(numbers) == count:
            return tuple(numbers)
    return tuple(range(count))


def looks_like_digits(stack: Floats) -> bool:
    """Tell whether most images are mostly background: in digits, four pixels in five have the lowest value.

    In an image made by gradient ascent, `deprocess_image` clips about one pixel in three.
    """
    flat = stack.reshape(len(stack), SIDE * SIDE)
    paper = np.mean(flat == flat.min(axis=1, keepdims=True), axis=1)
    return bool(np.median(paper) > 0.6)


def layers_to_try(version: Version) -> list[LayerOutput]:
    """Return the layers that images may be meant for: the named one, then those of every convolution.

    If an activation follows a convolution, both are tried: the maps before it and after it.
    """
    if version.model is None:
        return []
    frozen = version.model.frozen
    network = Network(frozen.graph)
    named: list[LayerOutput] = []
    others: dict[tuple[str, str], LayerOutput] = {}
    for layer in frozen.layers:
        shape = frozen.shapes[layer.tensor]
        convolution = network.convolution_of(layer.tensor) if len(shape) == 4 and shape[-1] else None
        if convolution is None:
            continue
        if layer.name == version.asked_layer:
            named.append(layer)
        others.setdefault((convolution, network.activation_of(layer.tensor)), layer)
    for convolution, layer in [(pair[0], layer) for pair, layer in others.items()]:
        before = f"{network.before_activation(convolution)}:0"
        if before in frozen.shapes:
            others.setdefault((convolution, ""), LayerOutput(layer.name, before))
    rest = [layer for layer in reversed(others.values()) if layer not in named]
    return [*named[-1:], *rest][:MOST_LAYERS_TRIED]


def layer_name(evidence: Evidence, record: Record) -> str:
    """Return the value of `layer_name` when the images were seen, otherwise the exercise's own name."""
    for names in reversed(evidence.of_kind("names")):
        values = names.facts.get("values")
        if names.run <= record.run and isinstance(values, dict) and "layer_name" in values:
            return str(values["layer_name"])[:100]
    return LAYER


def measure_images(version: Version, layer: Layer | None) -> ImagesMeasurement:
    """Count the usable images, and measure the images on a layer's filters."""
    stack, positions = version.stack, version.positions
    finite = np.isfinite(stack).all(axis=(1, 2))
    varied = np.array([np.ptp(image) > 0 for image in np.nan_to_num(stack)])
    first = np.zeros(len(stack), np.bool_)
    first[np.unique(stack.reshape(len(stack), SIDE * SIDE), axis=0, return_index=True)[1]] = True
    scores = score_images(layer, stack, positions) if layer else None
    filters = measure_filters(layer, scores) if layer and scores else ()
    is_bounded = layer is not None and layer.conditions.bounds != AS_ASKED.bounds
    return ImagesMeasurement(
        variable=str(version.record.facts.get("variable"))[:100],
        layer=layer.name if layer else "",
        asked_layer=version.asked_layer,
        layer_filters=layer.filters if layer else 0,
        count=len(stack),
        distinct=int(first.sum()),
        usable=int((finite & varied & first).sum()),
        kind="gradient" if looks_like_gradients(stack[finite]) else "image",
        scale_known=not version.is_deprocessed and not is_bounded,
        movement=movement(filters),
        filters=filters,
        mix_up=recognise_mix_up(layer, scores) if layer and scores else None,
    )


def looks_like_gradients(stack: Floats) -> bool:
    """Tell whether most images have a root mean square of exactly one, like a normalized gradient."""
    if not len(stack):
        return False
    mean_square = np.square(stack.astype(np.float64)).mean(axis=(1, 2))
    return bool(np.mean(np.abs(np.sqrt(mean_square) - 1) < 1e-3) > 0.5)


def looks_deprocessed(stack: Floats) -> bool:
    """Tell whether most images went through `deprocess_image` or something similar and so lost their scale.

    An ascent leaves values of both signs. Grey levels are within 0...255 or, if scaled to fit, within 0...1.
    An unclipped in-place version leaves mean 127.5 and standard deviation 255.
    """
    if not len(stack):
        return False
    flat = stack.reshape(len(stack), SIDE * SIDE).astype(np.float64)
    low, high = flat.min(axis=1), flat.max(axis=1)
    grey = (low >= 0) & (high <= 255) & (high > 2)
    unit = (low == 0) & (high == 1)
    unclipped = (np.abs(flat.mean(axis=1) - 127.5) < 1) & (np.abs(flat.std(axis=1) - 255) < 3)
    return bool(np.mean(grey | unit | unclipped) > 0.5)
