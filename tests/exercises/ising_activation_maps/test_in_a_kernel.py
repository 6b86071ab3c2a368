"""The second exercise from end to end: a notebook in its sandbox, measured outside, scored and drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from ising_cells import NAME, SUBMISSIONS

from autograder.audit.labelled import read_labelled
from autograder.cli import run
from autograder.course.initialise import initialise
from autograder.course.notebooks import write_notebook
from autograder.course.release import released_notebook
from autograder.record.files import read_report

pytestmark = pytest.mark.deep


def test_a_notebook_is_graded_beside_the_files_that_the_exercise_brings(tmp_path: Path) -> None:
    course = initialise(tmp_path / "course", NAME)
    one = next(one for one in read_labelled(SUBMISSIONS) if one.name == "matrix_product_axes_last")
    folder = course.submission_folder("ada")
    write_notebook(one.notebook(released_notebook(course)), folder / f"{NAME}.ipynb")
    (folder / "ising.py").write_text("raise ImportError('of the student')")

    status = run(["grade", "--course", str(course.root), "--jobs", "1"])

    report = read_report(course.result_folder("ada"))
    assert status == 0
    assert report is not None
    assert (report.score, report.assignment, report.needs_review) == (90.0, NAME, False)
    assert (course.result_folder("ada") / "grid.png").read_bytes().startswith(b"\x89PNG")
