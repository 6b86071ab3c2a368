"""Python code is parsed in many threads at once."""

from __future__ import annotations

import ast
import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograder.plain.syntax import parse_python


@pytest.fixture
def turns_while_parsing() -> Iterator[None]:
    """Let other threads run in the middle of parsing, as happens where garbage is collected there."""
    usual = gc.get_threshold()

    def let_others_run(*_: object) -> None:
        time.sleep(1e-5)

    gc.callbacks.append(let_others_run)
    gc.set_threshold(100)
    yield
    gc.set_threshold(*usual)
    gc.callbacks.remove(let_others_run)


@pytest.mark.usefixtures("turns_while_parsing")
def test_threads_that_parse_at_once_do_not_disturb_each_other() -> None:
    deep = "x = " + "(1 + " * 60 + "1" + ")" * 60

    with ThreadPoolExecutor(8) as threads:
        trees = list(threads.map(parse_python, [f"{deep}\ny = {number}" for number in range(400)]))

    assert {ast.unparse(tree.body[1]) for tree in trees} == {f"y = {number}" for number in range(400)}


def test_code_that_is_not_python_is_a_syntax_error() -> None:
    with pytest.raises(SyntaxError):
        parse_python("!ls")
