"""One network for the whole session, trained on the digits that are always there."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import pytest
from trained_networks import trained_reference

from solutions.data import Dataset, embedded_digits, prepare


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return prepare(embedded_digits())


@pytest.fixture(scope="session")
def trained_cnn() -> keras.Model:
    return trained_reference()
