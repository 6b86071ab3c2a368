"""Notebooks as files: read with one clear line for everything that can be wrong, written whole or not at all.

What students hand in is not always a notebook, and nbformat's own errors speak to programmers. Each
problem here becomes one line that says which file it is and what to do.
"""

from __future__ import annotations

import copy
import json
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.errors import CourseError, SubmissionError, SubmissionTooLargeError
from autograder.files import write_whole

_CELL_HEADER = re.compile(r"# %%[ \t]+(?P<name>[\w\-]+)[ \t]*")


def read_notebook(path: Path, *, size_limit: int | None = None) -> NotebookNode:
    """Read a notebook, upgraded to nbformat 4 where it is older.

    Args:
        path: the file; it must be a plain file, since a link or a pipe can stand for anything.
        size_limit: bytes; a larger file is not even opened.

    Raises:
        SubmissionTooLargeError: the file is larger than the limit.
        SubmissionError: the file is missing, or is no notebook with at least one cell.
    """
    return parse_notebook(_read_text(path, size_limit), name=str(path))


def parse_notebook(text: str, *, name: str = "the notebook") -> NotebookNode:
    """Make a notebook out of the text of its file; `name` stands in the error messages.

    Raises:
        SubmissionError: the text is no notebook with at least one cell.
    """
    if not text.strip():
        raise SubmissionError(f"{name}: the file is empty; hand in the notebook again")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SubmissionError(f"{name}: not a notebook, or cut off while copying ({_line(error)})") from error
    if not isinstance(content, dict) or not isinstance(content.get("nbformat"), int):
        raise SubmissionError(f"{name}: JSON, but not a notebook; export it as .ipynb and hand that in")
    if content["nbformat"] > nbformat.current_nbformat:
        raise SubmissionError(
            f"{name}: written in notebook format {content['nbformat']}, newer than format "
            f"{nbformat.current_nbformat} which can be read; save it in format {nbformat.current_nbformat}"
        )
    notebook = _upgrade(text, name)
    if not notebook.cells:
        raise SubmissionError(f"{name}: the notebook has no cells")
    return notebook


def write_notebook(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook the way Jupyter does, so that a reader never sees half of it."""
    write_whole(path, nbformat.writes(notebook, version=nbformat.NO_CONVERT, indent=1).rstrip("\n") + "\n")


def grade_id(cell: NotebookNode) -> str | None:
    """Return the name by which nbgrader knows the cell, None for cells that it does not know."""
    name = _nbgrader(cell).get("grade_id")
    return name if isinstance(name, str) and name else None


def cell_name(cell: NotebookNode) -> str:
    """Return the grade_id of a cell, or the cell's own id where nbgrader does not know it."""
    return grade_id(cell) or str(cell.get("id", ""))


def is_solution(cell: NotebookNode) -> bool:
    """Say whether the student writes into this cell."""
    return _nbgrader(cell).get("solution") is True


def is_grade(cell: NotebookNode) -> bool:
    """Say whether the cell carries points."""
    return _nbgrader(cell).get("grade") is True


def compose(released: NotebookNode, answers: Mapping[str, str]) -> NotebookNode:
    """Return what a student hands in who wrote these answers into the released notebook.

    Args:
        released: the notebook that students get; it stays as it is.
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

    Comments before the first cell are for the reader of the file.

    Raises:
        CourseError: a cell stands there twice, or there is code before the first cell.
    """
    answers: dict[str, list[str]] = {}
    current: list[str] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        header = _CELL_HEADER.fullmatch(line)
        if header:
            if header["name"] in answers:
                raise CourseError(f"line {number}: the cell '{header['name']}' stands here a second time")
            current = answers[header["name"]] = []
        elif current is not None:
            current.append(line)
        elif line.strip() and not line.startswith("#"):
            raise CourseError(f"line {number}: this belongs to no cell; start one with a line '# %% NAME'")
    return {name: "\n".join(lines).strip("\n") for name, lines in answers.items()}


def _nbgrader(cell: NotebookNode) -> Mapping[str, Any]:
    metadata = cell.get("metadata", {}).get("nbgrader")
    return metadata if isinstance(metadata, Mapping) else {}


def _read_text(path: Path, size_limit: int | None) -> str:
    if path.is_symlink():
        raise SubmissionError(f"{path}: a link, not a file; hand in the notebook itself")
    if not path.exists():
        raise SubmissionError(f"{path}: no such file")
    if path.is_dir():
        raise SubmissionError(f"{path}: a folder, not a notebook")
    if not path.is_file():
        raise SubmissionError(f"{path}: not a plain file")
    try:
        with path.open("rb") as file:
            data = file.read(-1 if size_limit is None else size_limit + 1)
    except OSError as error:
        raise SubmissionError(f"{path}: cannot be read ({error.strerror})") from error
    if size_limit is not None and len(data) > size_limit:
        raise SubmissionTooLargeError(
            f"{path}: larger than the limit of {size_limit / 1e6:g} MB; clear the outputs and save it again"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SubmissionError(f"{path}: not a notebook (not UTF-8 text)") from error


def _upgrade(text: str, name: str) -> NotebookNode:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about cell ids that are missing and get repaired below
            notebook = nbformat.reader.reads(text)
            if notebook.nbformat != nbformat.current_nbformat:
                notebook = nbformat.convert(notebook, nbformat.current_nbformat)
            _, notebook = nbformat.validator.normalize(notebook)
            nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        raise SubmissionError(f"{name}: not a valid notebook ({_line(error)})") from error
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
        # the converters of nbformat take the structure for granted and fail somewhere inside
        reason = f"{type(error).__name__} while reading it"
        raise SubmissionError(f"{name}: not a valid notebook ({reason})") from error
    return notebook


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
