"""The panels of a Plotly figure, on figures that have only what is read of them: Plotly itself is not needed."""

from __future__ import annotations

import base64
import io
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from autograder.execute.inside.plotly_figures import panels_of, plotly_figures

DIGIT = np.arange(28 * 28, dtype="uint8").reshape(28, 28)


def figure(*traces: Any, titles: tuple[str, ...] = (), title: str | None = None) -> Any:
    notes = [SimpleNamespace(text=text) for text in titles]
    return SimpleNamespace(
        data=traces, layout=SimpleNamespace(annotations=notes, title=SimpleNamespace(text=title))
    )


def trace(kind: str, z: Any = None, source: str | None = None) -> Any:
    return SimpleNamespace(type=kind, z=z, source=source)


def as_source(picture: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="png")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def test_heat_maps_and_images_are_panels_and_curves_are_not() -> None:
    traces = trace("heatmap", z=DIGIT), trace("image", source=as_source(DIGIT)), trace("scatter")
    panels = panels_of(figure(*traces, titles=("feature 0", "feature 1")))
    assert [title for title, _ in panels] == ["feature 0", "feature 1"]
    assert all((picture == DIGIT).all() for _, picture in panels)


@pytest.mark.parametrize("empty", [trace("heatmap"), trace("image"), trace("heatmap", z=["a"])])
def test_a_trace_without_a_picture_is_no_panel(empty: Any) -> None:
    assert panels_of(figure(empty)) == []


def test_the_title_of_a_figure_with_one_panel_is_that_of_the_panel() -> None:
    assert panels_of(figure(trace("heatmap", z=DIGIT), title="feature 7"))[0][0] == "feature 7"


def test_figures_are_found_once_plotly_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    class BaseFigure:
        pass

    one = BaseFigure()
    namespace = {"figure": one, "same": one, "other": 3}
    assert plotly_figures(namespace) == []
    module = ModuleType("plotly.basedatatypes")
    monkeypatch.setattr(module, "BaseFigure", BaseFigure, raising=False)
    monkeypatch.setitem(sys.modules, "plotly.basedatatypes", module)
    assert plotly_figures(namespace) == [one]
