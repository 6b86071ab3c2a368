"""Ascents as students may write them, watched as in the kernel, and done again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from autograder.evidence import Evidence, Record, digest
from autograder.execute.inside.ascents import AscentWatch
from autograder.execute.inside.recorder import as_npy
from autograder.exercises.activation_maximization.verify.reenact import Reenacted, reenact
from autograder.measurements import Reenactment
from autograder.verify.graph import FrozenModel, LayerOutput, call, mean_of_all

FILTERS, STEPS = 6, 12


Freeze = Callable[[keras.Model], FrozenModel]


Loss = Callable[[Any, Any, int], Any]


@cache
def network() -> keras.Model:
    keras.utils.set_random_seed(3)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(4, 3, activation="elu", padding="same", name="first"),
            layers.MaxPooling2D(),
            layers.Conv2D(FILTERS, 3, activation="elu", padding="same", name="second"),
            layers.Flatten(),
            layers.Dense(10, name="scores"),
        ]
    )


@cache
def up_to(name: str) -> Callable[[Any], Any]:
    return tf.function(keras.Model(network().inputs, network().get_layer(name).output))


def rms(gradient: Any) -> Any:
    return gradient / (tf.sqrt(tf.reduce_mean(tf.square(gradient))) + 1e-7)


def own_mean(maps: Any, _scores: Any, i: int) -> Any:
    return tf.reduce_mean(maps[..., i])


@dataclass
class Student:
    """An ascent as a student may write it; by default as asked."""

    loss: Loss = own_mean
    scale: Callable[[Any], Any] = rms
    size: float = 1.0
    steps: int = STEPS
    between: Callable[[Any, int], Any] = lambda image, _step: image
    start: Callable[[int], Any] = lambda i: np.random.default_rng(i).random((1, 28, 28, 1), np.float32)
    keep: Callable[[list[Any], Any], Any] = lambda path, _gradient: path[-1]
    goes_on: bool = False
    adds: bool = True
    shown: Callable[[Any], Any] = lambda image: image
    loss_of_variable: Callable[[Any, int], Any] | None = None

    def climb(self) -> tuple[Any, AscentWatch]:
        """Return the images that are kept, (filters, 28, 28), and what was watched."""
        watch, kept, image = AscentWatch(), [], None
        maps_of, scores_of = up_to("second"), up_to("scores")
        for i in range(FILTERS):
            if image is None or not self.goes_on:
                image = tf.constant(self.start(i))
            path, gradient = [image], None
            for step in range(self.steps):
                with tf.GradientTape() as tape:
                    tape.watch(image)
                    if self.loss_of_variable is not None:
                        loss = self.loss_of_variable(image, i)
                    else:
                        shown = self.shown(image)
                        loss = self.loss(maps_of(shown), scores_of(shown), i)
                gradient = tape.gradient(loss, image)
                rows = (one.numpy().reshape(1, 784) for one in (image, gradient))
                watch.see(image, *rows, float(loss))
                image = self.between(self.adds * image + self.size * self.scale(gradient), step)
                path.append(image)
            kept.append(np.asarray(self.shown(self.keep(path, gradient))).reshape(28, 28))
        return np.stack(kept), watch


def evidence_of(watch: AscentWatch) -> Evidence:
    payloads = [as_npy(array) for array in watch.take()]
    kinds = ("steps", "whole_steps")
    records = tuple(Record(kind, 0, {}, digest(one)) for kind, one in zip(kinds, payloads, strict=True))
    return Evidence("graded", (), records, {digest(one): one for one in payloads})


@pytest.fixture(scope="module")
def again(freeze_model: Freeze) -> Callable[..., Reenacted]:
    model = freeze_model(network())
    by_name = {layer.name: layer for layer in model.layers}
    means = partial(call, model, model.function(by_name["second"].tensor, mean_of_all))
    layers = [by_name["second"], by_name["first"], LayerOutput("output", model.output)]

    def again(
        student: Student, change: Callable[[Any], Any] = lambda images: images, bias: float = 0.0
    ) -> Reenacted:
        images, watch = student.climb()
        evidence = evidence_of(watch)
        found = reenact(
            evidence, 0, change(images), range(FILTERS), model, layers, lambda some: means(some) + bias
        )
        assert found is not None
        return found

    return again


@pytest.fixture(scope="module")
def found_in(again: Callable[..., Reenacted]) -> Callable[..., Reenactment]:
    return lambda *student, **how: again(*student, **how).measurement
