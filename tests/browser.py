"""The browser in which pages are looked at."""

from __future__ import annotations

import pytest

from autograder.errors import CourseError
from autograder.feedback.pdf import find_browser


def browser_program() -> str:
    try:
        return find_browser()
    except CourseError as error:  # a green run must not mean that nothing was tried
        pytest.fail(f"the tests need a browser: {error}")
