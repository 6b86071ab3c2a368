"""What the checks get: the network, the images, and the images measured on their filters."""

from __future__ import annotations

import pytest

from autograder.exercises.activation_maximization.constants import RESULT, SIDE
from autograder.exercises.activation_maximization.rubric.causes import missing_work
from autograder.exercises.activation_maximization.rubric.cells import after_error
from autograder.measurements import ImagesMeasurement, Measurements, ModelMeasurement
from autograder.rubric.award import need
from autograder.rubric.words import by


@pytest.fixture
def model(measured: Measurements) -> ModelMeasurement:
    """The network; without one, a check that uses this fixture is not run."""
    if measured.refused_model:
        missing, cause = f"There is a model, but {measured.refused_model}.", "model_refused"
    else:
        missing = "No Keras model that maps an image to classes was found under any name."
        missing += after_error(measured, "cnn")
        cause = missing_work(measured, "cnn", "no_model")
    return need(
        measured.model, missing, criterion="cnn", cause=cause, needs_person=bool(measured.refused_model)
    )


@pytest.fixture
def images(measured: Measurements) -> ImagesMeasurement:
    """The result images; without them, a check that uses this fixture is not run."""
    found = f", but its entries are {by(measured.other_shape)}" if measured.other_shape else ""
    return need(
        measured.images,
        f"No images were found: the list {RESULT} should hold one image of {SIDE} x {SIDE} pixels "
        f"per filter{found}." + after_error(measured, "ascent"),
        criterion="images",
        cause="other_shape" if found else missing_work(measured, "ascent", "no_images"),
    )


@pytest.fixture
def features(measured: Measurements, images: ImagesMeasurement) -> ImagesMeasurement:
    """The same images, for checks that need them measured on filters, which takes a network."""
    if measured.refused_model:
        missing = f"The images could not be measured: {measured.refused_model}."
    else:
        missing = "There are images, but no network with convolutions on which to measure them."
        missing += after_error(measured, "cnn")
    return need(images if images.filters else None, missing, needs_person=bool(measured.refused_model))
