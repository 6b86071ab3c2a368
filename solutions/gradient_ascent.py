"""Activation maximization: for every filter of a layer, an image that excites it.

The method is that of Erhan, Bengio, Courville and Vincent (2009), "Visualizing Higher-Layer Features of a
Deep Network": start from noise and climb the gradient of a unit's activation with respect to the *image*, the
network itself staying fixed. As in the exercise, the unit is a whole feature map, represented by its mean,
and every gradient is scaled to a root mean square of one, so that each step is of the same size.

The exercise climbs for one filter after the other. Here all filters climb together, as one batch in one
compiled graph: image i belongs to filter i, and since the images do not touch each other, the gradient of the
*sum* of all mean activations with respect to image i is just the gradient of activation i. The images are the
same up to rounding, some sixty times sooner (`benchmarks/gradient_ascent.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from solutions.data import SIDE, Float32Array

# (n, 28, 28, 1) -> (n,): how much image i excites filter i. It may take more arguments: see `gradient_ascent`.
Activations = Callable[..., tf.Tensor]

# Activations that treat every number for itself, so that one channel can be computed without the others.
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
    """What an ascent arrived at, and how.

    Attributes:
        images: float32, (n, 28, 28, 1): the image of every filter after the last step, in the units of the
            network's input but not bound to its range; `solutions.deprocess` makes them visible.
        activations: float32, (steps + 1, n): the mean activation of every filter before the first step and
            after each one.
    """

    images: Float32Array
    activations: Float32Array

    @property
    def dead(self) -> npt.NDArray[np.bool_]:
        """Bool, (n,): the filters whose activation never rose above its start by more than rounding.

        Most often a ReLU that is zero everywhere for any such image: no gradient, so its image is still the
        noise it began as and shows nothing about the filter.
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
    """Find the image that excites each filter of one layer most.

    Args:
        model: a built Sequential or functional model with one input (28, 28, 1). It is not changed.
        layer_name: the layer to look at.
        filters: indices of the filters to look at, in this order; None for all.
        steps, step_size: as in `gradient_ascent`.
        seed: makes the noise reproducible.
        noise: float32, (n, 28, 28, 1): the images to start from, instead of `uniform_noise`.

    Raises:
        ValueError: as in `filter_activations` and `gradient_ascent`; or there is not one noise per filter.
    """
    activations = filter_activations(model, layer_name, filters)
    count = model.get_layer(layer_name).output.shape[-1] if filters is None else len(filters)
    if noise is None:
        noise = uniform_noise(count, seed=seed)
    elif len(noise) != count:
        raise ValueError(f"{len(noise)} images of noise for {count} filters; needed is one image per filter")
    return gradient_ascent(activations, noise, steps=steps, step_size=step_size)


def uniform_noise(filters: int, *, seed: int | None = None) -> Float32Array:
    """One image of noise per filter: float32, (filters, 28, 28, 1), uniform in [0, 1)."""
    return np.random.default_rng(seed).random((filters, SIDE, SIDE, 1), dtype=np.float32)


def normalize(gradients: tf.Tensor) -> tf.Tensor:
    """Scale the gradient of every image, (n, height, width, channels), to a root mean square of one.

    This is the exercise's `x / (sqrt(mean(square(x))) + epsilon)`, for each image by itself. A gradient of
    zero stays zero.
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

    The compiled graph belongs to `activations`: calling again with the same function saves the compilation.

    Args:
        activations: any differentiable function (n, 28, 28, 1) -> (n,) whose i-th value depends on the i-th
            image only, such as `filter_activations` makes.
        noise: the images to start from, (n, 28, 28, 1).
        steps: how often the images are moved.
        step_size: the root mean square, over an image's pixels, of one move.
        bounds: the values that a pixel may take; whatever lies outside after a step is cut off.
        weights: further arguments of `activations`, if it takes any: then one compilation serves for all networks
            that differ in nothing but these.

    Raises:
        ValueError: `noise` has another shape.
    """
    start = np.asarray(noise, dtype=np.float32)
    if start.shape[1:] != (SIDE, SIDE, 1):
        raise ValueError(f"noise has the shape {start.shape}; needed is (filters, {SIDE}, {SIDE}, 1)")
    climb = _compiled(activations)  # as tensors, other numbers of steps or sizes need no other graph
    images, history = climb(
        tf.constant(start),
        tf.constant(steps),
        tf.constant(step_size, tf.float32),
        tf.constant(bounds, tf.float32),
        *weights,
    )
    return Ascent(images=images.numpy(), activations=history.numpy())


def forget_ascents() -> None:
    """Free the graphs that were compiled so far."""
    _compiled.cache_clear()


@lru_cache(maxsize=8)  # bounded, since a graph keeps its model alive
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
            # the tape sums over filters by itself: each image gets the gradient of its own filter
            images += step_size * normalize(tape.gradient(excitement, images))
            images = tf.clip_by_value(images, bounds[0], bounds[1])
        history = history.write(steps, activations(images, *weights))
        return images, history.stack()  # (n, 28, 28, 1), (steps + 1, n)

    return tf.function(climb)  # type: ignore[no-any-return]


def filter_activations(
    model: keras.Model, layer_name: str, filters: Sequence[int] | None = None
) -> Activations:
    """The function to climb: images (n, 28, 28, 1) -> (n,), the mean of feature map i for image i.

    For a plain convolution, only filter i is computed for image i instead of all filters for all images.

    Args:
        model: a built Sequential or functional model with one input. It is not changed; when it is trained
            further, the function follows, since it reads the weights whenever it is called.
        layer_name: a layer whose output is channels-last.
        filters: the filter that each image belongs to; None for all in order.

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
        and layer.strides[0] == layer.strides[1]  # all that `tf.nn.depthwise_conv2d` offers, like the next
        and 1 in (layer.strides[0], *layer.dilation_rate)
        and layer.activation in ELEMENTWISE
    )


def _own_feature_maps(model: keras.Model, layer: keras.layers.Conv2D, own_filters: tf.Tensor) -> Activations:
    """Image i is convolved with kernel i only."""
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


def own_maps(
    features: tf.Tensor,
    kernels: tf.Tensor,
    strides: Sequence[int],
    padding: str,
    dilations: Sequence[int],
) -> tf.Tensor:
    """Convolve features k, of (n, height, width, channels), with kernel k, of (rows, columns, channels, n), only.

    A depthwise convolution gives every channel a kernel of its own. Laid side by side as the channels of a
    single image, the n batch entries get just that; summing over each entry's channels completes an ordinary
    convolution.

    Returns the maps, (new height, new width, n).
    """
    n, height, width, channels = features.shape
    side_by_side = tf.transpose(features, (1, 2, 0, 3))  # (height, width, n, channels)
    side_by_side = tf.reshape(side_by_side, (1, height, width, n * channels))
    kernels = tf.transpose(kernels, (0, 1, 3, 2))  # (rows, columns, n, channels)
    kernels = tf.reshape(kernels, (*kernels.shape[:2], n * channels, 1))
    products = tf.nn.depthwise_conv2d(
        side_by_side, kernels, (1, *strides, 1), padding, dilations=list(dilations)
    )
    products = tf.reshape(products, (*products.shape[1:3], n, channels))
    return tf.reduce_sum(products, axis=3)  # (new height, new width, n)


def _all_feature_maps(model: keras.Model, layer: keras.Layer, own_filters: tf.Tensor) -> Activations:
    """Every feature map of every image is computed, and of image i the map i is taken."""
    outgoing = keras.Model(model.inputs[0], layer.output)

    def activations(images: tf.Tensor) -> tf.Tensor:
        maps = outgoing(images, training=False)  # (n, height, width, channels)
        means = tf.reduce_mean(maps, axis=range(1, len(maps.shape) - 1))  # (n, channels)
        return tf.gather(means, own_filters, axis=1, batch_dims=1)  # (n,)

    return activations
