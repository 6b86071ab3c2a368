"""Notebooks and other things that should not be in the folder of a submission."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.course.folder import ASSIGNMENT

MEGABYTE = 1024 * 1024
SECRET = "the-secret-of-somebody-else"
NAME = f"{ASSIGNMENT}.ipynb"

Make = Callable[[Path], object]


def notebook(*cells: Any, **changes: Any) -> dict[str, Any]:
    """A notebook as JSON; what is given as `changes` replaces its parts, `...` removes one."""
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **changes}
    return {key: value for key, value in content.items() if value is not ...}


def code(source: Any, **changes: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None}
    return {key: value for key, value in {**cell, "source": source, **changes}.items() if value is not ...}


ONE = code("1")
GOOD = json.dumps(notebook(code("x = 1")))
VERSION_2 = {"nbformat": 2, "worksheets": [{"cells": [{"cell_type": "code", "input": "1", "outputs": []}]}]}
IN_R = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}, "language_info": {"name": "R"}}
IN_JULIA = {"kernelspec": {"name": "julia-1.10", "display_name": "Julia 1.10", "language": "julia"}}


def write(content: bytes | str | dict[str, Any] | list[Any]) -> Make:
    """Return what writes this into the notebook's file."""
    text = json.dumps(content) if isinstance(content, (dict, list)) else content
    data = text.encode() if isinstance(text, str) else text
    return lambda folder: (folder / NAME).write_bytes(data)


def make_socket(file: Path) -> None:
    descriptor = os.open(file.parent, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as server:  # by a path that is short enough for one
        server.bind(f"/proc/self/fd/{descriptor}/{file.name}")
    os.close(descriptor)


def make_sparse(file: Path, size: int) -> None:
    file.touch()
    os.truncate(file, size)


def make_deep(folder: Path, levels: int) -> None:
    """Make folders in each other, deeper than a path can say."""
    descriptor = os.open(folder, os.O_PATH)
    for _ in range(levels):
        os.mkdir("deeper", dir_fd=descriptor)
        inner = os.open("deeper", os.O_PATH, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)


def replace_folder(folder: Path, make: Make) -> None:
    folder.rmdir()
    make(folder)


def write_many(number: int) -> Make:
    return lambda folder: [(folder / f"{index:05}.txt").write_text("x") for index in range(number)]
