"""Prepares what grading needs, once for many submissions: data, sandbox, verifier, rubric."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from nbformat import NotebookNode
from pydantic import BaseModel

from autograder.course.folder import Course
from autograder.course.submission import Submission
from autograder.errors import SandboxError
from autograder.execute.kernel import KernelOptions, ShortcutOptions, kernel_environment, packed_recorder
from autograder.execute.sandbox import Bubblewrap, Sandbox, make_sandbox
from autograder.execute.warm import Template
from autograder.exercise import Exercise, find_exercise
from autograder.plain.machine import computes_bfloat16, cores, fitting_jobs, gpu_devices
from autograder.plain.scratch import temporary_folder
from autograder.report import Provenance
from autograder.rubric.score import rubric_files, rubric_sha256
from autograder.run import Origin
from autograder.settings import Settings
from autograder.verify.identity import verifier_sha256
from autograder.verify.verifier import Verifier
from solutions.data import RawDigits, write_npz

# In the profile `quick`, training ends at an accuracy this far above the one that earns full marks, measured
# on this number of digits. The margin is seven standard deviations of such a measurement at 0.95. Less
# training would do for its own criterion, but would change others: at 0.92, images that went down the
# gradient excite 30 of 32 filters of one labelled submission.
SAFE_MARGIN, QUICK_DIGITS = 0.05, 1000
# The packages that a run depends on.
VERSIONED = ("gradeascent", "tensorflow", "keras", "numpy")


@dataclass(frozen=True)
class Rubric:
    """The checks, their thresholds and their points."""

    exercise: Exercise
    files: Sequence[Path]
    thresholds: BaseModel
    points: Mapping[str, float]

    def sha256(self) -> str:
        """Return a digest that identifies this rubric."""
        return rubric_sha256(self.exercise, self.files, self.thresholds, self.points)

    def provenance(self, origin: Origin) -> Provenance:
        """Return the provenance of a report on a run of this origin."""
        return Provenance(
            **origin.conditions(),
            verifier_sha256=verifier_sha256(),
            rubric_sha256=self.sha256(),
        )


@dataclass(frozen=True)
class Grader:
    """Everything needed to grade submissions, ready to use."""

    kernel: KernelOptions
    verifier: Verifier
    rubric: Rubric
    source: NotebookNode  # the instructor's notebook, with the given cells
    dataset: str
    jobs: int

    def origin(self, submission: Submission) -> Origin:
        """Return the origin of a run of this submission."""
        shortcuts = self.kernel.shortcuts
        return Origin(
            submission_sha256=submission.sha256(),
            profile="quick" if shortcuts else "full",
            seed=self.kernel.seed,
            dataset=self.dataset,
            sandbox=self.kernel.sandbox.name,
            versions=kit_versions(),
            quick_accuracy=shortcuts.accuracy if shortcuts else None,
        )


def rubric_of(course: Course, settings: Settings, assignment: str = "") -> Rubric:
    """Return the course's current rubric.

    Raises:
        CourseError: the source notebook has no points.
    """
    assignment = assignment or course.assignment
    exercise = find_exercise(settings.exercise)
    return Rubric(
        exercise, rubric_files(exercise, course.root), settings.thresholds, course.points(assignment)
    )


def digits_of(course: Course, settings: Settings, *, announce: Callable[[str], None]) -> RawDigits:
    """Return the digits on which the course is graded; `announce` receives their source if it is unexpected.

    Raises:
        DataError: the data file cannot be used.
    """
    data = find_exercise(settings.exercise).load_data()
    return data.find(course.root / settings.data if settings.data else None, announce=announce)


@contextmanager
def ready_to_grade(
    course: Course, settings: Settings, *, announce: Callable[[str], None], assignment: str = ""
) -> Iterator[Grader]:
    """Find the data, test the sandbox and start the verifier; clean up at the end.

    Raises:
        SandboxError: the sandbox or the Python in it does not work here.
        CourseError: the source notebook has no points.
        SettingsError, DataError: the data file cannot be used.
    """
    assignment = assignment or course.assignment
    sandbox = make_sandbox(settings.sandbox)
    rubric = rubric_of(course, settings, assignment)
    source = course.read_source(assignment)
    digits = digits_of(course, settings, announce=announce)
    with make_grader(sandbox, rubric, source, digits, settings) as grader:
        yield grader


@contextmanager
def make_grader(
    sandbox: Sandbox, rubric: Rubric, source: NotebookNode, digits: RawDigits, settings: Settings
) -> Iterator[Grader]:
    """Write the digits file for kernels and start the verifier; clean up at the end.

    Raises:
        SandboxError: the temporary folder cannot be written to.
    """
    jobs = settings.jobs or fitting_jobs()
    with temporary_folder() as name:
        folder = Path(name)
        digits_file = folder / "digits.npz"
        _write_digits(digits, digits_file)
        quick = settings.profile == "quick"
        threads = 1 if quick else max(1, cores() // jobs)
        template = _template(sandbox, settings, threads)
        options = KernelOptions(
            sandbox=sandbox,
            digits=digits_file,
            limits=settings.limits,
            seed=settings.seed,
            threads=threads,
            python=settings.python,
            devices=gpu_devices() if settings.gpu else (),
            shortcuts=_shortcuts(digits, rubric, folder) if quick else None,
            template=template,
            brought=rubric.exercise.brought_files(),
            watch=rubric.exercise.watch,
        )
        with (
            Verifier(
                rubric.exercise,
                sandbox,
                digits_file,
                limits=settings.limits,
                seed=settings.seed,
                threads=cores(),
                cancelled=options.cancelled,
            ) as verifier,
            template or nullcontext(),
        ):
            yield Grader(options, verifier, rubric, source, dataset_name(digits), jobs)


def _template(sandbox: Sandbox, settings: Settings, threads: int) -> Template | None:
    """Return the template for forking kernels, if the settings ask for it and the sandbox is Bubblewrap."""
    if not settings.warm_start or sandbox.name != Bubblewrap.name:
        return None
    return Template(settings.python, kernel_environment(threads), packed_recorder())


def dataset_name(digits: RawDigits) -> str:
    """Return the name of the digits for a report."""
    return f"{digits.source}, sha256 {digits.sha256()[:16]}"


def kit_versions() -> dict[str, str]:
    """Return the versions of the packages that determine how a notebook runs."""
    return {name: version(name) for name in VERSIONED}


def _write_digits(digits: RawDigits, file: Path) -> None:
    """Write the digits file for kernels; it is the first file that this process writes."""
    try:
        write_npz(digits, file)
    except OSError as error:
        raise SandboxError(
            f"the temporary folder {tempfile.gettempdir()} cannot be written to: {error.strerror}; make room there, "
            "or name another folder by TMPDIR"
        ) from error


def _shortcuts(digits: RawDigits, rubric: Rubric, folder: Path) -> ShortcutOptions:
    """Write a part of the held-out digits to a file, on which kernels measure their accuracy."""
    known = rubric.exercise.load_data().held_out(digits)
    file = folder / "held_out.npz"
    np.savez(file, images=known.moved[:QUICK_DIGITS], labels=known.labels[:QUICK_DIGITS])
    accuracy = quick_accuracy(rubric.exercise, rubric.thresholds)
    return ShortcutOptions(file, accuracy, bfloat16=computes_bfloat16())


def quick_accuracy(exercise: Exercise, thresholds: BaseModel) -> float:
    """Return the held-out accuracy at which profile quick ends a training."""
    return min(round(exercise.quick_accuracy(thresholds) + SAFE_MARGIN, 6), 1.0)
