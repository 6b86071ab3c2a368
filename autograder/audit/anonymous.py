"""Removes from a submission what says whose it is: names, comments, outputs, answers and paths.

What decides a verdict stays: code, numbers, and the kit's own sentences. Text inside the code stays as well, apart from
the names that are known, because the code may need it.
"""

from __future__ import annotations

import io
import re
import token
import tokenize
from collections.abc import Collection, Iterable
from typing import Any

import nbformat
from nbformat import NotebookNode

LEFT_OUT = "(left out)"
SOMEBODY = "student"
_SHORTEST_NAME = 3
# Absolute paths name the instructor's machine, and often a person.
_FOLDERS = re.compile(r"(?<![\w./:])(?:/[^\s/'\"]+)+/(?=[^\s/'\"])")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)
_PARTS = re.compile(r"\{[^{}]*\}|[^{]+")
_STRINGS = {token.STRING, getattr(token, "FSTRING_MIDDLE", token.STRING)}
_STARTS = {token.NEWLINE, token.INDENT, token.DEDENT, tokenize.NL, tokenize.COMMENT}


class KnownNames:
    """The names to replace; as whole words, in upper and lower case."""

    def __init__(self, names: Iterable[str]) -> None:
        parts = {
            part
            for name in names
            for part in (name, *re.split(r"[\s@]+", name))
            if len(part) >= _SHORTEST_NAME
        }
        longest_first = sorted(map(re.escape, parts), key=len, reverse=True)
        self._pattern = (
            re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", re.IGNORECASE) if parts else None
        )

    def without(self, text: str) -> str:
        """Return a text in which no known name is left."""
        return self._pattern.sub(SOMEBODY, text) if self._pattern else text


def anonymous_notebook(notebook: NotebookNode, released: NotebookNode, names: KnownNames) -> NotebookNode:
    """Return a notebook with the code alone; cells and comments that were released stay as they are."""
    given = {cell.source for cell in released.cells}
    comments = {
        comment
        for cell in released.cells
        if cell.cell_type == "code"
        for comment in _COMMENT.findall(cell.source)
    }
    return nbformat.v4.new_notebook(
        cells=[_anonymous_cell(cell, given, comments, names) for cell in notebook.cells]
    )


def _anonymous_cell(
    cell: NotebookNode, given: Collection[str], comments: Collection[str], names: KnownNames
) -> NotebookNode:
    is_code, source = cell.cell_type == "code", cell.source
    if source not in given:
        source = anonymous_code(source, comments, names) if is_code else LEFT_OUT
    make = nbformat.v4.new_code_cell if is_code else nbformat.v4.new_markdown_cell
    known = cell.metadata.get("nbgrader")
    facts = {key: known[key] for key in sorted(_FACTS & known.keys())} if isinstance(known, dict) else None
    return make(source=source, metadata={"nbgrader": facts} if facts else {})


_FACTS = {"grade", "grade_id", "locked", "points", "schema_version", "solution", "task"}


def anonymous_code(source: str, kept: Collection[str], names: KnownNames) -> str:
    """Return code without comments and docstrings, and without names in its strings.

    Args:
        source: the code of a cell.
        kept: comments that stay, since they were released.
        names: what is replaced in strings.
    """
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):  # such as half a line of code
        return names.without(_COMMENT.sub(lambda found: found[0] if found[0] in kept else "", source))
    lines = source.splitlines(keepends=True)
    for number in range(len(tokens) - 1, -1, -1):
        one = tokens[number]
        if one.type == tokenize.COMMENT and one.string not in kept:
            _replace(lines, one, "")
        elif one.type in _STRINGS:
            begins = number == 0 or tokens[number - 1].type in _STARTS
            is_docstring = begins and tokens[number + 1].type == token.NEWLINE
            new = '""' if is_docstring else _without_names(one.string, names)
            if new != one.string:
                _replace(lines, one, new)
    return "\n".join(line.rstrip() for line in "".join(lines).split("\n"))


def _without_names(text: str, names: KnownNames) -> str:
    """Return a string of code in which no known name is left; what an f-string computes stays as it is."""
    if "f" not in text.partition("'")[0].partition('"')[0].lower():
        return names.without(text)
    return _PARTS.sub(lambda found: found[0] if found[0].startswith("{") else names.without(found[0]), text)


def _replace(lines: list[str], one: tokenize.TokenInfo, new: str) -> None:
    """Put a text in the place of a token; what comes after it must have been replaced before."""
    (first, left), (last, right) = one.start, one.end
    lines[first - 1 : last] = [lines[first - 1][:left] + new + lines[last - 1][right:]]


def anonymous_facts(facts: Any, names: KnownNames) -> Any:
    """Return JSON without names and folders in its sentences; single words are codes, and stay."""
    if isinstance(facts, dict):
        return {key: anonymous_facts(value, names) for key, value in facts.items()}
    if isinstance(facts, list):
        return [anonymous_facts(value, names) for value in facts]
    if isinstance(facts, str):
        text = _FOLDERS.sub("", facts)
        return names.without(text) if " " in text else text
    return facts
