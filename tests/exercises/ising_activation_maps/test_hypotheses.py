"""Maps are told apart by what leads to them, on any network."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.exercises.ising_activation_maps.verify.head import Ingredients
from autograder.exercises.ising_activation_maps.verify.hypotheses import best_fit, hypotheses
from autograder.exercises.ising_activation_maps.verify.names import ASKED


@pytest.fixture
def found() -> Ingredients:
    """Four lattices, eight filters; the maps of both classes are nearly opposite, as in a trained network."""
    random = np.random.default_rng(1)
    features = np.maximum(random.normal(size=(4, 6, 6, 8)), 0).astype(np.float32)
    first = random.normal(size=8)
    weights = np.stack([first, 0.02 * random.normal(size=8) - first], axis=1).astype(np.float32)
    maps = np.einsum("nhwk,kc->nchw", features, weights)
    other = np.maximum(random.normal(size=(4, 6, 6, 8)), 0).astype(np.float32)
    gradients = random.normal(size=(4, 2, 32, 32)).astype(np.float32)
    return Ingredients(features, np.stack([weights] * 4), maps.mean(axis=(2, 3)), gradients, (other,))


def test_every_kind_of_maps_is_recognised_as_what_it_is(found: Ingredients) -> None:
    # what mirrors twice, or is the other class with its sign turned, has more than one true name
    also = {"one_feature": {"one_feature"}, "transposed": {"transposed", "mirrored"}}

    for hypothesis in hypotheses(found):
        name = best_fit(np.ascontiguousarray(hypothesis.maps), found).name
        assert name in also.get(hypothesis.name, {hypothesis.name}), hypothesis.name


@pytest.mark.parametrize("units", ["scaled", "shifted", "each by itself", "half precision", "eight bits"])
def test_other_units_are_the_same_maps(units: str, found: Ingredients) -> None:
    maps = found.maps
    low, high = maps.min(axis=(2, 3), keepdims=True), maps.max(axis=(2, 3), keepdims=True)
    handed_in = {
        "scaled": maps / 36,
        "shifted": maps + 3,
        "each by itself": (maps - low) / (high - low),
        "half precision": maps.astype(np.float16).astype(np.float32),
        "eight bits": np.round(255 * (maps - low) / (high - low)),
    }[units]

    fit = best_fit(handed_in.astype(np.float32), found)

    assert (fit.name, fit.fitting) == (ASKED, 8)


@pytest.mark.parametrize("size", [(12, 12), (32, 32)])
def test_enlarged_maps_are_the_same_maps(size: tuple[int, int], found: Ingredients) -> None:
    import tensorflow as tf

    enlarged = tf.image.resize(found.maps.transpose(0, 2, 3, 1), size).numpy().transpose(0, 3, 1, 2)

    fit = best_fit(enlarged, found)

    assert (fit.name, fit.fitting, fit.resized) == (ASKED, 8, True)


def test_some_right_maps_are_counted(found: Ingredients) -> None:
    handed_in = found.maps.copy()
    handed_in[3] = np.random.default_rng(0).normal(size=handed_in[3].shape)

    fit = best_fit(handed_in, found)

    assert (fit.name, fit.fitting) == (ASKED, 6)


def test_noise_is_nothing_known(found: Ingredients) -> None:
    noise = np.random.default_rng(2).normal(size=found.maps.shape).astype(np.float32)

    assert best_fit(noise, found).name == ""
