"""Grades one notebook for a program that knows no course: a path in, a report out.

Grading happens in a separate process, because pytest, which runs the rubric, and TensorFlow hold state for a whole
process. So a program may call this from any number of threads, and need not load either of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder import errors
from autograder.course.submission import NOTEBOOK, Submission
from autograder.errors import GradeascentError, SubmissionError
from autograder.grading.course import Progress
from autograder.grading.one import grade_one
from autograder.plain.files import write_whole
from autograder.plain.machine import MEGABYTE
from autograder.plain.scratch import temporary_folder
from autograder.plain.untrusted_files import READ_AT_ONCE, NotPlainError, open_plain
from autograder.progress.step import Step
from autograder.report import Report
from autograder.settings import Settings
from solutions.data import DataError

# What the two processes tell each other, in a folder that only they know.
ORDER, ANSWER, SUBMISSION, RESULTS = "order.json", "answer.json", "submission", "results"


def grade_notebook(
    notebook: str | Path, *, student: str = "student", settings: Settings | None = None
) -> Report:
    """Grade one notebook as `gradeascent grade-one` does, in the same sandbox, without a course.

    Whatever is wrong with the content of the file, there is a report. It takes as long as the notebook runs, and a few
    seconds more. Thread-safe.

    Args:
        notebook: the file; nothing beside it is read.
        student: the name in the report.
        settings: limits, thresholds, profile, data and the like; the defaults are those of a new course.

    Raises:
        SubmissionError: there is no such file, or it is no plain file that can be read.
        SandboxError: the sandbox does not work on this machine.
        GradeascentError: base class of these; the submission could not be graded, for a reason outside of it.
        DataError: the data file in the settings cannot be used (of `solutions.data`; a ValueError).
    """
    chosen = settings or Settings()
    with temporary_folder() as name:
        folder = Path(name)
        _copy(Path(notebook), folder / SUBMISSION / f"{chosen.exercise}{NOTEBOOK}", chosen)
        order = {"student": student, "settings": chosen.model_dump(mode="json")}
        write_whole(folder / ORDER, json.dumps(order))
        command = [sys.executable, "-m", "autograder.grading.alone", name]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
        )
        if not (folder / ANSWER).is_file():
            said = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
            raise GradeascentError(f"{notebook} could not be graded: {said[0][:300]}")
        answer = json.loads((folder / ANSWER).read_text(encoding="utf-8"))
    if "report" in answer:
        return Report.model_validate(answer["report"])
    raise _error(answer["error"], answer["message"])


def _copy(source: Path, target: Path, settings: Settings) -> None:
    """Copy a plain file, or as much of it as shows that it is too large."""
    target.parent.mkdir(parents=True)
    left = int(settings.limits.notebook_file_mb * MEGABYTE) + 1
    try:
        with open_plain(source) as file, target.open("wb") as copy:
            while left > 0 and (part := file.read(min(left, READ_AT_ONCE))):
                copy.write(part)
                left -= len(part)
    except NotPlainError as error:
        raise SubmissionError(f"{source}: {error}, not a plain file") from error
    except OSError as error:
        raise SubmissionError(f"{source} cannot be read: {error.strerror}") from error


def _error(kind: str, message: str) -> Exception:
    """Return the error of the other process."""
    known: dict[str, type[Exception]] = {DataError.__name__: DataError}
    known |= {name: one for name, one in vars(errors).items() if isinstance(one, type)}
    return known.get(kind, GradeascentError)(message)


class _Silent(AbstractContextManager["_Silent"]):
    """Keeps why a submission could not be graded, and shows nothing."""

    def __init__(self) -> None:
        self.error: GradeascentError | OSError | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing: there is nothing to clean up."""

    def started(self, student: str) -> None:
        """Do nothing."""

    def step(self, student: str, step: Step) -> None:
        """Do nothing."""

    def finished(self, student: str, report: Report, *, was_up_to_date: bool) -> None:
        """Do nothing."""

    def failed(self, student: str, error: GradeascentError | OSError) -> None:  # noqa: ARG002
        """Keep the reason."""
        self.error = error


def main() -> None:
    """Grade what is in the folder that the command line names, and leave the answer there."""
    folder = Path(sys.argv[1])
    order = json.loads((folder / ORDER).read_text(encoding="utf-8"))
    write_whole(folder / ANSWER, json.dumps(_answer(folder, order)))


def _answer(folder: Path, order: dict[str, Any]) -> dict[str, Any]:
    silent: _Silent = _Silent()
    progress: AbstractContextManager[Progress] = silent
    settings = Settings.model_validate(order["settings"])
    submission = Submission(order["student"], settings.exercise, folder / SUBMISSION)
    try:
        report = grade_one(
            submission,
            folder / RESULTS,
            None,
            settings,
            announce=lambda line: None,
            progress=progress,
        )
    except (GradeascentError, DataError) as error:
        return {"error": type(error).__name__, "message": str(error)}
    if report is None:
        return {"error": type(silent.error).__name__, "message": str(silent.error)}
    return {"report": report.model_dump(mode="json")}


if __name__ == "__main__":
    main()
