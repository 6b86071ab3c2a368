"""Turns the unbounded images of the gradient ascent into visible grey levels."""

from typing import Any

import numpy as np
import numpy.typing as npt

from solutions.data import UInt8Array

EPSILON = 1e-7  # Keras' value, written out to avoid importing Keras


def deprocess(images: npt.ArrayLike) -> UInt8Array:
    """Centre every image on middle grey and stretch it so that one standard deviation spans the full range.

    Pixel by pixel: subtract the image's mean, divide by its standard deviation + epsilon, add 0.5, multiply
    by 255, clip to [0, 255].

    The exercise's own `deprocess_image` computes the same in place, so it changes the caller's array: code
    that deprocesses an image before measuring it measures a different image. This function leaves its
    argument unchanged.

    Args:
        images: numbers of any type, one image or many: (28, 28), (28, 28, 1), (n, 28, 28), (n, 28, 28, 1), or
            the same with another height and width.

    Returns:
        uint8, same shape. A pixel that is not finite counts neither for the mean nor for the deviation; it
        becomes white for +infinity, black for -infinity and middle grey for NaN.

    Raises:
        ValueError: the array has no height and width.
    """
    values = np.asarray(images, dtype=np.float64)  # float32 would overflow when an exploded image is squared
    one_image = (-3, -2, -1) if values.shape[-1:] == (1,) else (-2, -1)
    if values.ndim < len(one_image):
        raise ValueError(f"an array of the shape {values.shape} is no image; needed are height and width")
    finite = np.isfinite(values)
    centred = values - _mean(values, finite, one_image)
    deviation = np.sqrt(_mean(centred**2, finite, one_image))
    grey = (centred / (deviation + EPSILON) + 0.5) * 255
    grey = np.where(np.isnan(values), 0.5 * 255, grey)
    return np.clip(grey, 0, 255).astype(np.uint8)


def _mean(
    values: npt.NDArray[np.float64], counted: npt.NDArray[np.bool_], axes: tuple[int, ...]
) -> npt.NDArray[np.float64]:
    """The mean of the counted values of each image, and 0 if none counts."""
    count = counted.sum(axis=axes, keepdims=True)
    total: Any = np.where(counted, values, 0.0).sum(axis=axes, keepdims=True)
    mean: npt.NDArray[np.float64] = total / np.maximum(count, 1)
    return mean
