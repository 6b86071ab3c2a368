"""A figure is seen however a notebook shows it, with windows and widgets that are not there, too."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autograder.evidence import Evidence
from autograder.execute.runner import Execution

IMAGES = 3
FILL = (
    f"for i in range({IMAGES}):\n"
    f"    ax = figure.add_subplot(1, {IMAGES}, i + 1)\n"
    "    ax.imshow(np.random.rand(28, 28))\n"
    "    ax.set_title(f'feature {i}')\n"
)
CELLS = {
    "imports": "import numpy as np, matplotlib, matplotlib.pyplot as plt\nfrom matplotlib.figure import Figure",
    "notebook": "%matplotlib notebook\nfigure = plt.figure()\n" + FILL + "plt.show()",
    "opened": "figure = plt.figure()",
    "filled_later": FILL,
    "titles_later": "for axes in figure.axes:\n    axes.set_title(axes.get_title().upper())\n",
    "closed_in_notebook": "figure = plt.figure()\n" + FILL + "plt.close(figure)",
    "widget": "plt.close('all')\n%matplotlib widget\nfigure = plt.figure()\n" + FILL,
    "ipympl": "plt.close('all')\n%matplotlib ipympl\nfigure = plt.figure()\n" + FILL + "figure.canvas.draw()",
    "window": "plt.close('all')\n%matplotlib qt\nfigure = plt.figure()\n" + FILL + "plt.show(block=False)",
    "used": "plt.close('all')\nmatplotlib.use('TkAgg')\nfigure = plt.figure()\n" + FILL + "plt.show()",
    "inline_again": "plt.close('all')\n%matplotlib inline\nfigure = plt.figure()\n" + FILL,
    "as_object": "figure = Figure()\n" + FILL + "figure",
    "saved": "from IPython.display import Image\nfigure = Figure()\n" + FILL + "figure.savefig('f.png')\n"
    "Image('f.png')",
    "buffer": "from PIL import Image as Picture\nfrom matplotlib.backends.backend_agg import FigureCanvasAgg\n"
    "figure = Figure()\n" + FILL + "canvas = FigureCanvasAgg(figure)\ncanvas.draw()\n"
    "Picture.fromarray(np.asarray(canvas.buffer_rgba()))",
    "moving": "figure = plt.figure()\n" + FILL + "for step in range(20):\n"
    "    figure.axes[0].images[0].set_data(np.random.rand(28, 28))\n    figure.canvas.draw()",
    "closed": "figure = plt.figure()\n" + FILL + "plt.close(figure)\nplt.show()",
}  # fmt: skip
UNSEEN = {"imports", "opened", "closed_in_notebook", "closed"}


@pytest.fixture(scope="module")
def execution(run_cells: Callable[..., Execution]) -> Execution:
    execution = run_cells(CELLS)
    errors = [(run.cell, run.error_message) for run in execution.evidence.cells if run.status != "ok"]
    assert errors == []
    return execution


def filled(evidence: Evidence, cell: str) -> list[list[str]]:
    """Return the titles of every figure with all panels that was seen in a cell."""
    records = [one for one in evidence.of_kind("figure") if one.run == list(CELLS).index(cell)]
    titles = [[panel["title"] for panel in one.facts["panels"]] for one in records]
    return [one for one in titles if len(one) == IMAGES]


@pytest.mark.parametrize("cell", CELLS)
def test_a_figure_is_seen_once_where_it_is_shown(execution: Execution, cell: str) -> None:
    seen = filled(execution.evidence, cell)
    assert len(seen) == (0 if cell in UNSEEN else 1)
    assert all(title.lower().startswith("feature") for titles in seen for title in titles)


def test_titles_that_come_later_count(execution: Execution) -> None:
    assert filled(execution.evidence, "titles_later") == [["FEATURE 0", "FEATURE 1", "FEATURE 2"]]


@pytest.mark.parametrize(
    "cell", ["notebook", "filled_later", "widget", "ipympl", "window", "used", "inline_again"]
)
def test_the_executed_notebook_shows_a_picture_of_it(execution: Execution, cell: str) -> None:
    outputs = execution.notebook.cells[list(CELLS).index(cell)].outputs
    assert any("image/png" in output.get("data", {}) for output in outputs)


def test_nothing_went_wrong_while_looking(execution: Execution) -> None:
    assert execution.evidence.of_kind("trouble") == []
