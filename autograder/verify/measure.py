"""Evidence -> Measurements: everything that the rubric wants to know about one submission."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from autograder.evidence import Evidence
from autograder.measurements import ImagesMeasurement, Measurements, StepsMeasurement
from autograder.pictures import Booleans, Pictures
from autograder.verify.accuracy import HeldOut
from autograder.verify.diagnosis import diagnose
from autograder.verify.images import Candidate, best_images
from autograder.verify.models import best_model, read_models
from autograder.verify.traces import measure_plot, measure_steps


def measure(evidence: Evidence, digits: HeldOut, *, seed: int) -> tuple[Measurements, Pictures]:
    """Measure one submission again, from nothing but its evidence."""
    models, refused = read_models(evidence, digits)
    model = best_model(models)
    images = best_images(evidence, models, model, seed=seed)
    steps = measure_steps(evidence, images.version.record, images.measurement.count) if images else None
    measurements = Measurements(
        outcome=evidence.outcome,
        model=model.measurement if model else None,
        refused_model="" if model else refused,
        images=images.measurement if images else None,
        steps=steps,
        plot=measure_plot(evidence),
        errors=diagnose(evidence.cells),
        is_cut_off=evidence.is_cut_off,
    )
    return measurements, _pictures(images, steps)


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
    """Which filters did the student excite, though the reference, from another noise, could not?"""
    awake = np.zeros(filters, np.bool_)
    for one in images.filters:
        awake[one.index] = one.image > one.noise and one.image > one.reference
    return awake


# The verifier is one process for many submissions; a graph in each would keep its models alive.
def forget_models() -> None:
    """Free what TensorFlow keeps of the last submission."""
    tf.keras.backend.clear_session()
