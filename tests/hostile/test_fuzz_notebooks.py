"""Random bytes, texts and mutations through the reader of notebooks.

It may return what can be written and read again, or raise its own error; nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from changed_json import TEXTS, VALUES, WORDS, assert_is_one_line, counted, damaged, mutate
from hypothesis import strategies as st
from nbformat import NotebookNode

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.notebooks import parse_notebook, read_notebook, write_notebook
from autograder.course.submission import Submission
from autograder.errors import SubmissionError
from autograder.settings import Limits

REPOSITORY = Path(__file__).resolve().parents[2]


Tell = Callable[[str, str], None]


Fuzz = Callable[[st.SearchStrategy[Any], int, Callable[[Any], None]], int]


def nearly_notebooks() -> st.SearchStrategy[Any]:
    """JSON of the form of a notebook, more or less, with anything in it."""
    kinds = st.sampled_from(["code", "code", "markdown", "raw"])
    sources = TEXTS | st.lists(TEXTS, max_size=3)
    metadata = st.dictionaries(TEXTS | WORDS, VALUES, max_size=3)
    parts = {"id": VALUES, "metadata": metadata, "outputs": st.lists(VALUES, max_size=2), "soul": VALUES}
    cell = st.fixed_dictionaries({"cell_type": kinds, "source": sources}, optional=parts)
    cells = st.lists(cell, min_size=1, max_size=3)
    sheets = st.lists(st.fixed_dictionaries({"cells": cells}), max_size=2)
    return st.fixed_dictionaries(
        {
            "nbformat": st.sampled_from([4, 4, 4, 3]),
            "cells": cells,
            "worksheets": sheets,
            "metadata": metadata,
        },
        optional={"nbformat_minor": st.integers(-1, 9)},
    )


VERSION_4 = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python", "version": "3.11"},
    },
    "cells": [
        {
            "cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Title\n", "text"],
            "attachments": {"image.png": {"image/png": "iVBORw0KGgo="}},
        },
        {
            "cell_type": "code", "id": "b", "source": "print(1)", "execution_count": 1,
            "metadata": {"nbgrader": {"grade_id": "cnn", "schema_version": 3, "solution": True}, "tags": ["x"]},
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["1\n"]},
                {"output_type": "error", "ename": "E", "evalue": "e", "traceback": ["at"]},
                {
                    "output_type": "execute_result", "execution_count": 1, "metadata": {},
                    "data": {"text/plain": ["1"], "application/json": {"x": [1, 2]}},
                },
            ],
        },
        {"cell_type": "raw", "id": "c", "metadata": {"format": "text/html"}, "source": ""},
    ],
}  # fmt: skip


VERSION_3 = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": "old"},
    "worksheets": [
        {
            "cells": [
                {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Title"]},
                {
                    "cell_type": "code", "input": ["1 + 1"], "language": "python", "metadata": {},
                    "collapsed": False, "prompt_number": 3,
                    "outputs": [
                        {"output_type": "pyout", "prompt_number": 3, "text": ["2"], "json": "[1]"},
                        {"output_type": "pyerr", "ename": "E", "evalue": "e", "traceback": ["at"]},
                        {"output_type": "stream", "stream": "stdout", "text": "2"},
                    ],
                },
            ]
        }
    ],
}  # fmt: skip


@st.composite
def mutated_notebooks(draw: st.DrawFn) -> str:
    return json.dumps(mutate(draw, draw(st.sampled_from([VERSION_4, VERSION_4, VERSION_3]))))


def assert_is_a_notebook(notebook: NotebookNode, copy_file: Path) -> None:
    """It can be run, written, and read again as the same."""
    for cell in notebook.cells:
        assert isinstance(cell.source, str)
        assert cell.cell_type != "code" or isinstance(cell.outputs, list)
    write_notebook(notebook, copy_file)
    assert nbformat.writes(read_notebook(copy_file)) == nbformat.writes(notebook)


@pytest.fixture
def parsed(tmp_path: Path) -> Callable[[str], str]:
    """Parse a text as a notebook; return what became of it, "read" or "refused"."""

    def parse(text: str) -> str:
        try:
            notebook = parse_notebook(text)
        except SubmissionError as error:
            assert_is_one_line(error)
            return "refused"
        assert_is_a_notebook(notebook, tmp_path / "copy.ipynb")
        return "read"

    return parse


@pytest.fixture
def handed_in(tmp_path: Path) -> Callable[[bytes], str]:
    """Hand in bytes as a notebook; return what became of it, "read" or "refused"."""
    folder = tmp_path / "submitted"
    folder.mkdir()
    submission = Submission("ada", ASSIGNMENT, folder)

    def hand_in(data: bytes) -> str:
        (folder / f"{ASSIGNMENT}.ipynb").write_bytes(data)
        try:
            notebook = submission.read(Limits(notebook_mb=1))
        except SubmissionError as error:
            assert_is_one_line(error, without=str(tmp_path))
            return "refused"
        assert_is_a_notebook(notebook, tmp_path / "copy.ipynb")
        return "read"

    return hand_in


def test_any_bytes_are_refused_or_read(fuzz: Fuzz, handed_in: Callable[[bytes], str], tell: Tell) -> None:
    said: list[str] = []

    tried = fuzz(st.binary(max_size=300), 150, lambda data: said.append(handed_in(data)))

    tell(f"{tried:,} files of random bytes handed in as notebooks", counted(said))


def test_any_json_is_refused_or_read(
    fuzz: Fuzz, parsed: Callable[[str], str], handed_in: Callable[[bytes], str], tell: Tell
) -> None:
    said: list[str] = []

    tried = fuzz(VALUES, 100, lambda value: said.append(parsed(json.dumps(value))))
    tried += fuzz(nearly_notebooks(), 250, lambda value: said.append(handed_in(json.dumps(value).encode())))

    assert said.count("read") > tried / 20
    tell(f"{tried:,} texts of random JSON read as notebooks", counted(said))


def test_a_notebook_with_anything_changed_in_it_is_refused_or_read(
    fuzz: Fuzz, parsed: Callable[[str], str], tell: Tell
) -> None:
    said: list[str] = []

    tried = fuzz(mutated_notebooks(), 400, lambda text: said.append(parsed(text)))

    assert said.count("read") > tried / 20
    tell(f"{tried:,} notebooks of format 3 and 4 with values replaced, removed, repeated", counted(said))


def test_a_damaged_file_is_refused_or_read(fuzz: Fuzz, handed_in: Callable[[bytes], str], tell: Tell) -> None:
    released = (Course(REPOSITORY).release_folder() / f"{ASSIGNMENT}.ipynb").read_bytes()
    said: list[str] = []

    tried = fuzz(damaged(released), 200, lambda data: said.append(handed_in(data)))

    assert said.count("read") > tried / 100
    tell(
        f"{tried:,} copies of the released notebook with bits flipped, parts lost, ends cut off",
        counted(said),
    )
