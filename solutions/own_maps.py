"""Convolves every image of a batch only with its own kernel, so that no map is computed that is not needed."""

from collections.abc import Sequence

import tensorflow as tf


def own_maps(
    features: tf.Tensor,
    kernels: tf.Tensor,
    strides: Sequence[int],
    padding: str,
    dilations: Sequence[int],
) -> tf.Tensor:
    """Convolve features k, (n, height, width, channels), only with kernel k, (rows, columns, channels, n).

    A depthwise convolution uses a separate kernel for every channel. The n batch entries become the channels
    of a single image, so each gets its own kernel. Summing over each entry's channels completes an ordinary
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
