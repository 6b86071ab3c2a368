"""The self-checks agree with the instructor's version, and say what is wrong in one line each."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest
from ising_cells import FOLDER, put_weights
from matplotlib.figure import Figure

from solutions.ising_maps import activation_maps, build_cnn, choose_lattices, plot_maps

CHECKS = ("cnn", "training", "choice", "maps", "alignment", "plot")


@pytest.fixture(scope="module")
def selfcheck() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ising_selfcheck", FOLDER / "selfcheck.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def notebook(ising: ModuleType) -> dict[str, Any]:
    """What a notebook holds after the reference solution has done the work."""
    _, (spins, temperature) = ising.load_data()
    x_test = spins[..., np.newaxis].astype("float32")
    classes = (temperature > ising.T_C).astype(int)
    model = build_cnn(seed=1)
    assert put_weights(model)
    chosen = choose_lattices(np.asarray(model(x_test)), classes)
    found = activation_maps(model, x_test[chosen])
    figure = plot_maps(x_test[chosen], found, temperature[chosen], classes[chosen])
    history = keras.callbacks.History()
    history.history = {"loss": [0.2, 0.1]}
    labels = keras.utils.to_categorical(classes, 2)
    known = {"model": model, "results": history, "x_test": x_test, "y_test": labels}
    return {**known, "chosen": chosen, "maps": found.maps, "figure": figure}


@pytest.fixture
def say(selfcheck: ModuleType, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(check: str, notebook: dict[str, Any]) -> str:
        capsys.readouterr()
        getattr(selfcheck, f"check_{check}")(notebook)
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("check", CHECKS)
def test_the_reference_has_nothing_to_mend(
    check: str, say: Callable[..., str], notebook: dict[str, Any]
) -> None:
    said = say(check, notebook)

    assert "✓" in said
    assert "✗" not in said


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("state", ["nothing", "stubs", "numbers"])
def test_an_unfinished_notebook_stops_no_check(check: str, state: str, say: Callable[..., str]) -> None:
    names = ("model", "results", "chosen", "maps", "figure", "x_test", "y_test")
    notebook = {"nothing": {}, "stubs": dict.fromkeys(names, ...), "numbers": dict.fromkeys(names, 3)}[state]

    assert "✗" in say(check, notebook)


@pytest.mark.parametrize(
    ("check", "changed", "words"),
    [
        ("choice", {"chosen": [0, 1, 20, 21]}, "wrongly"),
        ("choice", {"chosen": [0, 1, 2, 2000]}, "four places"),
        ("maps", {"maps": np.zeros((4, 16, 16))}, "(4, 16, 16)"),
        ("plot", {"figure": Figure()}, "no figure"),
    ],
)
def test_what_is_wrong_is_said(
    check: str, changed: dict[str, Any], words: str, say: Callable[..., str], notebook: dict[str, Any]
) -> None:
    said = say(check, notebook | changed)

    assert "✗" in said
    assert words in said


def test_exchanged_classes_are_noticed(say: Callable[..., str], notebook: dict[str, Any]) -> None:
    assert "✗" in say("alignment", notebook | {"maps": notebook["maps"][:, ::-1]})
