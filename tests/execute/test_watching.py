"""Watching an ascent changes nothing that the notebook computes, and stays within its budget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager.polymorphic_function.polymorphic_function import Function
from tensorflow.python.ops import gradients
from tensorflow.python.ops.parallel_for import control_flow_ops

from autograder.execute.inside.ascents import MOST_ROWS, AscentWatch
from autograder.execute.inside.recorder import Recorder, as_npy, watch_gradients

FILTERS, STEPS = 2, 10
MEGABYTE = 1024**2

Climb = Callable[[], Any]


class Sent:
    """In place of the channel to the grader."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []

    def send(self, record: dict[str, Any], payload: bytes = b"") -> None:
        self.records.append({**record, "bytes": len(payload)})


@pytest.fixture(scope="module")
def maps() -> keras.Model:
    keras.utils.set_random_seed(1)
    convolution = keras.layers.Conv2D(FILTERS, 3, activation="relu")
    return keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Conv2D(4, 3, activation="relu"), convolution]
    )


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """A recorder that watches this process until the test ends."""
    for place, name in (
        (tf.GradientTape, "gradient"),
        (tf.autodiff.ForwardAccumulator, "__init__"),
        (keras.optimizers.Optimizer, "apply"),
        (Function, "__call__"),
        (control_flow_ops, "pfor"),
        *((module, "gradients") for module in (tf, tf.compat.v1, tf.compat.v2, gradients)),
    ):
        monkeypatch.setattr(place, name, getattr(place, name))
    watching = Recorder(Sent())  # type: ignore[arg-type]
    watch_gradients(watching)
    return watching


def noise(i: int) -> Any:
    return tf.constant(np.random.default_rng(i).random((1, 28, 28, 1), np.float32))


def step(maps: keras.Model, image: Any, i: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = tf.reduce_mean(maps(image)[..., i])
    gradient = tape.gradient(loss, image)
    return image + gradient / (tf.sqrt(tf.reduce_mean(tf.square(gradient))) + 1e-7)


def eager(maps: keras.Model) -> Any:
    images = [noise(i) for i in range(FILTERS)]
    for _ in range(STEPS):
        images = [step(maps, image, i) for i, image in enumerate(images)]
    return np.stack(images)


def in_a_variable(maps: keras.Model) -> Any:
    images = [tf.Variable(noise(i)) for i in range(FILTERS)]
    for i, image in enumerate(images):
        for _ in range(STEPS):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(maps(image)[..., i])
            image.assign_add(tape.gradient(loss, image))
    return np.stack(images)


def step_in_a_function(maps: keras.Model, **options: Any) -> Any:
    compiled = tf.function(lambda image, i: step(maps, image, i), **options)
    images = [noise(i) for i in range(FILTERS)]
    for i in range(FILTERS):
        for _ in range(STEPS):
            images[i] = compiled(images[i], tf.constant(i))
    return np.stack(images)


def compiled_by_xla(maps: keras.Model) -> Any:
    return step_in_a_function(maps, jit_compile=True)


def vectorized_in_a_function(maps: keras.Model) -> Any:
    @tf.function
    def all_up(images: Any) -> Any:
        numbers = tf.range(FILTERS)
        return tf.vectorized_map(lambda pair: step(maps, pair[0][tf.newaxis], pair[1])[0], (images, numbers))

    images = tf.concat([noise(i) for i in range(FILTERS)], axis=0)
    for _ in range(STEPS):
        images = all_up(images)
    return images.numpy()


def by_the_jacobian(maps: keras.Model) -> Any:
    images = tf.Variable(tf.concat([noise(i) for i in range(FILTERS)], axis=0))
    for _ in range(STEPS):
        with tf.GradientTape() as tape:
            means = tf.reduce_mean(maps(images), axis=(1, 2))
        jacobian = tape.batch_jacobian(means, images)
        images.assign_add(tf.gather_nd(jacobian, [(i, i) for i in range(FILTERS)]))
    return images.numpy()


def whole_ascent_in_a_function(maps: keras.Model) -> Any:
    @tf.function
    def climb(image: Any, i: Any) -> Any:
        for _ in tf.range(STEPS):
            image = step(maps, image, i)
        return image

    return np.stack([climb(noise(i), tf.constant(i)) for i in range(FILTERS)])


@pytest.mark.parametrize(
    ("climb", "steps", "outside"),
    [
        (eager, FILTERS * STEPS, 0),
        (in_a_variable, FILTERS * STEPS, 0),
        (step_in_a_function, FILTERS * STEPS, 0),
        (whole_ascent_in_a_function, FILTERS * STEPS, 0),
        (compiled_by_xla, 0, FILTERS * STEPS),
        (vectorized_in_a_function, 0, FILTERS * STEPS),
        (by_the_jacobian, 0, 0),
    ],
)
def test_the_images_are_the_same_to_the_last_bit(
    maps: keras.Model, request: pytest.FixtureRequest, climb: Callable[..., Any], steps: int, outside: int
) -> None:
    plain = climb(maps)
    recorder = request.getfixturevalue("recorder")

    watched = climb(maps)

    np.testing.assert_array_equal(watched, plain)
    seen_outside = recorder.ascents.take_outside()
    assert (0 if seen_outside is None else len(seen_outside)) == outside
    assert MOST_ROWS - recorder.ascents.rows_left - outside == steps
    assert not recorder.gradients["lost"]


def test_a_layer_that_holds_the_image_and_an_optimizer_are_watched(
    recorder: Recorder, maps: keras.Model
) -> None:
    maps.trainable = False
    holder = keras.Sequential([keras.Input((1,)), keras.layers.Dense(784, use_bias=False)])
    whole = keras.Sequential(
        [holder, keras.layers.Reshape((28, 28, 1)), maps, keras.layers.GlobalAveragePooling2D()]
    )
    whole.compile(optimizer="adam", loss=lambda _, y: -tf.reduce_mean(y[:, 0]), jit_compile=False)

    whole.fit(np.ones((1, 1)), np.zeros((1, FILTERS)), epochs=STEPS, verbose=0)
    maps.trainable = True

    assert MOST_ROWS - recorder.ascents.rows_left == STEPS


def test_a_long_notebook_leaves_at_most_sixteen_megabytes() -> None:
    watch, random = AscentWatch(), np.random.default_rng(0)
    images = random.random((64, 784), np.float32)
    size = 0
    for cell in range(3):
        for call in range(200):
            watch.see(None, images if call else images + cell, images, 1.0)
        arrays = watch.take() if watch.rows or watch.waiting else ()
        size += sum(len(as_npy(array)) for array in arrays)

    assert 8 * MEGABYTE < size < 16 * MEGABYTE
