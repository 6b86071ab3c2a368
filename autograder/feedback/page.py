"""The feedback page of one student: a single self-contained file for a phone, for paper or for offline use.

The page forbids the browser everything except its own style and its embedded pictures, so that anything that
slipped through the cleaning still does nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from markupsafe import Markup
from nbformat import NotebookNode

import autograder
from autograder.course.marks import Marks
from autograder.course.notebooks import grade_id
from autograder.exercise import Exercise
from autograder.feedback.cells import show_cells
from autograder.feedback.clean_markup import markdown
from autograder.feedback.criteria import CriterionRow, make_rows
from autograder.pages import curves
from autograder.pages.curves import Curves, make_curves
from autograder.pages.mosaic import draw_mosaic, picture_address
from autograder.pages.web_page import make_environment, style_hash
from autograder.pictures import Pictures
from autograder.plain.text import plain_text
from autograder.plain.untrusted_files import sha256_of
from autograder.record.files import (
    GRID,
    MEASUREMENTS,
    PICTURES,
    REPORT,
    measurements_if_there,
    pictures_if_there,
    read_if_there,
    read_report,
)
from autograder.report import Flag, Report
from solutions import deprocess

DEAD = "crossed out: dead filters, which are not graded"
# Under this name, the page records what it was made from.
MADE_FROM = "gradeascent-made-from"

# All other flags are for the instructor.
_FLAGS_FOR_STUDENTS = frozenset(
    "timeout out_of_memory kernel_died invalid_notebook too_large other_name other_layer "
    "cell_put_back cell_was_text cell_edited cell_error".split()
)
_STORED = (REPORT, MEASUREMENTS, PICTURES, GRID)
# Files of code and templates.
_SHOWN = frozenset({".py", ".html", ".css"})


@dataclass(frozen=True)
class Material:
    """Everything that a page is made from.

    Attributes:
        student: the id.
        assignment: its name.
        standing: what the gradebook says.
        results: the folder of the grader's report and pictures; it may be empty.
        notebook: the bytes of the executed notebook.
        exercise: what the course is about.
    """

    student: str
    assignment: str
    standing: Marks
    results: Path
    notebook: bytes
    exercise: Exercise

    def sha256(self) -> str:
        """Return a hash that is equal exactly when the pages would be equal."""
        stored = (
            file.read_bytes() if file.is_file() else b"" for file in map(self.results.joinpath, _STORED)
        )
        standing = replace(self.standing, notebook_id="")
        return sha256_of(
            (
                _kit_sha256(),
                _exercise_sha256(self.exercise.shown_by),
                self.student,
                self.assignment,
                repr(standing),
                self.notebook,
                *stored,
            )
        )


@functools.cache
def _kit_sha256() -> str:
    """Return the SHA-256 of the code and templates of pages."""
    kit = Path(autograder.__file__ or "").parent
    places = (kit / "feedback", kit / "pages")
    files = [file for place in places for file in sorted(place.rglob("*")) if file.suffix in _SHOWN]
    alone = (
        kit / "course" / "marks.py",
        kit / "plain" / "text.py",
        kit / "pictures.py",
        kit / "report.py",
        Path(deprocess.__file__),
    )
    return sha256_of(file.read_bytes() for file in (*files, *alone))


@functools.cache
def _exercise_sha256(shown_by: tuple[Path, ...]) -> str:
    """Return the SHA-256 of what an exercise adds to the pages."""
    files = [
        file
        for part in shown_by
        for file in (sorted(part.rglob("*.*")) if part.is_dir() else [part])
        if file.suffix in _SHOWN
    ]
    return sha256_of(file.read_bytes() for file in files)


@dataclass(frozen=True)
class Picture:
    """A picture or a drawing of curves, with the words below it."""

    caption: str
    address: Markup | None = None
    note: str = ""
    curves: Curves | None = None


def render_page(material: Material, notebook: NotebookNode) -> str:
    """Return the page as HTML."""
    report = read_report(material.results)
    standing = material.standing
    names = [grade_id(cell) or "" for cell in notebook.cells]
    rows = make_rows(standing, report, names)
    environment = make_environment("autograder.feedback")
    environment.filters.update(markdown=markdown, moment=_moment, span=_span)
    style = environment.get_template("feedback.css").render() + material.exercise.style()
    pictures = pictures_if_there(material.results, material.exercise.most_images)
    page = environment.get_template("feedback.html").render(
        material=material,
        standing=standing,
        heading=material.exercise.heading,
        title=material.assignment.replace("_", " ").capitalize(),
        called=plain_text(standing.name or material.student, at_most=120),
        rows=rows.rows,
        other_comments=rows.other_comments,
        share=f"{100 * min(1, standing.total / standing.max_score):.1f}" if standing.max_score else "0",
        flags=_flags(report),
        item=material.exercise.wording.item,
        pictures=_shown(pictures, material.exercise.columns)
        if pictures is not None
        else _whole_grid(material.results),
        panel=_panel(material, report, pictures) if pictures is not None else Markup(),
        frame=curves,
        cells=list(show_cells(notebook)),
        marks=_marks_by_place(rows.rows, names),
        comments=_comments_by_place(standing.shown_comments, names),
        report=report,
        made_from=material.sha256(),
        made_from_name=MADE_FROM,
        style=Markup(style),  # noqa: S704 (the kit's own)
        style_hash=style_hash(style),
    )
    return page.strip() + "\n"


def _flags(report: Report | None) -> list[Flag]:
    return [flag for flag in report.flags if flag.code in _FLAGS_FOR_STUDENTS] if report else []


def _panel(material: Material, report: Report | None, pictures: Pictures) -> Markup:
    """Return what the exercise adds; nothing if the measurements are gone."""
    measurements = measurements_if_there(material.results)
    if measurements is None:
        return Markup()
    return material.exercise.page(report, measurements, pictures)


def _shown(pictures: Pictures, columns: int) -> list[Picture]:
    """Return the student's pictures, the reference's on the same network, and the curves behind both."""
    shown = [
        Picture(caption, picture_address(mosaic), note=DEAD if dead[: len(images)].any() else "")
        for caption, images, dead in (
            ("Yours", pictures.student, pictures.student_dead),
            ("The reference, on your network", pictures.reference, pictures.dead),
        )
        if (mosaic := draw_mosaic(images, dead, columns)) is not None
    ]
    drawn = [
        Picture(caption, curves=made)
        for caption, values in (
            ("Your loss at every step, as your notebook showed it", pictures.curves),
            ("Mean activation at every step of the reference", pictures.reference_curves),
        )
        if (made := make_curves(values)) is not None
    ]
    return [*shown, *drawn]


def _whole_grid(results: Path) -> list[Picture]:
    """Return the grader's own picture, for results whose source arrays are gone."""
    grid = read_if_there(results / GRID, bytes, otherwise="no picture is shown")
    if grid is None:
        return []
    return [Picture("Yours, and the reference on your network", picture_address(grid))]


def _marks_by_place(rows: Sequence[CriterionRow], names: Sequence[str]) -> dict[int, CriterionRow]:
    """Return which cell carries which score; the first one if several cells have the same name."""
    return {names.index(row.cell): row for row in rows if row.cell in names}


def _comments_by_place(comments: dict[str, str], names: Sequence[str]) -> dict[int, str]:
    return {names.index(cell): text for cell, text in comments.items() if cell in names}


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d, %H:%M} UTC"


def _span(seconds: float) -> str:
    """Return a time span in words, as precise as people say it."""
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {name}{'s' * (number != 1)}"
    return "less than a minute"
