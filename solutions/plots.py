"""Two plots: the image that every filter responds to, and how its activation rose during the ascent.

They are drawn on `matplotlib.figure.Figure` without pyplot, whose hidden current figure does not work in
threads and servers.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from solutions.data import SIDE, Float32Array, UInt8Array
from solutions.deprocess import deprocess

Image = npt.NDArray[np.generic] | None  # (28, 28), (28, 28, 1) or (1, 28, 28, 1); None if there is none

GAP = 2  # pixels between panels
LABEL_HEIGHT = 7  # pixels above each panel
PAPER = 255
HATCH_LIGHT, HATCH_DARK = 236, 222  # a panel without an image
INCHES_PER_PIXEL = 1 / 30
INK = "#333333"
MUTED = "#8a8a8a"
ACCENT = "#c8553d"


def plot_feature_grid(
    images: Sequence[Image] | Float32Array,
    *,
    columns: int = 8,
    dead: npt.ArrayLike | None = None,
    title: str | None = None,
) -> Figure:
    """A figure with one panel per image; see `draw_feature_grid`."""
    rows = max(1, -(-len(images) // columns))
    width = columns * (SIDE + GAP) * INCHES_PER_PIXEL
    height = rows * (SIDE + LABEL_HEIGHT) * INCHES_PER_PIXEL
    figure = Figure(figsize=(width, height + (0.4 if title else 0.0)), layout="constrained", dpi=144)
    axes = figure.add_subplot()
    draw_feature_grid(axes, images, columns=columns, dead=dead)
    if title:
        axes.set_title(title, fontsize=11, color=INK)
    return figure


def draw_feature_grid(
    axes: Axes,
    images: Sequence[Image] | Float32Array,
    *,
    columns: int = 8,
    dead: npt.ArrayLike | None = None,
    labels: Sequence[str] | None = None,
) -> None:
    """Draw one deprocessed panel per image, row by row, as a single mosaic.

    A panel without anything to show is hatched and labelled, since noise would look like a pattern.

    Args:
        axes: where to draw; its frame and ticks are removed.
        images: one per filter, of one height and width: (28, 28), (28, 28, 1) or (1, 28, 28, 1). None, or
            only NaN, is marked "missing".
        columns: panels in a row.
        dead: bool, (n,): the filters to mark "dead", such as `Ascent.dead`.
        labels: the text above each panel; by default, its index.

    Raises:
        ValueError: `dead` or `labels` differs from `images` in length, or the images differ in size.
    """
    count = len(images)
    is_dead = np.zeros(count, dtype=bool) if dead is None else np.asarray(dead, dtype=bool)
    names = [str(index) for index in range(count)] if labels is None else labels
    if len(is_dead) != count or len(names) != count:
        raise ValueError(f"{count} images, but {len(is_dead)} entries in dead and {len(names)} in labels")
    panels = [_panel(image) for image in images]
    height, width = _common_size(panels)
    rows = max(1, -(-count // columns))
    mosaic = np.full((rows * (LABEL_HEIGHT + height), columns * (GAP + width) - GAP), PAPER, dtype=np.uint8)

    for index, panel in enumerate(panels):
        top = (index // columns) * (LABEL_HEIGHT + height) + LABEL_HEIGHT
        left = (index % columns) * (GAP + width)
        if is_dead[index]:
            comment = "dead"
        elif panel is None:
            comment = "missing"
        else:
            comment = ""
        shown = _hatching(height, width) if panel is None or is_dead[index] else panel
        mosaic[top : top + height, left : left + width] = shown
        axes.text(left, top - 1.5, names[index], fontsize=6, color=MUTED, ha="left", va="bottom")
        if comment:
            middle = (left + (width - 1) / 2, top + (height - 1) / 2)
            axes.text(*middle, comment, fontsize=7, color=INK, ha="center", va="center")

    axes.imshow(mosaic, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_axis_off()


def _panel(image: Image) -> UInt8Array | None:
    """Grey levels (height, width), or None if there is nothing to show."""
    if image is None:
        return None
    values = np.asarray(image)
    if np.isnan(values.astype(np.float64)).all():
        return None
    return deprocess(values.reshape([length for length in values.shape if length != 1]))


def _common_size(panels: Sequence[UInt8Array | None]) -> tuple[int, int]:
    sizes = {panel.shape for panel in panels if panel is not None}
    if len(sizes) > 1 or any(len(size) != 2 for size in sizes):
        raise ValueError(f"images of one height and width are needed, not of {sorted(sizes)}")
    height, width = next(iter(sizes), (SIDE, SIDE))
    return height, width


def _hatching(height: int, width: int) -> UInt8Array:
    """Faint diagonal stripes, which do not look like any filter's image."""
    diagonal = np.add.outer(np.arange(height), np.arange(width))
    return np.where(diagonal % 8 < 4, HATCH_LIGHT, HATCH_DARK).astype(np.uint8)


def plot_activations(
    activations: npt.ArrayLike, *, dead: npt.ArrayLike | None = None, title: str | None = None
) -> Figure:
    """A figure of the mean activations during the ascent; see `draw_activations`."""
    figure = Figure(figsize=(6.4, 4.0), layout="constrained", dpi=144)
    axes = figure.add_subplot()
    draw_activations(axes, activations, dead=dead)
    if title:
        axes.set_title(title, fontsize=11, color=INK, loc="left")
    return figure


def draw_activations(
    axes: Axes, activations: npt.ArrayLike, *, dead: npt.ArrayLike | None = None, label: str = "filter"
) -> None:
    """Draw how the mean activation of every filter rose: a thin line each, and their median in bold.

    Args:
        axes: where to draw.
        activations: (steps + 1, n), such as `Ascent.activations`; NaN leaves a gap.
        dead: bool, (n,): filters that are left out of the median and counted in the legend.
        label: what one line represents, in the legend.
    """
    values = np.asarray(activations, dtype=np.float64)
    steps = np.arange(len(values))
    is_dead = np.zeros(values.shape[1], dtype=bool) if dead is None else np.asarray(dead, dtype=bool)
    live = values[:, ~is_dead]
    if live.size:
        lines = [np.column_stack((steps, line)) for line in live.T]
        thin = LineCollection(lines, colors=MUTED, linewidths=0.6, alpha=0.5, label=f"one {label}")
        axes.add_collection(thin)
        median = np.nanmedian(live, axis=1)
        axes.plot(steps, median, color=ACCENT, linewidth=2.2, label=f"median of {live.shape[1]}")
    if is_dead.any():
        axes.plot(steps, values[:, is_dead], color=INK, linewidth=1.0, linestyle=":")
        axes.plot([], [], color=INK, linewidth=1.0, linestyle=":", label=f"dead: {_listed(is_dead)}")
    axes.autoscale_view()
    axes.margins(x=0.01)
    axes.set_xlabel("step", color=INK)
    axes.set_ylabel("mean activation", color=INK)
    axes.tick_params(colors=MUTED, labelsize=8)
    axes.grid(visible=True, axis="y", color="#e8e8e8", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#cccccc")
    axes.legend(frameon=False, fontsize=8, labelcolor=INK, loc="upper left")


def _listed(chosen: npt.NDArray[np.bool_], *, at_most: int = 6) -> str:
    indices = [str(index) for index in np.flatnonzero(chosen)]
    more = f" and {len(indices) - at_most} more" if len(indices) > at_most else ""
    return ", ".join(indices[:at_most]) + more
