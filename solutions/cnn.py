"""The network whose filters are visualized: a small convolutional classifier of handwritten digits."""

from collections.abc import Sequence

import keras

from solutions.data import CLASSES, SIDE, Dataset


def build_cnn(filters: Sequence[int] = (16, 32, 32, 64), *, seed: int | None = None) -> keras.Model:
    """Build the network, not yet compiled.

    It has four 3 x 3 convolutions, named `conv2d` to `conv2d_3`, with one pooling layer in the middle. A
    filter of the last one sees 14 x 14 pixels: enough for strokes, curves and corners. The names are explicit
    because Keras would number the layers differently when a notebook cell is run twice.

    The coarse pooling at the end keeps the rough position of a feature in the image. Global max pooling
    recognizes digits equally well, but makes filters so selective that a third to a half of them give zero
    for noise: no gradient, and nothing to visualize.

    Args:
        filters: how many filters each of the four convolutions has.
        seed: fixes the initial weights, by seeding Keras, NumPy and Python globally.

    Returns:
        A model (n, 28, 28, 1), float32 in [0, 1] -> (n, 10), the probability of each digit.
    """
    if seed is not None:
        keras.utils.set_random_seed(seed)
    layers = keras.layers
    first, second, third, fourth = filters

    def convolution(count: int, name: str) -> keras.Layer:
        return layers.Conv2D(count, kernel_size=3, padding="same", activation="relu", name=name)

    return keras.Sequential(
        [
            layers.Input((SIDE, SIDE, 1)),
            convolution(first, "conv2d"),
            convolution(second, "conv2d_1"),  # (n, 28, 28, 32)
            layers.MaxPooling2D(),
            convolution(third, "conv2d_2"),
            convolution(fourth, "conv2d_3"),  # (n, 14, 14, 64)
            layers.MaxPooling2D(pool_size=4, padding="same"),  # (n, 4, 4, 64)
            layers.Flatten(),
            layers.Dropout(0.25),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def train(
    model: keras.Model,
    dataset: Dataset,
    *,
    epochs: int = 3,
    batch_size: int = 100,
    seed: int | None = None,
    verbose: str | int = "auto",
) -> keras.callbacks.History:
    """Compile the model and train it on the training digits.

    Args:
        model: a model (n, 28, 28, 1) -> (n, 10), such as one from `build_cnn`.
        dataset: the digits; the test digits are not used.
        epochs: how many times all training digits are seen.
        batch_size: digits per step.
        seed: fixes the order of the digits and the dropout, by seeding Keras, NumPy and Python globally.
        verbose: as in `keras.Model.fit`.

    Returns:
        The history of `loss` and `accuracy`, one value per epoch.
    """
    if seed is not None:
        keras.utils.set_random_seed(seed)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=1e-3),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model.fit(dataset.x_train, dataset.y_train, epochs=epochs, batch_size=batch_size, verbose=verbose)
