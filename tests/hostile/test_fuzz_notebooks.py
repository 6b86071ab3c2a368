"""Random bytes, texts and mutations through the readers of notebooks, of records and of stored evidence.

Each reader may return what can be written and read again, or raise its own error; nothing else.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import strategies as st
from nbformat import NotebookNode

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.notebooks import parse_notebook, read_notebook, write_notebook
from autograder.course.submission import Submission
from autograder.errors import SubmissionError
from autograder.evidence import (
    EVIDENCE_FILE,
    CellRun,
    Evidence,
    Record,
    digest,
    evidence_from_files,
    evidence_to_files,
    read_evidence,
    write_evidence,
)
from autograder.execute.collector import parse_facts
from autograder.settings import Limits

REPOSITORY = Path(__file__).resolve().parents[2]

Tell = Callable[[str, str], None]
Fuzz = Callable[[st.SearchStrategy[Any], int, Callable[[Any], None]], int]


# What troubles readers: half characters, controls, byte order marks, markup, other ends of lines.
TROUBLE = st.sampled_from(
    ["\ud800", "\udfff", "\0", "\x1b[31m", "\u202e", "\ufeff", "\r", "\u2028", "<b>", "😀"]
)
TEXTS = st.lists(TROUBLE | st.text(max_size=6), max_size=3).map("".join)
NUMBERS = (
    st.integers(-3, 9)
    | st.integers()
    | st.sampled_from([2**63, -(2**63) - 1, 2**64, 10**400, -(10**4000)])
    | st.floats()
)
# The words of the notebook format, so that random JSON gets somewhere.
WORDS = st.sampled_from(
    "nbformat nbformat_minor metadata cells cell_type source outputs output_type id data text name code markdown "
    "raw heading level worksheets input language python kernelspec language_info display_name nbgrader grade_id "
    "attachments execution_count stream display_data execute_result error ename evalue traceback text/plain "
    "image/png application/json stdout orig_nbformat signature trusted tags".split()
)
# Deeper than some readers go, and as deep as others go.
DEEP = st.sampled_from([1] * 30 + [20, 60, 150, 197, 199, 300, 600]).map(
    lambda depth: json.loads("[" * depth + "]" * depth)
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS | TEXTS | DEEP,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | TEXTS, inner, max_size=4),
    max_leaves=12,
)


def nearly_notebooks() -> st.SearchStrategy[Any]:
    """JSON of the form of a notebook, more or less, with anything in it."""
    kinds = st.sampled_from(["code", "code", "markdown", "raw"])
    sources = TEXTS | st.lists(TEXTS, max_size=3)
    metadata = st.dictionaries(TEXTS | WORDS, VALUES, max_size=3)
    parts = {"id": VALUES, "metadata": metadata, "outputs": st.lists(VALUES, max_size=2), "soul": VALUES}
    cell = st.fixed_dictionaries({"cell_type": kinds, "source": sources}, optional=parts)
    cells = st.lists(cell, min_size=1, max_size=3)
    sheets = st.lists(st.fixed_dictionaries({"cells": cells}), max_size=2)
    return st.fixed_dictionaries(
        {
            "nbformat": st.sampled_from([4, 4, 4, 3]),
            "cells": cells,
            "worksheets": sheets,
            "metadata": metadata,
        },
        optional={"nbformat_minor": st.integers(-1, 9)},
    )


VERSION_4 = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python", "version": "3.11"},
    },
    "cells": [
        {
            "cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Title\n", "text"],
            "attachments": {"image.png": {"image/png": "iVBORw0KGgo="}},
        },
        {
            "cell_type": "code", "id": "b", "source": "print(1)", "execution_count": 1,
            "metadata": {"nbgrader": {"grade_id": "cnn", "schema_version": 3, "solution": True}, "tags": ["x"]},
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["1\n"]},
                {"output_type": "error", "ename": "E", "evalue": "e", "traceback": ["at"]},
                {
                    "output_type": "execute_result", "execution_count": 1, "metadata": {},
                    "data": {"text/plain": ["1"], "application/json": {"x": [1, 2]}},
                },
            ],
        },
        {"cell_type": "raw", "id": "c", "metadata": {"format": "text/html"}, "source": ""},
    ],
}  # fmt: skip
VERSION_3 = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": "old"},
    "worksheets": [
        {
            "cells": [
                {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Title"]},
                {
                    "cell_type": "code", "input": ["1 + 1"], "language": "python", "metadata": {},
                    "collapsed": False, "prompt_number": 3,
                    "outputs": [
                        {"output_type": "pyout", "prompt_number": 3, "text": ["2"], "json": "[1]"},
                        {"output_type": "pyerr", "ename": "E", "evalue": "e", "traceback": ["at"]},
                        {"output_type": "stream", "stream": "stdout", "text": "2"},
                    ],
                },
            ]
        }
    ],
}  # fmt: skip


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in nested JSON, as a container and the key in it."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from places(value[key])


def mutate(draw: st.DrawFn, content: Any) -> Any:
    """Replace, remove, rename or repeat some values, whatever they are."""
    content = copy.deepcopy(content)
    for _ in range(draw(st.integers(1, 4))):
        known = list(places(content))
        if not known:
            break
        container, key = known[draw(st.integers(0, len(known) - 1))]
        change = draw(st.sampled_from(["replace", "remove", "repeat", "rename", "move"]))
        if change == "replace":
            container[key] = draw(VALUES)
        elif change == "move":
            container[key] = copy.deepcopy(known[draw(st.integers(0, len(known) - 1))][0])
        elif change == "remove":
            del container[key]
        elif isinstance(container, list):
            container.insert(key, copy.deepcopy(container[key]))
        else:
            container[draw(WORDS | TEXTS)] = container[key] if change == "repeat" else container.pop(key)
    return content


@st.composite
def mutated_notebooks(draw: st.DrawFn) -> str:
    return json.dumps(mutate(draw, draw(st.sampled_from([VERSION_4, VERSION_4, VERSION_3]))))


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """Bytes with some bits turned around and some bytes written over, cut out, or cut off at the end."""
    content = bytearray(data)
    for _ in range(draw(st.integers(0, 8))):
        content[draw(st.integers(0, len(content) - 1))] ^= 1 << draw(st.integers(0, 7))
    if draw(st.booleans()):
        start = draw(st.integers(0, len(content) - 1))
        content[start : start + draw(st.integers(0, 40))] = draw(st.binary(max_size=40))
    return bytes(content[: draw(st.integers(0, len(content)) | st.just(len(content)))])


def assert_is_a_notebook(notebook: NotebookNode, copy_file: Path) -> None:
    """It can be run, written, and read again as the same."""
    for cell in notebook.cells:
        assert isinstance(cell.source, str)
        assert cell.cell_type != "code" or isinstance(cell.outputs, list)
    write_notebook(notebook, copy_file)
    assert nbformat.writes(read_notebook(copy_file)) == nbformat.writes(notebook)


def assert_is_one_line(error: Exception, *, without: str = "\n") -> None:
    assert str(error).isprintable()
    assert len(str(error)) < 500
    assert without not in str(error)


@pytest.fixture
def parsed(tmp_path: Path) -> Callable[[str], str]:
    """Parse a text as a notebook; return what became of it, "read" or "refused"."""

    def parse(text: str) -> str:
        try:
            notebook = parse_notebook(text)
        except SubmissionError as error:
            assert_is_one_line(error)
            return "refused"
        assert_is_a_notebook(notebook, tmp_path / "copy.ipynb")
        return "read"

    return parse


@pytest.fixture
def handed_in(tmp_path: Path) -> Callable[[bytes], str]:
    """Hand in bytes as a notebook; return what became of it, "read" or "refused"."""
    folder = tmp_path / "submitted"
    folder.mkdir()
    submission = Submission("ada", ASSIGNMENT, folder)

    def hand_in(data: bytes) -> str:
        (folder / f"{ASSIGNMENT}.ipynb").write_bytes(data)
        try:
            notebook = submission.read(Limits(notebook_mb=1))
        except SubmissionError as error:
            assert_is_one_line(error, without=str(tmp_path))
            return "refused"
        assert_is_a_notebook(notebook, tmp_path / "copy.ipynb")
        return "read"

    return hand_in


def counted(said: list[str]) -> str:
    return ", ".join(f"{said.count(word)} {word}" for word in dict.fromkeys(said))


def test_any_bytes_are_refused_or_read(fuzz: Fuzz, handed_in: Callable[[bytes], str], tell: Tell) -> None:
    said: list[str] = []

    tried = fuzz(st.binary(max_size=300), 150, lambda data: said.append(handed_in(data)))

    tell(f"{tried:,} files of random bytes handed in as notebooks", counted(said))


def test_any_json_is_refused_or_read(
    fuzz: Fuzz, parsed: Callable[[str], str], handed_in: Callable[[bytes], str], tell: Tell
) -> None:
    said: list[str] = []

    tried = fuzz(VALUES, 100, lambda value: said.append(parsed(json.dumps(value))))
    tried += fuzz(nearly_notebooks(), 250, lambda value: said.append(handed_in(json.dumps(value).encode())))

    assert said.count("read") > tried / 20
    tell(f"{tried:,} texts of random JSON read as notebooks", counted(said))


def test_a_notebook_with_anything_changed_in_it_is_refused_or_read(
    fuzz: Fuzz, parsed: Callable[[str], str], tell: Tell
) -> None:
    said: list[str] = []

    tried = fuzz(mutated_notebooks(), 400, lambda text: said.append(parsed(text)))

    assert said.count("read") > tried / 20
    tell(f"{tried:,} notebooks of format 3 and 4 with values replaced, removed, repeated", counted(said))


def test_a_damaged_file_is_refused_or_read(fuzz: Fuzz, handed_in: Callable[[bytes], str], tell: Tell) -> None:
    released = (Course(REPOSITORY).release_folder() / f"{ASSIGNMENT}.ipynb").read_bytes()
    said: list[str] = []

    tried = fuzz(damaged(released), 200, lambda data: said.append(handed_in(data)))

    assert said.count("read") > tried / 100
    tell(
        f"{tried:,} copies of the released notebook with bits flipped, parts lost, ends cut off",
        counted(said),
    )


RECORD = {
    "kind": "images", "cell": 3, "bytes": 0, "variable": "visualized_feature", "positions": [0, 1, 2],
    "history": {"loss": [0.5, float("nan")]}, "panels": [{"title": "feature 1", "shapes": [[28, 28]]}],
}  # fmt: skip


@st.composite
def mutated_records(draw: st.DrawFn) -> bytes:
    line = json.dumps(mutate(draw, RECORD), ensure_ascii=draw(st.booleans()))
    return line.encode(errors=draw(st.sampled_from(["replace", "surrogatepass"])))


def test_any_line_on_the_evidence_socket_is_refused_or_can_be_stored(fuzz: Fuzz, tell: Tell) -> None:
    said: list[str] = []

    def claim(line: bytes) -> None:
        try:
            facts = parse_facts(line)
        except ValueError:
            said.append("refused")
            return
        record = Record(facts.pop("kind"), facts.pop("cell"), facts)
        files = evidence_to_files(Evidence("graded", records=(record,)))
        assert evidence_to_files(evidence_from_files(files)) == files
        said.append("read")

    tried = fuzz(mutated_records() | st.binary(max_size=100), 300, claim)

    assert said.count("read") > tried / 20
    tell(f"{tried:,} random or changed records through the evidence socket", counted(said))


@pytest.mark.parametrize("depth", [20, 60, 150, 196, 197, 198, 199, 200, 1000])
def test_facts_nested_as_deep_as_possible_are_refused_or_can_be_stored(depth: int, tell: Tell) -> None:
    line = b'{"kind": "x", "bytes": 0, "facts": ' + b"[" * depth + b"]" * depth + b"}"

    try:
        facts = parse_facts(line)
    except ValueError:
        said = "refused"
    else:
        said = "stored and read again"
        files = evidence_to_files(Evidence("graded", records=(Record("x", 0, facts),)))
        assert evidence_from_files(files).records[0].facts == facts

    tell(f"facts of {depth} lists in each other", said)


STORED = Evidence(
    "timeout",
    (CellRun(0, "cnn", "ok", 1.5), CellRun(4, "train", "error", 0.1, "NameError", "name 'x' is not defined")),
    (
        Record("names", 0, {"values": {"layer_name": "conv2d_3", "step_size": 1.0}}),
        Record("images", 3, {"variable": "visualized_feature", "positions": [0, 1]}, digest(b"images")),
    ),
    {digest(b"images"): b"images"},
)


@st.composite
def changed_index(draw: st.DrawFn) -> bytes:
    index = evidence_to_files(STORED)[EVIDENCE_FILE]
    if draw(st.booleans()):
        return draw(damaged(index))
    return json.dumps(mutate(draw, json.loads(index))).encode()


def test_any_stored_evidence_is_refused_or_read(fuzz: Fuzz, tmp_path: Path, tell: Tell) -> None:
    said: list[str] = []
    folder = tmp_path / "evidence"
    write_evidence(folder, STORED)

    def claim(index: bytes) -> None:
        (folder / EVIDENCE_FILE).write_bytes(index)
        try:
            evidence = read_evidence(folder)
        except ValueError:
            said.append("refused")
            return
        files = evidence_to_files(evidence)
        assert evidence_to_files(evidence_from_files(files)) == files
        said.append("read")

    tried = fuzz(changed_index(), 200, claim)

    assert said.count("read") > tried / 100
    tell(f"{tried:,} indexes of stored evidence, damaged or with values changed", counted(said))
