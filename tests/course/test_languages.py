"""A notebook that says it is in another language runs if its code can be Python."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.course.content import can_be_python
from autograder.course.notebooks import read_handed_in
from autograder.errors import SubmissionError
from autograder.settings import Limits

SPECS = {"R": "ir", "bash": "bash", "julia": "julia-1.10"}


def written(folder: Path, language: str, *sources: str) -> Path:
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for source in sources
    ]
    spec = {"name": SPECS[language], "display_name": language, "language": language}
    content = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": spec}, "cells": cells}
    (folder / "work.ipynb").write_text(json.dumps(content))
    return folder / "work.ipynb"


@pytest.mark.parametrize("language", SPECS)
def test_python_in_a_notebook_of_another_language_is_read(language: str, tmp_path: Path) -> None:
    file = written(tmp_path, language, "import numpy as np", "%matplotlib inline\nnp.zeros(3)", "def f(:")

    assert len(read_handed_in(file, Limits()).cells) == 3


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("R", "model <- keras_model_sequential() %>% layer_dense(10)"),
        ("bash", "for file in *; do echo $file; done"),
        ("julia", "function f(x)\n  x + 1\nend"),
    ],
)
def test_code_that_cannot_be_python_is_refused_with_the_reason(
    language: str, code: str, tmp_path: Path
) -> None:
    with pytest.raises(
        SubmissionError, match=f"a notebook in {language}, and most of its code cannot be Python"
    ):
        read_handed_in(written(tmp_path, language, code, "x = 1"), Limits())


def test_a_notebook_without_code_can_be_python() -> None:
    assert can_be_python(["# nothing yet"])
