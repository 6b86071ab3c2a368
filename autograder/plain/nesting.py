"""How much nested JSON holds: asked before anything works on values that somebody else has written."""

from __future__ import annotations

from typing import Any


def excess(value: Any, *, most_values: int, most_depth: int) -> str:
    """Return what is too much about lists and dictionaries in each other, as in "nested too deeply".

    Args:
        value: as JSON gives it.
        most_values: that all of them may hold together.
        most_depth: how many may be in each other; code that calls itself for each gives up at some depth.
    """
    values, waiting = 0, [(value, 1)]
    while waiting:
        inner, depth = waiting.pop()
        if not isinstance(inner, (dict, list)):
            continue
        values += len(inner)
        if depth > most_depth:
            return "nested too deeply"
        if values > most_values:
            return f"more than {most_values:,} values"
        waiting += [(one, depth + 1) for one in (inner.values() if isinstance(inner, dict) else inner)]
    return ""
