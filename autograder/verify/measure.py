"""Evidence -> Measurements: which model and which images are the student's work, and how good they are.

Evidence comes in versions, one after every cell that changed something. Every version of the result is
measured on the model as it was then, and the one that fits best counts: a later cell that overwrites a
correct result takes nothing away.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from autograder.evidence import Evidence, Record
from autograder.measurements import (
    ImagesMeasurement,
    Measurements,
    ModelMeasurement,
    PlotMeasurement,
    StepsMeasurement,
)
from autograder.pictures import Pictures
from autograder.verify.accuracy import HeldOut, accuracy
from autograder.verify.diagnosis import diagnose
from autograder.verify.filters import Floats, Layer, fit, look_at_layer, measure_filters, movement
from autograder.verify.graph import FrozenModel, RefusedGraphError, read_graph
from autograder.verify.network import Network

MOST_MODELS = 24
MOST_IMAGE_SETS = 48
MOST_LAYERS_TRIED = 8
# Images whose mean pattern score is at least this are taken to be made for the layer.
FITS_WELL = 0.5


@dataclass(frozen=True)
class MeasuredModel:
    """A model of the submission with its record, measured."""

    record: Record
    frozen: FrozenModel
    measurement: ModelMeasurement


def measure(evidence: Evidence, digits: HeldOut, *, seed: int) -> tuple[Measurements, Pictures]:
    """Measure one submission again, from nothing but its evidence."""
    models, refused = read_models(evidence, digits)
    best = best_model(models)
    images, layer, stack, record = best_images(evidence, models, best, seed=seed)
    steps = None
    if record is not None and images is not None:
        steps = measure_steps(evidence, record, images.count)
    measurements = Measurements(
        outcome=evidence.outcome,
        model=best.measurement if best else None,
        refused_model="" if best else refused,
        images=images,
        steps=steps,
        plot=measure_plot(evidence),
        errors=diagnose(evidence.cells),
    )
    if layer is None:
        return measurements, Pictures(student=stack)
    curves = np.asarray(steps.curves, np.float32) if steps and steps.curves else Pictures().curves
    reference = layer.ascent.images[..., 0]
    return measurements, Pictures(stack, reference, layer.ascent.dead, curves, layer.ascent.activations.T)


def read_models(evidence: Evidence, digits: HeldOut) -> tuple[list[MeasuredModel], str]:
    """Return all models whose graphs pass the reader, and why the last other one did not."""
    models: list[MeasuredModel] = []
    refused = ""
    known: dict[str, MeasuredModel] = {}
    for record in evidence.of_kind("model")[:MOST_MODELS]:
        if "refused" in record.facts:
            refused = str(record.facts["refused"])[:300]
            continue
        if record.payload in known:  # the same computation under another name or at a later time
            twin = known[record.payload]
            models.append(MeasuredModel(record, twin.frozen, _with_facts(twin.measurement, record)))
            continue
        try:
            frozen = read_graph(evidence.payload(record), record.facts)
        except RefusedGraphError as error:
            refused = f"the computation of '{record.facts.get('variable')}' was refused: {error}"
            continue
        models.append(MeasuredModel(record, frozen, measure_model(record, frozen, digits)))
        known[record.payload] = models[-1]
    return models, refused


def measure_model(record: Record, frozen: FrozenModel, digits: HeldOut) -> ModelMeasurement:
    """Count the convolutions of one model and measure its accuracy."""
    network = Network(frozen.graph)
    used = network.convolutions_between(frozen.input, frozen.output)
    output = frozen.shapes[frozen.output]
    measurement = ModelMeasurement(
        variable="",
        conv_layers=len(used),
        unused_conv_layers=len(network.all_convolutions() - used),
        input_shape=tuple(length or 0 for length in frozen.shapes[frozen.input][1:]),
        outputs=output[1] or 0 if len(output) == 2 else 0,
        compiled=False,
        epochs=0,
        accuracy=accuracy(frozen, digits),
        digits=len(digits.labels),
    )
    return _with_facts(measurement, record)


def _with_facts(measurement: ModelMeasurement, record: Record) -> ModelMeasurement:
    history = record.facts.get("history")
    lengths = [len(values) for values in history.values()] if isinstance(history, dict) else []
    return replace(
        measurement,
        variable=str(record.facts.get("variable"))[:100],
        compiled=record.facts.get("compiled") is True,
        epochs=max(lengths, default=0),
    )


def best_model(models: list[MeasuredModel]) -> MeasuredModel | None:
    """Return the student's classifier: ten outputs, then the name of the exercise, then the most accurate."""

    def preference(model: MeasuredModel) -> tuple[bool, bool, float, int, bool]:
        measured = model.measurement
        return (
            measured.outputs == 10,
            measured.variable == "model",
            measured.accuracy,
            model.record.run,
            measured.compiled,
        )

    return max(models, key=preference, default=None)


def best_images(
    evidence: Evidence, models: list[MeasuredModel], classifier: MeasuredModel | None, *, seed: int
) -> tuple[ImagesMeasurement | None, Layer | None, Floats, Record | None]:
    """Return the result images that fit the filters of a layer best, with that layer.

    Every version is measured on the network as it was when the version was seen.
    """
    candidates = list(image_sets(evidence))
    if not candidates:
        return None, None, Pictures().student, None
    layers: dict[tuple[str, str], Layer] = {}
    measured = [
        Candidate(record, stack, *found)
        for record, stack in candidates
        if (model := model_at(models, classifier, record))
        and (found := best_layer(evidence, model, record, stack, layers, seed=seed))
    ]
    if not measured:
        record, stack = candidates[-1]
        return measure_images(record, stack, None), None, stack, record
    best = max(measured, key=Candidate.quality)
    return best.measurement, best.layer, best.stack, best.record


@dataclass(frozen=True)
class Candidate:
    """One version of the result images, measured on the layer that it fits."""

    record: Record
    stack: Floats
    measurement: ImagesMeasurement
    layer: Layer

    def quality(self) -> tuple[float, bool]:
        """How much of the work this version shows; of equals, the one before deprocessing."""
        return round(fit(self.measurement.filters) * self.measurement.usable, 1), self.measurement.scale_known


def best_layer(
    evidence: Evidence,
    model: MeasuredModel,
    record: Record,
    stack: Floats,
    known: dict[tuple[str, str], Layer],
    *,
    seed: int,
) -> tuple[ImagesMeasurement, Layer] | None:
    """Return the images measured on the first layer that they fit, else on the one that is named.

    `known` keeps the layers that have been looked at, since a reference ascent takes its time.
    """
    tried: list[tuple[ImagesMeasurement, Layer]] = []
    for name, tensor in layers_to_try(evidence, model, record):
        key = (model.record.payload, tensor)
        if key not in known:
            known[key] = look_at_layer(model.frozen, name, tensor, seed=seed)
        tried.append((measure_images(record, stack, known[key]), known[key]))
        if fit(tried[-1][0].filters) >= FITS_WELL:
            return tried[-1]
    return tried[0] if tried else None


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


def read_array(data: bytes) -> npt.NDArray[np.generic] | None:
    """Read the bytes of an .npy file; None for anything but a small array of floats."""
    try:
        version = np.lib.format.read_magic(io.BytesIO(data))
        if version != (1, 0):
            return None
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError, MemoryError, SyntaxError, TypeError):
        return None
    return array if isinstance(array, np.ndarray) and array.dtype.kind == "f" else None


def model_at(
    models: list[MeasuredModel], classifier: MeasuredModel | None, record: Record
) -> MeasuredModel | None:
    """Return the version of the classifier that existed when the images were seen, else the classifier."""
    if classifier is None:
        return None
    variable = classifier.measurement.variable
    versions = [model for model in models if model.measurement.variable == variable]
    before = [model for model in versions if model.record.run <= record.run]
    return before[-1] if before else classifier


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
    """Tell whether most images have gone through `deprocess_image`, in place or stored as uint8.

    In place it leaves floats of mean 127.5 and standard deviation 255; its return value are whole numbers
    from 0 to 255.
    """
    if not len(stack):
        return False
    flat = stack.reshape(len(stack), -1).astype(np.float64)
    in_place = (np.abs(flat.mean(axis=1) - 127.5) < 1) & (np.abs(flat.std(axis=1) - 255) < 3)
    whole = (flat == np.round(flat)).all(axis=1) & (flat.min(axis=1) >= 0) & (flat.max(axis=1) <= 255)
    unit = (np.abs(flat.mean(axis=1) - 0.5) < 0.01) & (np.abs(flat.std(axis=1) - 1) < 0.02)
    return bool(np.mean(in_place | whole | unit) > 0.5)


def measure_steps(evidence: Evidence, images: Record, count: int) -> StepsMeasurement | None:
    """Count the gradient steps that were seen in the cell that made the images."""
    tapes = [record for record in evidence.of_kind("tape") if record.run <= images.run]
    calls = read_array(evidence.payload(tapes[-1])) if tapes else None
    if calls is None or calls.ndim != 2 or calls.shape[1] != 3 or not np.isfinite(calls).all():
        return None
    per_image = float(calls[:, 0].sum()) / count
    losses = calls[:, 1].astype(np.float32)
    curves: tuple[tuple[float, ...], ...] = ()
    if (calls[:, 0] == 1).all() and len(losses) % count == 0:
        steps = len(losses) // count
        curves = tuple(
            tuple(round(float(loss), 5) for loss in curve) for curve in losses.reshape(count, steps)
        )
    return StepsMeasurement(per_image, curves)


def measure_plot(evidence: Evidence) -> PlotMeasurement | None:
    """Return the facts of the figure with the most panels that show a 28 x 28 image."""
    figures = [_figure(evidence, record) for record in evidence.of_kind("figure")]
    return max(figures, key=lambda plot: (plot.panels, plot.titled, -plot.blank), default=None)


def _figure(evidence: Evidence, record: Record) -> PlotMeasurement:
    facts = record.facts.get("panels")
    panels = [panel for panel in facts if isinstance(panel, dict)] if isinstance(facts, list) else []
    with_image = [panel for panel in panels if any(shape[:2] == [28, 28] for shape in _shapes(panel))]
    images = read_array(evidence.payload(record))
    if images is None or images.shape[1:] != (28, 28):
        images = np.zeros((0, 28, 28))
    flat = images.reshape(len(images), 28 * 28)
    return PlotMeasurement(
        panels=min(len(with_image), len(images)),
        titled=sum(bool(str(panel.get("title", "")).strip()) for panel in with_image),
        blank=int(sum(np.ptp(image) == 0 for image in flat)),
        distinct=len(np.unique(flat, axis=0)) if len(flat) else 0,
        mosaic=any(is_mosaic(shape) for panel in panels for shape in _shapes(panel)),
    )


def is_mosaic(shape: list[int]) -> bool:
    """Tell whether a picture is large enough to hold a grid of at least 4 x 4 features."""
    return len(shape) >= 2 and min(shape[:2]) >= 4 * 28


def _shapes(panel: dict[str, object]) -> list[list[int]]:
    shapes = panel.get("shapes")
    if not isinstance(shapes, list):
        return []
    return [shape for shape in shapes if isinstance(shape, list) and all(type(n) is int for n in shape)]


# The verifier is one process for many submissions; a graph in each would keep its models alive.
def forget_models() -> None:
    """Free what TensorFlow keeps of the last submission."""
    tf.keras.backend.clear_session()
