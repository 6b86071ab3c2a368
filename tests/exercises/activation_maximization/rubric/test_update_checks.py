"""What the number and the size of the steps earn."""

from __future__ import annotations

from dataclasses import replace

import pytest
from changed_measurements import Judge, with_filters, with_images

from autograder.measurements import Measurements


@pytest.mark.parametrize(
    ("steps", "status"),
    [(50, "pass"), (46, "pass"), (54, "pass"), (25, "partial"), (10, "fail"), (500, "fail")],
)
def test_updates_ask_for_fifty_steps(steps: float, status: str, good: Measurements, judge: Judge) -> None:
    assert good.steps is not None

    result = judge(replace(good, steps=replace(good.steps, per_image=float(steps))))["updates"]

    assert result.status == status
    assert f"{steps} gradient steps" in result.feedback


def test_steps_that_were_not_seen_are_measured_by_how_far_the_images_moved(
    good: Measurements, judge: Judge
) -> None:
    assert judge(replace(good, steps=None))["updates"].status == "pass"
    assert judge(replace(with_images(good, movement=0.2), steps=None))["updates"].status == "fail"


def test_steps_that_can_no_longer_be_measured_go_to_a_person(good: Measurements, judge: Judge) -> None:
    unknown = replace(with_images(good, scale_known=False, movement=6.0), steps=None)

    assert judge(unknown)["updates"].status == "review"


def test_steps_ten_times_too_large_earn_half(good: Measurements, judge: Judge) -> None:
    result = judge(with_images(good, movement=10.0))["updates"]

    assert (result.status, result.score) == ("partial", 2.5)
    assert "10 times as far" in result.feedback


def test_loud_noise_is_not_what_fifty_steps_make_whatever_the_tape_says(
    good: Measurements, judge: Judge
) -> None:
    loud = with_filters(good, lambda one: replace(one, image=0.0, gain=-9.0, pattern=0.0), movement=3e4)

    result = judge(loud)["updates"]

    assert result.status == "fail"
    assert "times as far from the noise" in result.feedback


def test_gradients_at_an_image_that_does_not_move_are_named(good: Measurements, judge: Judge) -> None:
    assert good.steps is not None

    result = judge(replace(good, steps=replace(good.steps, follow_image=False)))["updates"]

    assert result.status == "fail"
    assert "at the same image" in result.feedback


def test_images_with_fewer_steps_than_the_others_cost_their_share(good: Measurements, judge: Judge) -> None:
    uneven = with_filters(good, lambda one: replace(one, spread=0.2) if one.index < 16 else one)

    result = judge(uneven)["updates"]

    assert (result.status, result.score) == ("partial", 3.75)
    assert "25 % of the images went less than half as far" in result.feedback


def test_images_that_were_not_climbed_for_are_no_matter_of_the_updates(
    good: Measurements, judge: Judge
) -> None:
    still = with_filters(
        good,
        lambda one: (
            replace(one, spread=0.01, image=0.1, gain=0.0, pattern=0.0, best_pattern=0.1, best_gain=0.0)
            if one.index < 16
            else one
        ),
    )

    results = judge(still)

    assert results["updates"].status == "pass"
    assert results["ascent"].status == "partial"
