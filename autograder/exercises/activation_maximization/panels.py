"""What people see of the ascents: a film of each at the desk, and in the feedback a few of them.

All words are the kit's own; of what a student wrote, nothing but numbers and pixels comes into a panel.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from jinja2 import Environment
from markupsafe import Markup
from PIL import Image

from autograder.exercises.activation_maximization.constants import STEPS
from autograder.exercises.activation_maximization.films import Films, films_in
from autograder.measurements import Measurements, ReenactedImage, Reenactment
from autograder.pages import curves as frame
from autograder.pages.curves import Curves, make_lines
from autograder.pages.mosaic import picture_address
from autograder.pages.web_page import make_environment
from autograder.pictures import Pictures
from autograder.report import Report
from solutions.deprocess import deprocess

MOST_FILMS, MOST_PAIRS = 3, 6
# The criteria about which an image of the exercise's own ascent says something.
ABOUT_THE_WAY = ("ascent", "objective", "updates")
ASKED = f"{STEPS} steps of size 1 along the normalized gradient of the mean of its own feature map"

NOT_RECORDED = "No steps were recorded, so no ascent could be done again."
LEADS_NOWHERE = "The recorded steps lead to none of the images, so no ascent was done again."
ONE_IMAGE = "All images are the same, so they cannot be told apart by their ascents."
OLDER = "These results are older than films; measuring the submission again makes them."
NO_STEPS = "No recorded steps lead to this image."


@dataclass(frozen=True)
class Film:
    """One film, ready to be shown: addresses of pictures, None where there is none."""

    filter: int
    whose: str
    words: str
    steps: tuple[int, ...]
    recorded: tuple[Markup | None, ...]
    again: tuple[Markup | None, ...]
    right: Markup | None
    curves: Curves | None


@dataclass(frozen=True)
class Pair:
    """A student's image, and where the exercise's own ascent leads from the same start."""

    filter: int
    own: Markup
    right: Markup


def desk_panel(measurements: Measurements, pictures: Pictures, place: int) -> Markup:
    """Return the desk's panel about one image, by its place in the grid."""
    films, found = films_in(pictures), measurements.reenactment
    words, film = _nothing(found, films), None
    if films is not None and found is not None:
        film = _film(films, found, place, whose="recorded", with_right=True)
        words = f"Filter {film.filter}: {film.words}." if film else NO_STEPS
    page = _templates().get_template("desk_panel.html")
    return Markup(page.render(words=words, one=film, frame=frame, asked=ASKED))  # noqa: S704 (the kit's own)


def page_panel(report: Report | None, measurements: Measurements, pictures: Pictures) -> Markup:
    """Return what a student sees of the ascents: after a mistake, what is asked for; and a few films."""
    films, found = films_in(pictures), measurements.reenactment
    shown: list[Film] = []
    pairs: list[Pair] = []
    nothing = ""
    if films is not None and found is not None:
        chosen = (
            _film(films, found, place, whose="yours", with_right=False) for place in _telling(films, found)
        )
        shown = [one for one in chosen if one is not None]
        if _is_mistaken(report):
            pairs = _pairs(films, found, pictures)
    elif measurements.images is not None:
        nothing = f"There is no film of your ascents. {_nothing(found, films)}"
    page = _templates().get_template("page_panel.html")
    html = page.render(films=shown, pairs=pairs, nothing=nothing, frame=frame, asked=ASKED)
    return Markup(html)  # noqa: S704 (the kit's own)


@functools.cache
def _templates() -> Environment:
    return make_environment("autograder.exercises.activation_maximization")


def _nothing(found: Reenactment | None, films: Films | None) -> str:
    """Say why there are no films; empty if there are."""
    if found is None:
        return NOT_RECORDED
    if found.kept == "same":
        return ONE_IMAGE
    if not found.watched:
        return LEADS_NOWHERE
    return "" if films is not None else OLDER


def _film(films: Films, found: Reenactment, place: int, *, whose: str, with_right: bool) -> Film | None:
    if not 0 <= place < len(films.steps) or films.filters[place] < 0:
        return None
    number = int(films.filters[place])
    shown = np.flatnonzero(films.steps[place] >= 0)
    image = next((one for one in found.images if one.index == number), None)
    again = films.is_again[place].any()
    return Film(
        filter=number,
        whose=whose,
        words=_in_words(image, is_dead=number in found.dead),
        steps=tuple(films.steps[place, shown].tolist()),
        recorded=_row(films.recorded[place], films.is_recorded[place], shown),
        again=_row(films.again[place], films.is_again[place], shown) if again else (),
        right=_address(films.right[place]) if with_right and films.is_right[place] else None,
        curves=make_lines(films.activations[place]),
    )


def _in_words(image: ReenactedImage | None, *, is_dead: bool) -> str:
    if is_dead:
        return "this filter never had a gradient, so it is not graded"
    if image is None or image.correlation is None:
        return "not done again: nothing that was tried explains its steps"
    verdict = "reproduced" if image.reproduced else "not reproduced"
    return f"{verdict}; correlation of the ways from the start: {image.correlation:.3f}"


def _row(
    frames: npt.NDArray[np.uint8], there: npt.NDArray[np.bool_], shown: npt.NDArray[np.intp]
) -> tuple[Markup | None, ...]:
    return tuple(_address(frames[place]) if there[place] else None for place in shown.tolist())


def _address(pixels: npt.NDArray[np.uint8]) -> Markup:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return picture_address(buffer.getvalue())


def _telling(films: Films, found: Reenactment) -> Sequence[int]:
    """Return the images whose films a student sees: the one that came out worst, and the first others."""
    correlations = {one.index: one.correlation for one in found.images if one.index not in found.dead}
    places = [place for place, number in enumerate(films.filters.tolist()) if number in correlations]
    lost = {one.index for one in found.images if not one.reproduced}
    worst = sorted(
        (place for place in places if int(films.filters[place]) in lost),
        key=lambda place: correlations[int(films.filters[place])] or 0.0,
    )
    return list(dict.fromkeys([*worst[:1], *places]))[:MOST_FILMS]


def _is_mistaken(report: Report | None) -> bool:
    if report is None:
        return False
    results = (report.criteria.get(name) for name in ABOUT_THE_WAY)
    return any(result is not None and result.status in {"partial", "fail"} for result in results)


def _pairs(films: Films, found: Reenactment, pictures: Pictures) -> list[Pair]:
    places = [
        place
        for place in np.flatnonzero(films.is_right).tolist()
        if place < len(pictures.student) and int(films.filters[place]) not in found.dead
    ]
    return [
        Pair(
            int(films.filters[place]),
            _address(deprocess(pictures.student[place])),
            _address(films.right[place]),
        )
        for place in places[:MOST_PAIRS]
    ]
