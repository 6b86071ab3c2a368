"""An error is described as the student knows it, whatever machine the notebook ran on."""

from __future__ import annotations

import pytest

from autograder.evidence import CellRun
from autograder.verify.diagnosis import diagnose


def error_of(name: str, message: str) -> str:
    cell = CellRun(3, "one_hot", "error", error_name=name, error_message=message)
    (error,) = diagnose([cell], ())
    return error.error


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "cannot import name 'np_utils' from 'keras.utils' (/a/b/.venv/lib/python3.11/site-packages/keras/utils.py)",
            "ImportError: cannot import name 'np_utils' from 'keras.utils' (keras/utils.py)",
        ),
        (
            "cannot import name 'load' from 'json' (/usr/lib/python3.12/json/__init__.py)",
            "ImportError: cannot import name 'load' from 'json' (json/__init__.py)",
        ),
        (
            "cannot import name 'x' from 'helper' (/home/grader/helper.py)",
            "ImportError: cannot import name 'x' from 'helper' (/home/grader/helper.py)",
        ),
    ],
)
def test_the_place_of_the_graders_packages_is_not_shown(message: str, told: str) -> None:
    assert error_of("ImportError", message) == told


def test_only_the_first_line_is_shown() -> None:
    assert error_of("ValueError", "\n  shapes differ\n(3,) and (4,)") == "ValueError: shapes differ"
