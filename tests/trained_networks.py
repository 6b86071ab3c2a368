"""Networks that were trained once, so that no test has to: `python tests/trained_networks.py` trains them again.

Their weights lie beside this file in half precision. `reference` is the solution's own network, `small` one of the
exercise's form with 16 filters in its last convolution; both were trained on the embedded digits.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from solutions.cnn import build_cnn, train
from solutions.data import embedded_digits, prepare

FOLDER = Path(__file__).with_name("trained_networks")
# The last convolution of `small`, and its filters.
LAYER, FILTERS = "conv2d_3", 16


def small_network(*, seed: int) -> keras.Model:
    """Return the small network, not trained."""
    keras.utils.set_random_seed(seed)
    convolutions = [
        keras.layers.Conv2D(filters, 3, strides=strides, padding="same", activation="elu", name=name)
        for filters, strides, name in (
            (8, 1, "conv2d"), (16, 2, "conv2d_1"), (16, 1, "conv2d_2"), (FILTERS, 2, LAYER),
        )
    ]  # fmt: skip
    head = [keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
    return keras.Sequential([keras.layers.Input((28, 28, 1)), *convolutions, *head])


def trained_small() -> keras.Model:
    """Return the small network with its trained weights, compiled as `train` leaves it."""
    return _with_weights(small_network(seed=3), "small")


def trained_reference() -> keras.Model:
    """Return the reference network with its trained weights, compiled as `train` leaves it."""
    return _with_weights(build_cnn(seed=0), "reference")


def _with_weights(model: keras.Model, name: str) -> keras.Model:
    with np.load(FOLDER / f"{name}.npz") as file:
        trained = [file[str(index)].astype("float32") for index in range(len(model.weights))]
    # one step of training compiles the model and makes its optimizer
    digits = prepare(embedded_digits())
    few = replace(digits, x_train=digits.x_train[:32], y_train=digits.y_train[:32])
    train(model, few, epochs=1, batch_size=32, seed=0, verbose=0)
    model.set_weights(trained)
    return model


def main() -> None:
    """Train both networks and write their weights."""
    digits = prepare(embedded_digits())
    FOLDER.mkdir(exist_ok=True)
    small, reference = small_network(seed=3), build_cnn(seed=0)
    train(small, digits, epochs=12, batch_size=32, seed=3, verbose=2)
    train(reference, digits, epochs=2, seed=0, verbose=2)
    for name, model in (("small", small), ("reference", reference)):
        weights = {str(index): weight.astype("float16") for index, weight in enumerate(model.get_weights())}
        np.savez_compressed(FOLDER / f"{name}.npz", **weights)


if __name__ == "__main__":
    main()
