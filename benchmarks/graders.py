"""The graders that `throughput.py` compares: nbgrader, otter-grader, and this kit in both profiles.

Each has its own folder with the same submissions, and grades with the command that a course would use. The
check cells and tests of the two peers call the students' self-checks, so all graders test the same criteria;
the peers' verdicts come from the student's own kernel.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psutil
from nbformat import NotebookNode

from autograder.course.checks import calls_checks
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise
from autograder.course.notebooks import write_notebook
from autograder.course.release import generate_release
from autograder.plain.machine import MEGABYTE
from autograder.record.files import (
    read_report,
)

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = f"{ASSIGNMENT}.ipynb"
# Longer than any submission takes.
TIMEOUT_SECONDS = 3600
# How often the processes' resource use is sampled.
LOOK_SECONDS = 0.5

# What a course with plain nbgrader needs for this exercise. nbgrader has no settings for speed.
NBGRADER_CONFIG = f"""c = get_config()
c.ClearSolutions.code_stub = {{"python": "# YOUR CODE HERE\\n..."}}
c.ExecutePreprocessor.timeout = {TIMEOUT_SECONDS}
"""

# Keras rejects any file in its cache that is not byte for byte its own download, so it rejects embedded
# digits. Kernels import TensorFlow here instead of in the first cell; the total time stays the same.
DIGITS_FOR_KERNELS = """from keras.src.datasets import mnist

mnist.get_file = lambda *arguments, **options: {file!r}
"""

# otter's exception-based format; `env` is the student notebook's namespace.
OTTER_TEST = """OK_FORMAT = False

from otter.test_files import test_case

name = "{criterion}"
points = {points:g}


@test_case()
def test_{criterion}(env):
    import selfcheck

    selfcheck.check_{criterion}(env)
    assert not selfcheck.missing, " ".join(selfcheck.missing)
"""


@dataclass(frozen=True)
class Measured:
    """The resources that one command used, and its results.

    Attributes:
        seconds: wall-clock time.
        processor_seconds: of the command and its descendants, if they ran long enough to be seen.
        peak_mb: memory of the largest of these processes, including shared memory.
        scores: automatic points, by submission.
        statuses: the verdict on every criterion, by submission; only the kit has more than points.
        kit_seconds: time of the kit's own work on a submission, by submission, from its report.
    """

    seconds: float
    processor_seconds: float
    peak_mb: float
    scores: Mapping[str, float] = field(default_factory=dict)
    statuses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kit_seconds: Mapping[str, float] = field(default_factory=dict)


class Way(Protocol):
    """One way to grade.

    Attributes:
        name: its name in the table.
        one_by_one: whether the command gets one submission at a time, or all at once.
    """

    name: str
    one_by_one: bool

    def grade(self, submissions: Sequence[str]) -> Measured:
        """Grade these submissions, as if for the first time."""

    def start(self) -> float:
        """Return the seconds per command that one command for many submissions would need only once."""


class Nbgrader:
    """`nbgrader autograde` in a course without the kit: one kernel per submission, no sandbox."""

    name = "nbgrader autograde"
    one_by_one = True

    def __init__(self, folder: Path, notebooks: Mapping[str, NotebookNode], digits: Path) -> None:
        self._course = initialise(folder / "course")
        (self._course.root / "nbgrader_config.py").write_text(NBGRADER_CONFIG, encoding="utf-8")
        # The self-checks only print, unless nbgrader asks for an error from each failed check.
        self._environment = kernel_environment(folder, digits) | {"NBGRADER_VALIDATING": "1"}
        self._run("generate_assignment", ASSIGNMENT)
        hand_in(self._course, notebooks)
        self._points = self._course.points()
        self._graded_already = self._make_graded_already(next(iter(notebooks)))

    def grade(self, submissions: Sequence[str]) -> Measured:
        """Grade one submission."""
        (submission,) = submissions
        measured = self._run("autograde", ASSIGNMENT, "--student", submission, "--force")
        return Measured(**vars(measured) | {"scores": {submission: self._score(submission)}})

    def start(self) -> float:
        """Return how long the command takes if there is nothing to do."""
        return self._run("autograde", ASSIGNMENT, "--student", self._graded_already).seconds

    def _run(self, *arguments: str) -> Measured:
        return run_measured(
            [sys.executable, "-m", "nbgrader", *arguments], self._course.root, self._environment
        )

    def _make_graded_already(self, submission: str) -> str:
        """Make a submission that nbgrader skips because its result exists."""
        student = "graded-already"
        for place in ("submitted", "autograded"):
            shutil.copytree(
                self._course.submission_folder(submission), self._course.root / place / student / ASSIGNMENT
            )
        return student

    def _score(self, submission: str) -> float:
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self._course.gradebook}") as gradebook:
            (notebook,) = gradebook.find_submission(ASSIGNMENT, submission).notebooks
            return sum(grade.auto_score or 0.0 for grade in notebook.grades)


class Otter:
    """`otter run`: one kernel per submission, in which the tests run at the end, no container."""

    name = "otter run"
    one_by_one = True

    def __init__(
        self, folder: Path, notebooks: Mapping[str, NotebookNode], digits: Path, executable: str
    ) -> None:
        self._folder = folder
        self._executable = executable
        self._environment = kernel_environment(folder, digits)
        course = initialise(folder / "course")
        (folder / "tests").mkdir()
        for criterion, points in course.points().items():
            test = OTTER_TEST.format(criterion=criterion, points=points)
            (folder / "tests" / f"{criterion}.py").write_text(test, encoding="utf-8")
        shutil.copyfile(course.source_notebook().with_name("selfcheck.py"), folder / "selfcheck.py")
        self._run("generate", "-t", "tests", "--no-requirements", "--no-environment", "selfcheck.py")
        for name, notebook in notebooks.items():
            (folder / name).mkdir()
            write_notebook(without_checks(notebook), folder / name / NOTEBOOK)

    def grade(self, submissions: Sequence[str]) -> Measured:
        """Grade one submission."""
        (submission,) = submissions
        notebook = f"{submission}/{NOTEBOOK}"
        measured = self._run("run", "-a", "autograder.zip", "-o", submission, "--no-logo", notebook)
        results = json.loads((self._folder / submission / "results.json").read_text(encoding="utf-8"))
        total = sum(float(test.get("score", 0)) for test in results["tests"])
        return Measured(**vars(measured) | {"scores": {submission: total}})

    def start(self) -> float:
        """Return 0: there is no command for many."""
        return 0.0

    def _run(self, *arguments: str) -> Measured:
        return run_measured([self._executable, *arguments], self._folder, self._environment)


class Kit:
    """`gradeascent grade`: all submissions in one command, two at a time, recorded in the gradebook."""

    one_by_one = False

    def __init__(
        self, folder: Path, notebooks: Mapping[str, NotebookNode], digits: Path, profile: str, jobs: int
    ) -> None:
        self.name = f"gradeascent grade, {profile}"
        self._arguments = ["--profile", profile, "--jobs", str(jobs), "--data", str(digits)]
        self._course = initialise(folder / "course")
        generate_release(self._course)
        hand_in(self._course, notebooks)
        self._new_gradebook = self._course.gradebook.read_bytes()
        self._environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def grade(self, submissions: Sequence[str]) -> Measured:
        """Grade all submissions."""
        shutil.rmtree(self._course.graded, ignore_errors=True)
        shutil.rmtree(self._course.root / "autograded", ignore_errors=True)
        self._course.gradebook.write_bytes(self._new_gradebook)
        command = [sys.executable, "-m", "autograder", "grade", *submissions, *self._arguments]
        measured = run_measured(command, self._course.root, self._environment)
        reports = {name: read_report(self._course.result_folder(name)) for name in submissions}
        if missing := [name for name, report in reports.items() if report is None]:
            sys.exit(f"{self.name}: no report on {', '.join(missing)}")
        there = {name: report for name, report in reports.items() if report is not None}
        return Measured(
            measured.seconds,
            measured.processor_seconds,
            measured.peak_mb,
            scores={name: report.score for name, report in there.items()},
            statuses={
                name: {criterion: result.status for criterion, result in report.criteria.items()}
                for name, report in there.items()
            },
            kit_seconds={
                name: report.timings.get("start", 0.0) + report.timings.get("verify", 0.0)
                for name, report in there.items()
            },
        )

    def start(self) -> float:
        """Return 0: there is only one command anyway."""
        return 0.0


def hand_in(course: Course, notebooks: Mapping[str, NotebookNode]) -> None:
    """Put every submission into the course folder."""
    for name, notebook in notebooks.items():
        course.submission_folder(name).mkdir(parents=True)
        write_notebook(notebook, course.submission_folder(name) / NOTEBOOK)


def without_checks(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook without its check cells: otter's tests replace them."""
    kept = [cell for cell in notebook.cells if cell.cell_type != "code" or not calls_checks(cell.source)]
    return NotebookNode(notebook | {"cells": kept})


def kernel_environment(folder: Path, digits: Path) -> dict[str, str]:
    """Return an environment whose kernels get the digits without a download."""
    startup = folder / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    text = DIGITS_FOR_KERNELS.format(file=str(digits))
    (startup / "00-digits.py").write_text(text, encoding="utf-8")
    return os.environ | {"IPYTHONDIR": str(folder / "ipython")}


def run_measured(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Measured:
    """Run a command to its end; exit the benchmark if it fails, since its time is then meaningless."""
    log = folder / "log.txt"
    with log.open("w", encoding="utf-8") as output:
        started = time.monotonic()
        process = psutil.Popen(
            command, cwd=folder, env=dict(environment), stdout=output, stderr=subprocess.STDOUT
        )
        seen = Seen()
        try:
            while True:
                seen.look_at(process)
                try:
                    status = process.wait(LOOK_SECONDS)
                    break
                except psutil.TimeoutExpired:
                    continue
        except BaseException:
            process.terminate()
            process.wait()
            raise
        seconds = time.monotonic() - started
    if status:
        end = log.read_text(encoding="utf-8", errors="replace")[-3000:]
        sys.exit(f"{end}\n'{' '.join(command)}' ended with status {status}; the end of its output is above")
    return Measured(seconds, sum(seen.processor_seconds.values()), seen.peak / MEGABYTE)


class Seen:
    """Resource use of processes, sampled repeatedly: a sandbox does not report it when it ends."""

    def __init__(self) -> None:
        self.processor_seconds: dict[psutil.Process, float] = {}
        self.peak = 0

    def look_at(self, root: psutil.Process) -> None:
        """Record the resource use so far of a process and all its descendants."""
        for process in (root, *root.children(recursive=True)):
            try:
                with process.oneshot():
                    times = process.cpu_times()
                    self.processor_seconds[process] = times.user + times.system
                    self.peak = max(self.peak, process.memory_info().rss)
            except psutil.Error:  # it has ended
                continue
