"""What is shown by doing an ascent again decides: for every combination of watched, reproduced and end state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from autograder.measurements import Measurements, ReenactedImage, Reenactment
from autograder.report import Result

Judge = Callable[..., Mapping[str, Result]]

AS_ASKED = Reenactment(
    watched=64, objective="mean", layer="conv2d_3", filters="own", agreeing=1.0, likeness=1.0, direction=1,
    scaling="root_mean_square", step_size=1.0, steps=50.0, ascents=64, start="uniform", kept="end", step_length=1.0,
    moved=45.0, is_steady=True,
    images=tuple(ReenactedImage(index, 50, "end", 1.0, reproduced=True) for index in range(64)),
)  # fmt: skip
NOT_REPRODUCED = replace(
    AS_ASKED, images=tuple(replace(one, correlation=0.3, reproduced=False) for one in AS_ASKED.images)
)
UNEXPLAINED = replace(NOT_REPRODUCED, objective="", filters="", layer="", agreeing=0.0, likeness=0.01)
A_STEP_APART = tuple(
    ReenactedImage(index, 1, "every_step" if index else "earlier", 1.0, reproduced=True)
    for index in range(64)
)
JUDGED = ("ascent", "objective", "updates")


def ending(good: Measurements, gain: float) -> Measurements:
    """The measurements of images that raise their filters by this share of the reference's rise."""
    assert good.images is not None
    filters = tuple(
        replace(one, gain=gain, image=0.1 + 9.9 * gain, pattern=gain, best_gain=gain, best_pattern=gain)
        for one in good.images.filters
    )
    return replace(good, images=replace(good.images, filters=filters, movement=max(gain, 0.006)))


def seen(measured: Measurements, found: Reenactment | None, *, is_seen: bool = True) -> Measurements:
    assert measured.images is not None
    return replace(measured, reenactment=found, images=replace(measured.images, ascent_seen=is_seen))


@pytest.mark.parametrize(
    ("found", "is_seen", "gain", "statuses"),
    [
        (AS_ASKED, True, 1.0, ("pass", "pass", "pass")),
        (AS_ASKED, True, 0.01, ("pass", "pass", "pass")),  # a network that hardly responds
        (NOT_REPRODUCED, True, 1.0, ("review", "review", "review")),
        (replace(NOT_REPRODUCED, is_steady=False), True, 1.0, ("pass", "pass", "pass")),
        (NOT_REPRODUCED, True, 0.0, ("fail", "fail", "pass")),
        (UNEXPLAINED, True, 1.0, ("review", "review", "review")),
        (UNEXPLAINED, True, 0.0, ("fail", "fail", "pass")),
        (Reenactment(watched=0), False, 1.0, ("review", "review", "review")),
        (Reenactment(watched=0), False, 0.0, ("fail", "fail", "fail")),
        (None, True, 1.0, ("pass", "pass", "pass")),
        (None, False, 1.0, ("review", "review", "review")),
    ],
)
def test_every_combination_has_its_verdict(
    good: Measurements,
    judge: Judge,
    found: Reenactment | None,
    is_seen: bool,
    gain: float,
    statuses: tuple[str, ...],
) -> None:
    results = judge(seen(ending(good, gain), found, is_seen=is_seen))

    assert tuple(results[name].status for name in JUDGED) == statuses


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"objective": "maximum"}, "maximum_instead_of_mean"),
        ({"objective": "mean_square"}, "other_functional"),
        ({"objective": "strongest", "place": (10,)}, "other_functional"),
        ({"objective": "place", "place": (3, 4)}, "one_place"),
        ({"objective": "row", "place": (3,)}, "one_row"),
        ({"objective": "row_of_all"}, "wrong_axis"),
        ({"objective": "layer"}, "whole_layer"),
        ({"objective": "unit", "layer": "output"}, "class_score"),
        ({"filters": "constant", "by": 0}, "one_filter_for_all"),
        ({"filters": "shifted", "by": 1}, "shifted_filters"),
        ({"filters": "reversed", "by": 63}, "reversed_filters"),
        (
            {"filters": "constant", "kept": "every_step", "moved": 1.0, "images": A_STEP_APART},
            "kept_every_step",
        ),
    ],
)
def test_another_objective_costs_the_objective_alone(
    good: Measurements, judge: Judge, changes: dict[str, object], cause: str
) -> None:
    results = judge(seen(ending(good, 0.0), replace(AS_ASKED, **changes)))

    assert {name: results[name].status for name in JUDGED} == {
        "ascent": "pass", "objective": "fail", "updates": "pass",
    }  # fmt: skip
    assert results["objective"].cause == cause


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"step_size": 0.01, "moved": 0.5}, "other_step_size"),
        ({"step_size": 10.0}, "other_step_size"),
        ({"scaling": "norm", "moved": 1.8}, "other_normalization"),
        ({"steps": 5.0}, "other_number_of_steps"),
        ({"is_steady": False, "step_length": 5.0}, "changed_between_steps"),
        ({"start": "previous_image"}, "previous_image"),
        ({"kept": "every_step"}, "kept_every_step"),
        ({"kept": "step"}, "image_overwritten"),
    ],
)
def test_another_way_of_stepping_costs_the_updates_alone(
    good: Measurements, judge: Judge, changes: dict[str, object], cause: str
) -> None:
    results = judge(seen(ending(good, 1.0), replace(AS_ASKED, **changes)))

    assert (results["ascent"].status, results["objective"].status) == ("pass", "pass")
    assert results["updates"].status in {"partial", "fail"}
    assert results["updates"].cause == cause


@pytest.mark.parametrize(
    ("size", "threshold"), [(10.0, {"step_size_most": 5.0}), (0.5, {"step_size_least": 0.6})]
)
def test_a_watched_step_size_earns_half_within_its_own_bounds(
    good: Measurements, judge: Judge, size: float, threshold: dict[str, float]
) -> None:
    found = seen(ending(good, 1.0), replace(AS_ASKED, step_size=size))

    assert judge(found)["updates"].score == 2.5
    assert judge(found, movement_small=0.6, movement_large=5.0)["updates"].score == 2.5
    assert judge(found, **threshold)["updates"].score == 0


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"direction": -1}, "gradient_descent"),
        ({"kept": "start", "moved": 0.0}, "start_kept"),
        ({"kept": "gradient"}, "gradient_kept"),
        ({"kept": "step"}, "image_overwritten"),
        ({"scaling": "none", "moved": 0.1}, "not_normalized"),
    ],
)
def test_what_keeps_the_images_down_is_named(
    good: Measurements, judge: Judge, changes: dict[str, object], cause: str
) -> None:
    results = judge(seen(ending(good, 0.0), replace(AS_ASKED, **changes)))

    assert (results["ascent"].status, results["ascent"].cause) == ("fail", cause)


def test_another_start_is_mentioned_and_costs_nothing(good: Measurements, judge: Judge) -> None:
    results = judge(seen(good, replace(AS_ASKED, start="black")))

    assert [results[name].status for name in JUDGED] == ["pass"] * 3
    assert "black images" in results["updates"].feedback


def test_one_image_of_many_is_too_few_to_judge(good: Measurements, judge: Judge) -> None:
    assert good.images is not None
    alone = replace(
        good, images=replace(good.images, count=1, distinct=1, usable=1, filters=good.images.filters[:1])
    )

    results = judge(alone)

    assert [results[name].status for name in JUDGED] == ["fail"] * 3
