"""A notebook that is large only because of its outputs is read, whatever is in them, and in little memory."""

from __future__ import annotations

import copy
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.course import outputs
from autograder.course.notebooks import read_handed_in
from autograder.course.outputs import TooLargeError, read_without_outputs
from autograder.errors import SubmissionTooLargeError
from autograder.settings import Limits

MEGABYTE = 1024 * 1024
PICTURE = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0KGgo" * 1000}}
TRICKY = [
    '"',
    "\\",
    '\\"',
    "]",
    "}",
    '"outputs": [',
    '{"outputs": [1, 2]}',
    "outputs",
    "\\u005d",
    "ü€𝄞",
    ":",
    ",",
]

values = st.recursive(
    st.none() | st.integers() | st.text() | st.sampled_from(TRICKY),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from(TRICKY), inner, max_size=3)
    ),
    max_leaves=8,
)


def without(value: Any) -> Any:
    """Return JSON in which outputs and widgets are empty, as a slow but obvious program makes it."""
    if isinstance(value, list):
        return [without(one) for one in value]
    if isinstance(value, dict):
        return {name: without(one) for name, one in value.items()} | {
            name: type(value[name])()
            for name, kind in (("outputs", list), ("widgets", dict))
            if isinstance(value.get(name), kind)
        }
    return value


def read(text: str, **limits: int) -> bytes:
    limits = {"most_kept": MEGABYTE, "most_read": 100 * MEGABYTE, **limits}
    return read_without_outputs(io.BytesIO(text.encode()), **limits)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=values, indent=st.sampled_from([None, 1]), is_ascii=st.booleans(), part=st.integers(1, 50))
def test_only_outputs_are_dropped_wherever_the_parts_end(
    value: Any, indent: int | None, is_ascii: bool, part: int
) -> None:
    notebook = {
        "cells": [{"source": value, "outputs": [value], "metadata": {}}],
        "metadata": {"widgets": {"a": value}},
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outputs, "READ_AT_ONCE", part)
        kept = read(json.dumps(notebook, indent=indent, ensure_ascii=is_ascii))
    assert json.loads(kept) == without(notebook)


@pytest.mark.parametrize(
    "text", ["", "[", '{"outputs": [', '{"outputs": [}', '{"outputs": "', "\\", "\0\0", '{"a": ]]']
)
def test_what_is_no_json_does_not_become_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|Invalid|control"):
        json.loads(read(text))


def large_notebook(path: Path, outputs: int) -> None:
    """Write a notebook with this many pictures in its outputs, in little memory."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("x = 1"), nbformat.v4.new_code_cell("y = 2")]
    )
    head, tail = nbformat.v4.writes(notebook).split('"outputs": []', 1)
    with path.open("w") as file:
        file.write(head + '"outputs": [')
        picture = json.dumps(PICTURE)
        for number in range(outputs):
            file.write(("," if number else "") + picture)
        file.write("]" + tail)


def test_a_notebook_of_sixty_megabytes_of_pictures_is_read_in_little_memory(tmp_path: Path) -> None:
    file = tmp_path / "large.ipynb"
    large_notebook(file, 60 * MEGABYTE // len(json.dumps(PICTURE)))
    assert file.stat().st_size > 59 * MEGABYTE
    tracemalloc.start()
    notebook = read_handed_in(file, Limits())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [cell.source for cell in notebook.cells] == ["x = 1", "y = 2"]
    assert all(cell.outputs == [] for cell in notebook.cells)
    assert most < 16 * MEGABYTE


def test_what_is_left_without_outputs_has_a_limit(tmp_path: Path) -> None:
    file = tmp_path / "large.ipynb"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("a" * 2 * MEGABYTE)])
    nbformat.write(notebook, file)
    with pytest.raises(SubmissionTooLargeError, match="larger than the limit of 1 MB"):
        read_handed_in(file, Limits(notebook_mb=1))


def test_the_whole_file_has_a_limit_and_no_more_is_read(tmp_path: Path) -> None:
    file = tmp_path / "large.ipynb"
    large_notebook(file, 300)
    with pytest.raises(SubmissionTooLargeError, match="1 MB with its outputs"):
        read_handed_in(file, Limits(notebook_file_mb=1))


def test_reading_stops_at_the_limit() -> None:
    file = io.BytesIO(b'"' + b" " * 10 * MEGABYTE)
    with pytest.raises(TooLargeError):
        read_without_outputs(file, most_kept=100 * MEGABYTE, most_read=2 * MEGABYTE)
    assert file.tell() <= 2 * MEGABYTE + 1


def test_outputs_that_are_nothing_but_brackets_are_not_followed_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outputs, "MOST_SIGNS", 1000)
    with pytest.raises(TooLargeError):
        read('{"outputs": [' + "[]," * 1000)


def test_the_examples_of_what_is_dropped_are_like_those_of_a_notebook() -> None:
    notebook = {
        "cells": [{"outputs": [PICTURE]}],
        "metadata": {"widgets": {"state": {"a": [1]}}, "outputs": "kept"},
    }
    expected = copy.deepcopy(notebook)
    expected["cells"][0]["outputs"], expected["metadata"]["widgets"] = [], {}
    assert json.loads(read(json.dumps(notebook))) == expected
