"""What a worker needs before the first submission: grading settings, rubric and digits.

It is sent once to each worker, as plain data. The kit itself is not sent. The worker must have the same
version installed, because a run is only as trustworthy as the code that made it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from nbformat import NotebookNode, v4

from autograder.course.notebooks import parse_notebook
from autograder.errors import ClusterError
from autograder.execute.sandbox import make_sandbox
from autograder.exercise import find_exercise
from autograder.grading.grader import Grader, Rubric, dataset_name, kit_versions, make_grader, quick_accuracy
from autograder.plain.files import write_whole
from autograder.plain.scratch import temporary_folder
from autograder.run import Origin
from autograder.settings import Settings
from autograder.verify.identity import verifier_sha256
from solutions.data import RawDigits

_ARRAYS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True)
class Order:
    """How submissions are graded."""

    settings: Settings
    assignment: str
    points: Mapping[str, float]
    checks: Mapping[str, bytes]  # the course's own files with checks, by name
    notebook: str  # the instructor's, as JSON
    digits: bytes  # .npz
    source: str  # of the digits
    dataset: str
    versions: Mapping[str, str]
    verifier_sha256: str
    rubric_sha256: str

    def origin(self, submission_sha256: str) -> Origin:
        """Return the origin of a submission's run."""
        return Origin(
            submission_sha256=submission_sha256,
            profile=self.settings.profile,
            seed=self.settings.seed,
            dataset=self.dataset,
            sandbox=self.settings.sandbox,
            versions=dict(self.versions),
            quick_accuracy=quick_accuracy(find_exercise(self.settings.exercise), self.settings.thresholds)
            if self.settings.profile == "quick"
            else None,
        )


def make_order(
    settings: Settings, assignment: str, rubric: Rubric, notebook: NotebookNode, digits: RawDigits
) -> Order:
    """Collect what workers need."""
    content = io.BytesIO()
    np.savez_compressed(content, **{name: getattr(digits, name) for name in _ARRAYS})
    return Order(
        settings=settings,
        assignment=assignment,
        points=dict(rubric.points),
        checks={file.name: file.read_bytes() for file in rubric.files if file != rubric.exercise.checks},
        notebook=v4.writes(notebook),
        digits=content.getvalue(),
        source=digits.source,
        dataset=dataset_name(digits),
        versions=kit_versions(),
        verifier_sha256=verifier_sha256(),
        rubric_sha256=rubric.sha256(),
    )


@contextmanager
def grader_for(order: Order, *, jobs: int) -> Iterator[Grader]:
    """Make a grader from an order that came from another machine.

    Raises:
        ClusterError: the versions installed here differ from those installed there.
        SandboxError: the sandbox does not work here.
    """
    if problem := version_problem(order.versions, kit_versions()):
        raise ClusterError(problem)
    with temporary_folder() as scratch:
        for name, content in order.checks.items():
            write_whole(Path(scratch) / Path(name).name, content)
        exercise = find_exercise(order.settings.exercise)
        checks = [exercise.checks, *sorted(Path(scratch).glob("test_*.py"))]
        rubric = Rubric(exercise, checks, order.settings.thresholds, order.points)
        if (rubric.sha256(), verifier_sha256()) != (order.rubric_sha256, order.verifier_sha256):
            raise ClusterError(
                "gradeascent has the same version here, but other code: install the same everywhere"
            )
        with np.load(io.BytesIO(order.digits), allow_pickle=False) as arrays:
            digits = RawDigits(**{name: arrays[name] for name in _ARRAYS}, source=order.source)
        settings = order.settings.model_copy(update={"jobs": jobs})
        notebook, sandbox = parse_notebook(order.notebook), make_sandbox(settings.sandbox)
        with make_grader(sandbox, rubric, notebook, digits, settings) as grader:
            yield grader


def version_problem(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """Return which versions differ, as part of a sentence; empty if none does."""
    other = [
        f"{name} {there.get(name, 'missing')}, not {here[name]}"
        for name in here
        if there.get(name) != here[name]
    ]
    return f"{' and '.join(other)}: install the same versions everywhere" if other else ""
