"""The parts of a student's work that are compared with other students' work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.course.folder import Course
from autograder.course.notebooks import grade_id, is_grade, is_solution, read_notebook
from autograder.course.submission import Submission
from autograder.duplicates.code import NormalForm, Normaliser
from autograder.duplicates.images import Images
from autograder.duplicates.reader import ResultsReader
from autograder.duplicates.results import NotebookResults
from autograder.duplicates.weights import GradedNetwork, Weights
from autograder.errors import CourseError, SubmissionError
from autograder.evidence import read_evidence
from autograder.exercise import Compared
from autograder.plain.untrusted_files import sha256_of
from autograder.record.files import (
    EVIDENCE,
    measurements_if_there,
    read_report,
)
from autograder.settings import Limits

# A cell with fewer words that were not given does not show who wrote it: among the labelled submissions, which were
# written independently, cells of up to 56 words are equal, mostly those with compile and fit.
FEWEST_WORDS = 60


@dataclass(frozen=True)
class Answer:
    """A cell with a student's code; `name` is its grade_id, or empty if nbgrader does not know it."""

    name: str
    form: NormalForm


@dataclass(frozen=True, eq=False)
class Traits:
    """The parts of a student's work that are compared; None or empty if there is nothing.

    Attributes:
        network_code: equal if all code that makes the network is equal.
        images_code: the same for the images.
    """

    student: str
    answers: tuple[Answer, ...] = ()
    network_code: str = ""
    images_code: str = ""
    weights: Weights | None = None
    images: Images | None = None
    left_out: tuple[str, ...] = ()  # what could not be compared, and why


@dataclass(frozen=True)
class GivenCode:
    """Code that no student wrote: the code that students were given, and the instructor's answers."""

    normaliser: Normaliser
    reference: Mapping[str, str]  # the cell with this answer, by the digest of its normal form

    @classmethod
    def of(cls, course: Course, assignment: str = "") -> GivenCode:
        """Read the instructor's notebook and the version of it that students got.

        Raises:
            CourseError: the instructor's notebook cannot be read.
        """
        assignment = assignment or course.assignment
        try:
            source = read_notebook(course.source_notebook(assignment))
            released = course.release_folder(assignment) / course.source_notebook(assignment).name
            given = [read_notebook(released)] if released.exists() else []
        except SubmissionError as error:
            raise CourseError(str(error)) from error
        locked = [cell.source for cell in source.cells if cell.cell_type == "code" and not is_solution(cell)]
        everyones = [cell.source for notebook in given for cell in notebook.cells if cell.cell_type == "code"]
        normaliser = Normaliser(locked + everyones)
        cells = _code_cells(source)
        forms = normaliser([cell.source for cell in cells])
        pairs = [pair for pair in zip(cells, forms, strict=True) if pair[1].own_words]
        return cls(normaliser, {form.digest: grade_id(cell) or "" for cell, form in pairs})


def traits_of(
    course: Course,
    student: str,
    given: GivenCode,
    compared: Compared,
    reader: ResultsReader,
    limits: Limits,
    *,
    assignment: str = "",
) -> Traits:
    """Collect the traits of one student's work, as far as it can be read.

    Args:
        course: the course folder.
        student: the student's id.
        given: the code that no student wrote.
        compared: where the exercise has what is compared.
        reader: reads what the notebook computed.
        limits: larger notebooks are not read.
        assignment: its name.

    Raises:
        SandboxError: the reader does not start.
    """
    assignment = assignment or course.assignment
    submission = Submission(student, assignment, course.submission_folder(student, assignment))
    folder = course.result_folder(student, assignment)
    left_out: list[str] = []
    answers: tuple[Answer, ...] = ()
    network_code = images_code = ""
    try:
        cells = _code_cells(submission.read(limits))
        answers = _answers(cells, given.normaliser)
        network_code = _code_before(answers, compared.after_network)
        images_code = _code_before(answers, compared.after_images)
    except SubmissionError as error:
        left_out.append(f"code not compared: {error}")
    results = NotebookResults()
    report = read_report(folder)
    if report is None:
        left_out.append("weights and images not compared: not graded yet")
    elif report.submission_sha256 != submission.sha256():
        left_out.append("weights and images not compared: handed in again since it was graded")
    else:
        try:
            evidence = read_evidence(folder / EVIDENCE)
            measured = measurements_if_there(folder)
            results = reader.read(evidence, GradedNetwork.of(measured.model if measured else None))
        except ValueError as error:
            left_out.append(f"weights and images not compared: {error}")
    return Traits(
        student, answers, network_code, images_code, results.weights, results.images, tuple(left_out)
    )


def _code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and (is_solution(cell) or not is_grade(cell))
    ]


def _answers(cells: list[NotebookNode], normaliser: Normaliser) -> tuple[Answer, ...]:
    forms = normaliser([cell.source for cell in cells])
    named = (Answer(grade_id(cell) or "", form) for cell, form in zip(cells, forms, strict=True))
    return tuple(answer for answer in named if answer.form.own_words)


def _code_before(answers: tuple[Answer, ...], ends: tuple[str, ...]) -> str:
    """Return an identifier of the code before the first of these cells; of all code if there is none."""
    names = [answer.name for answer in answers]
    stop = min((names.index(end) for end in ends if end in names), default=len(names))
    return sha256_of(answer.form.digest for answer in answers[:stop]) if stop else ""
