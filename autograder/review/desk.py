"""What the desk shows of one submission, ready for its page."""

from __future__ import annotations

import functools
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup
from nbformat import NotebookNode

from autograder.course.folder import Course
from autograder.course.marks import Mark
from autograder.course.notebooks import grade_id, read_notebook
from autograder.errors import SubmissionError
from autograder.evidence import EVIDENCE_FILE, evidence_from_files
from autograder.exercise import Exercise
from autograder.feedback.cells import Cell, show_cells
from autograder.measurements import Measurements, ModelMeasurement
from autograder.pages.curves import Curves, make_curves
from autograder.pictures import Pictures
from autograder.record.files import (
    EVIDENCE,
    MEASUREMENTS,
    PICTURES,
    measurements_if_there,
)
from autograder.record.recorded import autograded_notebook
from autograder.report import Result, Status
from autograder.review.cells import Sheet
from autograder.review.submissions import ReviewSubmission
from autograder.review.thumbnails import read_pictures

_LOG = logging.getLogger(__name__)

# A person would not wait for a larger index to load.
_MOST_EVIDENCE = 32 * 1024 * 1024
_LONGEST_HISTORY = 1000


@dataclass(frozen=True)
class DeskRow:
    """One criterion: the grader's result and the gradebook's mark.

    Attributes:
        name: the criterion's name.
        cell: the grade_id of its check cell.
        result: the grader's; None if there is no report.
        mark: the gradebook's; None if the submission is not recorded.
    """

    name: str
    cell: str
    result: Result | None
    mark: Mark | None

    @property
    def status(self) -> Status:
        """The status, by the score that counts."""
        if self.mark is not None and self.mark.waits:
            return "review"
        if self.result is not None and (self.mark is None or self.mark.manual is None):
            return self.result.status
        if self.mark is None or self.mark.score <= 0:
            return "fail"
        return "pass" if self.mark.score >= self.mark.max_score else "partial"

    @property
    def score(self) -> float:
        """The score that counts."""
        if self.mark is not None:
            return self.mark.score
        return self.result.score if self.result is not None else 0.0

    @property
    def max_score(self) -> float:
        """The maximum score."""
        if self.mark is not None:
            return self.mark.max_score
        return self.result.max_score if self.result is not None else 0.0


@dataclass(frozen=True)
class Training:
    """How the network was trained: what the kernel reported, and what was measured again."""

    model: ModelMeasurement
    curves: tuple[tuple[str, Curves], ...]
    last: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Desk:
    """Everything on the desk that does not change while a TA works there."""

    rows: tuple[DeskRow, ...]
    answers: tuple[Mark, ...]
    cells: tuple[Cell, ...]
    answer_texts: Mapping[str, Cell]
    table: Markup
    panels: tuple[int, int]  # in the student's and in the reference's grid
    layer: str
    training: Training | None
    curves: Curves | None
    reference_curves: Curves | None
    panel: Markup
    problem: str


def make_desk(
    course: Course, sheet: Sheet, assignment: str, one: ReviewSubmission, exercise: Exercise
) -> Desk:
    """Return what the desk shows of a submission."""
    panels, curves, reference_curves = _drawings(
        one.folder, _changed(one.folder / PICTURES), exercise.most_images
    )
    measured = measurements_if_there(one.folder)
    images = measured.images if measured is not None else None
    cells, problem = _code(course, sheet, assignment, one)
    marks = one.marks.marks if one.marks is not None else {}
    return Desk(
        rows=tuple(_rows(sheet, one)),
        answers=tuple(marks[name] for name in sheet.answers if name in marks),
        cells=tuple(cell for cell in cells if cell.name not in sheet.answers),
        answer_texts={cell.name: cell for cell in cells if cell.name in sheet.answers},
        table=exercise.table(measured) if measured is not None else Markup(),
        panels=panels,
        layer=images.layer if images is not None else "",
        training=_training(one.folder, measured.model) if measured and measured.model else None,
        curves=curves,
        reference_curves=reference_curves,
        panel=panel_of(one, exercise, 0) or Markup(),
        problem=problem,
    )


def panel_of(one: ReviewSubmission, exercise: Exercise, place: int) -> Markup | None:
    """Return the exercise's panel about one image, by its place in the grid; None if there is no such image."""
    measured, pictures = _stored(
        one.folder,
        _changed(one.folder / PICTURES),
        _changed(one.folder / MEASUREMENTS),
        exercise.most_images,
    )
    if measured is None or not 0 <= place < len(pictures.student):
        return None
    return exercise.desk(measured, pictures, place)


@functools.lru_cache(maxsize=8)
def _stored(folder: Path, _: int, __: int, most_images: int) -> tuple[Measurements | None, Pictures]:
    return measurements_if_there(folder), read_pictures(folder, most_images)


@functools.lru_cache(maxsize=64)
def _drawings(folder: Path, _: int, most_images: int) -> tuple[tuple[int, int], Curves | None, Curves | None]:
    pictures = read_pictures(folder, most_images)
    panels = (len(pictures.student), len(pictures.reference))
    return panels, make_curves(pictures.curves), make_curves(pictures.reference_curves)


def _changed(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def notebook_of(course: Course, assignment: str, one: ReviewSubmission) -> Path | None:
    """Return the executed notebook that nbgrader shows, else the kit's stored one; None if neither exists."""
    files = (autograded_notebook(course, one.student, assignment), one.folder / f"{assignment}.ipynb")
    return next((file for file in files if file.is_file()), None)


def _rows(sheet: Sheet, one: ReviewSubmission) -> list[DeskRow]:
    results = one.report.criteria if one.report is not None else {}
    marks = one.marks.marks if one.marks is not None else {}
    names = [cell.removeprefix("check_") for cell in sheet.about]
    names += [name for name in results if name not in names]
    return [
        DeskRow(name, f"check_{name}", results.get(name), marks.get(f"check_{name}"))
        for name in names
        if name in results or f"check_{name}" in marks
    ]


def _code(course: Course, sheet: Sheet, assignment: str, one: ReviewSubmission) -> tuple[Sequence[Cell], str]:
    file = notebook_of(course, assignment, one)
    if file is None:
        return (), "There is no executed notebook."
    return _cells_of(file, file.stat().st_mtime_ns, sheet.solutions)


@functools.lru_cache(maxsize=256)
def _cells_of(file: Path, _: int, names: tuple[str, ...]) -> tuple[tuple[Cell, ...], str]:
    """Return what the student wrote, without outputs: those are in the notebook's frame."""
    try:
        notebook = read_notebook(file)
    except SubmissionError as error:
        return (), str(error)
    wanted = [cell for cell in notebook.cells if grade_id(cell) in names]
    bare = [NotebookNode({**cell, "outputs": []}) if "outputs" in cell else cell for cell in wanted]
    return tuple(show_cells(NotebookNode(cells=bare))), ""


def _number(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "none"


def _training(folder: Path, model: ModelMeasurement) -> Training:
    file = folder / EVIDENCE / EVIDENCE_FILE
    try:
        history = _history(file, file.stat().st_mtime_ns, model.variable)
    except FileNotFoundError:
        history = {}
    except OSError as error:
        _LOG.warning("%s cannot be read, so no training is shown: %s", file, error)
        history = {}
    drawn = []
    for kind in ("loss", "accuracy"):
        series = [
            values
            for name, values in history.items()
            if kind in name or (kind == "accuracy" and "acc" in name)
        ]
        length = max(map(len, series), default=0)
        if length > 1:
            table = np.full((len(series), length + 1), np.nan, np.float32)  # epochs count from 1
            for row, values in zip(table, series, strict=True):
                row[1 : len(values) + 1] = values
            if (curves := make_curves(table)) is not None:
                drawn.append((kind, curves))
    last = tuple((name, _number(values[-1])) for name, values in list(history.items())[:6] if values)
    return Training(model, tuple(drawn), last)


@functools.lru_cache(maxsize=256)
def _history(file: Path, _: int, variable: str) -> dict[str, list[float]]:
    """Return the training history that the kernel reported for the last version of the network."""
    if file.stat().st_size > _MOST_EVIDENCE:
        return {}
    try:
        evidence = evidence_from_files({EVIDENCE_FILE: file.read_bytes()})
    except ValueError as error:
        _LOG.warning("%s cannot be read, so no training is shown: %s", file, error)
        return {}
    for record in reversed(evidence.of_kind("model")):
        told = record.facts.get("history")
        if record.facts.get("variable") == variable and isinstance(told, dict):
            return {
                str(name)[:60]: found for name, values in list(told.items())[:8] if (found := _floats(values))
            }
    return {}


def _floats(values: object) -> list[float]:
    listed = values if isinstance(values, list) else []
    return [
        float(value) if isinstance(value, (int, float)) else math.nan for value in listed[:_LONGEST_HISTORY]
    ]
