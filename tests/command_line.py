"""Gives a command in the test's own process."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Sequence

from autograder.cli import run


class _Both(io.StringIO):
    """Keeps what is written, and passes it on to standard error."""

    def __init__(self) -> None:
        super().__init__()
        self._standard_error = sys.stderr

    def write(self, text: str) -> int:
        self._standard_error.write(text)
        return super().write(text)


def succeed(arguments: Sequence[str]) -> None:
    """Give a command that works; where it does not, the failing test says why in a line."""
    said = _Both()
    with contextlib.redirect_stderr(said):
        status = run(list(arguments))
    problems = [
        line for line in said.getvalue().splitlines() if "not graded" in line or "gradeascent:" in line
    ]
    last = said.getvalue().splitlines()[-1:]
    assert status == 0, (
        f"gradeascent {arguments[0]} ended with status {status}: {'; '.join(problems or last)}"
    )
