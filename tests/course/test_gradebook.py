"""nbgrader's settings and gradebook of a course folder, read in a process that has a life of its own."""

from __future__ import annotations

import io
import logging
import os

import pytest

from autograder.course.folder import Course
from autograder.course.gradebook import course_directory, nbgrader_config, open_gradebook


class ClosesItsStream(logging.StreamHandler[io.StringIO]):
    """As TensorFlow's handler does."""

    def close(self) -> None:
        self.stream.close()
        super().close()


def test_reading_the_settings_leaves_everybody_elses_logging_alone(course: Course) -> None:
    stream = io.StringIO()
    handler = ClosesItsStream(stream)
    try:
        nbgrader_config(course)
        with open_gradebook(course):
            pass

        assert not stream.closed
    finally:
        handler.close()


def test_the_settings_of_the_folder_say_where_the_gradebook_is(course: Course) -> None:
    assert course_directory(course).db_url == f"sqlite:///{course.gradebook}"

    with (course.root / "nbgrader_config.py").open("a") as settings:
        settings.write('c.CourseDirectory.db_url = "sqlite:////elsewhere/grades.db"\n')

    assert course_directory(course).db_url == "sqlite:////elsewhere/grades.db"


def test_a_new_gradebook_needs_no_activated_environment(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.defpath)

    with open_gradebook(course) as gradebook:
        assert gradebook.assignments == []
