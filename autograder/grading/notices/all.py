"""Puts together what a TA should know of one submission, and hands it on with the measurements."""

from __future__ import annotations

from dataclasses import replace

from nbformat import NotebookNode

from autograder.course.submission import Submission
from autograder.evidence import Evidence, Notice
from autograder.grading.notices.code import notices_on_code
from autograder.grading.notices.files import notices_on_files, with_own_modules
from autograder.grading.notices.metadata import notices_on_metadata
from autograder.measurements import Measurements


def notices_on(submission: Submission, notebook: NotebookNode, released: NotebookNode) -> tuple[Notice, ...]:
    """Return what stands out in what was handed in, before it is run."""
    return (
        *notices_on_code(notebook, released),
        *notices_on_metadata(notebook, released),
        *notices_on_files(submission),
    )


def with_notices(measurements: Measurements, evidence: Evidence) -> Measurements:
    """Return the measurements with what stands out; errors say where the student's own file is the cause."""
    errors = with_own_modules(measurements.errors, evidence.notices)
    return replace(measurements, notices=evidence.notices, errors=errors)
