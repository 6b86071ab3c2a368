"""Real kernels in a real sandbox; few of them, since each has to import TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from nbformat import NotebookNode

from autograder.execute.kernel import KernelOptions
from autograder.execute.runner import Execution, execute
from autograder.execute.sandbox import Sandbox
from autograder.settings import Limits

RunCells = Callable[..., Execution]


@pytest.fixture(scope="session")
def run_cells(
    sandbox: Sandbox, digits_file: Path, make_notebook: Callable[[Mapping[str, str]], NotebookNode]
) -> RunCells:
    def run(cells: Mapping[str, str], submission: Path | None = None, **limits: float) -> Execution:
        options = KernelOptions(sandbox, digits_file, Limits.model_validate(limits), seed=7, threads=1)
        return execute(make_notebook(cells), submission, options)

    return run


@pytest.fixture(scope="session")
def said() -> Callable[[Execution, str], str]:
    """Return what a cell of an executed notebook printed, or the error that it stopped with."""

    def words(execution: Execution, name: str) -> str:
        cell = next(cell for cell in execution.notebook.cells if cell.metadata.nbgrader.grade_id == name)
        return "".join(out.get("text", "") or out.get("ename", "") for out in cell.outputs).strip()

    return words
