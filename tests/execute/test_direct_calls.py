"""A network that is called directly: the same numbers to the last bit, whatever a tape asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from tensorflow.python.eager import imperative_grad
from tensorflow.python.ops import gradients_impl

from autograder.execute.inside import calls
from autograder.execute.inside.calls import CALLS_AS_WRITTEN, MOST_FUNCTIONS, DirectCalls


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> Iterator[DirectCalls]:
    # replaced by themselves, so that they are put back
    monkeypatch.setattr(keras.Model, "__call__", keras.Model.__call__)
    monkeypatch.setattr(imperative_grad, "imperative_grad", imperative_grad.imperative_grad)
    found = DirectCalls()
    found.install()
    return found


@pytest.fixture
def network() -> keras.Model:
    keras.utils.set_random_seed(3)
    inputs = layers.Input((28, 28, 1))
    maps = layers.Conv2D(4, 3, activation="relu", name="maps")(inputs)
    maps = layers.BatchNormalization()(maps)
    maps = layers.Conv2D(5, 3, padding="same", activation="elu")(layers.MaxPooling2D()(maps))
    return keras.Model(inputs, [maps])


def as_written(model: keras.Model) -> Callable[[Any], Any]:
    return lambda images: keras.layers.Layer.__call__(model, images)


def used(direct: DirectCalls) -> int:
    return sum(1 for one in direct.called.values() if one.direct is not None)


def some_images(count: int = 1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((count, 28, 28, 1)).astype("float32")


def climb(call: Callable[[Any], Any], images: np.ndarray, steps: int = 6) -> bytes:
    """Return where an ascent ends, bit by bit."""
    image = tf.Variable(images)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(call(image)[0][..., 2])
        gradient = tape.gradient(loss, image)
        image.assign_add(gradient / (tf.sqrt(tf.reduce_mean(gradient**2)) + 1e-7))
    return bytes(image.numpy().tobytes())


@pytest.mark.parametrize("count", [1, 3])
def test_an_ascent_ends_in_the_same_images(direct: DirectCalls, network: keras.Model, count: int) -> None:
    assert climb(network, some_images(count)) == climb(as_written(network), some_images(count))
    assert used(direct) == 1


def test_it_continues_with_new_weights(direct: DirectCalls, network: keras.Model) -> None:
    climb(network, some_images())
    network.set_weights([one + 0.1 for one in network.get_weights()])

    assert climb(network, some_images()) == climb(as_written(network), some_images())
    assert used(direct) == 1


def test_the_weights_have_their_gradients_too(direct: DirectCalls, network: keras.Model) -> None:
    climb(network, some_images())
    images = tf.constant(some_images(seed=1))

    def gradients(call: Callable[[Any], Any]) -> list[Any]:
        with tf.GradientTape() as tape:
            tape.watch(images)
            loss = tf.reduce_sum(call(images)[0] ** 2)
        found: list[Any] = tape.gradient(loss, [images, *network.trainable_variables])
        return found

    found, expected = gradients(network), gradients(as_written(network))
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))


def test_a_tape_for_the_weights_alone_sees_the_plain_call(direct: DirectCalls, network: keras.Model) -> None:
    climb(network, some_images())
    images = tf.constant(some_images(seed=1))

    def gradients(call: Callable[[Any], Any]) -> list[Any]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(call(images)[0])
        found: list[Any] = tape.gradient(loss, network.trainable_variables)
        return found

    found, expected = gradients(network), gradients(as_written(network))
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))


def second_derivative(call: Callable[[Any], Any], images: Any) -> Any:
    with tf.GradientTape() as outer:
        outer.watch(images)
        with tf.GradientTape() as inner:
            inner.watch(images)
            loss = tf.reduce_sum(call(images)[0] ** 3)
        first = inner.gradient(loss, images)
    return outer.gradient(first, images)


def of_a_persistent_tape(call: Callable[[Any], Any], images: Any) -> Any:
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        maps = call(images)[0]
        losses = [tf.reduce_sum(maps[..., index]) for index in range(3)]
    return tf.stack([tape.gradient(loss, images) for loss in losses])


def jacobian(call: Callable[[Any], Any], images: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(images)
        maps = tf.reduce_mean(call(images)[0], axis=(1, 2))
    return tape.jacobian(maps, images)


def of_an_accumulator(call: Callable[[Any], Any], images: Any) -> Any:
    with tf.autodiff.ForwardAccumulator(images, tf.ones_like(images)) as accumulator:
        maps = call(images)[0]
    return accumulator.jvp(maps)


def inside_a_function(call: Callable[[Any], Any], images: Any) -> Any:
    return tf.function(lambda one: call(one)[0])(images)


@pytest.mark.parametrize(
    "way", [second_derivative, of_a_persistent_tape, jacobian, of_an_accumulator, inside_a_function]
)
def test_other_ways_to_differentiate_give_the_same(
    direct: DirectCalls, network: keras.Model, way: Callable[[Callable[[Any], Any], Any], Any]
) -> None:
    climb(network, some_images())
    images = tf.constant(some_images(seed=2))

    np.testing.assert_allclose(way(network, images), way(as_written(network), images), rtol=1e-5, atol=1e-6)


def test_a_changed_layer_is_seen(direct: DirectCalls, network: keras.Model) -> None:
    climb(network, some_images())
    network.get_layer("maps").activation = keras.activations.tanh

    assert climb(network, some_images()) == climb(as_written(network), some_images())


def test_a_function_that_rounds_otherwise_is_not_used(
    direct: DirectCalls, network: keras.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = 0

    def differs_later(model: keras.Model, images: Any) -> Any:
        nonlocal times
        times += 1
        (maps,) = keras.layers.Layer.__call__(model, images)
        return [maps if times == 1 else maps * (1 + 1e-6)]

    monkeypatch.setattr(calls, "call_as_keras_does", differs_later)

    assert climb(network, some_images()) == climb(as_written(network), some_images())
    assert used(direct) == 0


def test_without_tensorflow_s_private_names_all_runs_as_written(
    direct: DirectCalls, network: keras.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(gradients_impl, "gradients")

    assert climb(network, some_images()) == climb(as_written(network), some_images())
    assert used(direct) == 0


def test_what_is_called_once_or_twice_is_called_as_written(direct: DirectCalls, network: keras.Model) -> None:
    for _ in range(CALLS_AS_WRITTEN):
        network(tf.constant(some_images()))

    assert used(direct) == 0


def test_many_networks_do_not_fill_the_memory(direct: DirectCalls) -> None:
    for size in range(2, 2 + MOST_FUNCTIONS + 5):
        layer = keras.Sequential([layers.Input((4,)), layers.Dense(size)])
        layer(tf.zeros((1, 4)))

    assert len(direct.called) == MOST_FUNCTIONS
