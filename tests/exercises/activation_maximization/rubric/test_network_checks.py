"""What the network and its training earn, and what the feedback says about them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from changed_measurements import Judge, with_filters, with_images, with_model

from autograder.measurements import CellError, ImagesMeasurement, Measurements


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


def test_the_feedback_on_an_untrained_network_names_what_stopped_the_training(
    good: Measurements, judge: Judge
) -> None:
    error = CellError("train", "ValueError: Argument(s) not recognized: {'lr': 0.001}", "write learning_rate")
    untrained = replace(with_model(good, accuracy=0.1, epochs=0, updates=0), errors=(error,))

    result = judge(untrained)["training"]

    assert result.status == "fail"
    assert "not trained" in result.feedback
    assert "write learning_rate" in result.feedback


def test_a_network_of_dead_filters_only_goes_to_a_person(good: Measurements, judge: Judge) -> None:
    dead = with_filters(good, lambda one: replace(one, live=False, clear=False))

    assert judge(dead)["ascent"].status == "review"


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
