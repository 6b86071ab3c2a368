"""How fast the ascent would be if it were only matrix multiplication at this machine's full speed."""

import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

SIDE = 4096  # 137 GFLOP: large enough that only the multiplication matters


def ascent_flops(model: keras.Model, layer_name: str, *, images: int, steps: int) -> int:
    """The floating point operations that an ascent needs, one filter per image.

    This counts the convolutions, a multiplication and an addition as two, including padding: all filters of
    the layers below, and one filter of the layer itself. The gradient with respect to a convolution's input
    takes the same number again; the gradient with respect to the weights is not needed. Activations and
    poolings are left out.
    """
    forward = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            rows, columns, channels, filters = layer.kernel.shape
            _, height, width, _ = layer.output.shape
            computed = 1 if layer.name == layer_name else filters
            forward += 2 * rows * columns * channels * computed * height * width
        if layer.name == layer_name:
            break
    return 2 * forward * images * steps


def sgemm_peak(repeats: int = 3) -> float:
    """Floating point operations per second of large float32 products: the better of NumPy and TensorFlow."""
    matrix = np.random.default_rng(0).random((SIDE, SIDE), dtype=np.float32)
    tensor = tf.constant(matrix)
    products: tuple[Callable[[], object], ...] = (
        lambda: matrix @ matrix,
        lambda: tf.matmul(tensor, tensor).numpy(),
    )
    seconds = []
    for _ in range(repeats):
        for product in products:
            start = time.perf_counter()
            product()
            seconds.append(time.perf_counter() - start)
    return float(2 * SIDE**3 / min(seconds))
