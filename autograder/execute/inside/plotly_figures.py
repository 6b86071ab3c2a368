"""Reads the panels of a Plotly figure, where Plotly is installed: heat maps and images, with the titles above them."""

from __future__ import annotations

import base64
import io
import sys
from typing import Any

MOST_PANELS = 400


def plotly_figures(namespace: dict[str, Any]) -> list[Any]:
    """Return the Plotly figures that a notebook has; none before it has imported Plotly."""
    plotly: Any = sys.modules.get("plotly.basedatatypes")
    if plotly is None:
        return []
    found = [value for value in namespace.values() if isinstance(value, plotly.BaseFigure)]
    return list({id(figure): figure for figure in found}.values())


def panels_of(figure: Any) -> list[tuple[str, Any]]:
    """Return (title, picture) of every panel; titles of panels are annotations of the figure, in the same order."""
    pictures = [picture_of(trace) for trace in figure.data[:MOST_PANELS]]
    titles = [str(note.text or "") for note in figure.layout.annotations]
    alone = figure.layout.title.text
    if not titles and len(pictures) == 1 and alone:
        titles = [str(alone)]
    titles += [""] * (len(pictures) - len(titles))
    return [(title, picture) for title, picture in zip(titles, pictures) if picture is not None]


def picture_of(trace: Any) -> Any:
    """Return what a trace shows as an array, or None if it is no picture."""
    import numpy as np

    if trace.type not in {"heatmap", "image"}:
        return None
    if trace.z is not None:
        picture = np.asarray(trace.z)
    elif trace.type == "image" and trace.source:
        from PIL import Image

        picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(trace.source.partition(",")[2]))))
    else:
        return None
    return picture if picture.dtype.kind in "fiu" and picture.ndim in (2, 3) else None
