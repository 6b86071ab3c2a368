"""Checks the size and depth of nested JSON before other code works on untrusted values."""

from __future__ import annotations

from typing import Any


def excess(value: Any, *, most_values: int, most_depth: int) -> str:
    """Say which limit a JSON value exceeds, as in "nested too deeply"; empty if none.

    Args:
        value: parsed JSON.
        most_values: limit for the number of values in all lists and dictionaries together.
        most_depth: limit for the nesting depth; recursive code fails beyond some depth.
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
