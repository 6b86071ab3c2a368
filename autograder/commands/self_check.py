"""The public self-checks on a notebook from start to end, as the student could run them by hand."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from nbformat import NotebookNode

from autograder.course.checks import calls_checks
from autograder.course.initialise import packaged_assignment
from autograder.course.notebooks import grade_id, read_notebook
from autograder.execute.kernel import KernelOptions
from autograder.execute.runner import execute
from autograder.execute.sandbox import Unsandboxed
from autograder.exercise import find_exercise, offered
from autograder.plain.scratch import temporary_folder
from autograder.settings import Settings
from solutions.data import write_npz


def self_check(notebook: Path, settings: Settings, *, announce: Callable[[str], None]) -> Iterator[str]:
    """Run a notebook with its check cells and yield what they say.

    It runs like in Jupyter, without a sandbox: it is the student's own notebook on the student's machine.

    Raises:
        SubmissionError: the file is no notebook.
        SandboxError: the kernel does not start.
    """
    content = read_notebook(notebook)
    exercise = find_exercise(notebook.stem if notebook.stem in offered() else settings.exercise)
    digits = exercise.load_data().find(Path(settings.data) if settings.data else None, announce=announce)
    with temporary_folder() as folder:
        digits_file = Path(folder) / "digits.npz"
        write_npz(digits, digits_file)
        handed_in = Path(folder) / "notebook"
        shutil.copytree(notebook.resolve().parent, handed_in, ignore=_not_beside)
        shutil.copyfile(packaged_assignment(exercise.name) / "selfcheck.py", handed_in / "selfcheck.py")
        cores = len(os.sched_getaffinity(0))
        options = KernelOptions(
            Unsandboxed(),
            digits_file,
            settings.limits,
            settings.seed,
            cores,
            brought=exercise.brought_files(),
            watch=exercise.watch,
        )
        executed = execute(content, handed_in, options).notebook
    for cell in executed.cells:
        if cell.cell_type == "code" and calls_checks(cell.source):
            yield f"{(grade_id(cell) or 'check').removeprefix('check_')}:"
            yield from (f"  {line}" for line in _said(cell))


def _not_beside(folder: str, names: list[str]) -> list[str]:
    """Only plain files beside the notebook belong to it."""
    return [name for name in names if not (Path(folder) / name).is_file()]


def _said(cell: NotebookNode) -> Iterator[str]:
    for output in cell.outputs:
        if output.output_type == "stream":
            yield from output.text.splitlines()
        elif output.output_type == "error":
            yield f"{output.ename}: {output.evalue}"
