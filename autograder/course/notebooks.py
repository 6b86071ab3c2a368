"""Notebooks as files: every problem with reading becomes one clear line, and writing is atomic.

Students do not always hand in a notebook, and nbformat's own errors are written for programmers. Here, each
problem becomes one line that names the file and says what to do.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from nbformat import NotebookNode, v4
from nbformat.validator import ValidationError, get_validator

from autograder.course import content
from autograder.course.outputs import TooLargeError, read_without_outputs
from autograder.errors import CourseError, SubmissionError, SubmissionTooLargeError
from autograder.plain.files import write_whole
from autograder.plain.machine import MEGABYTE
from autograder.plain.text import plain_text
from autograder.plain.untrusted_files import NotPlainError, open_plain
from autograder.settings import Limits

_CHECK = "check_"
_CELL_HEADER = re.compile(r"# %%[ \t]+(?P<name>[\w\-]+)[ \t]*")


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook, and upgrade it to nbformat 4 if it is older.

    Args:
        path: the file; it must be a regular file, since a link or a pipe could lead anywhere.

    Raises:
        SubmissionError: the file is missing, or is not a notebook with at least one cell.
    """
    with _opened(path, str(path)) as file, _named(str(path)):
        text = content.decode(file.read())
    return parse_notebook(text, name=str(path))


def read_handed_in(path: Path, limits: Limits) -> NotebookNode:
    """Read a student's notebook to run it, without the outputs stored in it.

    Students read the errors, so these name the file but not the grader's folders.

    Raises:
        SubmissionTooLargeError: the file is larger than the limits allow.
        SubmissionError: it is missing, or is not a notebook with at least one cell, or its code cannot be Python.
    """
    with _opened(path, path.name) as file:
        notebook = parse_handed_in(file, limits, name=path.name)
        language = content.other_language(notebook.metadata)
        if language and not content.can_be_python(_code_of(notebook)):
            raise content.ContentError(
                f"a notebook in {language[:40]}, and most of its code cannot be Python; the exercise is to be done in "
                "Python"
            )
    return notebook


def _code_of(notebook: NotebookNode) -> list[str]:
    return [str(cell.source) for cell in notebook.cells if cell.cell_type == "code"]


def parse_handed_in(file: BinaryIO, limits: Limits, *, name: str = "the notebook") -> NotebookNode:
    """Parse a student's notebook from an open file, without the outputs stored in it.

    Raises:
        SubmissionTooLargeError: the file is larger than the limits allow.
        SubmissionError: it is not a notebook with at least one cell.
    """
    most_kept, most_read = (int(mb * MEGABYTE) for mb in (limits.notebook_mb, limits.notebook_file_mb))
    with _named(name):
        try:
            data = read_without_outputs(file, most_kept=most_kept, most_read=most_read)
        except TooLargeError as error:
            raise SubmissionTooLargeError(
                f"{plain_text(name)}: larger than the limit of {limits.notebook_mb:g} MB, or of "
                f"{limits.notebook_file_mb:g} MB with its outputs; clear the outputs, remove large pictures from its "
                "texts, and save it again"
            ) from error
        parsed = content.parse(content.decode(data))
        content.remove_outputs(parsed)
        return _notebook(parsed)


def parse_notebook(text: str, *, name: str = "the notebook") -> NotebookNode:
    """Parse the text of a notebook file; error messages use `name` for it.

    Raises:
        SubmissionError: the text is not a notebook with at least one cell.
    """
    with _named(name):
        return _notebook(content.parse(text))


def write_notebook(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook the way Jupyter does, but atomically."""
    write_whole(path, v4.writes(notebook).rstrip("\n") + "\n")


def grade_id(cell: NotebookNode) -> str | None:
    """Return nbgrader's name for the cell, or None if nbgrader does not know the cell."""
    name = _nbgrader(cell).get("grade_id")
    return name if isinstance(name, str) and name else None


def cell_name(cell: NotebookNode) -> str:
    """Return the cell's grade_id, or its own id if nbgrader does not know it."""
    return grade_id(cell) or str(cell.get("id", ""))


def check_cell(criterion: str) -> str:
    """Return the grade_id of the cell that carries a criterion's points, as in `check_cnn`."""
    return f"{_CHECK}{criterion}"


def criterion_of(name: str) -> str | None:
    """Return the criterion whose points a check cell carries; None for the grade_id of any other cell."""
    return name.removeprefix(_CHECK) if name.startswith(_CHECK) else None


def is_solution(cell: NotebookNode) -> bool:
    """Tell whether the student writes into this cell."""
    return _nbgrader(cell).get("solution") is True


def is_grade(cell: NotebookNode) -> bool:
    """Tell whether the cell carries points."""
    return _nbgrader(cell).get("grade") is True


def compose(released: NotebookNode, answers: Mapping[str, str]) -> NotebookNode:
    """Return the submission that results from writing these answers into the released notebook.

    Args:
        released: the notebook that students get; it is not changed.
        answers: the new source of cells, by name.

    Raises:
        CourseError: an answer belongs to no cell of the notebook.
    """
    notebook = copy.deepcopy(released)
    cells = {cell_name(cell): cell for cell in notebook.cells}
    unknown = [name for name in answers if name not in cells]
    if unknown:
        known = [name for cell in notebook.cells if (name := grade_id(cell))]
        raise CourseError(f"no cell '{unknown[0]}' in the notebook; its cells are {', '.join(known)}")
    for name, source in answers.items():
        cells[name].source = source
    return notebook


def read_answers(text: str) -> dict[str, str]:
    """Parse a text in percent format: a line `# %% cnn` starts the new source of the cell `cnn`.

    Comments before the first cell are ignored.

    Raises:
        CourseError: a cell appears twice, or there is code before the first cell.
    """
    answers: dict[str, list[str]] = {}
    current: list[str] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        header = _CELL_HEADER.fullmatch(line)
        if header:
            if header["name"] in answers:
                raise CourseError(f"line {number}: the cell '{header['name']}' exists already")
            current = answers[header["name"]] = []
        elif current is not None:
            current.append(line)
        elif line.strip() and not line.startswith("#"):
            raise CourseError(f"line {number}: this belongs to no cell; start one with a line '# %% NAME'")
    return {name: "\n".join(lines).strip("\n") for name, lines in answers.items()}


def _nbgrader(cell: NotebookNode) -> Mapping[str, Any]:
    metadata = cell.get("metadata", {}).get("nbgrader")
    return metadata if isinstance(metadata, Mapping) else {}


@contextmanager
def _opened(path: Path, name: str) -> Iterator[BinaryIO]:
    """Open a plain file; a problem with it, also while it is read, names it."""
    with _named(name):
        try:
            with open_plain(path) as file:
                yield file
        except FileNotFoundError as error:
            raise content.ContentError("no such file") from error
        except NotPlainError as error:
            raise content.ContentError(f"{error}, not a plain file; hand in the notebook itself") from error
        except OSError as error:
            raise content.ContentError(f"cannot be read ({error.strerror})") from error


def _notebook(parsed: dict[str, Any]) -> NotebookNode:
    try:
        notebook = v4.to_notebook(parsed)
    except Exception as error:  # nbformat assumes a valid structure and can fail anywhere
        raise content.ContentError(
            "not a valid notebook (its structure is not that of a notebook)"
        ) from error
    content.complete_ids(notebook.cells)
    # Not nbformat.validate: its error messages can take minutes and gigabytes to build.
    validator = get_validator(v4.nbformat, notebook.nbformat_minor, name="fastjsonschema")
    if problem := next(iter(validator.iter_errors(notebook)), None):
        raise content.ContentError(f"not a valid notebook ({_what_is_wrong(problem)})")
    if not notebook.cells:
        raise content.ContentError("the notebook has no cells")
    return notebook


def _what_is_wrong(problem: ValidationError) -> str:
    match list(problem.schema_path):
        case ["data", "cells", place, *_]:
            return f"something in cell {int(place) + 1} is of the wrong form"
        case _:
            return str(problem.message).removeprefix("data.")[:160]


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Put the file's name in front of an error, in one line whatever the file's name and content are."""
    try:
        yield
    except content.ContentError as error:
        raise SubmissionError(plain_text(f"{name}: {error}")) from error
