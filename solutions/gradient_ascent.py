"""Activation maximization: for every filter of a layer, an image that activates it strongly.

The method is that of Erhan, Bengio, Courville and Vincent (2009), "Visualizing Higher-Layer Features of a
Deep Network": start from noise and follow the gradient of a unit's activation with respect to the *image*,
while the network stays fixed. As in the exercise, the unit is a whole feature map, represented by its mean.
Every gradient is scaled to a root mean square of one, so that all steps have the same size.

The exercise processes one filter after the other. Here all filters run together, as one batch in one compiled
graph. Image i belongs to filter i. The images do not affect each other, so the gradient of the *sum* of all
mean activations with respect to image i is the gradient of activation i. The images are the same up to
rounding, and about sixty times faster (`benchmarks/gradient_ascent.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from solutions.data import SIDE, Float32Array
from solutions.own_maps import own_maps

# (n, 28, 28, 1) -> (n,): how strongly image i activates filter i. More arguments: see `gradient_ascent`.
Activations = Callable[..., tf.Tensor]

# Elementwise activations, so that one channel can be computed without the others.
ELEMENTWISE = (
    keras.activations.linear,
    keras.activations.relu,
    keras.activations.leaky_relu,
    keras.activations.elu,
    keras.activations.gelu,
    keras.activations.sigmoid,
    keras.activations.tanh,
)


@dataclass(frozen=True)
class Ascent:
    """The result of a gradient ascent, and the activations on the way.

    Attributes:
        images: float32, (n, 28, 28, 1): the image of every filter after the last step, in the units of the
            network's input but not limited to its range; `solutions.deprocess` makes them visible.
        activations: float32, (steps + 1, n): the mean activation of every filter before the first step and
            after each step.
    """

    images: Float32Array
    activations: Float32Array

    @property
    def dead(self) -> npt.NDArray[np.bool_]:
        """Bool, (n,): the filters whose activation never rose above its start by more than rounding.

        Usually this is a ReLU that is zero everywhere for any such image. Without a gradient, its image is
        still the initial noise and shows nothing about the filter.
        """
        start, best = self.activations[0], self.activations.max(axis=0)
        rounding = 1e-5 * np.abs(start)
        alive: npt.NDArray[np.bool_] = best - start > rounding  # False for NaN, too
        return ~alive


def visualize_filters(
    model: keras.Model,
    layer_name: str = "conv2d_3",
    *,
    filters: Sequence[int] | None = None,
    steps: int = 50,
    step_size: float = 1.0,
    seed: int | None = None,
    noise: Float32Array | None = None,
) -> Ascent:
    """Find the image that activates each filter of one layer most.

    Args:
        model: a built Sequential or functional model with one input (28, 28, 1). It is not changed.
        layer_name: the layer to visualize.
        filters: indices of the filters to visualize, in this order; None for all.
        steps, step_size: as in `gradient_ascent`.
        seed: makes the noise reproducible.
        noise: float32, (n, 28, 28, 1): the images to start from, instead of `uniform_noise`.

    Raises:
        ValueError: as in `filter_activations` and `gradient_ascent`; or the number of noise images is wrong.
    """
    activations = filter_activations(model, layer_name, filters)
    count = model.get_layer(layer_name).output.shape[-1] if filters is None else len(filters)
    if noise is None:
        noise = uniform_noise(count, seed=seed)
    elif len(noise) != count:
        raise ValueError(f"{len(noise)} images of noise for {count} filters; expected one image per filter")
    return gradient_ascent(activations, noise, steps=steps, step_size=step_size)


def uniform_noise(filters: int, *, seed: int | None = None) -> Float32Array:
    """One image of noise per filter: float32, (filters, 28, 28, 1), uniform in [0, 1)."""
    return np.random.default_rng(seed).random((filters, SIDE, SIDE, 1), dtype=np.float32)


def normalize(gradients: tf.Tensor) -> tf.Tensor:
    """Scale the gradient of every image, (n, height, width, channels), to a root mean square of one.

    This is the exercise's `x / (sqrt(mean(square(x))) + epsilon)`, for each image separately. A zero gradient
    stays zero.
    """
    mean_square = tf.reduce_mean(tf.square(gradients), axis=(1, 2, 3), keepdims=True)  # (n, 1, 1, 1)
    return gradients / (tf.sqrt(mean_square) + keras.backend.epsilon())


def gradient_ascent(
    activations: Activations,
    noise: npt.ArrayLike,
    *,
    steps: int = 50,
    step_size: float = 1.0,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    weights: Sequence[tf.Tensor] = (),
) -> Ascent:
    """Climb from noise towards images of high activation, all images at once.

    In each step, image i moves by `step_size` along the normalized gradient of `activations(images)[i]`.

    The compiled graph is cached for `activations`: calling again with the same function avoids recompiling.

    Args:
        activations: any differentiable function (n, 28, 28, 1) -> (n,) whose i-th value depends only on
            the i-th image, such as one from `filter_activations`.
        noise: the images to start from, (n, 28, 28, 1).
        steps: how many times the images are moved.
        step_size: the root mean square of one move, over an image's pixels.
        bounds: the range of pixel values; pixels are clipped to it after each step.
        weights: further arguments of `activations`, if it takes any. Networks that differ only in these share
            one compiled graph.

    Raises:
        ValueError: `noise` has the wrong shape.
    """
    start = np.asarray(noise, dtype=np.float32)
    if start.shape[1:] != (SIDE, SIDE, 1):
        raise ValueError(f"noise has the shape {start.shape}; needed is (filters, {SIDE}, {SIDE}, 1)")
    climb = _compiled(activations)  # tensors: a new number or size of steps needs no new graph
    images, history = climb(
        tf.constant(start),
        tf.constant(steps),
        tf.constant(step_size, tf.float32),
        tf.constant(bounds, tf.float32),
        *weights,
    )
    return Ascent(images=images.numpy(), activations=history.numpy())


def forget_ascents() -> None:
    """Free all compiled graphs."""
    _compiled.cache_clear()


@lru_cache(maxsize=8)  # bounded, because a graph keeps its model alive
def _compiled(
    activations: Activations,
) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
    """The whole ascent as one graph: (images, steps, step size, bounds, weights) -> (images, history)."""

    def climb(
        images: tf.Tensor, steps: tf.Tensor, step_size: tf.Tensor, bounds: tf.Tensor, *weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        history = tf.TensorArray(tf.float32, size=steps + 1)
        for step in tf.range(steps):
            with tf.GradientTape() as tape:
                tape.watch(images)
                excitement = activations(images, *weights)  # (n,)
            history = history.write(step, excitement)
            # the tape sums over filters: each image gets the gradient of its own filter
            images += step_size * normalize(tape.gradient(excitement, images))
            images = tf.clip_by_value(images, bounds[0], bounds[1])
        history = history.write(steps, activations(images, *weights))
        return images, history.stack()  # (n, 28, 28, 1), (steps + 1, n)

    return tf.function(climb)  # type: ignore[no-any-return]


def filter_activations(
    model: keras.Model, layer_name: str, filters: Sequence[int] | None = None
) -> Activations:
    """The function to maximize: images (n, 28, 28, 1) -> (n,), the mean of feature map i for image i.

    For a plain convolution, only filter i is computed for image i instead of all filters for all images.

    Args:
        model: a built Sequential or functional model with one input. It is not changed; the function reads
            the weights on every call, so it follows further training.
        layer_name: a layer whose output is channels-last.
        filters: the filter for each image; None for all in order.

    Raises:
        ValueError: the model is not built, or has no such layer or filter.
    """
    layer = _find_layer(model, layer_name)
    channels = layer.output.shape[-1]
    chosen = range(channels) if filters is None else filters
    if not all(0 <= index < channels for index in chosen):
        raise ValueError(
            f"the layer {layer_name!r} has the filters 0 to {channels - 1}, but asked for are {list(chosen)}"
        )
    own_filters = tf.constant(list(chosen), dtype=tf.int32)
    if _is_plain_convolution(layer):
        return _own_feature_maps(model, layer, own_filters)
    return _all_feature_maps(model, layer, own_filters)


def _find_layer(model: keras.Model, layer_name: str) -> keras.Layer:
    if not model.built or not getattr(model, "inputs", None):
        raise ValueError(
            f"the model {model.name!r} has no defined input: give it an Input layer or train it first "
            "(layers inside a subclassed model cannot be reached)"
        )
    names = [layer.name for layer in model.layers]
    if layer_name not in names:
        raise ValueError(
            f"the model {model.name!r} has no layer {layer_name!r}; its layers are {', '.join(names)}"
        )
    return model.get_layer(layer_name)


def _is_plain_convolution(layer: keras.Layer) -> bool:
    return (
        type(layer) is keras.layers.Conv2D  # a subclass may compute anything
        and layer.data_format == "channels_last"
        and layer.groups == 1
        and layer.strides[0] == layer.strides[1]  # limits of `tf.nn.depthwise_conv2d`, like the next
        and 1 in (layer.strides[0], *layer.dilation_rate)
        and layer.activation in ELEMENTWISE
    )


def _own_feature_maps(model: keras.Model, layer: keras.layers.Conv2D, own_filters: tf.Tensor) -> Activations:
    """Convolve image i only with kernel i."""
    incoming = keras.Model(model.inputs[0], layer.input)

    def activations(images: tf.Tensor) -> tf.Tensor:
        kernels = tf.gather(layer.kernel, own_filters, axis=3)  # (rows, columns, channels, n)
        maps = own_maps(
            incoming(images, training=False),
            kernels,
            layer.strides,
            layer.padding.upper(),
            layer.dilation_rate,
        )
        if layer.use_bias:
            maps += tf.gather(layer.bias, own_filters)
        return tf.reduce_mean(layer.activation(maps), axis=(0, 1))  # (n,)

    return activations


def _all_feature_maps(model: keras.Model, layer: keras.Layer, own_filters: tf.Tensor) -> Activations:
    """Compute every feature map of every image, and select map i of image i."""
    outgoing = keras.Model(model.inputs[0], layer.output)

    def activations(images: tf.Tensor) -> tf.Tensor:
        maps = outgoing(images, training=False)  # (n, height, width, channels)
        means = tf.reduce_mean(maps, axis=range(1, len(maps.shape) - 1))  # (n, channels)
        return tf.gather(means, own_filters, axis=1, batch_dims=1)  # (n,)

    return activations
