"""The student's images: which of those in the evidence are the result, and for which layer they were made.

Images come in versions, one after every cell that changed them. Every version is measured on the network as
it was then, and the one that shows most counts: a later cell that overwrites a correct result takes nothing
away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from autograder.evidence import Evidence, Record
from autograder.measurements import ImagesMeasurement
from autograder.verify.arrays import read_array
from autograder.verify.filters import (
    Floats,
    Layer,
    fit,
    look_at_layer,
    measure_filters,
    movement,
    only_sure_filters,
)
from autograder.verify.graph import LayerOutput
from autograder.verify.models import MeasuredModel, model_at
from autograder.verify.network import Network

MOST_IMAGE_SETS = 48
MOST_LAYERS_TRIED = 8
# Images whose mean pattern score is at least this are taken to be made for the layer.
FITS_WELL = 0.8


@dataclass(frozen=True)
class Version:
    """The result images as they were after one cell: float32 (n, 28, 28), and the network as it was then."""

    record: Record
    stack: Floats
    model: MeasuredModel | None


@dataclass(frozen=True)
class Candidate:
    """One version of the result images, measured on one layer, if there is any."""

    version: Version
    measurement: ImagesMeasurement
    layer: Layer | None

    @property
    def fits(self) -> bool:
        """Were these images made for this layer?"""
        return fit(self.measurement.filters) >= FITS_WELL

    def quality(self) -> tuple[float, int, bool]:
        """How much of the work this version shows; of equals, the fullest and then the untouched one."""
        measured = self.measurement
        return round(fit(measured.filters) * measured.usable, 1), measured.usable, measured.scale_known


def best_images(
    evidence: Evidence, models: list[MeasuredModel], classifier: MeasuredModel | None, *, seed: int
) -> Candidate | None:
    """Return the version of the result images that shows most; None if no images were seen.

    Other layers than the named one are only tried when no version fits that one.
    """
    versions = [
        Version(record, stack, model_at(models, classifier, record)) for record, stack in image_sets(evidence)
    ]
    if not versions:
        return None
    look = LayerCache(seed)
    layers = [layers_to_try(evidence, version) for version in versions]
    named = [
        measure_on(version, look(version, some[0]) if some else None)
        for version, some in zip(versions, layers, strict=True)
    ]
    best = max(named, key=Candidate.quality)
    if not best.fits:
        elsewhere = (
            measure_on(version, look(version, other))
            for version, some in zip(versions, layers, strict=True)
            for other in some[1:]
        )
        best = max((one for one in elsewhere if one.fits), key=Candidate.quality, default=best)
    sure = only_sure_filters(best.layer, seed=seed) if best.layer else None
    return measure_on(best.version, sure)


class LayerCache:
    """Looks at every layer once, since a reference ascent takes its time."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._layers: dict[tuple[str, str], Layer] = {}

    def __call__(self, version: Version, layer: LayerOutput) -> Layer | None:
        """Return a layer of the network that a version of the images belongs to."""
        if version.model is None:
            return None
        key = (version.model.record.payload, layer.tensor)
        if key not in self._layers:
            self._layers[key] = look_at_layer(version.model.frozen, layer, seed=self._seed)
        return self._layers[key]


def measure_on(version: Version, layer: Layer | None) -> Candidate:
    """Measure one version of the images on one layer, or only count them if there is none."""
    return Candidate(version, measure_images(version.record, version.stack, layer), layer)


def image_sets(evidence: Evidence) -> Iterator[tuple[Record, Floats]]:
    """Yield the sets of images, float32 (n, 28, 28), in the order in which they were seen.

    If the name of the exercise holds any, other names are not looked at. Under another name, digits are no
    result: a notebook may well keep some of them at hand.
    """
    records = evidence.of_kind("images")
    named = [record for record in records if record.facts.get("variable") == "visualized_feature"]
    for record in (named or records)[:MOST_IMAGE_SETS]:
        stack = read_array(evidence.payload(record))
        if stack is None or stack.ndim != 3 or stack.shape[1:] != (28, 28) or not len(stack):
            continue
        images = stack.astype(np.float32)
        if named or not looks_like_digits(images):
            yield record, images


def looks_like_digits(stack: Floats) -> bool:
    """Tell whether most images are mostly paper: of digits, four pixels in five are of the lowest value.

    Of an image that an ascent has made, `deprocess_image` cuts off about one in three.
    """
    flat = stack.reshape(len(stack), 28 * 28)
    paper = np.mean(flat == flat.min(axis=1, keepdims=True), axis=1)
    return bool(np.median(paper) > 0.6)


def layers_to_try(evidence: Evidence, version: Version) -> list[LayerOutput]:
    """Return the layers that images may be meant for: the named one, then one for each convolution."""
    if version.model is None:
        return []
    frozen = version.model.frozen
    network = Network(frozen.graph)
    wanted = layer_name(evidence, version.record)
    named: list[LayerOutput] = []
    others: dict[str, LayerOutput] = {}
    for layer in frozen.layers:
        shape = frozen.shapes[layer.tensor]
        convolution = network.convolution_of(layer.tensor) if len(shape) == 4 and shape[-1] else None
        if convolution is not None and layer.name == wanted:
            named.append(layer)
        elif convolution is not None:
            others.setdefault(convolution, layer)
    return [*named, *reversed(others.values())][:MOST_LAYERS_TRIED]


def layer_name(evidence: Evidence, record: Record) -> str:
    """Return the value of `layer_name` when the images were seen; the exercise's own if there was none."""
    for names in reversed(evidence.of_kind("names")):
        values = names.facts.get("values")
        if names.run <= record.run and isinstance(values, dict) and "layer_name" in values:
            return str(values["layer_name"])
    return "conv2d_3"


def measure_images(record: Record, stack: Floats, layer: Layer | None) -> ImagesMeasurement:
    """Count what is usable among the images, and measure them on a layer's filters."""
    finite = np.isfinite(stack).all(axis=(1, 2))
    varied = np.array([np.ptp(image) > 0 for image in np.nan_to_num(stack)])
    first = np.zeros(len(stack), np.bool_)
    first[np.unique(stack.reshape(len(stack), 28 * 28), axis=0, return_index=True)[1]] = True
    return ImagesMeasurement(
        variable=str(record.facts.get("variable"))[:100],
        layer=layer.name if layer else "",
        layer_filters=layer.filters if layer else 0,
        count=len(stack),
        distinct=int(first.sum()),
        usable=int((finite & varied & first).sum()),
        scale_known=not looks_deprocessed(stack[finite]),
        movement=movement(layer, stack) if layer else 0.0,
        filters=measure_filters(layer, stack) if layer else (),
    )


def looks_deprocessed(stack: Floats) -> bool:
    """Tell whether most images have gone through `deprocess_image` or the like, so that their scale is lost.

    An ascent leaves values of both signs. Grey levels lie within 0...255 or, scaled to fit, within 0...1; and
    an unclipped in-place version leaves mean 127.5 and standard deviation 255.
    """
    if not len(stack):
        return False
    flat = stack.reshape(len(stack), 28 * 28).astype(np.float64)
    low, high = flat.min(axis=1), flat.max(axis=1)
    grey = (low >= 0) & (high <= 255) & (high > 2)
    unit = (low == 0) & (high == 1)
    unclipped = (np.abs(flat.mean(axis=1) - 127.5) < 1) & (np.abs(flat.std(axis=1) - 255) < 3)
    return bool(np.mean(grey | unit | unclipped) > 0.5)
