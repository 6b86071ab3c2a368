"""Compares the functions of libraries with those before the first cell, so that a TA learns what was replaced.

Replaced functions are no proof of anything: a student may count calls. They are only named to a TA.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

# Modules whose functions, and classes whose methods, a notebook may replace to change what is seen of it.
MODULES = (
    "builtins",
    "json",
    "socket",
    "hashlib",
    "random",
    "numpy",
    "numpy.linalg",
    "numpy.random",
    "tensorflow",
    "keras",
    "keras.layers",
    "keras.optimizers",
    "keras.utils",
)
# IPython gives every cell a different function.
NOT_MEANT = {"builtins.input"}
CLASSES = (
    ("keras", "Model"),
    ("keras", "Layer"),
    ("keras", "Sequential"),
    ("keras.layers", "Conv2D"),
    ("keras.layers", "Dense"),
    ("tensorflow", "GradientTape"),
    ("tensorflow", "Variable"),
    ("tensorflow", "Tensor"),
    ("matplotlib.figure", "Figure"),
    ("matplotlib.axes", "Axes"),
)
MOST_NAMES = 20


class LibraryFunctions:
    """The functions of libraries as they were before the first cell."""

    def __init__(self) -> None:
        self.before: dict[str, Any] = {}
        self.told: set[str] = set()

    def look(self) -> None:
        """Remember the functions, at the first cell only; what is in place then is not the notebook's doing."""
        if not self.before:
            self.before = functions_now(inherited=True)

    def replaced(self) -> list[str]:
        """Return the names of functions that have been replaced since, each once."""
        now = functions_now()
        names = [
            name
            for name, function in self.before.items()
            if now.get(name, function) is not function and name not in self.told
        ]
        self.told.update(names)
        return sorted(names)[:MOST_NAMES]


def functions_now(*, inherited: bool = False) -> dict[str, Any]:
    """Return the functions of modules and the methods of classes by their full names, as far as imported."""
    found: dict[str, Any] = {}
    for name in MODULES:
        if name in sys.modules:
            _add(found, name, vars(sys.modules[name]))
    for module, name in CLASSES:
        there = getattr(sys.modules.get(module), name, None)
        if isinstance(there, type):
            _add(found, f"{module}.{name}", _methods(there) if inherited else vars(there))
    return found


def _methods(there: type) -> dict[str, Any]:
    """Return what a class has, inherited or not: a notebook may put its own function before an inherited one."""
    return {name: value for one in reversed(there.__mro__) for name, value in vars(one).items()}


def _add(found: dict[str, Any], holder: str, things: Mapping[str, Any]) -> None:
    for name, value in list(things.items()):
        full = f"{holder}.{name}"
        if callable(value) and not isinstance(value, ModuleType) and full not in NOT_MEANT:
            found[full] = value
