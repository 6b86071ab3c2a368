"""The leak check: makes sure that the release shows no part of the solution and no number of the rubric.

It does not trust the generator. It reads from the source notebook what students must not see and what they
may see. Then it searches everything in the release folder for the former: sources, outputs, metadata and
attachments of notebooks, other files, and the members of archives.
"""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from nbformat import NotebookNode

from autograder.course.notebooks import (
    grade_id,
    is_grade,
    is_solution,
    parse_notebook,
    read_notebook,
)
from autograder.errors import SubmissionError

_OPEN = re.compile(r"BEGIN (SOLUTION|HIDDEN TESTS|MARK SCHEME)")
_CLOSE = re.compile(r"END (SOLUTION|HIDDEN TESTS|MARK SCHEME)")
_KIT_IMPORT = re.compile(
    r"^[ \t]*(?:import|from)\b[^#\n]*\b(?:autograder|solutions)\b"
    r"|(?:import_module|__import__|run_module)\(\s*[\"'](?:autograder|solutions)\b",
    re.MULTILINE,
)
_NUMBER = re.compile(
    r"(?<![\w.])(?P<value>(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?!\w)(?P<percent>\s*%)?", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"(?<=[.!?:;])\s+|\n")

# In characters that are not white space. Shorter lines ("model.summary()") are too common to be a secret.
_SHORTEST_CODE = 16
_SHORTEST_SENTENCE = 20


@dataclass(frozen=True)
class Text:
    """A piece of text in the release, with its location.

    Attributes:
        place: file and cell, in words.
        text: what a student can read there.
        is_code: whether Python runs it.
        is_check: whether it is part of the self-checks, whose numbers students take for the rubric's.
    """

    place: str
    text: str
    is_code: bool = False
    is_check: bool = False


@dataclass(frozen=True)
class Secrets:
    """What students must not see, and what they may see.

    Attributes:
        lines: the lines of code and sentences that only the instructor has, each mapped to its cell.
        thresholds: the rubric's numbers by name.
        public_numbers: numbers in the exercise's own text and given code.
    """

    lines: Mapping[str, str]
    thresholds: Mapping[str, float]
    public_numbers: frozenset[float]


def find_leaks(
    source_notebook: Path, release_folder: Path, hidden_thresholds: Mapping[str, float], *, stated: str = ""
) -> list[str]:
    """Return one line for each thing in the release that students must not see; empty if there are none.

    Args:
        source_notebook: the instructor's notebook, with solutions.
        release_folder: the folder with everything that students get.
        hidden_thresholds: the rubric's numbers by the name of their setting.
        stated: a line with those numbers that students may see, which is let through as a whole or not at all.
    """
    secrets = secrets_of(read_notebook(source_notebook), hidden_thresholds)
    return leaks_in(secrets, (_without_line(text, stated) for text in texts_of(release_folder)))


def _without_line(text: Text, line: str) -> Text:
    lines = (one for one in text.text.splitlines(keepends=True) if not line or one.strip() != line)
    return replace(text, text="".join(lines))


def leaks_in(secrets: Secrets, texts: Iterable[Text]) -> list[str]:
    """Return one line for every secret found in the texts."""
    leaks: list[str] = []
    for text in texts:
        leaks += [f"{text.place}: {what}" for what in _leaks_in_text(secrets, text)]
    return leaks


def secrets_of(source: NotebookNode, hidden_thresholds: Mapping[str, float]) -> Secrets:
    """Separate the source notebook into what students must not see and what they may."""
    hidden: list[tuple[str, str, int]] = []
    public: list[str] = []
    public_cells: list[str] = []
    for index, cell in enumerate(source.cells):
        shown, kept = _split(cell)
        public.append(shown)
        if is_solution(cell) or not is_grade(cell):
            public_cells.append(shown)
        shortest = _SHORTEST_CODE if cell.cell_type == "code" else _SHORTEST_SENTENCE
        pieces = kept.splitlines() if cell.cell_type == "code" else _SENTENCE_END.split(kept)
        hidden += [(_squeeze(piece).rstrip(",:([{"), _name(cell, index), shortest) for piece in pieces]
    shown_everywhere = _squeeze("\n".join(public))
    lines = {
        piece: name
        for piece, name, shortest in hidden
        if len(piece) >= shortest and piece not in shown_everywhere
    }
    public_numbers = frozenset(value for value, _ in _numbers("\n".join(public_cells)))
    return Secrets(lines, hidden_thresholds, public_numbers)


def texts_of(folder: Path) -> Iterator[Text]:
    """Yield all readable text in a folder, cell by cell for notebooks."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield from _texts_of_file(str(path.relative_to(folder)), path.read_bytes())


def _texts_of_file(place: str, data: bytes) -> Iterator[Text]:
    yield Text(place, f"file name {place}")
    if (notebook := _as_notebook(place, data)) is not None:
        yield from _texts_of_notebook(place, notebook)
    elif zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield from _texts_of_file(f"{place}/{member}", archive.read(member))
    else:
        is_python = place.endswith(".py")
        yield Text(place, data.decode("utf-8", errors="replace"), is_code=is_python, is_check=is_python)


def _as_notebook(place: str, data: bytes) -> NotebookNode | None:
    if not place.endswith(".ipynb"):
        return None
    try:
        return parse_notebook(data.decode("utf-8"))
    except (SubmissionError, UnicodeDecodeError):
        return None  # a broken notebook is searched like any other file


def _texts_of_notebook(place: str, notebook: NotebookNode) -> Iterator[Text]:
    yield Text(f"{place}, notebook metadata", "\n".join(_strings(notebook.metadata)))
    for index, cell in enumerate(notebook.cells):
        name = f"{place}, cell {_name(cell, index)}"
        is_code = cell.cell_type == "code"
        yield Text(name, cell.source, is_code=is_code, is_check=is_code and is_grade(cell))
        for part in ("outputs", "metadata"):
            if cell.get(part):
                yield Text(f"{name}, {part}", "\n".join(_strings(cell[part])))
        for string in _strings(cell.get("attachments", {})):
            yield Text(f"{name}, attachments", f"{string}\n{_decoded(string)}")


def _leaks_in_text(secrets: Secrets, text: Text) -> Iterator[str]:
    squeezed = _squeeze(text.text)
    for line, name in secrets.lines.items():
        if line in squeezed:
            yield f"a part of the solution of '{name}': {_find_original(line, text.text)}"
    for marker in (_OPEN, _CLOSE):
        if found := marker.search(text.text):
            yield f"the marker '{found[0]}'"
    if text.is_code and (found := _KIT_IMPORT.search(text.text)):
        yield f"it uses the kit, which students do not have: {found[0].strip()}"
    for name in secrets.thresholds:
        # a single word ("accuracy") cannot be distinguished from ordinary language
        if "_" in name and re.search(rf"\b{re.escape(name)}\b", text.text):
            yield f"the name of the hidden threshold '{name}'"
    if text.is_check:
        yield from _threshold_numbers(secrets, text.text)


def _threshold_numbers(secrets: Secrets, text: str) -> Iterator[str]:
    for value, written in dict.fromkeys(_numbers(text)):
        names = [name for name, hidden in secrets.thresholds.items() if hidden == value]
        if names and value not in secrets.public_numbers:
            yield f"the number {written} is the hidden threshold '{names[0]}'"


def _split(cell: NotebookNode) -> tuple[str, str]:
    """Return what nbgrader leaves in a cell, and what it removes."""
    shown: list[str] = []
    kept: list[str] = []
    is_open = False
    for line in cell.source.splitlines():
        if _OPEN.search(line):
            is_open = True
        elif _CLOSE.search(line):
            is_open = False
        else:
            (kept if is_open else shown).append(line)
    if is_solution(cell) and not _OPEN.search(cell.source):
        shown, kept = [], shown  # without a marked region, the whole cell is the answer
    return "\n".join(shown), "\n".join(kept)


def _numbers(text: str) -> Iterator[tuple[float, str]]:
    for match in _NUMBER.finditer(text):
        value = float(match["value"].replace("_", ""))
        yield (value / 100 if match["percent"] else value), match[0].strip()


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(value, list):
        if value and all(isinstance(inner, str) for inner in value):
            yield "".join(value)  # nbformat stores long texts as lists of their lines
        else:
            for inner in value:
                yield from _strings(inner)
    else:
        yield str(value)


def _decoded(string: str) -> str:
    """Return the text in a base64 string, the format of notebook attachments; empty if it is not base64."""
    try:
        return base64.b64decode(string, validate=True).decode("utf-8", errors="replace")
    except ValueError:
        return ""


def _squeeze(text: str) -> str:
    """Return the text without white space, so that `x = 1` and `x=1` are the same line."""
    return "".join(text.split())


def _find_original(line: str, text: str) -> str:
    """Return the original line in the text, to show where the leak is."""
    for candidate in text.splitlines():
        if line in _squeeze(candidate):
            return candidate.strip()[:100]
    return line[:100]


def _name(cell: NotebookNode, index: int) -> str:
    return grade_id(cell) or cell.get("id") or str(index + 1)
