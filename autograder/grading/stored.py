"""Finds what is stored for a submission and still valid: its report, its run, or only the evidence.

A report is valid if it would come out the same again; a run, if the notebook, its conditions and the verifier
are the same. If only the verifier is new, the stored evidence is measured again, and no notebook is run.
"""

from __future__ import annotations

from pathlib import Path

from autograder.course.submission import Submission
from autograder.grading.grader import Grader, Rubric
from autograder.grading.stages import make_report, measure_again
from autograder.record.files import (
    is_complete,
    read_execution,
    read_origin,
    read_report,
    read_run,
    read_verifier,
    write_measurements,
    write_report,
)
from autograder.report import Report
from autograder.run import Origin, Run
from autograder.verify.identity import verifier_sha256


def current_report(folder: Path, origin: Origin, rubric: Rubric) -> Report | None:
    """Return the stored report if it would come out the same again."""
    report = read_report(folder)
    if report is None or not is_complete(folder) or not is_current(report, origin, rubric):
        return None
    return report


def is_current(report: Report, origin: Origin, rubric: Rubric) -> bool:
    """Tell whether a report is on a run of this origin, by the current rubric and verifier."""
    return report.submission_sha256 == origin.submission_sha256 and report.provenance.cover(
        rubric.provenance(origin)
    )


def current_run(folder: Path, origin: Origin, *, name: str) -> Run | None:
    """Return the stored run of this origin if the current verifier measured it."""
    if read_verifier(folder, origin) != verifier_sha256():
        return None
    return read_run(folder, origin, name=name)


def has_evidence_only(folder: Path, origin: Origin) -> bool:
    """Tell whether there is a stored run of this origin that another verifier measured."""
    return read_verifier(folder, origin) not in {None, verifier_sha256()}


def up_to_date_run(folder: Path, origin: Origin, grader: Grader, *, name: str) -> Run | None:
    """Return the stored run, measured again if the verifier is new; None if the notebook must be run.

    Raises:
        SandboxError: the verifier does not start.
    """
    if not has_evidence_only(folder, origin):
        return current_run(folder, origin, name=name)
    execution, stored = read_execution(folder, name=name), read_origin(folder)
    if execution is None or stored is None:
        return None
    # of the stored origin, which may cover more than is asked for
    run = measure_again(execution, stored, grader)
    write_measurements(folder, run)
    return run


def write_verdict(folder: Path, submission: Submission, run: Run, rubric: Rubric) -> Report:
    """Apply the rubric to a stored run, and store the report.

    Raises:
        RubricError: the rubric is broken.
    """
    report = make_report(submission, run, rubric)
    write_report(folder, report, run, rubric.exercise.draw)
    return report
