"""Takes one submission through the stages: execute, verify, rubric."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from nbformat import NotebookNode

from autograder.course.checks import without_checks
from autograder.course.given import with_lost_cells
from autograder.course.submission import Submission
from autograder.errors import SandboxError, SubmissionError, SubmissionTooLargeError
from autograder.evidence import Evidence, Outcome
from autograder.execute.runner import execute
from autograder.execute.student_modules import how_to_offer
from autograder.exercise import Exercise
from autograder.grading.grader import Grader, Rubric
from autograder.grading.notices.all import notices_on, with_notices
from autograder.grading.notices.functions import notices_on_functions
from autograder.grading.notices.troubles import notices_on_troubles
from autograder.grading.shown import with_pictures_shown
from autograder.measurements import Measurements
from autograder.pictures import Pictures
from autograder.progress.step import Step
from autograder.record.files import (
    StoredExecution,
)
from autograder.report import Flag, Report
from autograder.rubric.score import score
from autograder.run import Origin, Run
from autograder.settings import Limits
from autograder.verify.identity import verifier_sha256

OUTCOMES: dict[Outcome, str] = {
    "graded": "",
    "timeout": "The notebook was stopped because it took too long; its results up to then were graded.",
    "out_of_memory": "The notebook was stopped because it used too much memory; what it showed until then was "
    "graded.",
    "kernel_died": "The kernel stopped before the end of the notebook; its results up to then were graded.",
    "invalid_notebook": "What was handed in cannot be read as a notebook.",
    "too_large": "The notebook is too large to be read.",
}


CHANGED_CELLS = {
    "put_back": "The given cell '{}' was lost or had become text; it ran as it was released.",
    "edited": "The given cell '{}' was edited; it ran as handed in.",
    "was_text": "The cell '{}' had become a text cell; it ran as code.",
    "moved": "The given cell '{}' is no longer in its place between the other cells; it ran where it is.",
    "lost": "The given cell '{}' is gone; the notebook ran without it.",
}
# What students do not read: nothing was done about it, and no score depends on it.
FOR_STAFF = frozenset({"moved", "lost"})


def run_submission(
    submission: Submission,
    grader: Grader,
    *,
    origin: Origin | None = None,
    on_step: Callable[[Step], None] = lambda step: None,
) -> tuple[Run, Evidence]:
    """Execute and verify one submission.

    Args:
        submission: what was handed in.
        grader: the grader to run it with.
        origin: the origin of the run, if it is known better than from the folder that the kernel sees.
        on_step: called repeatedly with how far the notebook is.

    Raises:
        SandboxError: the kernel or the verifier does not start.
    """
    origin = origin or grader.origin(submission)
    notebook = read_or_reject(submission, origin, grader.kernel.limits)
    if isinstance(notebook, Run):
        return notebook, Evidence(notebook.measurements.outcome)
    notices_before = notices_on(submission, notebook, grader.source)
    notebook, changed = with_lost_cells(notebook, grader.source)
    instead, edited_checks = without_checks(notebook, grader.source)
    execution = execute(notebook, submission.folder, grader.kernel, instead=instead, on_step=on_step)
    notices = (
        *notices_before,
        *notices_on_functions(execution.evidence),
        *notices_on_troubles(execution.evidence),
    )
    evidence = replace(execution.evidence, changed_cells=(*changed, *edited_checks), notices=notices)
    if grader.kernel.cancelled.is_set():
        nothing = Measurements("kernel_died")
        return Run(origin, execution.notebook, nothing, Pictures(), {}, ""), evidence
    started = time.monotonic()
    measurements, pictures = grader.verifier.measure(evidence)
    measurements = with_pictures_shown(with_notices(measurements, evidence), execution.notebook)
    seconds = {
        **execution.seconds,
        "verify": time.monotonic() - started,
        "cells": sum(cell.seconds for cell in evidence.cells),
        **{f"cell {cell.cell}": cell.seconds for cell in evidence.cells if cell.seconds > 1},
    }
    timings = {name: round(value, 3) for name, value in seconds.items()}
    run = Run(
        origin,
        execution.notebook,
        measurements,
        pictures,
        timings,
        verifier_sha256(),
        is_final=not execution.killed and measurements.is_final,
    )
    return run, evidence


def read_or_reject(submission: Submission, origin: Origin, limits: Limits) -> NotebookNode | Run:
    """Return the notebook to run, or a run that says why it cannot be read."""
    try:
        return submission.read(limits)
    except SubmissionError as error:
        outcome: Outcome = "too_large" if isinstance(error, SubmissionTooLargeError) else "invalid_notebook"
        nothing = Measurements(outcome, unreadable=str(error))
        return Run(origin, None, nothing, Pictures(), {}, verifier_sha256())


def measure_again(execution: StoredExecution, origin: Origin, grader: Grader) -> Run:
    """Return a stored run with new measurements by the current verifier; no notebook is run.

    Raises:
        SandboxError: the verifier does not start, or grading is stopped.
    """
    measurements, pictures = grader.verifier.measure(execution.evidence)
    if grader.kernel.cancelled.is_set():
        raise SandboxError("grading was stopped")
    measurements = with_pictures_shown(with_notices(measurements, execution.evidence), execution.notebook)
    return Run(
        origin,
        execution.notebook,
        measurements,
        pictures,
        execution.timings,
        verifier_sha256(),
        is_final=measurements.is_final,
    )


def make_report(submission: Submission, run: Run, rubric: Rubric) -> Report:
    """Apply the rubric to a run.

    Raises:
        RubricError: the rubric is broken.
    """
    criteria = score(rubric.exercise, run.measurements, rubric.thresholds, rubric.points, rubric.files)
    flags = make_flags(rubric.exercise, run.measurements, run.origin)
    return Report(
        student=submission.student,
        assignment=submission.assignment,
        submission_sha256=run.origin.submission_sha256,
        outcome=run.measurements.outcome,
        score=round(sum(result.score for result in criteria.values()), 2),
        max_score=sum(result.max_score for result in criteria.values()),
        needs_review=any(result.status == "review" for result in criteria.values())
        or any(flag.needs_review for flag in flags),
        criteria=criteria,
        flags=flags,
        provenance=rubric.provenance(run.origin),
        timings=run.timings,
    )


def make_flags(exercise: Exercise, measurements: Measurements, origin: Origin) -> list[Flag]:
    """Return what a person should know about a run, besides the criteria."""
    flags = []
    if measurements.outcome != "graded":
        stopped = measurements.stopped[:1].upper() + measurements.stopped[1:]
        detail = measurements.unreadable or stopped
        message = OUTCOMES[measurements.outcome] + (f" {detail}." if detail else "")
        flags.append(Flag(code=measurements.outcome, message=message, needs_review=True))
    if measurements.trouble:
        flags.append(Flag(code="not_measured", message=measurements.trouble, needs_review=True))
    if measurements.is_cut_off:
        message = "The notebook made more models and images than are kept; later ones were not measured."
        flags.append(Flag(code="evidence_cut_off", message=message, needs_review=True))
    flags += exercise.flags(measurements)
    for changed in measurements.changed_cells:
        message = CHANGED_CELLS[changed.change].format(changed.cell)
        flags.append(
            Flag(
                code=f"cell_{changed.change}",
                message=message,
                for_staff=changed.change in FOR_STAFF,
                details=changed.difference.splitlines(),
            )
        )
    flags += (Flag(code=one.code, message=one.message, for_staff=True) for one in measurements.notices)
    for module in dict.fromkeys(
        error.missing_module for error in measurements.errors if error.missing_module
    ):
        message = f"The module {module} is not installed here: {how_to_offer(module)}."
        flags.append(Flag(code="missing_module", message=message))
    for error in measurements.errors:
        hint = f" ({error.hint})" if error.hint else ""
        flags.append(Flag(code="cell_error", message=f"Cell '{error.cell}': {error.error}{hint}"))
    if origin.sandbox == "none":
        flags.append(Flag(code="no_sandbox", message="The notebook was run without a sandbox."))
    return flags
