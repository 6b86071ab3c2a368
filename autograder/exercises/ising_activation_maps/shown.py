"""What people see: `grid.png`, the desk's panel about one map, and the panel of the feedback page.

All words are the kit's own; of what a student wrote, nothing but numbers and pixels comes into a picture.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from autograder.exercises.ising_activation_maps.constants import CLASSES, PHASES, SIDE
from autograder.exercises.ising_activation_maps.records import own_of
from autograder.exercises.ising_activation_maps.rubric.mistakes import MISTAKES
from autograder.measurements import Measurements
from autograder.pictures import Floats, Pictures
from autograder.plain.text import plain_text
from autograder.report import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOTS_PER_INCH, LONGEST_NAME = 90, 60
COLUMNS = 1 + 2 * CLASSES


def draw(report: Report, measurements: Measurements, pictures: Pictures) -> bytes:
    """Return the picture as PNG: one row for each lattice with its maps, handed in and computed again."""
    del measurements
    return _as_png(
        _figure(pictures, plain_text(report.student, at_most=LONGEST_NAME), range(_count(pictures)))
    )


def desk(measurements: Measurements, pictures: Pictures, place: int) -> Markup:
    """Return the desk's panel about one map: its lattice, both maps, and what they are."""
    row = place // CLASSES
    if row >= _count(pictures):
        return Markup()
    return _panel(_figure(pictures, "", range(row, row + 1)), words(measurements))


def table(measurements: Measurements) -> Markup:
    """Return the desk's table of the chosen lattices; empty if none is known."""
    choice = own_of(measurements).choice
    if choice is None:
        return Markup()
    rows = [
        Markup('<tr><th scope="row">{}</th><td>{}</td></tr>').format(
            place if place >= 0 else "not in the test data", f"{probability:.2f}"
        )
        for place, probability in zip(choice.places, choice.probabilities, strict=True)
    ]
    head = Markup(
        '<thead><tr><th scope="col">place</th><th scope="col">probability of its phase</th></tr></thead>'
    )
    words = Markup('<details class="table"><summary>The chosen lattices as a table</summary><table>')
    return words + head + Markup("<tbody>{}</tbody></table></details>").format(Markup().join(rows))


def page(report: Report | None, measurements: Measurements, pictures: Pictures) -> Markup:
    """Return what the feedback page shows: all lattices with their maps, beside those of the network."""
    del report
    if not _count(pictures):
        return Markup()
    return _panel(_figure(pictures, "", range(_count(pictures))), words(measurements))


def style() -> str:
    """Return the style sheet of both panels."""
    return ".lattice-maps img { max-width: 100%; height: auto; }\n.lattice-maps { grid-column: 1 / -1; }\n"


def words(measurements: Measurements) -> str:
    """Say in one sentence what the maps are."""
    maps = own_of(measurements).maps
    if maps is None or not maps.count:
        return "There are no maps."
    if not maps.found:
        return "Nothing that was computed from the network leads to these maps."
    kind = "as asked" if maps.found == "asked" else MISTAKES.get(maps.found, maps.found)
    return f"{maps.fitting} of {maps.count} maps come out again: {kind}."


def _panel(figure: Figure, said: str) -> Markup:
    from autograder.pages.mosaic import picture_address

    address = picture_address(_as_png(figure))
    text = "The lattices, the maps handed in, and those of the network"
    return Markup(
        '<figure class="lattice-maps"><img src="{}" alt="{}"><figcaption>{}</figcaption></figure>'
    ).format(address, text, said)


def _count(pictures: Pictures) -> int:
    return len(pictures.panels["lattices"]) if "lattices" in pictures.panels else 0


def _figure(pictures: Pictures, title: str, rows: range) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 0.7 + 2.3 * max(len(rows), 1)), dpi=DOTS_PER_INCH)
    panels = figure.subplots(max(len(rows), 1), COLUMNS, squeeze=False)
    figure.subplots_adjust(
        left=0.02, right=0.98, bottom=0.02, top=1 - 0.6 / figure.get_figheight(), hspace=0.25
    )
    if title:
        figure.suptitle(title, parse_math=False, fontsize=11)
    for axes in panels.flat:
        axes.set_axis_off()
    for axes_of_row, row in zip(panels, rows, strict=False):
        _draw_row(list(axes_of_row), pictures, row)
    if not rows:
        figure.text(0.5, 0.4, "no maps", ha="center")
    return figure


def _draw_row(panels: list[Axes], pictures: Pictures, row: int) -> None:
    known = pictures.panels
    spins, phase = known["lattices"][row], int(known["classes"][row])
    panels[0].imshow(spins, cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
    panels[0].set_title(f"T = {float(known['temperatures'][row]):.3f}, {PHASES[phase]}", fontsize=8)
    maps = slice(row * CLASSES, (row + 1) * CLASSES)
    for first, images, whose in (
        (1, pictures.student, "handed in"),
        (1 + CLASSES, pictures.reference, "network"),
    ):
        shown = images[maps]
        largest = float(np.abs(np.nan_to_num(shown)).max()) if len(shown) else 0.0
        for c, one in enumerate(shown):
            _draw_map(panels[first + c], one, largest or 1.0, f"{whose}: {PHASES[c]}")


def _draw_map(axes: Axes, one: Floats, largest: float, title: str) -> None:
    extent = (0, SIDE, SIDE, 0)
    axes.imshow(one, cmap="coolwarm", vmin=-largest, vmax=largest, extent=extent, interpolation="nearest")
    axes.set_title(title, fontsize=8)


def _as_png(figure: Figure) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    buffer = io.BytesIO()
    # savefig does the same, but draws everything twice
    FigureCanvasAgg(figure).print_png(buffer)  # type: ignore[no-untyped-call]
    return buffer.getvalue()
