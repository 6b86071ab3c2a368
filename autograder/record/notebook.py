"""Writes the verified results into the check cells of an executed notebook.

nbgrader can read the scores in this form: the score is the value of the cell.
"""

from __future__ import annotations

import copy
import textwrap
from collections.abc import Mapping

import nbformat
from nbformat import NotebookNode

from autograder.course.notebooks import criterion_of, grade_id
from autograder.report import WORDS, Result

# Fits beside the cell numbers in Jupyter and in the feedback.
LINE_LENGTH = 90


def with_results(notebook: NotebookNode, results: Mapping[str, Result]) -> NotebookNode:
    """Return a copy of the notebook in which every check cell shows its criterion's result."""
    graded = copy.deepcopy(notebook)
    for cell in graded.cells:
        criterion = criterion_of(grade_id(cell) or "")
        if cell.cell_type == "code" and criterion is not None and criterion in results:
            cell.outputs = _outputs(criterion, results[criterion])
            cell.execution_count = None
    return graded


def _outputs(criterion: str, result: Result) -> list[NotebookNode]:
    heading = f"{criterion}: {WORDS[result.status]}, {result.score:g} of {result.max_score:g} points"
    text = f"{heading}\n{textwrap.fill(result.feedback, LINE_LENGTH)}\n"
    return [
        nbformat.v4.new_output("stream", name="stdout", text=text),
        nbformat.v4.new_output(
            "execute_result", data={"text/plain": f"{result.score:g}"}, execution_count=None
        ),
    ]
