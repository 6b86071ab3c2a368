"""Autograder: source notebook -> release -> execute -> verify -> rubric -> record -> review.

One folder per subject; each imports only from those before it. The records that pass between them are the modules
beside this file, such as `evidence`, `measurements` and `report`.

For programs of your own: `from autograder import grade_notebook, Report`. Both are loaded when they are asked for,
since most commands need neither; the stub beside this file has their types.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["Report", "grade_notebook"]

_HOMES = {"Report": "autograder.report", "grade_notebook": "autograder.grading.alone"}


def __getattr__(name: str) -> Any:
    """Load a name of the public face."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
