"""Keeps interactive figures working although there is no reader to see a window or a widget.

A notebook may ask for windows (`%matplotlib qt`) or widgets (`%matplotlib widget`), which cannot be had when it is
graded. It then gets matplotlib's own `nbagg`, whose figures also stay open from cell to cell. At the end of a cell,
a picture of every such figure that has changed goes into the notebook, as the reader would have seen it.
"""

from __future__ import annotations

import io
import sys
from typing import Any

# Names that `%matplotlib` understands, and that need neither a window nor a widget.
INLINE = {"inline", "agg", "cairo", "pdf", "pgf", "ps", "svg", "template"}
IN_NOTEBOOK = {"notebook", "nbagg", "widget", "ipympl"}
FALLBACK = "nbagg"
# Modules of the canvases that only a browser draws.
DRAWN_IN_BROWSER = {"matplotlib.backends.backend_nbagg", "ipympl.backend_nbagg"}


def replace_windows(shell: Any) -> None:
    """Give a figure that can be drawn here to notebooks that ask for a window or for a widget."""
    try:
        from matplotlib import pyplot
    except ImportError:
        return
    switch, enable = pyplot.switch_backend, shell.enable_matplotlib

    def switch_backend(newbackend: str) -> None:
        try:
            switch(newbackend)
        except ImportError:
            switch(FALLBACK)

    def enable_matplotlib(gui: Any = None) -> Any:
        name = str(gui).lower()
        if name in INLINE:
            return enable(gui)
        try:
            return enable(gui if name in IN_NOTEBOOK else FALLBACK)
        except (ImportError, RuntimeError):  # `widget` without ipympl
            return enable(FALLBACK)

    pyplot.switch_backend = switch_backend
    shell.enable_matplotlib = enable_matplotlib


def show_changed_figures(drawn: set[int]) -> None:
    """Put pictures of interactive figures into the notebook: those that have changed, and those with these ids."""
    helpers: Any = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is None:
        return
    for manager in helpers.Gcf.get_all_fig_managers():
        figure = manager.canvas.figure
        is_new = figure.stale or id(figure) in drawn
        if type(manager.canvas).__module__ in DRAWN_IN_BROWSER and is_new and figure.axes:
            show(figure)


def show(figure: Any) -> None:
    """Put a picture of a figure into the notebook."""
    from IPython.display import publish_display_data

    picture = io.BytesIO()
    figure.canvas.print_figure(picture, format="png", dpi=figure.dpi)
    publish_display_data({"image/png": picture.getvalue()})
