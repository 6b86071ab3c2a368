"""Functions of libraries that a notebook replaces are named, and nothing else is."""

from __future__ import annotations

import json
import random

import keras
import numpy as np
import pytest

from autograder.execute.inside.functions import LibraryFunctions


@pytest.fixture
def libraries() -> LibraryFunctions:
    looked = LibraryFunctions()
    looked.look()
    return looked


def test_a_replaced_function_and_a_replaced_method_are_named_once(
    libraries: LibraryFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(np, "isfinite", lambda _: True)
    monkeypatch.setattr(keras.Model, "fit", print)

    assert libraries.replaced() == ["keras.Model.fit", "numpy.isfinite"]
    assert libraries.replaced() == []


def test_calls_and_new_names_replace_nothing(
    libraries: LibraryFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    random.seed(1)
    json.dumps(np.ones(3).tolist())
    monkeypatch.setattr(np, "of_mine", print, raising=False)

    assert libraries.replaced() == []


def test_what_was_replaced_before_the_first_cell_is_not_the_notebooks_doing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keras.Model, "fit", print)
    looked = LibraryFunctions()
    looked.look()
    looked.look()

    assert looked.replaced() == []
