"""From a submission to its report: execute, verify, rubric, record.

`grade_submission` is one pass through the stages for one submission; `grade_course` does many at the same
time. A kernel needs a process of its own anyway, so the grader itself only waits, in threads; all scoring
and writing of reports happens in the calling thread.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from autograder.course.folder import ASSIGNMENT, Course
from autograder.errors import CourseError, GradeascentError, SubmissionError, SubmissionTooLargeError
from autograder.evidence import Evidence, Outcome
from autograder.execute.kernel import KernelOptions
from autograder.execute.runner import execute
from autograder.execute.sandbox import make_sandbox
from autograder.measurements import Measurements
from autograder.pictures import Pictures
from autograder.record.files import Origin, Run, read_report, read_run, write_report, write_run
from autograder.report import Flag, Provenance, Report
from autograder.rubric.score import rubric_files, rubric_sha256, score
from autograder.settings import Settings, Thresholds
from autograder.submission import Submission
from autograder.verify.verifier import Verifier
from solutions.data import find_digits, write_npz

PROFILE = "full"
MEGABYTE = 1024 * 1024

OUTCOMES: dict[Outcome, str] = {
    "graded": "",
    "timeout": "The notebook was stopped because it took too long; what it showed until then was graded.",
    "out_of_memory": "The notebook was stopped because it used too much memory; what it showed until then "
    "was graded.",
    "kernel_died": "The kernel stopped before the end of the notebook; what it showed until then was graded.",
    "invalid_notebook": "What was handed in cannot be read as a notebook.",
    "too_large": "The notebook is too large to be read.",
}


@dataclass(frozen=True)
class Rubric:
    """The checks, their numbers and their points."""

    files: Sequence[Path]
    thresholds: Thresholds
    points: Mapping[str, float]

    def sha256(self) -> str:
        """Return what identifies this rubric."""
        return rubric_sha256(self.files, self.thresholds, self.points)


@dataclass(frozen=True)
class Grader:
    """All that is needed to grade submissions, ready to be used."""

    kernel: KernelOptions
    verifier: Verifier
    rubric: Rubric
    dataset: str
    jobs: int
    verifier_lock: threading.Lock = field(default_factory=threading.Lock)

    def origin(self, submission: Submission) -> Origin:
        """Return what a run of this submission comes from."""
        return Origin(
            submission_sha256=submission.sha256(),
            profile=PROFILE,
            seed=self.kernel.seed,
            dataset=self.dataset,
            sandbox=self.kernel.sandbox.name,
            versions={name: version(name) for name in ("gradeascent", "tensorflow", "keras", "numpy")},
        )

    def provenance(self, origin: Origin) -> Provenance:
        """Return how a report on a run comes about."""
        return Provenance(
            **origin.model_dump(exclude={"submission_sha256"}), rubric_sha256=self.rubric.sha256()
        )


class Progress(Protocol):
    """Is told how the work goes on; see `autograder.progress`."""

    def started(self, student: str) -> None:
        """A submission begins."""

    def cell(self, student: str, done: int, total: int) -> None:
        """Of a running notebook, so many of so many cells are done."""

    def finished(self, student: str, report: Report, *, was_up_to_date: bool) -> None:
        """A report is written."""

    def failed(self, student: str, error: GradeascentError) -> None:
        """A submission could not be graded, through no fault of its own."""


@contextmanager
def ready_to_grade(
    course: Course, settings: Settings, *, announce: Callable[[str], None], assignment: str = ASSIGNMENT
) -> Iterator[Grader]:
    """Find the data, try the sandbox, start the verifier; put everything away at the end.

    Raises:
        SandboxError: the sandbox or the Python in it does not work here.
        CourseError: the source notebook has no points.
        SettingsError, DataError: the data file cannot be used.
    """
    sandbox = make_sandbox(settings.sandbox)
    points = course.points(assignment)
    digits = find_digits(course.root / settings.data if settings.data else None, announce=announce)
    cores = len(os.sched_getaffinity(0))
    jobs = settings.jobs or cores
    with tempfile.TemporaryDirectory(prefix="gradeascent-") as folder:
        digits_file = Path(folder) / "mnist.npz"
        write_npz(digits, digits_file)
        options = KernelOptions(
            sandbox=sandbox,
            digits=digits_file,
            limits=settings.limits,
            seed=settings.seed,
            threads=max(1, cores // jobs),
            python=settings.python,
        )
        seconds = settings.limits.verify_seconds
        with Verifier(sandbox, digits_file, seed=settings.seed, seconds=seconds, threads=cores) as verifier:
            rubric = Rubric(rubric_files(course.root), settings.thresholds, points)
            dataset = f"{digits.source}, sha256 {digits.sha256()[:16]}"
            yield Grader(options, verifier, rubric, dataset, jobs)


def grade_course(
    course: Course,
    students: Sequence[str],
    grader: Grader,
    progress: Progress,
    *,
    force: bool = False,
    assignment: str = ASSIGNMENT,
) -> dict[str, Report]:
    """Grade the submissions of these students; what is up to date already is left alone.

    Returns the reports by student. A submission that could not be graded is told to `progress` and missing.

    Raises:
        RubricError: the rubric itself is broken, so that no report would be worth anything.
    """
    reports: dict[str, Report] = {}
    waiting: dict[Future[Run | None], Submission] = {}
    pool = ThreadPoolExecutor(grader.jobs)
    try:
        for student in students:
            submission = Submission(student, assignment, course.submission_folder(student, assignment))
            folder = course.result_folder(student, assignment)
            old = None if force else read_report(folder)
            if old is not None and is_current(old, grader.origin(submission), grader):
                progress.finished(student, old, was_up_to_date=True)
                reports[student] = old
                continue
            future = pool.submit(_run_stored_or_new, submission, folder, grader, progress, force=force)
            waiting[future] = submission
        for future in as_completed(waiting):
            submission = waiting[future]
            try:
                run = future.result()
            except GradeascentError as error:
                progress.failed(submission.student, error)
                continue
            if run is not None:
                report = make_report(submission, run, grader)
                write_report(course.result_folder(submission.student, assignment), report, run)
                progress.finished(submission.student, report, was_up_to_date=False)
                reports[submission.student] = report
    except BaseException:  # above all ^C: what runs is stopped, what is done is kept
        grader.kernel.cancelled.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return reports


def is_current(report: Report, origin: Origin, grader: Grader) -> bool:
    """Tell whether a report would come out the same again."""
    return report.submission_sha256 == origin.submission_sha256 and report.provenance == grader.provenance(
        origin
    )


def _run_stored_or_new(
    submission: Submission, folder: Path, grader: Grader, progress: Progress, *, force: bool
) -> Run | None:
    """Return the stored run if only the rubric is new, else run the notebook; None if told to stop."""
    if grader.kernel.cancelled.is_set():
        return None
    progress.started(submission.student)
    stored = read_run(folder, grader.origin(submission), name=submission.assignment)
    if stored is not None and not force:
        return stored
    run, evidence = run_submission(
        submission, grader, on_cell=lambda done, total: progress.cell(submission.student, done, total)
    )
    if grader.kernel.cancelled.is_set():
        return None
    write_run(folder, run, evidence, name=submission.assignment)
    return run


def run_submission(
    submission: Submission, grader: Grader, *, on_cell: Callable[[int, int], None] = lambda done, total: None
) -> tuple[Run, Evidence]:
    """Execute and verify one submission.

    Raises:
        SandboxError: the kernel or the verifier does not start.
    """
    origin = grader.origin(submission)
    try:
        notebook = submission.read(size_limit=int(grader.kernel.limits.notebook_mb * MEGABYTE))
    except SubmissionError as error:
        outcome: Outcome = "too_large" if isinstance(error, SubmissionTooLargeError) else "invalid_notebook"
        nothing = Measurements(outcome, unreadable=str(error))
        return Run(origin, None, nothing, Pictures(), {}), Evidence(outcome)
    execution = execute(notebook, submission.folder, grader.kernel, on_cell=on_cell)
    if grader.kernel.cancelled.is_set():
        return Run(
            origin, execution.notebook, Measurements("kernel_died"), Pictures(), {}
        ), execution.evidence
    started = time.monotonic()
    with grader.verifier_lock:
        measurements, pictures = grader.verifier.measure(execution.evidence)
    seconds = {
        **execution.seconds,
        "verify": time.monotonic() - started,
        "cells": sum(cell.seconds for cell in execution.evidence.cells),
        **{f"cell {cell.cell}": cell.seconds for cell in execution.evidence.cells if cell.seconds > 1},
    }
    timings = {name: round(value, 3) for name, value in seconds.items()}
    return Run(origin, execution.notebook, measurements, pictures, timings), execution.evidence


def make_report(submission: Submission, run: Run, grader: Grader) -> Report:
    """Apply the rubric to a run.

    Raises:
        RubricError: the rubric is broken.
    """
    criteria = score(run.measurements, grader.rubric.thresholds, grader.rubric.points, grader.rubric.files)
    flags = make_flags(run.measurements, grader)
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
        provenance=grader.provenance(run.origin),
        timings=run.timings,
    )


def make_flags(measurements: Measurements, grader: Grader) -> list[Flag]:
    """Return what a person should know about a run besides the criteria."""
    flags = []
    if measurements.outcome != "graded":
        detail = f" {measurements.unreadable}." if measurements.unreadable else ""
        message = OUTCOMES[measurements.outcome] + detail
        flags.append(Flag(code=measurements.outcome, message=message, needs_review=True))
    if measurements.trouble:
        flags.append(Flag(code="not_measured", message=measurements.trouble, needs_review=True))
    if measurements.images and measurements.images.variable != "visualized_feature":
        message = f"The images were found under the name '{measurements.images.variable}'."
        flags.append(Flag(code="other_name", message=message))
    if measurements.model and measurements.model.variable != "model":
        message = f"The network was found under the name '{measurements.model.variable}'."
        flags.append(Flag(code="other_name", message=message))
    for error in measurements.errors:
        hint = f" ({error.hint})" if error.hint else ""
        flags.append(Flag(code="cell_error", message=f"Cell '{error.cell}': {error.error}{hint}"))
    if grader.kernel.sandbox.name == "none":
        flags.append(Flag(code="no_sandbox", message="The notebook was run without a sandbox."))
    return flags


def submissions_of(course: Course, students: Sequence[str], assignment: str = ASSIGNMENT) -> list[str]:
    """Return the students to grade: those named, else all who handed in.

    Raises:
        CourseError: one of those named has handed in nothing, or nobody has.
    """
    known = course.students(assignment)
    for student in students:
        if student not in known:
            folder = course.submission_folder(student, assignment)
            raise CourseError(f"no submission of '{student}': there is no folder {folder}")
    if not known:
        raise CourseError(
            f"nothing to grade: put submissions into {course.submitted / '<student>' / assignment}"
        )
    return list(dict.fromkeys(students)) or known
