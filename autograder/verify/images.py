"""The student's images: which of those in the evidence are the result, and for which layer they were made.

Images come in versions, one after every cell that changed them. Every version is measured on the network as
it was then, and the one that shows most counts: a later cell that overwrites a correct result takes nothing
away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from autograder.evidence import Evidence, Record
from autograder.measurements import ImagesMeasurement
from autograder.verify.arrays import read_array
from autograder.verify.filters import Floats, Layer, fit, look_at_layer, measure_filters, movement
from autograder.verify.models import MeasuredModel, model_at
from autograder.verify.network import Network

MOST_IMAGE_SETS = 48
MOST_LAYERS_TRIED = 8
# Images whose mean pattern score is at least this are taken to be made for the layer.
FITS_WELL = 0.8


@dataclass(frozen=True)
class Candidate:
    """One version of the result images, measured on the layer that it fits, if there is any layer."""

    record: Record
    stack: Floats
    measurement: ImagesMeasurement
    layer: Layer | None

    def quality(self) -> tuple[float, int, bool]:
        """How much of the work this version shows; of equals, the fullest and then the untouched one."""
        measured = self.measurement
        return round(fit(measured.filters) * measured.usable, 1), measured.usable, measured.scale_known


def best_images(
    evidence: Evidence, models: list[MeasuredModel], classifier: MeasuredModel | None, *, seed: int
) -> Candidate | None:
    """Return the version of the result images that shows most; None if no images were seen."""
    layers: dict[tuple[str, str], Layer] = {}
    candidates = [
        best_layer(evidence, model_at(models, classifier, record), record, stack, layers, seed=seed)
        for record, stack in image_sets(evidence)
    ]
    return max(candidates, key=Candidate.quality, default=None)


def best_layer(
    evidence: Evidence,
    model: MeasuredModel | None,
    record: Record,
    stack: Floats,
    known: dict[tuple[str, str], Layer],
    *,
    seed: int,
) -> Candidate:
    """Return the images measured on the first layer that they fit, else on the one that is named.

    `known` keeps the layers that have been looked at, since a reference ascent takes its time.
    """
    nowhere = Candidate(record, stack, measure_images(record, stack, None), None)
    if model is None:
        return nowhere
    tried: list[Candidate] = []
    for name, tensor in layers_to_try(evidence, model, record):
        key = (model.record.payload, tensor)
        if key not in known:
            known[key] = look_at_layer(model.frozen, name, tensor, seed=seed)
        tried.append(Candidate(record, stack, measure_images(record, stack, known[key]), known[key]))
        if fit(tried[-1].measurement.filters) >= FITS_WELL:
            return tried[-1]
    return tried[0] if tried else nowhere


def image_sets(evidence: Evidence) -> Iterator[tuple[Record, Floats]]:
    """Yield the sets of images, float32 (n, 28, 28), in the order in which they were seen.

    If the name of the exercise holds any, other names are not looked at.
    """
    records = evidence.of_kind("images")
    named = [record for record in records if record.facts.get("variable") == "visualized_feature"]
    for record in (named or records)[:MOST_IMAGE_SETS]:
        stack = read_array(evidence.payload(record))
        if stack is not None and stack.ndim == 3 and stack.shape[1:] == (28, 28) and len(stack):
            yield record, stack.astype(np.float32)


def layers_to_try(evidence: Evidence, model: MeasuredModel, record: Record) -> Iterable[tuple[str, str]]:
    """Return (name, tensor) of the layers that the images may be meant for, the named one first."""
    network = Network(model.frozen.graph)
    feature_maps = [
        (layer.name, layer.tensor)
        for layer in model.frozen.layers
        if len(model.frozen.shapes[layer.tensor]) == 4
        and network.convolution_of(layer.tensor) is not None
        and model.frozen.shapes[layer.tensor][-1]
    ]
    wanted = layer_name(evidence, record)
    named = [layer for layer in feature_maps if layer[0] == wanted]
    others = [layer for layer in reversed(feature_maps) if layer[0] != wanted]
    return [*named, *others][:MOST_LAYERS_TRIED]


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
