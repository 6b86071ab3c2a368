"""The executed notebook, cell by cell, as a page can show it: nothing in it runs, and none of it is endless."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup, escape
from nbconvert.filters.ansi import strip_ansi
from nbconvert.filters.highlight import Highlight2HTML
from nbformat import NotebookNode

from autograder.course.notebooks import grade_id
from autograder.record.feedback.pixels import PixelsError, plain_picture
from autograder.record.feedback.words import LONGEST_HTML, clean, lines, markdown, typed

# Beyond these, nobody reads and a page is slow; what is left out is said.
MOST_CELLS = 400
MOST_OUTPUTS = 60  # of one cell
MOST_PICTURES = 80  # of the notebook
LONGEST_CODE = 60_000
LONGEST_TEXT = 12_000
# Programs move back over what they printed to show progress; only the last of it was seen for long.
_MOST_READ = 400_000

_PICTURES = ("image/png", "image/jpeg")
_ACTIVE = ("<script", "<iframe", "<object", "<embed", "<svg", "<canvas", "<video", "<audio")

Kind = Literal["text", "error", "html", "picture", "note"]


@dataclass(frozen=True)
class Output:
    """One output; a picture's `shown` is its address."""

    kind: Kind
    shown: str | Markup


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        kind: code, markdown or raw.
        name: its grade_id; empty for cells that nbgrader does not know.
        source: as HTML.
        number: when it was run; empty if it was not.
        outputs: what came out.
    """

    kind: str
    name: str
    source: Markup
    number: str = ""
    outputs: tuple[Output, ...] = ()


def show_cells(notebook: NotebookNode) -> Iterator[Cell]:
    """Yield the cells of an executed notebook."""
    pictures = _Budget(MOST_PICTURES)
    for cell in notebook.cells[:MOST_CELLS]:
        name = grade_id(cell) or ""
        if cell.cell_type == "markdown":
            yield Cell("markdown", name, markdown(cell.source, cell.get("attachments")))
        elif cell.cell_type == "code":
            count = cell.get("execution_count")
            outputs = tuple(_outputs(cell.get("outputs", []), pictures))
            yield Cell(
                "code", name, _code(cell.source), str(count) if isinstance(count, int) else "", outputs
            )
        else:
            yield Cell("raw", name, typed(cell.source))
    if (more := len(notebook.cells) - MOST_CELLS) > 0:
        yield Cell("markdown", "", escape(f"{more} more cells are not shown."))


class _Budget:
    def __init__(self, left: int) -> None:
        self._left = left

    def take(self) -> bool:
        self._left -= 1
        return self._left >= 0


def _code(source: str) -> Markup:
    if len(source) > LONGEST_CODE:
        return typed(source, at_most=LONGEST_CODE)
    visible = lines(source, at_most=LONGEST_CODE)
    # Pygments escapes the text and adds nothing but <span class="..">
    return Markup(_highlighted(visible))  # noqa: S704


def _highlighted(source: str) -> str:
    return str(Highlight2HTML()(source))


def _outputs(outputs: Sequence[NotebookNode], pictures: _Budget) -> Iterator[Output]:
    joined = list(_joined(outputs))
    for output in joined[:MOST_OUTPUTS]:
        match output.output_type:
            case "stream":
                text = _text(output.text)
                if text.strip():
                    yield Output("text", text)
            case "error":
                yield Output("error", _text("\n".join(map(str, output.traceback)) or str(output.evalue)))
            case "display_data" | "execute_result":
                yield from _data(output.data, pictures)
    if (more := len(joined) - MOST_OUTPUTS) > 0:
        yield Output("note", f"{more} more outputs of this cell are not shown.")


def _joined(outputs: Sequence[NotebookNode]) -> Iterator[NotebookNode]:
    """Join what was printed in parts."""
    last: NotebookNode | None = None
    parts: list[str] = []
    for output in outputs:
        if output.output_type == "stream" and last is not None and last.name == output.name:
            parts.append(str(output.text))
            continue
        if last is not None:
            yield NotebookNode({**last, "text": "".join(parts)})
            last = None
        if output.output_type == "stream":
            last, parts = output, [str(output.text)]
        else:
            yield output
    if last is not None:
        yield NotebookNode({**last, "text": "".join(parts)})


def _text(text: str) -> str:
    """Return what a terminal would show in the end."""
    read = text if len(text) <= _MOST_READ else text[: _MOST_READ // 2] + "\n…\n" + text[-_MOST_READ // 2 :]
    plain = str(strip_ansi(read))
    seen = "\n".join(map(_overwritten, plain.replace("\r\n", "\n").split("\n")))
    return lines(seen.strip("\n"), at_most=LONGEST_TEXT)


def _overwritten(line: str) -> str:
    last = next((part for part in reversed(line.split("\r")) if part.strip("\b ")), "")
    return last.replace("\b", "")


def _data(data: Mapping[str, Any], pictures: _Budget) -> Iterator[Output]:
    """Show the best form of an output that is harmless; interactive ones have a plain form, too."""
    for kind in _PICTURES:
        if kind in data:
            yield _picture(str(data[kind]), pictures)
            return
    markup = str(data.get("text/html", ""))
    if markup and len(markup) <= LONGEST_HTML and not any(tag in markup.lower() for tag in _ACTIVE):
        cleaned = clean(markup)
        if cleaned.striptags().strip() or "<img src=" in cleaned:
            yield Output("html", cleaned)
            return
    if "text/markdown" in data:
        yield Output("html", markdown(str(data["text/markdown"])))
    elif "text/latex" in data and "text/plain" not in data:
        yield Output("html", markdown(str(data["text/latex"])))
    elif "text/plain" in data:
        text = _text(str(data["text/plain"]))
        if text.strip():
            yield Output("text", text)
    elif data:
        yield Output("note", "An output that only a notebook can show.")


def _picture(encoded: str, pictures: _Budget) -> Output:
    if not pictures.take():
        return Output("note", "A picture; there are too many to show all.")
    try:
        return Output("picture", plain_picture(encoded))
    except PixelsError as error:
        return Output("note", f"Not shown: {error}.")
