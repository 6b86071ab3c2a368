"""The gallery: one static page with every submission's verdict and features, opened from disk.

It needs no server and no script, and its folder can be moved or zipped as a whole. It shows students' text,
so everything is escaped, and the page allows the browser nothing but its own pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment

from autograder.course.folder import Course
from autograder.exercise import Exercise, find_exercise
from autograder.pages import web_page
from autograder.pages.mosaic import ENLARGED, draw_mosaic, mosaic_size
from autograder.pages.web_page import style_hash
from autograder.plain.files import write_whole
from autograder.review.cards import Card, collect_cards, summarize
from autograder.review.thumbnails import read_pictures
from autograder.settings import load_settings

PAGE = "index.html"
PICTURE_FOLDER = "pictures"


@dataclass(frozen=True)
class Shown:
    """A card on the page, with its pictures' addresses relative to the page; empty if it has no pictures.

    `size` is that of the first picture, width and height in pixels; `items` is what it shows.
    """

    card: Card
    features: str
    grid: str
    size: tuple[int, int]
    items: str


def write_gallery(course: Course, assignment: str, folder: Path) -> Path:
    """Write the page and its pictures into a folder; replace an earlier gallery there.

    Returns:
        The page, `index.html`.
    """
    cards = collect_cards(course, assignment)
    exercise = find_exercise(load_settings(course.root).exercise)
    shown = [_write_pictures(card, folder, exercise) for card in cards]
    graded = {card.report.student for card in cards}
    missing = [student for student in course.students(assignment) if student not in graded]
    page = folder / PAGE
    write_whole(page, render_page(assignment, shown, missing))
    return page


def render_page(assignment: str, shown: Sequence[Shown], missing: Sequence[str] = ()) -> str:
    """Return the page as HTML.

    Args:
        assignment: its name.
        shown: the cards, in the order in which they appear.
        missing: students whose submissions have no report.
    """
    environment = make_environment()
    style = environment.get_template("style.css").render()
    cards = [one.card for one in shown]
    return environment.get_template("gallery.html").render(
        assignment=assignment,
        shown=shown,
        missing=missing,
        summary=summarize(cards),
        conditions=list(dict.fromkeys(_conditions(card) for card in cards)),
        style=style,
        style_hash=style_hash(style),
    )


def make_environment() -> Environment:
    """Return the templates of the review pages."""
    return web_page.make_environment("autograder.review")


def _conditions(card: Card) -> tuple[str, str, str]:
    provenance = card.report.provenance
    return provenance.profile, provenance.dataset, provenance.sandbox


def _write_pictures(card: Card, folder: Path, exercise: Exercise) -> Shown:
    pictures = read_pictures(card.folder, exercise.most_images)
    features = draw_mosaic(pictures.student, pictures.student_dead, exercise.columns)
    width, height = mosaic_size(len(pictures.student), exercise.columns)
    return Shown(
        card,
        features=_write_picture(folder, f"{card.name}.features.png", features),
        grid=_write_picture(folder, f"{card.name}.png", card.grid.read_bytes() if card.grid else None),
        size=(width * ENLARGED, height * ENLARGED),
        items=exercise.wording.items,
    )


def _write_picture(folder: Path, name: str, content: bytes | None) -> str:
    address = f"{PICTURE_FOLDER}/{name}"
    if content is None:
        (folder / address).unlink(missing_ok=True)
        return ""
    write_whole(folder / address, content)
    return address
