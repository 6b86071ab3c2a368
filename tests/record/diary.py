"""Who listens while reports are recorded."""

from __future__ import annotations

from autograder.errors import GradeascentError


class Diary:
    """Writes down what could not be recorded."""

    def __init__(self) -> None:
        self.trouble: dict[str, str] = {}

    def recorded(self, student: str) -> None: ...

    def not_recorded(self, student: str, error: GradeascentError | OSError) -> None:
        self.trouble[student] = str(error)
