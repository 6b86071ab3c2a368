"""What each check gives and says, on measurements made by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.measurements import CellError, FilterMeasurement, ImagesMeasurement, Measurements, MixUp
from autograder.report import Result
from autograder.rubric.score import score

Judge = Callable[..., dict[str, Result]]


def with_model(good: Measurements, **changes: Any) -> Measurements:
    assert good.model is not None
    return replace(good, model=replace(good.model, **changes))


def with_images(good: Measurements, **changes: Any) -> Measurements:
    assert good.images is not None
    return replace(good, images=replace(good.images, **changes))


def with_filters(
    good: Measurements, change: Callable[[FilterMeasurement], FilterMeasurement], **changes: Any
) -> Measurements:
    assert good.images is not None
    return with_images(good, filters=tuple(change(one) for one in good.images.filters), **changes)


def test_correct_work_earns_everything_without_complaint(good: Measurements, judge: Judge) -> None:
    results = judge(good)

    assert {result.status for result in results.values()} == {"pass"}
    assert sum(result.score for result in results.values()) == 90
    assert not [result for result in results.values() if "?" in result.feedback]


def test_three_of_four_convolutions_earn_three_quarters(good: Measurements, judge: Judge) -> None:
    result = judge(with_model(good, conv_layers=3, unused_conv_layers=1))["cnn"]

    assert (result.status, result.score) == ("partial", 15)
    assert "3 convolution layers" in result.feedback
    assert "1 more do not contribute to the output" in result.feedback


@pytest.mark.parametrize(("layers", "score"), [(2, 10), (1, 0)])
def test_convolutions_earn_a_quarter_each_from_two_on(
    layers: int, score: float, good: Measurements, judge: Judge
) -> None:
    assert judge(with_model(good, conv_layers=layers))["cnn"].score == score


def test_another_number_of_outputs_halves_the_network(good: Measurements, judge: Judge) -> None:
    result = judge(with_model(good, outputs=7))["cnn"]

    assert (result.status, result.score) == ("partial", 10)
    assert "ten are needed" in result.feedback


@pytest.mark.parametrize(("accuracy", "score"), [(0.97, 15), (0.9, 15), (0.7, 7.5), (0.5, 0), (0.1, 0)])
def test_training_earns_in_proportion_to_accuracy(
    accuracy: float, score: float, good: Measurements, judge: Judge
) -> None:
    assert judge(with_model(good, accuracy=accuracy))["training"].score == score


def test_an_untrained_network_is_told_what_stopped_the_training(good: Measurements, judge: Judge) -> None:
    error = CellError("train", "ValueError: Argument(s) not recognized: {'lr': 0.001}", "write learning_rate")
    untrained = replace(with_model(good, accuracy=0.1, epochs=0, updates=0), errors=(error,))

    result = judge(untrained)["training"]

    assert result.status == "fail"
    assert "not trained" in result.feedback
    assert "write learning_rate" in result.feedback


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


def test_descent_is_told_to_look_at_the_sign(good: Measurements, judge: Judge) -> None:
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


def test_dead_filters_count_for_nobody_and_are_named(good: Measurements, judge: Judge) -> None:
    dead = with_filters(
        good,
        lambda one: replace(one, live=False, clear=False, gain=0.0, pattern=0.0) if one.index < 20 else one,
    )

    results = judge(dead)

    assert results["ascent"].status == results["objective"].status == "pass"
    assert results["ascent"].measured["living"] == 44
    assert "0, 1, 2" in results["ascent"].feedback


def test_a_network_of_dead_filters_only_goes_to_a_person(good: Measurements, judge: Judge) -> None:
    dead = with_filters(good, lambda one: replace(one, live=False, clear=False))

    assert judge(dead)["ascent"].status == "review"


@pytest.mark.parametrize(
    ("steps", "status"),
    [(50, "pass"), (46, "pass"), (54, "pass"), (25, "partial"), (10, "fail"), (500, "fail")],
)
def test_updates_ask_for_fifty_steps(steps: float, status: str, good: Measurements, judge: Judge) -> None:
    assert good.steps is not None

    result = judge(replace(good, steps=replace(good.steps, per_image=float(steps))))["updates"]

    assert result.status == status
    assert f"{steps} gradient steps" in result.feedback


def test_steps_that_nobody_saw_are_measured_by_the_way_that_the_images_went(
    good: Measurements, judge: Judge
) -> None:
    assert judge(replace(good, steps=None))["updates"].status == "pass"
    assert judge(replace(with_images(good, movement=0.2), steps=None))["updates"].status == "fail"


def test_steps_that_cannot_be_told_any_more_go_to_a_person(good: Measurements, judge: Judge) -> None:
    unknown = replace(with_images(good, scale_known=False, movement=6.0), steps=None)

    assert judge(unknown)["updates"].status == "review"


def test_in_place_deprocessing_costs_no_points(good: Measurements, judge: Judge) -> None:
    deprocessed = with_filters(
        good, lambda one: replace(one, gain=5.6, image=56.0), scale_known=False, movement=6.0
    )

    assert {result.status for result in judge(deprocessed).values()} == {"pass"}


def test_panels_without_titles_cost_a_fifth(good: Measurements, judge: Judge) -> None:
    assert good.plot is not None

    result = judge(replace(good, plot=replace(good.plot, titled=0)))["plot"]

    assert (result.status, result.score) == ("partial", 4)
    assert "64 panels have no title" in result.feedback


def test_blank_panels_are_named(good: Measurements, judge: Judge) -> None:
    assert good.plot is not None

    result = judge(replace(good, plot=replace(good.plot, blank=32, distinct=33, shown=32)))["plot"]

    assert result.status in {"partial", "fail"}
    assert "32 panels are blank" in result.feedback


@pytest.mark.parametrize(("shown", "status"), [(None, "pass"), (1, "pass"), (0, "review")])
def test_a_figure_that_no_output_shows_goes_to_a_person(
    shown: int | None, status: str, good: Measurements, judge: Judge
) -> None:
    result = judge(replace(good, pictures_shown=shown))["plot"]

    assert result.status == status
    assert ("No picture is in the output" in result.feedback) == (status == "review")


def test_one_large_picture_goes_to_a_person(good: Measurements, judge: Judge) -> None:
    assert good.plot is not None

    mosaic = replace(good.plot, panels=0, titled=0, distinct=0, shown=0, mosaic=True)

    assert judge(replace(good, plot=mosaic))["plot"].status == "review"


def test_nothing_at_all_earns_nothing_and_says_why(judge: Judge) -> None:
    error = CellError("imports", "NameError: name 'tf' is not defined", "tf is used before it exists")

    results = judge(Measurements("graded", errors=(error,)))

    assert {result.status for result in results.values()} == {"fail"}
    assert all("tf is used before it exists" in result.feedback for result in results.values())


def test_a_refused_model_goes_to_a_person(good: Measurements, judge: Judge) -> None:
    assert good.images is not None
    unmeasured = ImagesMeasurement(
        "visualized_feature", "", "conv2d_3", 0, 64, 64, 64, "image", True, 0.0, ()
    )
    refused = replace(good, model=None, refused_model="it contains the operation 'X'", images=unmeasured)

    results = judge(refused)

    assert {results[name].status for name in ("cnn", "training", "ascent", "objective")} == {"review"}
    assert "operation 'X'" in results["cnn"].feedback
    assert (results["images"].status, results["images"].score) == ("review", 0)


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


def test_a_layer_with_a_single_filter_is_for_a_person(good: Measurements, judge: Judge) -> None:
    assert good.images is not None
    one = {"layer_filters": 1, "count": 1, "distinct": 1, "usable": 1, "filters": good.images.filters[:1]}
    results = judge(with_images(good, **one))

    assert {name for name in results if results[name].status == "review"} >= {"images", "ascent", "objective"}
    assert "single filter" in results["images"].feedback


def test_a_layer_with_four_filters_is_a_correct_one(good: Measurements, judge: Judge) -> None:
    assert good.images is not None
    four = {"layer_filters": 4, "count": 4, "distinct": 4, "usable": 4, "filters": good.images.filters[:4]}
    results = judge(replace(with_images(good, **four), plot=replace(good.plot, panels=4, titled=4, shown=4)))

    assert {result.status for result in results.values()} == {"pass"}


@pytest.mark.parametrize(("alive", "status"), [(2, "review"), (6, "review"), (7, "pass")])
def test_a_trained_network_with_hardly_a_living_filter_is_for_a_person(
    alive: int, status: str, good: Measurements, judge: Judge
) -> None:
    results = judge(
        with_filters(
            good, lambda one: one if one.index < alive else replace(one, live=False, clear=False, image=0.1)
        )
    )

    assert {results[name].status for name in ("images", "ascent", "objective")} == {status}
    if status == "review":
        assert f"Only {alive} of 64 filters" in results["ascent"].feedback


def test_filters_of_a_network_that_has_learnt_nothing_may_have_died(good: Measurements, judge: Judge) -> None:
    dead = with_filters(good, lambda one: replace(one, live=one.index < 2, clear=one.index < 2))

    assert judge(with_model(dead, accuracy=0.1))["objective"].status == "pass"


@pytest.mark.parametrize(
    ("before", "status"), [(None, "pass"), (0.1, "pass"), (0.5, "pass"), (0.97, "review")]
)
def test_a_network_that_read_digits_before_any_training_is_for_a_person(
    before: float | None, status: str, good: Measurements, judge: Judge
) -> None:
    result = judge(with_model(good, accuracy_before=before))["training"]

    assert result.status == status
    assert ("where its weights come from" in result.feedback) == (status == "review")


def test_a_missing_module_goes_to_a_person(judge: Judge) -> None:
    error = CellError("imports", "ModuleNotFoundError: No module named 'cv2'", "", missing_module="cv2")

    results = judge(Measurements("graded", errors=(error,)))

    assert {result.status for result in results.values()} == {"review"}
    assert "cv2 is not installed here" in results["cnn"].feedback


def test_trouble_of_the_verifier_goes_to_a_person(judge: Judge) -> None:
    results = judge(Measurements("graded", trouble="the verifier stopped"))

    assert {result.status for result in results.values()} == {"review"}


def test_what_is_no_notebook_earns_nothing_and_says_why(judge: Judge) -> None:
    results = judge(Measurements("invalid_notebook", unreadable="ada.ipynb: the file is empty"))

    assert {result.status for result in results.values()} == {"fail"}
    assert "the file is empty" in results["cnn"].feedback


@pytest.mark.parametrize(
    ("threshold", "criterion"),
    [
        ({"conv_layers": 5}, "cnn"),
        ({"accuracy_full": 0.99}, "training"),
        ({"gain_raised": 2.0}, "ascent"),
        ({"pattern_own": 1.5}, "objective"),
        ({"movement_small": 2.0}, "updates"),
    ],
)
def test_thresholds_are_settings(
    threshold: dict[str, float], criterion: str, good: Measurements, judge: Judge
) -> None:
    assert judge(good)[criterion].status == "pass"
    assert judge(good, **threshold)[criterion].status != "pass"


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


def test_an_error_in_a_later_cell_is_no_reason(good: Measurements, judge: Judge) -> None:
    error = CellError("plot", "NameError: name 'axs' is not defined", "")

    result = judge(replace(with_model(good, accuracy=0.3), errors=(error,)))["training"]

    assert "axs" not in result.feedback


def test_a_module_that_a_callback_misses_is_not_the_students_fault(good: Measurements, judge: Judge) -> None:
    error = CellError("cnn", "TBNotInstalledError: TensorBoard is not installed", "", "tensorboard")
    interrupted = with_model(good, accuracy=0.1, epochs=0, updates=1)
    training = judge(replace(interrupted, errors=(error,)))["training"]
    assert (training.status, training.cause) == ("review", "missing_module")
    assert "tensorboard" in training.feedback


def test_a_missing_module_matters_only_where_work_is_missing(good: Measurements, judge: Judge) -> None:
    error = CellError("a cell", "ModuleNotFoundError: No module named 'google.colab'", "", "google.colab")

    results = judge(replace(with_model(good, conv_layers=3), errors=(error,)))

    assert results["cnn"].status == "partial"


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


def test_results_without_an_ascent_keep_what_was_measured_and_go_to_a_person(
    good: Measurements, judge: Judge
) -> None:
    results = judge(with_images(good, ascent_seen=False))

    under_review = {name for name, result in results.items() if result.status == "review"}
    assert under_review == {"ascent", "objective", "updates"}
    assert [results[name].score for name in ("ascent", "objective", "updates")] == [20, 15, 0]
    assert all("recorded gradient step leads" in results[name].feedback for name in under_review)
    assert results["ascent"].measured["raised"] == 64


def test_noise_without_an_ascent_earns_nothing_without_bothering_a_person(
    good: Measurements, judge: Judge
) -> None:
    noise = with_filters(
        good,
        lambda one: replace(
            one, image=0.1, gain=0.0, spread=0.9, pattern=0.0, best_pattern=0.05, best_gain=0.0
        ),
        ascent_seen=False,
        movement=0.9,
    )

    results = judge(replace(noise, steps=None))

    assert {results[name].status for name in ("ascent", "objective", "updates")} == {"fail"}
    assert "recorded gradient step leads" in results["updates"].feedback


def test_a_course_may_hand_any_verdict_to_a_person(
    good: Measurements, points: dict[str, float], tmp_path: Path
) -> None:
    own = tmp_path / "test_own.py"
    own.write_text(
        "def test_plot(award):\n    award(0.6, 'Nice.', panels=64)\n    award.needs_person('Is it, though?')\n"
    )

    result = score(EXERCISE, good, Thresholds(), points, [EXERCISE.checks, own])["plot"]

    assert (result.status, result.score, result.feedback) == ("review", 3, "Nice. Is it, though?")
    assert result.measured == {"panels": 64}
