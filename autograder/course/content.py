"""Parses the JSON of an untrusted notebook, within size limits, and repairs it where that is safe.

nbformat assumes a well-formed notebook of a sane size, so violations are found here first. What careless
tools leave out is filled in if it is obvious, such as empty metadata.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from nbformat import v3
from nbformat.v4.convert import upgrade_cell

from autograder.course.names import is_empty, is_python
from autograder.plain.nesting import excess

# A notebook has a few values per cell and line. More values or deeper nesting are meant to do harm.
MOST_VALUES = 250_000
MOST_DEPTH = 64
OLDEST, NEWEST, NEWEST_MINOR = 3, 4, 5

KEYS = {"cells", "metadata", "nbformat", "nbformat_minor"}
_ALL_HAVE = {"cell_type", "id", "metadata", "source"}
CELL_KEYS = {
    "code": _ALL_HAVE | {"execution_count", "outputs"},
    "markdown": _ALL_HAVE | {"attachments"},
    "raw": _ALL_HAVE | {"attachments"},
}

_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class ContentError(ValueError):
    """The content is not a valid notebook; the message is a sentence fragment that says why."""


def decode(data: bytes) -> str:
    """Decode the bytes of a file.

    Raises:
        ContentError: the file is empty or not UTF-8.
    """
    if not data.strip(b"\0 \t\r\n"):
        raise ContentError("the file is empty; hand in the notebook again")
    encoding = json.detect_encoding(data)
    if not encoding.startswith("utf-8"):
        raise ContentError(
            f"saved as {encoding[:6].upper()}, not as UTF-8; save it in Jupyter and hand that in"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ContentError("not a notebook (not UTF-8 text)") from error


def parse(text: str) -> dict[str, Any]:
    """Return the content of a notebook in format 4, with limits on the number and depth of its values.

    It has a list of cells that contain text; nothing else is checked.

    Raises:
        ContentError: the text is not such a notebook.
    """
    if not text.strip():
        raise ContentError("the file is empty; hand in the notebook again")
    read = _json(text)
    versions = [read.get(key, 0) for key in ("nbformat", "nbformat_minor")] if isinstance(read, dict) else []
    if not versions or not all(type(version) is int for version in versions) or versions[0] < 1:
        raise ContentError("JSON, but not a notebook; export it as .ipynb and hand that in")
    version = versions[0]
    if not OLDEST <= version <= NEWEST:
        than = f"newer than format {NEWEST}" if version > NEWEST else f"older than format {OLDEST}"
        raise ContentError(
            f"written in notebook format {str(version)[:20]}, {than} which can be read; save it in format {NEWEST}"
        )
    _check_bounds(read)
    content: dict[str, Any] = _upgraded(read) if version == OLDEST else read
    if problem := next(_problems(content), ""):
        raise ContentError(f"not a valid notebook ({problem})")
    _complete(content)
    return content


def remove_outputs(content: dict[str, Any]) -> None:
    """Remove the outputs of earlier runs, so that they cannot make the notebook invalid."""
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)


def complete_ids(cells: list[Any]) -> None:
    """Give every cell a unique id; a new id names the cell's position, so it is the same on every read."""
    given = {name for cell in cells if isinstance(name := cell.get("id"), str)}
    taken: set[str] = set()
    for place, cell in enumerate(cells, start=1):
        name = cell.get("id")
        if not isinstance(name, str) or not _ID.fullmatch(name) or name in taken:
            name = cell["id"] = next(new for new in _names(place) if new not in given)
        taken.add(name)


def other_language(metadata: dict[str, Any]) -> str:
    """Return the language that a notebook declares if it is not Python, else an empty string."""
    said = [
        place.get(key)
        for place, key in (
            (metadata.get("language_info", {}), "name"),
            (metadata.get("kernelspec", {}), "language"),
        )
    ]
    names = [name for name in said if isinstance(name, str) and name.strip()]
    return "" if any("python" in name.lower() for name in names) else next(iter(names), "")


def can_be_python(sources: Iterable[str]) -> bool:
    """Tell whether code cells are Python: most of those that hold code can be read as such."""
    readable = [is_python(source) for source in sources if not is_empty(source)]
    return 2 * sum(readable) > len(readable) or not readable


def _check_bounds(content: Any) -> None:
    if problem := excess(content, most_values=MOST_VALUES, most_depth=MOST_DEPTH):
        raise ContentError(f"not a notebook of this exercise ({problem})")


def _upgraded(content: dict[str, Any]) -> dict[str, Any]:
    """Upgrade content from format 3 to format 4, without its outputs, which date from before 2015."""
    try:
        cells = [cell for sheet in content["worksheets"] for cell in sheet["cells"]]
        for cell in cells:
            if cell["cell_type"] == "code":
                cell["outputs"] = []
            if cell["cell_type"] == "heading" and cell.get("level") not in range(1, 7):
                cell["level"] = 1  # the number of '#' that it becomes
        notebook = v3.to_notebook_json(content)
        cells = [upgrade_cell(cell) for sheet in notebook.worksheets for cell in sheet.cells]
    except Exception as error:  # nbformat assumes a valid structure and can fail anywhere
        raise ContentError("not a valid notebook (its structure is not that of a notebook)") from error
    for cell in cells:
        del cell["id"]  # it is random, so it changes on every read
    metadata = content.get("metadata", {})
    return {"nbformat": NEWEST, "nbformat_minor": NEWEST_MINOR, "metadata": metadata, "cells": cells}


def _problems(content: dict[str, Any]) -> Iterator[str]:
    cells = content.get("cells")
    if not isinstance(content.get("metadata", {}), dict):
        yield "its metadata are of the wrong form"
    if not isinstance(cells, list):
        yield "it has no list of cells"
        return
    for place, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict):
            yield f"cell {place} is of the wrong form"
        elif str(cell.get("cell_type")) not in CELL_KEYS:
            yield f"cell {place} is of an unknown kind, {cell.get('cell_type')!r:.40}"
        elif not isinstance(cell.get("metadata", {}), dict):
            yield f"the metadata of cell {place} are of the wrong form"
        elif not _is_text(cell.get("source")):
            yield f"the content of cell {place} is not text"


def _is_text(source: Any) -> bool:
    lines = source if isinstance(source, list) else [source]
    return all(isinstance(line, str) for line in lines)


def _complete(content: dict[str, Any]) -> None:
    """Add what a notebook must have, and remove what it cannot have."""
    content["nbformat_minor"] = max(content.get("nbformat_minor", 0), NEWEST_MINOR)
    content.setdefault("metadata", {})
    for cell in content["cells"]:
        cell.setdefault("metadata", {})
        if cell["cell_type"] == "code":
            cell.setdefault("outputs", [])
            if type(cell.get("execution_count")) is not int:
                cell["execution_count"] = None
    if content["nbformat_minor"] == NEWEST_MINOR:
        _keep(content, KEYS)
        for cell in content["cells"]:
            _keep(cell, CELL_KEYS[cell["cell_type"]])


def _keep(values: dict[str, Any], keys: set[str]) -> None:
    for key in values.keys() - keys:
        del values[key]


def _json(text: str) -> Any:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ContentError(
            f"not a notebook, or cut off while copying (line {error.lineno}: {error.msg})"
        ) from error
    except RecursionError as error:
        raise ContentError("not a notebook, or cut off while copying (nested too deeply)") from error
    except ValueError as error:  # Python refuses such a number, since parsing takes very long
        raise ContentError("not a notebook (a number with thousands of digits)") from error
    if _HALF_CHARACTER.search(text):  # JSON allows lone surrogates, but no file can hold them
        _check_bounds([content])
        return json.loads(json.dumps(content, ensure_ascii=False).encode(errors="replace"))
    return content


def _names(place: int) -> Iterator[str]:
    yield f"cell-{place}"
    yield from (f"cell-{place}-{number}" for number in itertools.count(2))
