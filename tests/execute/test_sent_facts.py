"""Every fact that the recorder sends is read by the grader."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import autograder

PACKAGE = Path(autograder.__file__ or "").parent
INSIDE = PACKAGE / "execute" / "inside"
SENDERS = ("recorder.py", "freezing.py", "telling.py")
# The marks that tell records apart, and what the recorder itself is told.
NOT_FACTS = {"kind", "cell", "bytes", "side", "arrays"}


def sent_by(file: Path) -> set[str]:
    """Return the keys of the records that a module makes."""
    return {
        key.value
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }


def has_facts(file: Path) -> bool:
    """Tell whether a module's code names the facts of a record."""
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return any("facts" in (getattr(node, "id", ""), getattr(node, "attr", "")) for node in nodes)


def read_in(file: Path) -> Iterator[str]:
    """Yield the texts that a module looks up, as in `facts["name"]`, `facts.get("name")` and `"name" in facts`."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Subscript(slice=ast.Constant(str(key)), ctx=ast.Load()):
                yield key
            case ast.Call(func=ast.Attribute(attr="get" | "pop"), args=[ast.Constant(str(key)), *_]):
                yield key
            case ast.Compare(left=ast.Constant(str(key)), ops=[ast.In() | ast.NotIn()]):
                yield key
            case ast.comprehension(iter=ast.Tuple(elts=elements)):
                yield from (one.value for one in elements if isinstance(one, ast.Constant))
            case ast.Assign(targets=[ast.Name(name)], value=ast.Tuple(elts=elements)) if name.isupper():
                yield from (one.value for one in elements if isinstance(one, ast.Constant))


def test_every_fact_that_is_sent_is_read() -> None:
    sent = set().union(*(sent_by(INSIDE / name) for name in SENDERS)) - NOT_FACTS
    read = {
        key
        for file in PACKAGE.rglob("*.py")
        if not file.is_relative_to(INSIDE) and (file.name == "step.py" or has_facts(file))
        for key in read_in(file)
    }

    assert {"positions", "refused", "message", "tensor", "learning_rate"} <= sent
    assert sent - read == set()
