"""Runs the cells of a labelled submission in this process, recorded as in a kernel, and measures what is recorded."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from matplotlib import pyplot as plt

from autograder.course.notebooks import grade_id, read_notebook
from autograder.evidence import CellRun, Evidence, Record, digest
from autograder.execute.inside.arrays import ArrayRecorder
from autograder.exercise import find_exercise
from autograder.exercises.ising_activation_maps import data
from autograder.exercises.ising_activation_maps.data import Lattices

NAME = "ising_activation_maps"
FOLDER = Path(__file__).parents[1] / "source" / NAME
WEIGHTS = Path(__file__).parent / "trained_networks" / "ising.npz"
SUBMISSIONS = Path(__file__).parent / "exercises" / NAME / "submissions"
RunCells = Callable[[Mapping[str, str]], Evidence]


@pytest.fixture(scope="session")
def ising() -> ModuleType:
    return data.simulation()


@pytest.fixture(scope="session")
def lattices() -> Lattices:
    return data.held_out(data.find(None, announce=print))


@pytest.fixture(scope="session")
def source_cells() -> dict[str, str]:
    cells = read_notebook(FOLDER / f"{NAME}.ipynb").cells
    return {
        cell.id: cell.source
        for cell in cells
        if cell.cell_type == "code" and not cell.id.startswith("check_")
    }


class _Channel:
    """Keeps records instead of sending them."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.payloads: dict[str, bytes] = {}

    def send(self, record: dict[str, Any], payload: bytes = b"") -> None:
        facts = {name: value for name, value in record.items() if name not in {"kind", "cell"}}
        name = digest(payload) if payload else ""
        self.records.append(Record(record["kind"], record["cell"], facts, name))
        self.payloads |= {name: payload} if payload else {}


def put_weights(model: keras.Model) -> bool:
    """Give a network the weights that were trained once, if they fit."""
    with np.load(WEIGHTS) as file:
        trained = [file[str(index)].astype("float32") for index in range(len(file.files))]
    if [one.shape for one in trained] != [tuple(one.shape) for one in model.weights]:
        return False
    model.set_weights(trained)
    return True


@pytest.fixture
def run_cells(source_cells: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> RunCells:
    """Run the notebook with some answers; a network that fits the stored weights is trained for one step only."""
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setitem(sys.modules, "ising", data.simulation())
    real_fit = keras.Model.fit

    def fit(model: keras.Model, x: Any, y: Any, **options: Any) -> Any:
        before, few = model.get_weights(), slice(64)
        if (
            len(x) > 2000
            and put_weights(model)
            and np.mean(model(x[:500]).numpy().argmax(1) == y[:500].argmax(1)) > 0.96
        ):
            history = real_fit(model, x[few], y[few], epochs=1, verbose=0)
            put_weights(model)
            return history
        model.set_weights(before)
        return real_fit(model, x, y, **{**options, "verbose": 0})

    monkeypatch.setattr(keras.Model, "fit", fit)

    def run(answers: Mapping[str, str]) -> Evidence:
        namespace: dict[str, Any] = {"__name__": "__main__"}
        channel = _Channel()
        recorder = ArrayRecorder(channel, find_exercise(NAME).watch.__dict__)  # type: ignore[arg-type]
        recorder.shell = SimpleNamespace(user_ns=namespace)
        runs = []
        for index, (cell, source) in enumerate(source_cells.items()):
            recorder.before_cell(None)
            status, error_name, message = "ok", "", ""
            if cell == "train":
                recorder.gradients["others"] += "fit" in answers.get(cell, source)
            try:
                exec(answers.get(cell, source), namespace)
            except Exception as error:  # noqa: BLE001 (as in a kernel, it ends only its cell)
                status, error_name, message = "error", type(error).__name__, str(error)
            for number in plt.get_fignums():
                recorder.saw_figure(plt.figure(number))
            plt.close("all")
            recorder.after_cell(None)
            runs.append(CellRun(index, cell, status, 0.0, error_name, message))  # type: ignore[arg-type]
        return Evidence("graded", tuple(runs), tuple(channel.records), channel.payloads, is_watched=True)

    return run


@pytest.fixture(scope="session")
def points() -> dict[str, float]:
    cells = read_notebook(FOLDER / f"{NAME}.ipynb").cells
    return {
        str(grade_id(cell)).removeprefix("check_"): cell.metadata.nbgrader.points
        for cell in cells
        if str(grade_id(cell)).startswith("check_")
    }
