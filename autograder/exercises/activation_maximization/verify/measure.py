"""Turns Evidence into Measurements: everything that the rubric needs to know about one submission."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import tensorflow as tf

from autograder.evidence import Evidence
from autograder.exercises.activation_maximization.constants import RESULT
from autograder.exercises.activation_maximization.films import films_to_arrays
from autograder.exercises.activation_maximization.hints import HINTS
from autograder.exercises.activation_maximization.verify.filters import only_sure_filters
from autograder.exercises.activation_maximization.verify.images import (
    Candidate,
    best_images,
    layers_to_try,
    measure_on,
)
from autograder.exercises.activation_maximization.verify.links import seen_outside
from autograder.exercises.activation_maximization.verify.objectives import forget_objectives
from autograder.exercises.activation_maximization.verify.plot import measure_plot
from autograder.exercises.activation_maximization.verify.reenact import Reenacted, reenact
from autograder.exercises.activation_maximization.verify.traces import ascent_seen, measure_steps
from autograder.measurements import (
    ImagesMeasurement,
    Measurements,
    ModelMeasurement,
    Reenactment,
    StepsMeasurement,
)
from autograder.pictures import Booleans, Pictures
from autograder.verify.compiled import forget_compiled, too_many_compiled
from autograder.verify.cost import MOST_TIMES
from autograder.verify.diagnosis import diagnose
from autograder.verify.graph import FrozenModel, LayerOutput
from autograder.verify.held_out import HeldOut
from autograder.verify.models import (
    MeasuredModel,
    accuracy_before_training,
    classifiers,
    final_version,
    read_models,
)
from solutions.gradient_ascent import forget_ascents

MOST_FLAT_LAYERS = 6
# Above this accuracy, it matters where a network has it from; the rubric gives points from there on.
READS_DIGITS = 0.5
# An ascent counts as seen if recorded steps lead to this share of the images that show a filter.
SEEN_SHARE = 0.85
# Gain, and pattern score, from which an image may have come out of an ascent; those of noise are below.
RISING, CLEAR = 0.02, 0.5


def measure(
    evidence: Evidence, digits: HeldOut, *, seed: int, most_times: float = MOST_TIMES
) -> tuple[Measurements, Pictures]:
    """Measure one submission again, from its evidence alone.

    Raises:
        TooCostlyError: a network takes more than `most_times` times as long as the solution's.
    """
    models, refused = read_models(evidence, digits, most_times=most_times)
    candidates = classifiers(models)
    images = best_images(evidence, candidates, seed=seed)
    made_again = _made_again(images, evidence) if images else None
    reenactment = made_again.measurement if made_again else None
    images = _with_living_filters(images, reenactment, seed=seed) if images else None
    model = _classifier(candidates, images)
    steps = measure_steps(evidence, images.measurement, images.version.record.run) if images else None
    measurements = Measurements(
        outcome=evidence.outcome,
        model=_with_accuracy_before(model, candidates, evidence) if model else None,
        refused_model="" if model else refused,
        images=_with_traces(images, evidence, reenactment) if images else None,
        other_shape=_other_shape(evidence),
        steps=steps,
        reenactment=reenactment,
        plot=measure_plot(evidence, images.version.stack if images else None),
        errors=diagnose(evidence.cells, HINTS),
        changed_cells=evidence.changed_cells,
        is_cut_off=evidence.is_cut_off,
        stopped=evidence.reason,
    )
    pictures = _pictures(images, steps)
    if made_again is not None and made_again.films is not None:
        pictures = replace(pictures, panels=films_to_arrays(made_again.films))
    return measurements, pictures


def _with_living_filters(images: Candidate, reenactment: Reenactment | None, *, seed: int) -> Candidate:
    """Leave out filters that are dead: those without a gradient on the student's way, or from some other noise."""
    layer = images.layer
    if layer is None:
        return images
    if reenactment is None or not reenactment.is_as_asked:
        layer = only_sure_filters(layer, seed=seed)
    if reenactment is not None:
        alive = ~np.isin(np.arange(layer.filters), reenactment.dead)
        layer = replace(layer, live=layer.live & alive, clear=layer.clear & alive)
    return measure_on(images.version, layer)


def _with_traces(images: Candidate, evidence: Evidence, reenactment: Reenactment | None) -> ImagesMeasurement:
    measured = images.measurement
    run = images.version.record.run
    outside = seen_outside(evidence, run, np.nan_to_num(images.version.stack.reshape(measured.count, -1)))
    if reenactment is not None:
        seen = _are_seen(measured, reenactment)
    else:  # where every gradient is watched, what is missing proves nothing, whatever the kernel says of the reason
        seen = not evidence.is_watched and ascent_seen(evidence, run)
    return replace(measured, ascent_seen=seen, is_compiled=outside >= SEEN_SHARE * measured.count)


def _are_seen(images: ImagesMeasurement, reenactment: Reenactment) -> bool:
    """Tell whether recorded steps lead to the images, as far as these show anything of their filters."""
    known = {one.index for one in reenactment.images if one.steps > 0}
    rising = [
        one.index for one in images.filters if max(one.gain, one.best_gain) > RISING or one.pattern > CLEAR
    ]
    if not reenactment.images:  # none that is known, or a few images for all filters, each with its ascent
        return reenactment.watched >= SEEN_SHARE * images.distinct
    if reenactment.gains_nothing:  # it was there before the first step
        return not rising
    return len(known.intersection(rising)) >= SEEN_SHARE * len(rising)


def _made_again(images: Candidate, evidence: Evidence) -> Reenacted | None:
    version = images.version
    if version.model is None or images.layer is None:
        return None
    frozen = version.model.frozen
    measured = LayerOutput(images.layer.name, images.layer.tensor)
    layers = [measured, *(layer for layer in layers_to_try(version) if layer.tensor != measured.tensor)]
    return reenact(
        evidence,
        version.record.run,
        version.stack,
        version.positions,
        frozen,
        [*layers, *flat_layers(frozen)],
        images.layer.mean_activations,
    )


def flat_layers(model: FrozenModel) -> list[LayerOutput]:
    """Return the layers with units instead of maps, the output first."""
    flat = [layer for layer in model.layers if len(model.shapes[layer.tensor]) == 2]
    return [LayerOutput("output", model.output), *reversed(flat)][:MOST_FLAT_LAYERS]


def _other_shape(evidence: Evidence) -> tuple[int, ...]:
    """Return the shape of the entries of `visualized_feature` if it never held 28 x 28 images."""
    if any(str(record.facts.get("variable")) == RESULT for record in evidence.of_kind("images")):
        return ()
    for record in reversed(evidence.of_kind("other_images")):
        shape = record.facts.get("shape")
        if isinstance(shape, list) and shape and all(_is_length(length) for length in shape):
            return tuple(shape[:4])
    return ()


def _is_length(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**31


def _classifier(candidates: list[list[MeasuredModel]], images: Candidate | None) -> MeasuredModel | None:
    """Return the network to grade: the one that the images were made with if any, otherwise the likeliest."""
    if not candidates:
        return None
    made_with = images.version.model if images and images.fits else None
    versions = next((some for some in candidates if made_with in some), candidates[0])
    return final_version(versions, images.version.record.run if images else -1)


def _with_accuracy_before(
    model: MeasuredModel, candidates: list[list[MeasuredModel]], evidence: Evidence
) -> ModelMeasurement:
    """Return the measurement of the network that counts, with what it could do before it was trained."""
    measured = model.measurement
    if measured.accuracy < READS_DIGITS:  # then it does not matter
        return measured
    versions = next(some for some in candidates if model in some)
    return replace(measured, accuracy_before=accuracy_before_training(versions, evidence))


def _pictures(images: Candidate | None, steps: StepsMeasurement | None) -> Pictures:
    if images is None:
        return Pictures()
    if images.layer is None:
        return Pictures(student=images.version.stack)
    ascent = images.layer.ascent
    return Pictures(
        student=images.version.stack,
        reference=ascent.images[..., 0],
        dead=ascent.dead,
        student_dead=ascent.dead & ~woken(images.measurement, len(ascent.dead)),
        curves=np.asarray(steps.curves, np.float32) if steps and steps.curves else Pictures().curves,
        reference_curves=ascent.activations.T,
    )


def woken(images: ImagesMeasurement, filters: int) -> Booleans:
    """Return which filters the student excited although the reference, from different noise, could not."""
    awake = np.zeros(filters, np.bool_)
    for one in images.filters:
        awake[one.index] = one.image > one.noise and one.image > one.reference
    return awake


# The verifier is one process for many submissions, and memory must not grow with them.
def forget_models() -> None:
    """Free compiled functions when there are too many."""
    if too_many_compiled():
        forget_compiled()
        forget_objectives()
        forget_ascents()
        tf.keras.backend.clear_session()
