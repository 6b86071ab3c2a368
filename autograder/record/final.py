"""Makes the notebook for the gradebook: the student's, executed, with the verified results in it."""

from __future__ import annotations

from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.course.folder import Course
from autograder.course.matching import restore_cells
from autograder.course.notebooks import check_cell, grade_id, is_grade, is_solution, read_notebook
from autograder.errors import CourseError
from autograder.record.files import (
    read_report,
)
from autograder.record.notebook import with_results
from autograder.report import Report


@dataclass(frozen=True)
class Final:
    """What is recorded for one submission."""

    notebook: NotebookNode
    unsure: frozenset[str]  # graded cells, by grade_id, that a person must look at


def final_notebook(course: Course, student: str, assignment: str, released: NotebookNode) -> Final:
    """Return a student's executed notebook with the results of its report, in the form that nbgrader reads.

    If the submission could not be run, the result is the released notebook with the results of the report.

    Raises:
        CourseError: the submission has no report.
        SubmissionError: its executed notebook cannot be read.
    """
    folder = course.result_folder(student, assignment)
    report = read_report(folder)
    if report is None:
        raise CourseError(f"'{student}' has no report in {folder}; run 'gradeascent grade {student}'")
    file = folder / f"{assignment}.ipynb"
    was_run = file.is_file()
    restored = restore_cells(read_notebook(file) if was_run else released, released)
    answers = {
        name
        for cell in released.cells
        if is_grade(cell) and is_solution(cell) and (name := grade_id(cell)) is not None
    }
    lost = answers & restored.missing if was_run else answers
    return Final(with_results(restored.notebook, report.criteria), frozenset(_unsure(report) | lost))


def _unsure(report: Report) -> set[str]:
    """Return the check cells whose score may be too low."""
    anything = any(flag.needs_review for flag in report.flags)
    return {
        check_cell(name)
        for name, result in report.criteria.items()
        if result.status == "review" or (anything and result.status != "pass")
    }
