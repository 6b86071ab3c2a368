import json
import os
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from autograder.course.folder import Course
from autograder.course.notebooks import (
    compose,
    grade_id,
    read_answers,
    read_handed_in,
    read_notebook,
    write_notebook,
)
from autograder.errors import CourseError, SubmissionError, SubmissionTooLargeError
from autograder.settings import Limits

NO_CELLS = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})
VERSION_3 = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": "old"},
    "worksheets": [
        {
            "cells": [
                {"cell_type": "code", "input": "1 + 1", "language": "python", "metadata": {}, "outputs": []}
            ]
        }
    ],
}

BROKEN: dict[str, Callable[[Path], object]] = {
    "no such file": lambda path: None,
    "a folder": lambda path: path.mkdir(),
    "a link": lambda path: path.symlink_to("/etc/hostname"),
    "not a plain file": lambda path: os.mkfifo(path),
    "empty": lambda path: path.write_text("  \n"),
    "cut off": lambda path: path.write_text('{"cells": ['),
    "not UTF-8": lambda path: path.write_bytes(b"\x89PNG\xff\xfe"),
    "JSON, but not a notebook": lambda path: path.write_text("[1, 2]"),
    "no cells": lambda path: path.write_text(NO_CELLS),
    "newer than format 4": lambda path: path.write_text(NO_CELLS.replace("4", "9", 1)),
    "not a valid notebook": lambda path: path.write_text('{"nbformat": 4, "nbformat_minor": 5, "cells": 3}'),
    "not a notebook, or cut off": lambda path: path.write_text("[" * 100_000),
}


@pytest.mark.parametrize("words", BROKEN)
def test_what_is_no_notebook_is_refused_in_one_line_that_names_the_file(tmp_path: Path, words: str) -> None:
    path = tmp_path / "work.ipynb"
    BROKEN[words](path)

    with pytest.raises(SubmissionError, match=words) as refusal:
        read_notebook(path)

    assert "\n" not in str(refusal.value)
    assert "work.ipynb" in str(refusal.value)


def test_a_file_over_the_limit_is_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "work.ipynb"
    path.write_text(NO_CELLS + " " * 1000)

    with pytest.raises(SubmissionTooLargeError, match="larger than the limit"):
        read_handed_in(path, Limits(notebook_mb=0.0005))


def test_a_notebook_of_format_3_is_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(VERSION_3))

    notebook = read_notebook(path)

    assert (notebook.nbformat, notebook.cells[0].source) == (4, "1 + 1")


@pytest.mark.parametrize("ids", [{}, {"id": "same"}])
def test_missing_and_double_cell_ids_are_repaired(tmp_path: Path, ids: dict[str, str]) -> None:
    cell = {"cell_type": "markdown", "metadata": {}, "source": "x", **ids}
    path = tmp_path / "work.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell, cell]}))

    first, second = read_notebook(path).cells

    assert first.id != second.id


def test_what_is_written_is_what_jupyter_would_write(course: Course, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "copy.ipynb"

    write_notebook(read_notebook(course.source_notebook()), path)

    assert path.read_text() == course.source_notebook().read_text()
    assert [file.name for file in path.parent.iterdir()] == ["copy.ipynb"]


def test_a_submission_is_the_release_with_the_students_answers(repository: Course) -> None:
    released = read_notebook(repository.release_folder() / "activation_maximization.ipynb")

    handed_in = compose(released, {"cnn": "model = 1", "interpretation": "I see stripes."})

    sources = {grade_id(cell): cell.source for cell in handed_in.cells}
    assert (sources["cnn"], sources["interpretation"]) == ("model = 1", "I see stripes.")
    assert "YOUR CODE HERE" in sources["train"]
    assert "YOUR CODE HERE" in {grade_id(cell): cell.source for cell in released.cells}["cnn"]
    nbformat.validate(handed_in)


def test_an_answer_to_no_cell_is_refused(repository: Course) -> None:
    released = read_notebook(repository.release_folder() / "activation_maximization.ipynb")

    with pytest.raises(CourseError, match="no cell 'cmn' in the notebook; its cells are imports, data"):
        compose(released, {"cmn": "model = 1"})


def test_answers_are_read_from_percent_format() -> None:
    text = "# always filter 0\n\n# %% cnn\nmodel = 1\n\n# mine\n# %% interpretation\n\nStripes.\n\nDots.\n"

    assert read_answers(text) == {
        "cnn": "model = 1\n\n# mine",
        "interpretation": "Stripes.\n\nDots.",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [("# %% cnn\n# %% cnn\n", "line 2: the cell 'cnn'"), ("model = 1\n", "line 1: this belongs to no cell")],
)
def test_answers_that_cannot_be_distinguished_are_refused(text: str, words: str) -> None:
    with pytest.raises(CourseError, match=words):
        read_answers(text)
