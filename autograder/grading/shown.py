"""Counts the pictures in an executed notebook, as far as its outputs are known.

What a kernel says of its figures can be sent without drawing anything; what a reader sees is in the outputs, which
are kept outside of the kernel.
"""

from __future__ import annotations

from dataclasses import replace

from nbformat import NotebookNode

from autograder.measurements import Measurements

# Of libraries that draw in the browser, as parts of the type of an output.
_DRAWN_IN_BROWSER = ("plotly", "vega", "bokeh")
_IN_MARKUP = ("<img", "<svg", "<canvas", "<video", "data:image/", "plotly", "bokeh", "vega")
# As the runner says it at the end of a notebook whose outputs were more than the limit.
_CUT_OFF = "[more output followed"


def with_pictures_shown(measurements: Measurements, notebook: NotebookNode) -> Measurements:
    """Return the measurements with the number of pictures; unknown if the notebook did not come to its end."""
    shown = pictures_in(notebook) if measurements.outcome == "graded" else None
    return replace(measurements, pictures_shown=shown)


def pictures_in(notebook: NotebookNode) -> int | None:
    """Return the number of outputs that are or hold pictures; None if outputs are missing."""
    outputs = [one for cell in notebook.cells if cell.cell_type == "code" for one in cell.get("outputs", [])]
    if any(str(one.get("text", "")).lstrip().startswith(_CUT_OFF) for one in outputs):
        return None
    return sum(
        any(_is_picture(kind, content) for kind, content in one.get("data", {}).items()) for one in outputs
    )


def _is_picture(kind: str, content: object) -> bool:
    if kind.startswith("image/") or any(name in kind for name in _DRAWN_IN_BROWSER):
        return True
    return kind in {"text/html", "text/markdown"} and any(sign in str(content) for sign in _IN_MARKUP)
