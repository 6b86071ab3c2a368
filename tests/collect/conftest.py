"""A course folder that submissions are collected into, and rosters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course.folder import Course
from autograder.course.initialise import initialise


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return initialise(tmp_path / "course")


@pytest.fixture
def roster(tmp_path: Path) -> Callable[[str], Path]:
    """Write a roster; return its file."""

    def write(text: str) -> Path:
        (tmp_path / "roster.csv").write_text(text, encoding="utf-8")
        return tmp_path / "roster.csv"

    return write
