"""Notebooks that went through another editor: nbgrader still finds every graded cell."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.course.folder import ASSIGNMENT
from autograder.course.matching import restore_cells
from autograder.course.notebooks import compose, grade_id, is_grade, read_notebook

REPOSITORY = Path(__file__).resolve().parents[2]
ANSWER = "Deep filters want textures; the first ones want edges."
ANSWERS = {"cnn": "model = make()", "train": "model.fit(x_train)", "interpretation": ANSWER}

Change = Callable[[NotebookNode], None]


@pytest.fixture(scope="module")
def released() -> NotebookNode:
    return read_notebook(REPOSITORY / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")


@pytest.fixture
def handed_in(released: NotebookNode) -> NotebookNode:
    return compose(released, ANSWERS)


def place(notebook: NotebookNode, name: str) -> int:
    return next(number for number, cell in enumerate(notebook.cells) if grade_id(cell) == name)


def metadata_lost(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.metadata = NotebookNode()


def some_metadata_lost(notebook: NotebookNode) -> None:
    for cell in notebook.cells[::2]:
        cell.metadata = NotebookNode()


def metadata_damaged(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader = {"grade_id": cell.metadata.nbgrader.grade_id, "points": "many"}


def copied_below(notebook: NotebookNode) -> None:
    notebook.cells += copy.deepcopy(notebook.cells)


def answer_after_an_empty_copy(notebook: NotebookNode) -> None:
    empty = copy.deepcopy(notebook.cells[place(notebook, "interpretation")])
    empty.source = "*Your answer here.*"
    notebook.cells.append(empty)


def cells_inserted(notebook: NotebookNode) -> None:
    metadata_lost(notebook)
    for number in range(len(notebook.cells), -1, -1):
        notebook.cells.insert(number, nbformat.v4.new_code_cell("x = 1"))


def answer_as_raw_text(notebook: NotebookNode) -> None:
    metadata_lost(notebook)
    answer = next(cell for cell in notebook.cells if cell.source == ANSWER)
    answer.cell_type = "raw"


def points_raised(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.points = 1000
            cell.metadata.nbgrader.grade = True


def checks_rewritten(notebook: NotebookNode) -> None:
    notebook.cells[place(notebook, "check_cnn")].source = "print('all points')"


@pytest.mark.parametrize(
    "change",
    [
        metadata_lost,
        some_metadata_lost,
        metadata_damaged,
        copied_below,
        answer_after_an_empty_copy,
        cells_inserted,
        answer_as_raw_text,
        points_raised,
        checks_rewritten,
    ],
)
def test_every_graded_cell_is_found_once(
    change: Change, handed_in: NotebookNode, released: NotebookNode
) -> None:
    change(handed_in)

    restored = restore_cells(handed_in, released)

    def graded(notebook: NotebookNode) -> list[tuple[str | None, float, str]]:
        return [
            (grade_id(cell), cell.metadata.nbgrader.points, cell.source if cell.cell_type == "code" else "")
            for cell in notebook.cells
            if is_grade(cell)
        ]

    assert graded(restored.notebook) == graded(released)
    assert restored.missing == frozenset()
    assert restored.notebook.cells[place(restored.notebook, "interpretation")].source == ANSWER
    nbformat.validate(restored.notebook)


def test_an_answer_below_a_cell_that_was_left_as_released_is_taken(
    handed_in: NotebookNode, released: NotebookNode
) -> None:
    untouched = copy.deepcopy(released.cells[place(released, "interpretation")])
    handed_in.cells.insert(place(handed_in, "interpretation"), untouched)

    restored = restore_cells(handed_in, released).notebook

    assert restored.cells[place(restored, "interpretation")].source == ANSWER


def test_what_was_handed_in_stays_as_it_is(handed_in: NotebookNode, released: NotebookNode) -> None:
    metadata_lost(handed_in)
    before = copy.deepcopy(handed_in)

    restored = restore_cells(handed_in, released).notebook

    assert handed_in == before
    assert [cell.source for cell in restored.cells] == [cell.source for cell in handed_in.cells]


@pytest.mark.parametrize("name", ["cnn", "train"])
def test_an_answer_is_known_by_the_cells_around_it(
    name: str, handed_in: NotebookNode, released: NotebookNode
) -> None:
    metadata_lost(handed_in)

    restored = restore_cells(handed_in, released).notebook

    assert restored.cells[place(restored, name)].source == ANSWERS[name]


def test_a_graded_cell_that_was_removed_is_back_in_its_place(
    handed_in: NotebookNode, released: NotebookNode
) -> None:
    del handed_in.cells[place(handed_in, "interpretation")]
    del handed_in.cells[place(handed_in, "check_ascent")]

    restored = restore_cells(handed_in, released)

    assert restored.missing == {"interpretation", "check_ascent"}
    names = [name for cell in restored.notebook.cells if (name := grade_id(cell)) and is_grade(cell)]
    assert names == [grade_id(cell) for cell in released.cells if is_grade(cell)]


def test_another_notebook_keeps_its_cells_and_gets_the_graded_ones(released: NotebookNode) -> None:
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("Shopping list")])

    restored = restore_cells(other, released)

    assert restored.notebook.cells[-1].source == "Shopping list"
    assert restored.missing == {grade_id(cell) for cell in released.cells if is_grade(cell)}
