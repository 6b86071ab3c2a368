"""What images earn for being there, for raising their filters and for showing the right ones."""

from __future__ import annotations

from dataclasses import replace

import pytest
from changed_measurements import Judge, with_filters, with_images

from autograder.measurements import FilterMeasurement, ImagesMeasurement, Measurements, MixUp


def test_one_variable_appended_64_times_is_named(good: Measurements, judge: Judge) -> None:
    result = judge(with_images(good, distinct=1, usable=1))["images"]

    assert (result.status, result.score) == ("fail", 0)
    assert "only 1 is different" in result.feedback
    assert "copy" in result.feedback


def test_grey_images_are_named(good: Measurements, judge: Judge) -> None:
    result = judge(with_images(good, usable=60))["images"]

    assert result.status == "partial"
    assert "4 have a single grey level" in result.feedback


def test_missing_images_are_named(good: Measurements, judge: Judge) -> None:
    result = judge(with_images(good, count=32, distinct=32, usable=32))["images"]

    assert result.score == 5
    assert "64 are needed" in result.feedback


def test_a_layer_with_few_filters_needs_few_images(good: Measurements, judge: Judge) -> None:
    few = with_images(good, layer_filters=32, count=32, distinct=32, usable=32)

    assert judge(few)["images"].status == "pass"


def test_how_many_images_are_enough_to_judge_is_a_threshold_apart(good: Measurements, judge: Judge) -> None:
    eight = with_images(good, count=8, distinct=8, usable=8)
    assert eight.images is not None
    eight = with_images(eight, filters=eight.images.filters[:8])

    assert judge(eight, images_least=0.5)["ascent"].status == "pass"
    assert judge(eight, images_least=0.5)["images"].score == 0
    assert judge(eight, judged_least=0.5)["ascent"].status == "fail"
    assert judge(eight, judged_least=0.5)["images"].score > 0


def test_how_far_an_activation_must_fall_is_a_threshold_apart(good: Measurements, judge: Judge) -> None:
    lower = with_filters(good, lambda one: replace(one, pattern=-0.2, best_pattern=0.01, best_gain=0.0))

    assert judge(lower)["ascent"].measured["fallen"] == 0
    assert judge(lower, pattern_fallen=0.1)["ascent"].measured["fallen"] == 64
    assert judge(lower, pattern_raised=0.1, pattern_fallen=0.25)["ascent"].measured["fallen"] == 0


def test_how_many_images_fit_nearly_all_is_a_threshold_apart(good: Measurements, judge: Judge) -> None:
    assert good.images is not None
    blurred = with_filters(
        good,
        lambda one: replace(one, best_filter=(one.index + 7) % 64, pattern=0.1 if one.index >= 56 else 1.0),
    )

    assert judge(blurred)["objective"].measured["own"] == 56
    assert judge(blurred, own_nearly_all=0.95)["objective"].measured["own"] == 0
    assert judge(blurred, filters_full=0.95, own_nearly_all=0.85)["objective"].measured["own"] == 56


def test_descent_is_advised_to_look_at_the_sign(good: Measurements, judge: Judge) -> None:
    descent = with_filters(
        good, lambda one: replace(one, image=0.0, gain=-0.01, pattern=-0.2, best_pattern=0.01, best_gain=0.0)
    )

    results = judge(descent)

    assert results["ascent"].status == "fail"
    assert "sign" in results["ascent"].feedback
    assert results["objective"].status == "fail"


def test_unnormalized_gradients_are_named(good: Measurements, judge: Judge) -> None:
    still = with_filters(
        good, lambda one: replace(one, image=0.12, gain=0.003, pattern=0.3, best_pattern=0.3), movement=0.01
    )

    results = judge(still)

    assert results["ascent"].status == "fail"
    assert "normalized" in results["ascent"].feedback
    assert results["updates"].status == "fail"
    assert "normalized" in results["updates"].feedback


def test_the_same_filter_for_all_images_is_named(good: Measurements, judge: Judge) -> None:
    same = with_filters(
        good,
        lambda one: one if one.index == 5 else replace(one, gain=0.3, pattern=0.12, best_filter=5),
        mix_up=MixUp("one_for_all", 5),
    )

    result = judge(same)["objective"]

    assert result.status == "fail"
    assert "all show filter 5" in result.feedback
    assert "filter_index" in result.feedback


def test_one_pattern_that_many_filters_like_is_not_taken_for_theirs(good: Measurements, judge: Judge) -> None:
    alike = with_filters(
        good,
        lambda one: replace(one, pattern=0.8, best_filter=5),
        mix_up=MixUp("one_for_all", 5),
    )

    assert judge(alike)["objective"].status == "fail"


def test_images_without_regard_to_the_filter_are_not_taken_for_its_own(
    good: Measurements, judge: Judge
) -> None:
    # as seen when the index was frozen: half the filters like these images as well as their own
    alike = with_filters(
        good,
        lambda one: replace(one, pattern=0.8 if one.index % 2 else 0.2, best_filter=(one.index * 7 + 3) % 64),
    )

    assert judge(alike)["objective"].status == "fail"


def test_smoothed_images_of_all_filters_are_their_own_though_no_fingerprint_fits(
    good: Measurements, judge: Judge
) -> None:
    smoothed = with_filters(good, lambda one: replace(one, pattern=1.6, best_filter=5, best_pattern=1.2))

    assert judge(smoothed)["objective"].status == "pass"


@pytest.mark.parametrize(
    ("mix_up", "words"),
    [(MixUp("shifted", 1), "1 after"), (MixUp("shifted", -2), "2 before"), (MixUp("reversed", 0), "reverse")],
)
def test_an_index_that_is_off_is_named(mix_up: MixUp, words: str, good: Measurements, judge: Judge) -> None:
    mixed = with_filters(
        good, lambda one: replace(one, gain=0.3, pattern=0.2, best_filter=one.index + 1), mix_up=mix_up
    )

    result = judge(mixed)["objective"]

    assert result.status == "fail"
    assert words in result.feedback


def test_images_of_other_filters_still_count_as_an_ascent(good: Measurements, judge: Judge) -> None:
    shifted = with_filters(good, lambda one: replace(one, gain=0.3, pattern=0.2, best_filter=one.index + 1))

    assert judge(shifted)["ascent"].status == "pass"


def test_loud_noise_raises_nothing(good: Measurements, judge: Judge) -> None:
    loud = with_filters(
        good, lambda one: replace(one, gain=2900.0, pattern=0.01, best_pattern=0.05, best_gain=2900.0)
    )

    results = judge(loud)

    assert results["ascent"].score == 0
    assert results["objective"].score == 0


def test_dead_filters_do_not_count_and_are_named(good: Measurements, judge: Judge) -> None:
    dead = with_filters(
        good,
        lambda one: replace(one, live=False, clear=False, gain=0.0, pattern=0.0) if one.index < 20 else one,
    )

    results = judge(dead)

    assert results["ascent"].status == results["objective"].status == "pass"
    assert results["ascent"].measured["living"] == 44
    assert "0, 1, 2" in results["ascent"].feedback


def test_in_place_deprocessing_costs_no_points(good: Measurements, judge: Judge) -> None:
    deprocessed = with_filters(
        good, lambda one: replace(one, gain=5.6, image=56.0), scale_known=False, movement=6.0
    )

    assert {result.status for result in judge(deprocessed).values()} == {"pass"}


def test_images_without_a_network_are_of_no_filters_and_earn_nothing(
    good: Measurements, judge: Judge
) -> None:
    unmeasured = ImagesMeasurement(
        "visualized_feature", "", "conv2d_3", 0, 64, 64, 64, "image", True, 0.0, ()
    )
    result = judge(replace(good, model=None, images=unmeasured))["images"]

    assert (result.status, result.score, result.cause) == ("fail", 0, "not_checked")
    assert "no network" in result.feedback
    assert "layer ''" not in result.feedback


def test_too_few_images_are_not_judged(good: Measurements, judge: Judge) -> None:
    assert good.images is not None
    one = with_images(good, count=1, distinct=1, usable=1, filters=good.images.filters[:1])
    results = judge(one)

    assert {results[name].cause for name in ("ascent", "objective", "updates")} == {"not_checked"}
    assert {results[name].status for name in ("ascent", "objective", "updates")} == {"fail"}
    assert "1 image for 64 filters: too few" in results["ascent"].feedback
    assert results["images"].cause == "few_images"


def test_a_small_rise_earns_a_part(good: Measurements, judge: Judge) -> None:
    small = with_filters(good, lambda one: replace(one, gain=0.04, best_gain=0.04, image=0.5))

    result = judge(small)["ascent"]

    assert result.status == "partial"
    assert "and 64 slightly more" in result.feedback


def test_a_dead_filter_may_leave_a_grey_image(good: Measurements, judge: Judge) -> None:
    grey = with_filters(
        good,
        lambda one: replace(one, live=False, clear=False, spread=0.0) if one.index < 3 else one,
        usable=61,
    )

    assert judge(grey)["images"].status == "pass"


def test_dead_filters_are_no_excuse_where_no_image_has_any_contrast(good: Measurements, judge: Judge) -> None:
    grey = with_filters(
        good,
        lambda one: replace(one, live=one.index > 30, clear=one.index > 30, spread=0.0),
        usable=0,
        distinct=1,
    )

    assert judge(grey)["images"].status == "fail"


def test_images_for_another_layer_than_the_named_one_are_right_and_it_is_said(
    good: Measurements, judge: Judge
) -> None:
    result = judge(with_images(good, layer="conv2d_1"))["objective"]

    assert result.status == "pass"
    assert "'conv2d_1' and not those of 'conv2d_3'" in result.feedback


@pytest.mark.parametrize(("good_ones", "status"), [(6, "pass"), (4, "partial")])
def test_among_few_living_filters_one_that_died_by_chance_is_forgiven(
    good_ones: int, status: str, good: Measurements, judge: Judge
) -> None:
    def change(one: FilterMeasurement) -> FilterMeasurement:
        if one.index >= 7:
            return replace(one, live=False, clear=False)
        if one.index >= good_ones:
            return replace(one, image=0.1, gain=0.0, pattern=0.0, best_pattern=0.1, best_gain=0.0)
        return one

    results = judge(with_filters(good, change))

    assert results["ascent"].status == results["objective"].status == status
