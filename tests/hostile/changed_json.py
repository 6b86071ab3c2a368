"""Notebooks and other JSON, changed by chance, for tests that try very many."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

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
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """Bytes with some bits turned around and some bytes written over, cut out, or cut off at the end."""
    content = bytearray(data)
    for _ in range(draw(st.integers(0, 8))):
        content[draw(st.integers(0, len(content) - 1))] ^= 1 << draw(st.integers(0, 7))
    if draw(st.booleans()):
        start = draw(st.integers(0, len(content) - 1))
        content[start : start + draw(st.integers(0, 40))] = draw(st.binary(max_size=40))
    return bytes(content[: draw(st.integers(0, len(content)) | st.just(len(content)))])


def assert_is_one_line(error: Exception, *, without: str = "\n") -> None:
    assert str(error).isprintable()
    assert len(str(error)) < 500
    assert without not in str(error)


def counted(said: list[str]) -> str:
    return ", ".join(f"{said.count(word)} {word}" for word in dict.fromkeys(said))
