"""What the measured numbers say about everything that goes right and wrong in practice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from statistics import median

import keras
import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from autograder.evidence import Evidence, Record, digest
from autograder.execute.inside.recorder import as_npy
from autograder.exercises.activation_maximization.verify.conditions import AS_ASKED
from autograder.exercises.activation_maximization.verify.filters import (
    Layer,
    look_at_layer,
    only_sure_filters,
)
from autograder.exercises.activation_maximization.verify.images import Version, measure_images
from autograder.exercises.activation_maximization.verify.measure import measure
from autograder.measurements import FilterMeasurement, ImagesMeasurement, MixUp
from autograder.verify.graph import FrozenModel
from autograder.verify.held_out import HeldOut
from solutions.deprocess import deprocess
from solutions.gradient_ascent import Ascent, filter_activations, gradient_ascent, uniform_noise

Images = npt.NDArray[np.float32]
FILTERS = 64


@pytest.fixture(scope="module")
def noise() -> Images:
    return uniform_noise(FILTERS, seed=3)


@pytest.fixture(scope="module")
def climb(network: keras.Model, noise: Images) -> Callable[..., Ascent]:
    """The exercise's ascent on the trained network, compiled once."""
    activations = filter_activations(network, "conv2d_3")

    def run(steps: int = 50, size: float = 1.0, start: Images = noise) -> Ascent:
        return gradient_ascent(activations, start, steps=steps, step_size=size)

    return run


@pytest.fixture(scope="module")
def correct(climb: Callable[..., Ascent]) -> Images:
    return climb().images


@pytest.fixture(scope="module")
def layer(network: keras.Model, freeze_model: Callable[[keras.Model], FrozenModel]) -> Layer:
    frozen = freeze_model(network)
    named = next(layer for layer in frozen.layers if layer.name == "conv2d_3")
    return only_sure_filters(look_at_layer(frozen, named, AS_ASKED, seed=7), seed=7)


@pytest.fixture(scope="module")
def measured(layer: Layer) -> Callable[[Images], ImagesMeasurement]:
    return lambda images: measure_images(version_of(images), layer)


def version_of(images: Images) -> Version:
    """Images as they would come out of the evidence, image i for filter i."""
    stack = images.astype(np.float32).reshape(-1, 28, 28)
    record = Record("images", 0, {"variable": "visualized_feature"})
    return Version(record, stack, tuple(range(len(stack))), None)


def living(images: ImagesMeasurement) -> list[FilterMeasurement]:
    return [one for one in images.filters if one.live]


def gain(images: ImagesMeasurement) -> float:
    return median(one.gain for one in living(images))


def pattern(images: ImagesMeasurement) -> float:
    return median(one.pattern for one in living(images))


def in_place(images: Images, *, clip: bool) -> Images:
    """What `deprocess_image` leaves behind in its argument."""
    changed = images.copy()
    for x in changed:
        x -= x.mean()
        x /= x.std() + 1e-7
        x += 0.5
        x *= 255
        if clip:
            np.clip(x, 0, 255, out=x)
    return changed


Measured = Callable[[Images], ImagesMeasurement]
Climb = Callable[..., Ascent]


def test_correct_images_measure_as_the_reference_does(correct: Images, measured: Measured) -> None:
    images = measured(correct)

    assert len(living(images)) > FILTERS / 2
    assert gain(images) == pytest.approx(1, abs=0.05)
    assert pattern(images) == pytest.approx(1, abs=0.05)
    assert images.movement == pytest.approx(1, abs=0.05)
    assert images.scale_known
    assert images.usable == FILTERS


@pytest.mark.parametrize(
    ("steps", "expected"), [(40, 0.8), (10, 0.19), (5, 0.09), pytest.param(200, 4.1, marks=pytest.mark.deep)]
)
def test_the_gain_counts_the_steps_and_the_pattern_does_not(
    steps: int, expected: float, climb: Climb, measured: Measured
) -> None:
    images = measured(climb(steps).images)

    assert gain(images) == pytest.approx(expected, rel=0.15)
    assert pattern(images) == pytest.approx(1, abs=0.1)
    assert images.movement == pytest.approx(steps / 50, rel=0.15)


def test_few_large_steps_are_worth_nearly_as_much(climb: Climb, measured: Measured) -> None:
    images = measured(climb(5, 10.0).images)

    assert gain(images) == pytest.approx(0.87, abs=0.12)
    assert pattern(images) == pytest.approx(0.95, abs=0.1)


def test_descent_raises_nothing(climb: Climb, measured: Measured) -> None:
    images = measured(climb(size=-1.0).images)

    assert gain(images) < 0.02
    assert pattern(images) < 0.05


def test_without_normalization_the_images_stay_where_they_were(
    network: keras.Model, noise: Images, measured: Measured
) -> None:
    activations = filter_activations(network, "conv2d_3")

    @tf.function
    def unnormalized(images: tf.Tensor) -> tf.Tensor:
        for _ in tf.range(50):
            with tf.GradientTape() as tape:
                tape.watch(images)
                excitement = activations(images)
            images += tape.gradient(excitement, images)
        return images

    images = measured(unnormalized(tf.constant(noise)).numpy())

    assert gain(images) < 0.03
    assert 0.1 < pattern(images) < 0.7
    assert images.movement < 0.05


def test_images_of_the_next_filter_show_that_filter(correct: Images, measured: Measured) -> None:
    images = measured(np.roll(correct, -1, axis=0))

    assert gain(images) < 0.8
    assert pattern(images) < 0.4
    assert images.mix_up == MixUp("shifted", 1)


def test_images_of_one_filter_show_that_filter(network: keras.Model, noise: Images, layer: Layer) -> None:
    alive = int(np.flatnonzero(layer.live)[0])
    activations = filter_activations(network, "conv2d_3", [alive] * FILTERS)

    same = gradient_ascent(activations, noise).images
    images = measure_images(version_of(same), layer)

    assert pattern(images) < 0.4
    assert images.mix_up == MixUp("one_for_all", alive)


def test_noise_is_worth_nothing_however_loud(noise: Images, measured: Measured) -> None:
    plain, loud = measured(noise), measured(noise * 1e6)

    assert abs(gain(plain)) < 0.02
    assert gain(loud) > 100
    assert abs(pattern(plain)) < 0.05
    assert abs(pattern(loud)) < 0.05


def test_a_start_at_grey_levels_drowns_the_pattern(climb: Climb, noise: Images, measured: Measured) -> None:
    images = measured(climb(start=noise * 255).images)

    assert 0.2 < pattern(images) < 0.8


@pytest.mark.parametrize("clip", [False, True], ids=["unclipped", "clipped"])
def test_in_place_deprocessing_keeps_the_pattern_and_is_noticed(
    clip: bool, correct: Images, measured: Measured
) -> None:
    images = measured(in_place(correct, clip=clip))

    assert pattern(images) == pytest.approx(1, abs=0.15)
    assert gain(images) > 2
    assert not images.scale_known


def test_images_stored_as_grey_levels_keep_the_pattern(correct: Images, measured: Measured) -> None:
    images = measured(deprocess(correct))

    assert pattern(images) == pytest.approx(0.9, abs=0.1)
    assert not images.scale_known


def test_flat_broken_and_repeated_images_are_not_usable(correct: Images, measured: Measured) -> None:
    spoiled = correct.copy()
    spoiled[0], spoiled[1], spoiled[2], spoiled[4] = 0.0, np.nan, np.inf, spoiled[3]

    images = measured(spoiled)

    assert images.usable == FILTERS - 4
    assert all(np.isfinite(one.gain) and np.isfinite(one.pattern) for one in images.filters)


def test_filters_that_no_ascent_can_raise_do_not_count(
    freeze_model: Callable[[keras.Model], FrozenModel], noise: Images
) -> None:
    convolution = keras.layers.Conv2D(4, 3, activation="relu", name="conv2d")
    model = keras.Sequential(
        [keras.layers.Input((28, 28, 1)), convolution, keras.layers.Flatten(), keras.layers.Dense(10)]
    )
    kernel, _ = convolution.get_weights()
    convolution.set_weights([np.abs(kernel), np.array([0, 0, -1e6, 0], np.float32)])
    frozen = freeze_model(model)

    layer = look_at_layer(frozen, frozen.layers[0], AS_ASKED, seed=7)

    assert layer.live.tolist() == [True, True, False, True]
    dead = measure_images(version_of(noise[:4]), layer).filters[2]
    assert (dead.live, dead.gain, dead.pattern) == (False, 0.0, 0.0)


def test_a_whole_submission_is_measured(
    make_evidence: Callable[..., Evidence], correct: Images, digits: HeldOut
) -> None:
    measurements, pictures = measure(make_evidence(correct), digits, seed=7)

    assert measurements.model is not None
    assert measurements.images is not None
    assert (measurements.model.conv_layers, measurements.model.outputs) == (4, 10)
    assert measurements.model.accuracy > 0.8
    assert (measurements.images.layer, measurements.images.layer_filters) == ("conv2d_3", FILTERS)
    assert pictures.student.shape == pictures.reference.shape == (FILTERS, 28, 28)


@pytest.mark.deep
def test_the_same_evidence_gives_the_same_measurements(
    make_evidence: Callable[..., Evidence], correct: Images, digits: HeldOut
) -> None:
    evidence = make_evidence(correct)

    assert measure(evidence, digits, seed=7)[0] == measure(evidence, digits, seed=7)[0]


@pytest.mark.deep
def test_a_wrong_ascent_is_measured_on_the_layer_that_was_asked_for(
    make_evidence: Callable[..., Evidence], correct: Images, digits: HeldOut
) -> None:
    shifted = make_evidence(np.roll(correct, -1, axis=0), layer_name="conv2d_3")

    images = measure(shifted, digits, seed=7)[0].images

    assert images is not None
    assert images.layer == "conv2d_3"


@pytest.mark.deep
def test_a_later_cell_that_spoils_the_images_takes_nothing_away(
    make_evidence: Callable[..., Evidence], correct: Images, digits: HeldOut
) -> None:
    evidence = make_evidence(correct)
    spoiled = as_npy(np.zeros((3, 28, 28), np.float32))
    later = Record("images", 9, {"variable": "visualized_feature"}, digest(spoiled))
    evidence = replace(
        evidence, records=(*evidence.records, later), payloads={**evidence.payloads, digest(spoiled): spoiled}
    )

    images = measure(evidence, digits, seed=7)[0].images

    assert images is not None
    assert images.usable == FILTERS


@pytest.mark.parametrize("payload", [b"", b"\x93NUMPY", b"garbage", as_npy(np.zeros((3, 5, 5), np.float32))])
def test_images_that_are_none_are_passed_over(
    payload: bytes, make_evidence: Callable[..., Evidence], digits: HeldOut
) -> None:
    evidence = make_evidence()
    record = Record("images", 2, {"variable": "visualized_feature"}, digest(payload))
    evidence = replace(
        evidence,
        records=(*evidence.records, record),
        payloads={**evidence.payloads, digest(payload): payload},
    )

    assert measure(evidence, digits, seed=7)[0].images is None


def test_a_model_whose_graph_is_refused_is_said_to_be(digits: HeldOut) -> None:
    record = Record("model", 0, {"variable": "model"}, digest(b"forged"))

    measurements, _ = measure(
        Evidence("graded", (), (record,), {digest(b"forged"): b"forged"}), digits, seed=7
    )

    assert measurements.model is None
    assert "'model' was refused" in measurements.refused_model


def test_nothing_at_all_can_be_measured_too(digits: HeldOut) -> None:
    measurements, pictures = measure(Evidence("kernel_died"), digits, seed=7)

    assert (measurements.model, measurements.images, measurements.steps, measurements.plot) == (None,) * 4
    assert len(pictures.student) == 0
