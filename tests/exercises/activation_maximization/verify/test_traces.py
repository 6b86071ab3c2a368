"""Counting gradient steps, whatever else the cell has done."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from autograder.evidence import Evidence, Record, digest
from autograder.execute.inside.recorder import as_npy
from autograder.exercises.activation_maximization.verify.traces import ascent_seen, measure_steps
from autograder.measurements import ImagesMeasurement


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


def noted(*counts: int, trouble: bool = False, is_cut_off: bool = False) -> Evidence:
    """Evidence of cells in which gradients with respect to this many images were noticed."""
    records = [
        Record("gradients", run, {"seen": 0, "unseen": count, "lost": 0}) for run, count in enumerate(counts)
    ]
    if trouble:
        records.append(Record("trouble", 0, {"where": "gradient"}))
    return Evidence("graded", (), tuple(records), is_cut_off=is_cut_off)


@pytest.mark.parametrize("counts", [(0, 64), (3, 0)])
def test_an_ascent_is_seen_in_the_cell_of_the_images_or_before(counts: tuple[int, ...]) -> None:
    assert ascent_seen(noted(*counts), run=1)


def test_an_ascent_after_the_images_has_not_made_them() -> None:
    assert not ascent_seen(noted(0, 0, 64), run=1)


def test_what_the_tape_has_seen_is_an_ascent() -> None:
    tape = Record("tape", 1, {}, "")

    assert ascent_seen(Evidence("graded", (), (*noted(0, 0).records, tape)), run=1)


@pytest.mark.parametrize(
    "evidence",
    [noted(), noted(0), noted(0, 0, trouble=True), noted(0, 0, is_cut_off=True)],
    ids=["an older recorder", "a cell that did not end", "trouble", "cut off"],
)
def test_an_ascent_that_cannot_be_seen_is_not_reported_missing(evidence: Evidence) -> None:
    assert ascent_seen(evidence, run=1)


@pytest.mark.parametrize("forged", [{"seen": "64"}, {"seen": True}, {"seen": -5}, {"seen": [64]}, {}])
def test_a_note_of_another_form_is_none(forged: dict[str, object]) -> None:
    assert not ascent_seen(Evidence("graded", (), (Record("gradients", 1, forged),)), run=1)


@pytest.mark.parametrize(
    "call", [(np.nan, 1, 1, 1), (-1, 1, 1, 1), (1e9, 1, np.inf, 1), (0.5, 1, 1, 1), (1, 1, 1, -1), (1, 1e38, 1, 1)]
)  # fmt: skip
def test_a_tape_that_cannot_be_is_not_counted(call: tuple[float, ...]) -> None:
    payload = as_npy(np.array([call, (1, 1, 1, 1)], np.float32))
    tape = Record("tape", 1, {}, digest(payload))

    assert (
        measure_steps(Evidence("graded", (), (tape,), {digest(payload): payload}), images(16, 1.0), run=1)
        is None
    )
