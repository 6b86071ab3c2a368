"""The executed notebook, cell by cell, ready for a page: no active content, and bounded in size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup, escape
from nbconvert.filters.ansi import strip_ansi
from nbconvert.filters.highlight import Highlight2HTML
from nbformat import NotebookNode

from autograder.course.notebooks import grade_id
from autograder.feedback.clean_markup import LONGEST_HTML, clean, lines, markdown, typed
from autograder.feedback.pixels import PixelsError, open_picture, plain_picture

# Beyond these sizes, people stop reading and the page gets slow; the page says what was left out.
MOST_CELLS = 400
MOST_OUTPUTS = 60  # per cell
LONGEST_TEXT = 12_000
LONGEST_CODE = 60_000
# Per notebook: a submission that occupied the computer for minutes would hold up all others.
ROOM = {
    "markdown": 200_000,  # characters
    "code": 500_000,
    "html": 400_000,
    "outputs": 1_500,
    "pictures": 80,
    "pixels": 150_000_000,
}
# Programs overwrite what they printed to show progress; only the last state stayed visible.
_MOST_READ = 400_000

_PICTURES = ("image/png", "image/jpeg")
_ACTIVE = ("<script", "<iframe", "<object", "<embed", "<svg", "<canvas", "<video", "<audio")

Kind = Literal["text", "error", "html", "picture", "note"]


@dataclass(frozen=True)
class Output:
    """One output; for a picture, `shown` is its address."""

    kind: Kind
    shown: str | Markup


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        kind: code, markdown or raw.
        name: its grade_id; empty for cells that nbgrader does not know.
        source: as HTML.
        number: the execution count; empty if it was not run.
        outputs: its outputs.
    """

    kind: str
    name: str
    source: Markup
    number: str = ""
    outputs: tuple[Output, ...] = ()


def show_cells(notebook: NotebookNode) -> Iterator[Cell]:
    """Yield the cells of an executed notebook."""
    room = _Room()
    for cell in notebook.cells[:MOST_CELLS]:
        name = grade_id(cell) or ""
        if cell.cell_type == "markdown":
            yield Cell("markdown", name, _markdown(cell.source, room, cell.get("attachments")))
        elif cell.cell_type == "code":
            count = cell.get("execution_count")
            outputs = tuple(_outputs(cell.get("outputs", []), room))
            yield Cell(
                "code", name, _code(cell.source, room), str(count) if isinstance(count, int) else "", outputs
            )
        else:
            yield Cell("raw", name, typed(cell.source))
    if (more := len(notebook.cells) - MOST_CELLS) > 0:
        yield Cell("markdown", "", escape(f"{more} more cells are not shown."))


class _Room:
    """How much of each kind of content the page may still show."""

    def __init__(self) -> None:
        self._left = dict(ROOM)

    def take(self, what: str, amount: int = 1) -> bool:
        self._left[what] -= amount
        return self._left[what] >= 0


def _markdown(source: str, room: _Room, attachments: Mapping[str, Any] | None = None) -> Markup:
    return markdown(source, attachments) if room.take("markdown", len(source)) else typed(source)


def _code(source: str, room: _Room) -> Markup:
    if len(source) > LONGEST_CODE or not room.take("code", len(source)):
        return typed(source, at_most=LONGEST_TEXT)
    visible = lines(source, at_most=LONGEST_CODE)
    # Pygments escapes the text and adds nothing but <span class="..">
    return Markup(_highlighted(visible))  # noqa: S704


def _highlighted(source: str) -> str:
    return str(Highlight2HTML()(source))


def _outputs(outputs: Sequence[NotebookNode], room: _Room) -> Iterator[Output]:
    joined = list(_joined(outputs))
    shown = 0
    for output in joined[:MOST_OUTPUTS]:
        if not room.take("outputs"):
            break
        shown += 1
        match output.output_type:
            case "stream":
                text = _text(output.text)
                if text.strip():
                    yield Output("text", text)
            case "error":
                yield Output("error", _text("\n".join(map(str, output.traceback)) or str(output.evalue)))
            case "display_data" | "execute_result":
                yield from _data(output.data, room)
    if (more := len(joined) - shown) > 0:
        yield Output("note", f"{more} more outputs of this cell are not shown.")


def _joined(outputs: Sequence[NotebookNode]) -> Iterator[NotebookNode]:
    """Join text that was printed in pieces."""
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
    """Return what a terminal would show at the end."""
    read = text if len(text) <= _MOST_READ else text[: _MOST_READ // 2] + "\n…\n" + text[-_MOST_READ // 2 :]
    plain = str(strip_ansi(read))
    seen = "\n".join(map(_overwritten, plain.replace("\r\n", "\n").split("\n")))
    return lines(seen.strip("\n"), at_most=LONGEST_TEXT)


def _overwritten(line: str) -> str:
    last = next((part for part in reversed(line.split("\r")) if part.strip("\b ")), "")
    return last.replace("\b", "")


def _data(data: Mapping[str, Any], room: _Room) -> Iterator[Output]:
    """Show the best harmless form of an output; interactive outputs also have a plain form."""
    for kind in _PICTURES:
        if kind in data:
            yield _picture(str(data[kind]), room)
            return
    markup = str(data.get("text/html", ""))
    is_still = not any(tag in markup.lower() for tag in _ACTIVE)
    if markup and is_still and len(markup) <= LONGEST_HTML and room.take("html", len(markup)):
        cleaned = clean(markup)
        if cleaned.striptags().strip() or "<img src=" in cleaned:
            yield Output("html", cleaned)
            return
    if "text/markdown" in data:
        yield Output("html", _markdown(str(data["text/markdown"]), room))
    elif "text/latex" in data and "text/plain" not in data:
        yield Output("html", _markdown(str(data["text/latex"]), room))
    elif "text/plain" in data:
        text = _text(str(data["text/plain"]))
        if text.strip():
            yield Output("text", text)
    elif data:
        yield Output("note", "An output that only a notebook can show.")


def _picture(encoded: str, room: _Room) -> Output:
    if not room.take("pictures"):
        return Output("note", "A picture; there are too many to show all.")
    try:
        picture = open_picture(encoded)
        if not room.take("pixels", picture.width * picture.height):
            return Output("note", "A picture; together they are too large to show all.")
        return Output("picture", plain_picture(picture))
    except PixelsError as error:
        return Output("note", f"Not shown: {error}.")
