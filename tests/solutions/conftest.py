"""One network for the whole session, trained on the digits that are always there."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import pytest

from solutions.cnn import build_cnn, train
from solutions.data import Dataset, embedded_digits, prepare


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return prepare(embedded_digits())


@pytest.fixture(scope="session")
def trained_cnn(digits: Dataset) -> keras.Model:
    model = build_cnn(seed=0)
    train(model, digits, epochs=2, seed=0, verbose=0)
    return model
