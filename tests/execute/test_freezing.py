"""What the kernel says about a training, in words that a student knows and that are the same in every run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest

from autograder.execute.inside.freezing import training_facts


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
