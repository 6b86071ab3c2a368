"""The module with the lattices, as the release brings it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[3] / "source" / "ising_activation_maps"


@pytest.fixture(scope="session")
def ising() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ising", FOLDER / "ising.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
