"""The samples are plain texts that a teacher can read, and each is a whole submission."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from nbformat import NotebookNode

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.notebooks import compose, grade_id, is_solution, read_notebook
from autograder.demo.demonstrate import sample_answers
from autograder.exercises.activation_maximization.exercise import EXERCISE

REPOSITORY = Path(__file__).resolve().parents[3]
ANSWERS = sample_answers(EXERCISE.samples)
STUDENTS = sorted(ANSWERS)


@pytest.fixture
def released() -> NotebookNode:
    return read_notebook(Course.open(REPOSITORY).release_folder() / f"{ASSIGNMENT}.ipynb")


def test_there_are_six_students() -> None:
    assert STUDENTS == ["ada", "carl", "emmy", "isaac", "max", "paul"]


@pytest.mark.parametrize("student", STUDENTS)
def test_a_sample_fills_every_code_cell_that_the_released_notebook_leaves_to_students(
    student: str, released: NotebookNode
) -> None:
    left_to_students = {
        grade_id(cell) for cell in released.cells if is_solution(cell) and cell.cell_type == "code"
    }

    answers = ANSWERS[student]
    handed_in = compose(released, answers)

    assert set(answers) == left_to_students
    assert not any("YOUR CODE HERE" in cell.source for cell in handed_in.cells if cell.cell_type == "code")


@pytest.mark.parametrize("student", STUDENTS)
def test_a_sample_is_python_without_remarks_for_tools(student: str) -> None:
    for source in ANSWERS[student].values():
        assert ast.parse(source).body
        assert "noqa" not in source
        assert "mypy" not in source


@pytest.mark.parametrize("student", STUDENTS)
def test_a_sample_begins_by_saying_what_is_right_or_wrong_with_it(student: str) -> None:
    introduction = (EXERCISE.samples / f"{student}.py").read_text(encoding="utf-8").partition("# %%")[0]

    assert f"# {student}: " in introduction


def test_no_sample_copies_an_answer_from_the_instructor() -> None:
    source = read_notebook(Course.open(REPOSITORY).source_notebook())
    solutions = {cell.source for cell in source.cells if is_solution(cell)}

    assert solutions.isdisjoint(text for student in STUDENTS for text in ANSWERS[student].values())
