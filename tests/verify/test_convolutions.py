"""Convolutions are counted in the computation, whatever the layers are called."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from autograder.verify.graph import FrozenModel
from autograder.verify.network import Network

layers = keras.layers
Freeze = Callable[[keras.Model], FrozenModel]


def convolution(**options: object) -> keras.Layer:
    return layers.Conv2D(4, 3, padding="same", **options)


def classifier(*inner: keras.Layer) -> keras.Model:
    return keras.Sequential([layers.Input((28, 28, 1)), *inner, layers.Flatten(), layers.Dense(10)])


def block(*inner: keras.Layer) -> keras.Model:
    return keras.Sequential([layers.Input((28, 28, 4)), *inner])


def parallel() -> keras.Model:
    images = layers.Input((28, 28, 1))
    joined = layers.Concatenate()([convolution()(images), convolution()(images)])
    return keras.Model(images, layers.Dense(10)(layers.Flatten()(convolution()(joined))))


def shared() -> keras.Model:
    images = layers.Input((28, 28, 1))
    again = convolution()
    features = again(again(convolution()(images)))
    return keras.Model(images, layers.Dense(10)(layers.Flatten()(features)))


class OffPath(keras.Model):
    """Three convolutions, of which the output depends on one."""

    def __init__(self) -> None:
        super().__init__()
        self.used, self.first, self.second = convolution(), convolution(), convolution()
        self.head = keras.Sequential([layers.Flatten(), layers.Dense(10)])

    def call(self, images: tf.Tensor) -> tf.Tensor:
        self.second(self.first(images))
        return self.head(self.used(images))


def off_path() -> keras.Model:
    model = OffPath()
    model(np.zeros((1, 28, 28, 1), np.float32))
    return model


MODELS: dict[str, tuple[Callable[[], keras.Model], int, int]] = {
    # name: (model, convolutions on the path, others)
    "none": (classifier, 0, 0),
    "four in a row": (lambda: classifier(*[convolution() for _ in range(4)]), 4, 0),
    "separable counts once": (lambda: classifier(layers.SeparableConv2D(4, 3), convolution()), 2, 0),
    "depthwise": (lambda: classifier(convolution(), layers.DepthwiseConv2D(3)), 2, 0),
    "transposed": (lambda: classifier(convolution(strides=2), layers.Conv2DTranspose(4, 3, strides=2)), 2, 0),
    "dilated": (lambda: classifier(convolution(dilation_rate=2), convolution(dilation_rate=3)), 2, 0),
    "one by one": (lambda: classifier(convolution(), layers.Conv2D(8, 1)), 2, 0),
    "grouped": (lambda: classifier(convolution(), convolution(groups=2)), 2, 0),
    "nested": (lambda: classifier(convolution(), block(convolution(), block(convolution()))), 3, 0),
    "parallel paths": (parallel, 3, 0),
    "a shared layer counts once": (shared, 2, 0),
    "off the path": (off_path, 1, 2),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_convolutions_between_image_and_output_are_counted(name: str, freeze_model: Freeze) -> None:
    build, used, unused = MODELS[name]
    frozen = freeze_model(build())
    network = Network(frozen.graph)

    found = network.convolutions_between(frozen.input, frozen.output)

    assert len(found) == used
    assert len(network.all_convolutions() - found) == unused


def test_the_output_of_an_activation_layer_belongs_to_its_convolution(freeze_model: Freeze) -> None:
    frozen = freeze_model(classifier(convolution(), layers.BatchNormalization(), layers.ReLU()))
    network = Network(frozen.graph)

    sources = [network.convolution_of(layer.tensor) for layer in frozen.layers]

    assert sources[0] is not None
    assert sources[:3] == [sources[0]] * 3
    assert sources[3:] == [None, None]  # flattened, dense
