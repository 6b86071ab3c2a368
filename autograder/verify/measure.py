"""Turns Evidence into Measurements: everything that the rubric needs to know about one submission."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import tensorflow as tf

from autograder.evidence import Evidence
from autograder.measurements import ImagesMeasurement, Measurements, StepsMeasurement
from autograder.pictures import Booleans, Pictures
from autograder.verify.compiled import forget_compiled, too_many_compiled
from autograder.verify.diagnosis import diagnose
from autograder.verify.held_out import HeldOut
from autograder.verify.images import EXPECTED_NAME, Candidate, best_images
from autograder.verify.models import MeasuredModel, classifiers, final_version, read_models
from autograder.verify.plot import measure_plot
from autograder.verify.traces import ascent_seen, measure_steps
from solutions.gradient_ascent import forget_ascents


def measure(evidence: Evidence, digits: HeldOut, *, seed: int) -> tuple[Measurements, Pictures]:
    """Measure one submission again, from its evidence alone."""
    models, refused = read_models(evidence, digits)
    candidates = classifiers(models)
    images = best_images(evidence, candidates, seed=seed)
    model = _classifier(candidates, images)
    steps = measure_steps(evidence, images.measurement, images.version.record.run) if images else None
    measurements = Measurements(
        outcome=evidence.outcome,
        model=model.measurement if model else None,
        refused_model="" if model else refused,
        images=_with_traces(images, evidence) if images else None,
        other_shape=_other_shape(evidence),
        steps=steps,
        plot=measure_plot(evidence, images.version.stack if images else None),
        errors=diagnose(evidence.cells),
        changed_cells=evidence.changed_cells,
        is_cut_off=evidence.is_cut_off,
        stopped=evidence.reason,
    )
    return measurements, _pictures(images, steps)


def _with_traces(images: Candidate, evidence: Evidence) -> ImagesMeasurement:
    return replace(images.measurement, ascent_seen=ascent_seen(evidence, images.version.record.run))


def _other_shape(evidence: Evidence) -> tuple[int, ...]:
    """Return the shape of the entries of `visualized_feature` if it never held 28 x 28 images."""
    if any(str(record.facts.get("variable")) == EXPECTED_NAME for record in evidence.of_kind("images")):
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
        forget_ascents()
        tf.keras.backend.clear_session()
