"""What the checks get: the network, and what was measured of the choice and of the maps."""

from __future__ import annotations

import pytest

from autograder.exercises.ising_activation_maps.constants import CHOSEN, LATTICES, MAPS
from autograder.exercises.ising_activation_maps.records import (
    ChoiceMeasurement,
    MapsMeasurement,
    OwnMeasurement,
    own_of,
)
from autograder.exercises.ising_activation_maps.rubric.cells import after_error, missing_work
from autograder.measurements import Measurements, ModelMeasurement
from autograder.rubric.award import need
from autograder.rubric.words import by


@pytest.fixture
def own(measured: Measurements) -> OwnMeasurement:
    """What only this exercise measures."""
    return own_of(measured)


@pytest.fixture
def model(measured: Measurements) -> ModelMeasurement:
    """The network; without one, a check that uses this fixture is not run."""
    if measured.refused_model:
        missing, cause = f"There is a model, but {measured.refused_model}.", "model_refused"
    else:
        missing = "No Keras model that maps a lattice to classes was found under any name."
        missing += after_error(measured, "cnn")
        cause = missing_work(measured, "cnn", "no_model")
    return need(
        measured.model, missing, criterion="cnn", cause=cause, needs_person=bool(measured.refused_model)
    )


@pytest.fixture
def choice(measured: Measurements, model: ModelMeasurement, own: OwnMeasurement) -> ChoiceMeasurement:
    """The chosen lattices; without them, a check that uses this fixture is not run."""
    del model  # without a network, this is not checked either
    return need(
        own.choice,
        f"It is not known which lattices were chosen: '{CHOSEN}' should hold {LATTICES} places in x_test."
        + after_error(measured, "maps"),
        criterion="choice",
        cause=missing_work(measured, "maps", "no_choice"),
    )


@pytest.fixture
def maps(measured: Measurements, choice: ChoiceMeasurement, own: OwnMeasurement) -> MapsMeasurement:
    """The maps; without them, a check that uses this fixture is not run."""
    del choice  # without the lattices, this is not checked either
    found = own.maps
    if found is not None and not found.count:
        missing, cause = (
            f"'{MAPS}' has the shape {by(found.shape)}, but {LATTICES} lattices and 2 classes need "
            + (f"{LATTICES} x 2 maps of finite numbers, each with rows and columns."),
            "other_shape",
        )
        found = None
    else:
        missing = (
            f"No maps were found: '{MAPS}' should hold the maps of both classes for every chosen lattice."
        )
        cause = missing_work(measured, "maps", "no_maps")
    return need(found, missing + after_error(measured, "maps"), criterion="maps", cause=cause)
