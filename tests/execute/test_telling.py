"""A notebook that computes for long says how far it is."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras.src.callbacks.callback_list import CallbackList

from autograder.execute.inside import telling as module
from autograder.execute.inside.telling import Telling


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is said when every step may be told."""
    monkeypatch.setattr(module, "SECONDS_BETWEEN", 0)
    # replaced by itself, so that it is put back
    monkeypatch.setattr(CallbackList, "on_train_batch_end", CallbackList.on_train_batch_end)
    found: list[dict[str, Any]] = []
    Telling(found.append).watch_training()
    return found


def fit(**options: Any) -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(np.zeros((12, 4)), np.zeros((12, 2)), verbose=0, **options)


def test_a_training_says_its_steps_of_all_epochs(said: list[dict[str, Any]]) -> None:
    fit(epochs=2, batch_size=4)

    assert [(one["done"], one["total"]) for one in said] == [(step, 6) for step in range(1, 7)]
    assert {one["doing"] for one in said} == {"training"}


def test_each_training_is_counted_from_its_own_start(said: list[dict[str, Any]]) -> None:
    fit(epochs=1, batch_size=6)
    fit(epochs=1, batch_size=12)

    assert [(one["done"], one["total"]) for one in said] == [(1, 2), (2, 2), (1, 1)]


def test_it_is_said_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, found = [10.0], []
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    telling = Telling(found.append)

    for step in range(35):
        clock[0] = 10 + step / 10
        telling.tell("gradients", step, 0)

    assert [one["done"] for one in found] == [10, 20, 30]
