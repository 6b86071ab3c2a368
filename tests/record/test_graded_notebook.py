"""The executed notebook carries the results in the form that nbgrader itself reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.utils import determine_grade

from autograder.record.notebook import with_results
from autograder.report import Report, Result

CELLS = {"cnn": "model = 1", "check_cnn": "selfcheck.check_cnn(globals())", "check_training": "..."}

MakeNotebook = Callable[[Mapping[str, str]], NotebookNode]


@pytest.fixture
def graded(make_notebook: MakeNotebook, report: Report) -> NotebookNode:
    return with_results(make_notebook(CELLS), report.criteria)


def test_nbgrader_reads_the_scores(graded: NotebookNode) -> None:
    assert determine_grade(graded.cells[1]) == (20, 20)
    assert determine_grade(graded.cells[2]) == (7.5, 20)


@pytest.mark.parametrize("score", [0.0, 0.01, 1 / 3, 6.67, 10.0])
def test_nbgrader_reads_every_number(score: float, make_notebook: MakeNotebook) -> None:
    result = Result(status="partial", score=round(score, 2), max_score=10, feedback="Some.\nIn two lines.")

    cell = with_results(make_notebook({"check_cnn": "..."}), {"cnn": result}).cells[0]

    assert determine_grade(cell)[0] == round(score, 2)


def test_the_outputs_are_words_for_the_student_and_no_errors(graded: NotebookNode) -> None:
    words, value = graded.cells[1].outputs

    assert (words.output_type, words.name) == ("stream", "stdout")
    assert "Four." in words.text
    assert "20 of 20 points" in words.text
    assert value.output_type == "execute_result"
    nbformat.validate(graded)


def test_what_a_student_wrote_into_a_check_cell_is_replaced(
    make_notebook: MakeNotebook, report: Report
) -> None:
    notebook = make_notebook(CELLS)
    forged = nbformat.v4.new_output("execute_result", data={"text/plain": "1000"}, execution_count=1)
    notebook.cells[1].outputs = [forged]

    graded = with_results(notebook, report.criteria)

    assert determine_grade(graded.cells[1])[0] == 20
    assert notebook.cells[1].outputs == [forged]  # the original is left alone


def test_other_cells_are_left_alone(graded: NotebookNode) -> None:
    assert graded.cells[0].outputs == []
