"""Parses Python code, also where several threads do so at the same time."""

from __future__ import annotations

import ast
import threading

_ONE_AT_A_TIME = threading.Lock()
# Parsers that are not ours may run in other threads.
_TRIES = 5


def parse_python(source: str) -> ast.Module:
    """Return the syntax tree of Python code.

    Up to Python 3.12, threads that build syntax trees share the counter of their depth, and one of them may fail with a
    SystemError (https://github.com/python/cpython/issues/106905).

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: Python cannot parse it.
    """
    with _ONE_AT_A_TIME:
        for _ in range(_TRIES - 1):
            try:
                return ast.parse(source)
            except SystemError:
                continue
        return ast.parse(source)
