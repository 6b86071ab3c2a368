"""Lets only one command at a time write into a course folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from autograder.course.folder import Course
from autograder.errors import CourseError

LOCK = ".lock"


@contextmanager
def only_writer(course: Course) -> Iterator[None]:
    """Keep other processes from writing results into this course folder until the block ends.

    The operating system releases the lock however the process ends.

    Raises:
        CourseError: another process is working there, or the folder cannot be written to.
    """
    try:
        course.graded.mkdir(exist_ok=True)
        descriptor = os.open(course.graded / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise CourseError(
            f"no results can be written to {course.graded}: {error.strerror}; run the same command again when they can"
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            process = os.read(descriptor, 20).decode(errors="replace").strip()
            raise CourseError(
                f"another gradeascent (process {process}) is grading in {course.root}; wait for it or stop it"
            ) from error
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)
