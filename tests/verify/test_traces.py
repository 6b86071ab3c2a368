"""Counting gradient steps, whatever else the cell has done."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from autograder.evidence import Evidence, Record, digest
from autograder.execute.inside.recorder import as_npy
from autograder.measurements import ImagesMeasurement
from autograder.verify.traces import measure_steps


def images(count: int, movement: float) -> ImagesMeasurement:
    return ImagesMeasurement(
        "x", "conv2d_3", "conv2d_3", count, count, count, count, "image", True, movement, ()
    )


Series = npt.NDArray[np.float64]


def climb(steps: int, *, dead: bool = False) -> Series:
    """The deviation of the pixels at every step of one ascent."""
    return np.full(steps, 0.29) if dead else 0.29 + 0.8 * np.arange(steps)


def steps_of(*ascents: Series, count: int, batch: int = 1, movement: float = 1.0) -> float:
    deviations = np.concatenate(ascents)
    calls = np.stack([np.full_like(deviations, batch), deviations, deviations, deviations], axis=1)
    payload = as_npy(calls.astype(np.float32))
    tape = Record("tape", 1, {}, digest(payload))
    evidence = Evidence("graded", (), (tape,), {digest(payload): payload})
    steps = measure_steps(evidence, images(count, movement), run=1)
    assert steps is not None
    return steps.per_image


@pytest.mark.parametrize("steps", [5, 10, 40, 50, 200])
def test_one_ascent_after_the_other(steps: int) -> None:
    assert steps_of(*[climb(steps)] * 16, count=16, movement=steps / 50) == steps


def test_all_images_at_once() -> None:
    assert steps_of(climb(50), count=16, batch=16) == 50


def test_other_layers_in_the_same_cell_do_not_count() -> None:
    assert steps_of(*[climb(50)] * 48, count=16) == 50


def test_a_first_try_does_not_count() -> None:
    assert steps_of(climb(20), *[climb(50)] * 16, count=16) == 50


def test_dead_filters_do_not_hide_the_starts() -> None:
    assert steps_of(*[climb(50, dead=i % 4 > 0) for i in range(16)], count=16) == 50


def test_too_few_steps_stay_too_few_where_filters_are_dead() -> None:
    assert steps_of(*[climb(25, dead=i % 4 > 0) for i in range(16)], count=16, movement=0.5) == 25


def test_images_that_were_not_climbed_for_do_not_shorten_the_others() -> None:
    assert steps_of(*[climb(50)] * 12, count=16) == 50


def test_blurring_on_the_way_is_no_new_start() -> None:
    path = climb(50)
    path[24::5] *= 0.6

    assert steps_of(*[path] * 16, count=16) == 50


def test_without_a_tape_nothing_is_known() -> None:
    assert measure_steps(Evidence("graded"), images(16, 1.0), run=1) is None
