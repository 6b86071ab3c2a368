"""The picture of one submission, `grid.png`: the student's features beside the reference's.

Both grids belong to the same network, the student's own, so that they can be compared panel by panel.
"""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from autograder.measurements import Measurements
from autograder.pictures import Floats, Pictures
from autograder.report import Report
from solutions.plots import draw_activations, draw_feature_grid

PANELS = 64  # of an 8 x 8 grid
DOTS_PER_INCH = 110
FAINT = "#8a8a8a"


def draw_grid(report: Report, measurements: Measurements, pictures: Pictures) -> bytes:
    """Return the picture as PNG: two grids, and below them the activation at every step."""
    figure = Figure(figsize=(13.5, 12.0), layout="constrained", dpi=DOTS_PER_INCH)
    grid = figure.add_gridspec(2, 2, height_ratios=[3.2, 1.0])
    layer = measurements.images.layer if measurements.images else ""
    figure.suptitle(
        f"{report.student}   {report.score:g} of {report.max_score:g} points"
        + (f"   layer {layer}" if layer else "")
    )
    _draw_images(figure.add_subplot(grid[0, 0]), pictures.student, pictures.student_dead, "handed in")
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
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _draw_images(axes: Axes, images: Floats, dead: npt.NDArray[np.bool_], title: str) -> None:
    axes.set_title(title, fontsize=11)
    shown = images[:PANELS]
    if not len(shown):
        _say(axes, "no images")
        return
    is_dead = np.zeros(len(shown), np.bool_)
    is_dead[: len(dead)] = dead[: len(shown)]
    draw_feature_grid(axes, shown, dead=is_dead)


def _draw_curves(axes: Axes, curves: Floats, title: str) -> None:
    axes.set_title(title, fontsize=11)
    if curves.size:
        draw_activations(axes, curves.T)
    else:
        _say(axes, "not seen")


def _say(axes: Axes, text: str) -> None:
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=13, color=FAINT, transform=axes.transAxes)
