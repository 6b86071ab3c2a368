"""What the kernel says about a network and its training, whatever the student trains it with."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from autograder.execute.inside.freezing import freeze, training_facts


def own_loss(expected: Any, given: Any) -> Any:
    return keras.ops.mean(expected - given)


class Callee:
    __call__ = staticmethod(own_loss)


@pytest.mark.parametrize(
    ("loss", "name"),
    [
        ("categorical_crossentropy", "categorical_crossentropy"),
        (keras.losses.categorical_crossentropy, "categorical_crossentropy"),
        (keras.losses.CategoricalCrossentropy(from_logits=True), "categorical_crossentropy"),
        (keras.losses.CategoricalCrossentropy(name="mine"), "mine"),
        (own_loss, "own_loss"),
        (Callee(), "Callee"),
    ],
    ids=["text", "function", "object", "named object", "own function", "own class"],
)
def test_a_loss_is_called_by_its_name(loss: str | Callable[[Any, Any], Any], name: str) -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss=loss)

    assert training_facts(model)["loss"] == name


@pytest.mark.parametrize(
    "strategy",
    [
        tf.distribute.MirroredStrategy,
        tf.distribute.MultiWorkerMirroredStrategy,
        tf.distribute.experimental.CentralStorageStrategy,
        lambda: tf.distribute.OneDeviceStrategy("/cpu:0"),
    ],
    ids=["mirrored", "many workers", "central storage", "one device"],
)
@pytest.mark.parametrize("is_fit_inside", [False, True], ids=["fit outside", "fit in the scope"])
def test_a_network_that_a_distribution_strategy_trains_is_seen_as_trained(
    strategy: Callable[[], tf.distribute.Strategy], is_fit_inside: bool
) -> None:
    digits, labels = np.ones((8, 28, 28, 1), np.float32), np.ones((8, 10), np.float32)
    here = strategy()
    with here.scope():
        model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
        model.compile("adam", "mse")
    before, _ = freeze(model)
    with here.scope() if is_fit_inside else contextlib.nullcontext():
        model.fit(digits, labels, batch_size=4, verbose=0)
    after, _ = freeze(model)
    facts = training_facts(model)
    assert before != after
    assert (facts["updates"], facts["learning_rate"], facts["loss"]) == (2, pytest.approx(0.001), "mse")


def test_a_fact_that_cannot_be_read_costs_no_other() -> None:
    model = SimpleNamespace(
        compiled=True,
        loss="mse",
        optimizer=SimpleNamespace(learning_rate=0.5, iterations="many"),
        history=SimpleNamespace(history={"loss": [0.25], "curve": [np.ones(2)]}),
    )
    assert training_facts(model) == {
        "compiled": True,
        "loss": "mse",
        "learning_rate": 0.5,
        "history": {"loss": [0.25]},
    }
