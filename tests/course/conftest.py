"""A course folder to change, and a kernel that has a handful of real digits instead of MNIST."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from sklearn.datasets import load_digits

from autograder.course.folder import ASSIGNMENT, Course

REPOSITORY = Path(__file__).resolve().parents[2]

# one thread: the loop over small images is faster without handing work around
_FEW_DIGITS = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy, tensorflow
tensorflow.config.threading.set_intra_op_parallelism_threads(1)
with numpy.load({path!r}) as few:
    digits = (few["x_train"], few["y_train"]), (few["x_test"], few["y_test"])
tensorflow.keras.datasets.mnist.load_data = lambda path="mnist.npz": digits
"""


@pytest.fixture
def repository() -> Course:
    return Course.open(REPOSITORY)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    root = tmp_path / "course"
    shutil.copytree(REPOSITORY / "source" / ASSIGNMENT, root / "source" / ASSIGNMENT)
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    return Course.open(root)


@pytest.fixture(scope="session")
def few_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bundled = load_digits()  # 8 x 8, values 0 to 16
    images = np.kron(bundled.images * 15, np.ones((3, 3)))  # (1797, 24, 24)
    images = np.pad(images, ((0, 0), (2, 2), (2, 2))).astype("uint8")  # (1797, 28, 28)
    labels = bundled.target.astype("uint8")
    path = tmp_path_factory.mktemp("data") / "few.npz"
    np.savez(path, x_train=images[:1500], y_train=labels[:1500], x_test=images[1500:], y_test=labels[1500:])
    return path


@pytest.fixture
def run_all(few_digits: Path, tmp_path: Path) -> Callable[[Path], dict[str, str]]:
    """Run a copy of the notebook's folder from top to bottom; return what every cell printed, by cell id."""

    def run(notebook: Path) -> dict[str, str]:
        folder = shutil.copytree(notebook.parent, tmp_path / "run")
        executed = nbformat.read(folder / notebook.name, as_version=4)
        executed.cells.insert(0, nbformat.v4.new_code_cell(_FEW_DIGITS.format(path=str(few_digits))))
        NotebookClient(executed, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
        return {cell.id: _printed(cell) for cell in executed.cells if cell.cell_type == "code"}

    return run


def _printed(cell: NotebookNode) -> str:
    return "".join(output.text for output in cell.outputs if output.get("name") == "stdout")
