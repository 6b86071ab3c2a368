"""A module that is missing here is recognised however Python or a library says so."""

from __future__ import annotations

import pytest

from autograder.execute.student_modules import how_to_offer, missing_module


@pytest.mark.parametrize(
    ("name", "message", "module"),
    [
        ("ModuleNotFoundError", "No module named 'tf_keras_vis'", "tf_keras_vis"),
        ("ModuleNotFoundError", "No module named 'google.colab'", "google.colab"),
        ("TBNotInstalledError", "TensorBoard is not installed, missing implementation for scalar", "tensorboard"),
        ("ImportError", "You must install pydot (`pip install pydot`) for `plot_model` to work.", "pydot"),
        ("ImportError", "Missing optional dependency 'tabulate'. Use pip or conda to install it.", "tabulate"),
        ("ImportError", "`Import lxml` failed.  Use pip, conda, or another tool to install the lxml package.", "lxml"),
        ("ImportError", "IProgress not found. Please update jupyter and ipywidgets.", "IProgress"),
        ("ImportError", "Image transformations require SciPy. Install SciPy.", "scipy"),
        ("ImportError", "Could not import PIL.Image. The use of `load_img` requires PIL.", "PIL"),
        ("ImportError", "requires the kaleido package; pip install -U kaleido", "kaleido"),
        ("ImportError", "cannot import name 'np_utils' from 'keras.utils'", ""),
        ("ImportError", "Cannot load backend 'TkAgg' which requires the 'tk' interactive framework", ""),
        ("ModuleNotFoundError", "No module named 'keras.layers.core'", ""),
        ("NameError", "name 'np' is not defined", ""),
        ("ValueError", "install the model before the layer", ""),
    ],
)  # fmt: skip
def test_a_missing_module_is_named(name: str, message: str, module: str) -> None:
    assert missing_module(name, message) == module


def test_the_extra_is_named_for_what_it_brings_and_only_for_that() -> None:
    assert "brings it" in how_to_offer("tensorboard.plugins")
    assert "not part of" in how_to_offer("tf_keras_vis")
