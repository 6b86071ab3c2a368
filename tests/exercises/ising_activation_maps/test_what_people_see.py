"""The picture and the panels of the second exercise."""

from __future__ import annotations

import numpy as np
import pytest
from ising_cells import NAME

from autograder.exercise import find_exercise
from autograder.exercises.ising_activation_maps.records import MapsMeasurement, OwnMeasurement, as_own
from autograder.measurements import Measurements
from autograder.pictures import Pictures, pictures_from_npz, pictures_to_npz


@pytest.fixture
def pictures() -> Pictures:
    random = np.random.default_rng(0)
    made = Pictures(
        student=random.normal(size=(8, 28, 28)).astype(np.float32),
        reference=random.normal(size=(8, 28, 28)).astype(np.float32),
        panels={
            "lattices": random.choice([-1, 1], (4, 32, 32)).astype(np.int8),
            "temperatures": np.array([1.6, 1.9, 2.3, 3.0]),
            "classes": np.array([0, 0, 1, 1]),
        },
    )
    return pictures_from_npz(pictures_to_npz(made))


@pytest.fixture
def measured() -> Measurements:
    maps = MapsMeasurement("maps", (4, 2, 16, 16), 8, 8, "other_class", 8, False, -0.99, 2.0, False)
    return Measurements("graded", own=as_own(OwnMeasurement(maps=maps)))


def test_the_panels_show_lattice_and_maps_and_say_what_they_are(
    pictures: Pictures, measured: Measurements
) -> None:
    exercise = find_exercise(NAME)

    desk, page = exercise.desk(measured, pictures, 7), exercise.page(None, measured, pictures)

    for panel in (desk, page):
        assert "data:image/png;base64," in panel
        assert "8 of 8 maps come out again: the maps of both classes are exchanged." in panel


def test_without_maps_there_is_a_picture_all_the_same() -> None:
    exercise, nothing = find_exercise(NAME), Measurements("graded")

    assert exercise.desk(nothing, Pictures(), 0) == ""
    assert exercise.page(None, nothing, Pictures()) == ""
