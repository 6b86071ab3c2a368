"""What several stages need: digits that are always there, the sandbox, and notebooks made of a few cells."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.execute.sandbox import Sandbox, bubblewrap_problem, make_sandbox
from solutions.data import embedded_digits, write_npz


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--thorough",
        action="store_true",
        help="in tests/hostile: ten times as many fuzzed inputs, and fifty kills of a run of twenty submissions",
    )


@pytest.fixture(scope="session")
def digits_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("digits") / "mnist.npz"
    write_npz(embedded_digits(), path)
    return path


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    if problem := bubblewrap_problem():  # a green run must not mean that nothing was tried
        pytest.fail(f"the tests need a working sandbox: {problem}")
    return make_sandbox("bwrap")


@pytest.fixture(scope="session")
def make_notebook() -> Callable[[Mapping[str, str]], NotebookNode]:
    """Make a notebook of code cells, from their names and sources; nbgrader knows a cell by its name."""

    def make(cells: Mapping[str, str]) -> NotebookNode:
        notebook = nbformat.v4.new_notebook()
        for name, source in cells.items():
            nbgrader = {"grade_id": name, "schema_version": 3, "solution": False, "locked": True}
            nbgrader |= {"grade": name.startswith("check_"), "task": False}
            if nbgrader["grade"]:
                nbgrader["points"] = 20
            notebook.cells.append(nbformat.v4.new_code_cell(source, metadata={"nbgrader": nbgrader}))
        return notebook

    return make
