"""Draws `grid.png`, the picture of one submission: the student's features beside the reference's.

Both grids use the same network, the student's own, so that they can be compared panel by panel.
"""

from __future__ import annotations

import functools
import io

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.ft2font import FT2Font
from matplotlib.patches import Rectangle

from autograder.exercises.activation_maximization.constants import COLUMNS, PANELS, SIDE
from autograder.exercises.activation_maximization.films import films_in
from autograder.measurements import Measurements
from autograder.pictures import Floats, Pictures
from autograder.plain.text import plain_text
from autograder.report import Report
from solutions.plots import ACCENT, GAP, LABEL_HEIGHT, draw_activations, draw_feature_grid

DOTS_PER_INCH = 110
# As fractions of the picture; the gaps as fractions of a subplot.
MARGINS = {"left": 0.06, "right": 0.98, "bottom": 0.05, "top": 0.93, "wspace": 0.12, "hspace": 0.1}
FAINT = "#8a8a8a"
LONGEST_NAME, LONGEST_LAYER = 60, 40
# Shown for characters that the font does not have.
BOX = "□"


def draw_grid(report: Report, measurements: Measurements, pictures: Pictures) -> bytes:
    """Return the picture as PNG: two grids, and below them the activation at every step."""
    # The layout is fixed: measuring how much room the text takes would mean drawing everything twice.
    figure = Figure(figsize=(13.5, 12.0), dpi=DOTS_PER_INCH)
    grid = figure.add_gridspec(2, 2, height_ratios=[3.2, 1.0], **MARGINS)
    _draw_title(figure, report, measurements.images.layer if measurements.images else "")
    handed_in = figure.add_subplot(grid[0, 0])
    _draw_images(handed_in, pictures.student, pictures.student_dead, "handed in")
    _mark(handed_in, *not_reproduced(measurements, pictures))
    _draw_images(
        figure.add_subplot(grid[0, 1]), pictures.reference, pictures.dead, "reference on the same network"
    )
    _draw_curves(
        figure.add_subplot(grid[1, 0]), pictures.curves, "loss at every step, as seen in the notebook"
    )
    _draw_curves(
        figure.add_subplot(grid[1, 1]), pictures.reference_curves, "activation at every step of the reference"
    )
    buffer = io.BytesIO()
    # savefig does the same, but draws everything twice
    FigureCanvasAgg(figure).print_png(buffer)  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def _draw_title(figure: Figure, report: Report, layer: str) -> None:
    """Write the student's name and the layer, as plain text without math, and shrink it to fit.

    No score is shown, so the picture stays valid whatever the rubric and the TAs decide.
    """
    parts = [plain_text(report.student, at_most=LONGEST_NAME)]
    if layer:
        parts.append(f"layer {plain_text(layer, at_most=LONGEST_LAYER)}")
    words = "   ".join(parts)
    known = _signs_of_the_font()
    drawn = "".join(sign if ord(sign) in known else BOX for sign in words)
    title = figure.suptitle(drawn, parse_math=False)
    room = 0.96 * figure.bbox.width
    title.set_fontsize(float(title.get_fontsize()) * min(1, room / title.get_window_extent().width))


@functools.cache
def _signs_of_the_font() -> frozenset[int]:
    """Return the code points in matplotlib's font; any other would print a warning."""
    return frozenset(FT2Font(findfont(FontProperties())).get_charmap())


def _draw_images(axes: Axes, images: Floats, dead: npt.NDArray[np.bool_], title: str) -> None:
    axes.set_title(title, fontsize=11, y=1.0)  # without y, all ticks are measured first
    shown = images[:PANELS]
    if not len(shown):
        _say(axes, "no images")
        return
    is_dead = np.zeros(len(shown), np.bool_)
    is_dead[: len(dead)] = dead[: len(shown)]
    draw_feature_grid(axes, shown, dead=is_dead)


def not_reproduced(measurements: Measurements, pictures: Pictures) -> tuple[list[int], str]:
    """Return the places of living images that did not come out when the ascents were done again, and a legend.

    Where no ascent was done again, no image is marked, and the legend says so.
    """
    found, films = measurements.reenactment, films_in(pictures)
    count = min(PANELS, len(pictures.student))
    if not count:
        return [], ""
    if found is None or not found.made_again:
        return [], "no ascent was done again"
    numbers = films.filters.tolist() if films is not None else []
    meant = {place: number for place, number in enumerate(numbers) if number >= 0}
    fine = {one.index for one in found.images if one.reproduced} | set(found.dead)
    dead = set(np.flatnonzero(pictures.student_dead).tolist())
    places = [place for place in range(count) if place not in dead and meant.get(place, place) not in fine]
    return places, f"framed: not reproduced ({len(places)} of {count})" if places else "all reproduced"


def _mark(axes: Axes, places: list[int], legend: str) -> None:
    """Frame the panels at these places, and say below the grid what a frame means."""
    pitch, height = SIDE + GAP, SIDE + LABEL_HEIGHT
    frames = [
        Rectangle(
            (place % COLUMNS * pitch - 1, place // COLUMNS * height + LABEL_HEIGHT - 1), SIDE + 1, SIDE + 1
        )
        for place in places
    ]
    axes.add_collection(PatchCollection(frames, facecolor="none", edgecolor=ACCENT, linewidths=1.8))
    axes.text(
        0.5,
        -0.01,
        legend,
        ha="center",
        va="top",
        fontsize=9,
        color=ACCENT if places else FAINT,
        transform=axes.transAxes,
    )


def _draw_curves(axes: Axes, curves: Floats, title: str) -> None:
    axes.set_title(title, fontsize=11, y=1.0)  # without y, all ticks are measured first
    if curves.size:
        draw_activations(axes, curves.T)
    else:
        _say(axes, "not seen")


def _say(axes: Axes, text: str) -> None:
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=13, color=FAINT, transform=axes.transAxes)
