"""Pictures are counted in the outputs, which no code in the kernel can take back or make up unseen."""

from __future__ import annotations

from typing import Any

import pytest
from nbformat import NotebookNode, v4

from autograder.grading.shown import pictures_in, with_pictures_shown
from autograder.measurements import Measurements


def notebook(*outputs: NotebookNode) -> NotebookNode:
    return v4.new_notebook(cells=[v4.new_markdown_cell("text"), v4.new_code_cell("1", outputs=list(outputs))])


def shows(**data: Any) -> NotebookNode:
    return v4.new_output(
        "display_data", data={kind.replace("_", "/", 1): value for kind, value in data.items()}
    )


@pytest.mark.parametrize(
    ("output", "count"),
    [
        (shows(image_png="iVBORw0KGgo=", text_plain="<Figure>"), 1),
        (shows(text_html="<p>64 features</p>"), 0),
        (shows(text_html='<img src="data:image/png;base64,iVBO">'), 1),
        (v4.new_output("display_data", data={"application/vnd.plotly.v1+json": {}}), 1),
        (v4.new_output("stream", name="stdout", text="<img>"), 0),
        (v4.new_output("error", ename="E", evalue="", traceback=[]), 0),
    ],
)
def test_a_picture_is_what_a_reader_sees(output: NotebookNode, count: int) -> None:
    assert pictures_in(notebook(output)) == count


def test_nothing_is_known_where_outputs_were_cut_off_or_the_notebook_stopped() -> None:
    cut = v4.new_output(
        "stream", name="stdout", text="[more output followed; it is over the limit and not kept]\n"
    )

    assert pictures_in(notebook(cut)) is None
    assert with_pictures_shown(Measurements("timeout"), notebook()).pictures_shown is None
    assert with_pictures_shown(Measurements("graded"), notebook()).pictures_shown == 0
