"""The reference of the second exercise: maps that add up to what the network says."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from solutions.ising_maps import ActivationMaps, activation_maps, build_cnn, choose_lattices, plot_maps, train


@pytest.fixture(scope="module")
def lattices() -> np.ndarray:
    return np.random.default_rng(0).choice([-1, 1], (6, 32, 32, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def found(lattices: np.ndarray) -> ActivationMaps:
    return activation_maps(build_cnn(seed=1), lattices)


def test_the_mean_of_a_map_and_the_bias_are_the_logit(found: ActivationMaps) -> None:
    assert found.maps.shape == (6, 2, 16, 16)
    np.testing.assert_allclose(keras.ops.softmax(found.logits), found.probabilities, atol=1e-6)


def test_two_lattices_are_right_and_two_are_wrong() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.7, 0.3], [0.8, 0.2]], np.float32)

    chosen = choose_lattices(probabilities, np.array([0, 1, 0, 1, 0]))

    assert set(chosen[:2]) == {0, 1}
    assert set(chosen[2:]) == {2, 3}


def test_the_least_certain_stand_in_for_wrong_ones() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.55, 0.45], [0.6, 0.4]], np.float32)

    assert set(choose_lattices(probabilities, np.array([0, 1, 0, 0]))[2:]) == {2, 3}


def test_a_few_steps_lower_the_loss(lattices: np.ndarray) -> None:
    ordered = np.ones_like(lattices)
    labels = np.repeat(np.eye(2, dtype=np.float32), 6, axis=0)

    history = train(
        build_cnn((4, 4), seed=1), np.concatenate([ordered, lattices]), labels, epochs=12, seed=1, verbose=0
    )

    assert history.history["loss"][-1] < history.history["loss"][0]


def test_the_figure_has_a_lattice_and_two_maps_in_a_row(lattices: np.ndarray, found: ActivationMaps) -> None:
    figure = plot_maps(lattices, found, [2.0] * 6, [0] * 6)

    assert len(figure.axes) == 18
    assert figure.axes[0].get_title() == "T = 2.000, ordered"
