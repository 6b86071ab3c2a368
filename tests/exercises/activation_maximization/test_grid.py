"""The picture of a submission can be drawn whatever there is to show."""

from __future__ import annotations

import io

import matplotlib.image
import numpy as np
import pytest

from autograder.exercises.activation_maximization.grid import draw_grid
from autograder.measurements import Measurements
from autograder.pictures import Pictures, pictures_from_npz, pictures_to_npz
from autograder.report import Report

NOTHING = Measurements("graded")


def full() -> Pictures:
    rng = np.random.default_rng(0)
    images = rng.random((64, 28, 28), np.float32)
    return Pictures(
        student=images,
        reference=images,
        dead=np.arange(64) < 3,
        student_dead=np.arange(64) < 2,
        curves=rng.random((64, 50), np.float32),
        reference_curves=images[:, :3, 0],
    )


def broken() -> Pictures:
    images = full().student.copy()
    images[0], images[1], images[2] = np.nan, np.inf, 0
    return Pictures(images[:5])


@pytest.mark.parametrize("pictures", [full(), broken(), Pictures()], ids=["full", "broken", "none"])
def test_the_picture_is_a_png_of_one_size(pictures: Pictures, report: Report) -> None:
    drawn = draw_grid(report, NOTHING, pictures)

    assert drawn.startswith(b"\x89PNG\r\n")
    assert matplotlib.image.imread(io.BytesIO(drawn)).shape == (1320, 1485, 4)


def test_pictures_survive_being_stored() -> None:
    before = full()

    after = pictures_from_npz(pictures_to_npz(before))

    for name in ("student", "reference", "dead", "student_dead", "curves", "reference_curves"):
        assert np.array_equal(getattr(before, name), getattr(after, name))
