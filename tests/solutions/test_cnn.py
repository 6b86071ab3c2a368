import keras
import numpy as np
import pytest

from solutions.cnn import build_cnn, train
from solutions.data import Dataset


def test_the_network_has_four_convolutions_named_alike_on_every_build() -> None:
    for _ in range(2):
        names = [layer.name for layer in build_cnn().layers if isinstance(layer, keras.layers.Conv2D)]
        assert names == ["conv2d", "conv2d_1", "conv2d_2", "conv2d_3"]


def test_the_last_convolution_has_64_filters() -> None:
    model = build_cnn()
    assert model.get_layer("conv2d_3").output.shape[-1] == 64
    assert model.output_shape == (None, 10)


def test_a_seed_fixes_the_initial_weights() -> None:
    for one, other in zip(build_cnn(seed=3).get_weights(), build_cnn(seed=3).get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.deep
def test_three_epochs_learn_the_embedded_digits_even_shifted(digits: Dataset) -> None:
    model = build_cnn(seed=1)

    history = train(model, digits, epochs=3, seed=1, verbose=0)

    assert history.history["loss"][-1] < history.history["loss"][0]
    labels = digits.y_test.argmax(axis=1)
    for shift in [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]:
        shifted = np.roll(digits.x_test, shift, axis=(1, 2))
        predicted = model.predict(shifted, batch_size=500, verbose=0).argmax(axis=1)
        assert (predicted == labels).mean() >= 0.93
