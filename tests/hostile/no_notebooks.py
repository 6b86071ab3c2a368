"""What students hand in instead of a notebook, and what the report has to say about it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from odd_files import (
    GOOD,
    IN_JULIA,
    IN_R,
    MEGABYTE,
    NAME,
    ONE,
    VERSION_2,
    Make,
    code,
    make_deep,
    make_socket,
    make_sparse,
    notebook,
    replace_folder,
    write,
)

from autograder.course.folder import ASSIGNMENT

# What the notebook's file holds, and what the report has to say about it.
CONTENTS: dict[str, tuple[bytes | str | dict[str, Any] | list[Any], str]] = {
    "no JSON": ("model = keras.Sequential()", "not a notebook, or cut off while copying (line 1:"),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "not UTF-8 text"),
    "an archive": (b"PK\x03\x04\x14\x00\x00\x00\x08\x00\xff\xfe\xfd", "not UTF-8 text"),
    "a web page": ("<!DOCTYPE html><title>Sign in</title>", "not a notebook, or cut off while copying"),
    "a notebook cut off": (GOOD[:-20], "not a notebook, or cut off while copying"),
    "nothing": ("", "the file is empty"),
    "only white space": (" \r\n\t\n", "the file is empty"),
    "only null bytes": (b"\0" * 4096, "the file is empty"),
    "a null byte in the middle": (GOOD.replace("x", "\0"), "Invalid control character"),
    "UTF-16": (GOOD.encode("utf-16"), "saved as UTF-16, not as UTF-8"),
    "UTF-16 without its mark": (GOOD.encode("utf-16-le"), "saved as UTF-16, not as UTF-8"),
    "UTF-32": (GOOD.encode("utf-32"), "saved as UTF-32, not as UTF-8"),
    "Latin-1": (GOOD.replace("x", "é").encode("latin-1"), "not UTF-8 text"),
    "a list": ([1, 2], "JSON, but not a notebook"),
    "a number": ("7", "JSON, but not a notebook"),
    "no format": (notebook(ONE, nbformat=...), "JSON, but not a notebook"),
    "format '4', a text": (notebook(ONE, nbformat="4"), "JSON, but not a notebook"),
    "format 4.0": (notebook(ONE, nbformat=4.0), "JSON, but not a notebook"),
    "format true": (notebook(ONE, nbformat=True), "JSON, but not a notebook"),
    "format -4": (notebook(ONE, nbformat=-4), "JSON, but not a notebook"),
    "a minor format that is a list": (notebook(ONE, nbformat_minor=[]), "JSON, but not a notebook"),
    "format 2": (VERSION_2, "written in notebook format 2, older than format 3"),
    "format 99": (notebook(ONE, nbformat=99), "written in notebook format 99, newer than format 4"),
    "format 10 to the 4000": (notebook(ONE, nbformat=10**4000), "newer than format 4"),
    "format 3 with minor format []": (
        {"nbformat": 3, "nbformat_minor": [], "worksheets": []},
        "not a notebook",
    ),
    "format 3 without sheets": ({"nbformat": 3}, "its structure is not that of a notebook"),
    "no cells": (notebook(), "the notebook has no cells"),
    "no list of cells": (notebook(cells=...), "it has no list of cells"),
    "cells that are a number": (notebook(cells=3), "it has no list of cells"),
    "cells that are a dictionary": (notebook(cells={"0": ONE}), "it has no list of cells"),
    "a cell that is a number": (notebook(ONE, 5), "cell 2 is of the wrong form"),
    "a cell that is null": (notebook(None), "cell 1 is of the wrong form"),
    "source that is a number": (notebook(code(5)), "the content of cell 1 is not text"),
    "source that is null": (notebook(code(None)), "the content of cell 1 is not text"),
    "source that is a list of numbers": (notebook(code([1, 2])), "the content of cell 1 is not text"),
    "metadata that are a list": (notebook(ONE, metadata=[]), "its metadata are of the wrong form"),
    "a cell's metadata that are a list": (
        notebook(code("1", metadata=[])),
        "the metadata of cell 1 are of the wrong form",
    ),
    "a cell of an unknown kind": (
        notebook(code("1", cell_type="virus")),
        "cell 1 is of an unknown kind, 'virus'",
    ),
    "a cell from the future": (
        notebook(code("1", cell_type="hologram\x1b[5m"), nbformat_minor=99),
        r"cell 1 is of an unknown kind, 'hologram\x1b[5m'",
    ),
    "half a character for a kind": (notebook({"cell_type": "\ud800"}), "cell 1 is of an unknown kind, '?'"),
    "a notebook in R": (
        notebook(
            code("library(keras)"), code("model %>% fit(x)"), code("x <- if (a) 1 else 2"), metadata=IN_R
        ),
        "a notebook in R, and most of its code cannot be Python; the exercise is to be done in Python",
    ),
    "a notebook in Julia": (
        notebook(code("using Flux\nmodel = Chain()"), metadata=IN_JULIA),
        "a notebook in julia, and most of its code cannot be Python; the exercise is to be done",
    ),
    "100,000 lists in each other": ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
    "100,000 open lists": ("[" * 100_000, "nested too deeply"),
    "500 lists in the metadata": (
        json.dumps(notebook(ONE, metadata={"x": 0})).replace("0", "[" * 500 + "]" * 500, 1),
        "nested too deeply",
    ),
    "a number with 5,000 digits": (
        json.dumps(notebook(ONE, metadata={"x": 77})).replace("77", "7" * 5000),
        "a number with thousands of digits",
    ),
    "a million cells": (
        '{"nbformat": 4, "cells": [' + "{}," * 1_000_000 + "{}]}",
        "more than 250,000 values",
    ),
    "markup where it cannot be": (
        notebook(code({"<script>": "\x1b[2J"})),
        "the content of cell 1 is not text",
    ),
}


# What is in the folder instead of a notebook's file, and what the report has to say about it.
THINGS: dict[str, tuple[Make, str]] = {
    "an empty folder": (lambda folder: None, "no notebook was handed in"),
    "a folder called like the notebook": (
        lambda folder: (folder / NAME).mkdir(),
        "a folder, not a plain file",
    ),
    "a link to /etc/passwd": (
        lambda folder: (folder / NAME).symlink_to("/etc/passwd"),
        "a link, not a plain",
    ),
    "a link to the neighbour's notebook": (
        lambda folder: (folder / NAME).symlink_to(Path("../../neighbour") / ASSIGNMENT / NAME),
        "a link, not a plain file",
    ),
    "a link that leads nowhere": (
        lambda folder: (folder / NAME).symlink_to("nowhere"),
        "a link, not a plain file",
    ),
    "a link to itself": (lambda folder: (folder / NAME).symlink_to(NAME), "a link, not a plain file"),
    "a pipe": (lambda folder: os.mkfifo(folder / NAME), "a pipe, not a plain file"),
    "a socket": (lambda folder: make_socket(folder / NAME), "a socket, not a plain file"),
    "two notebooks of other names": (
        lambda folder: [(folder / name).write_text(GOOD) for name in ("mine.ipynb", "old.IPYNB")],
        "2 notebooks were handed in, and none of them is called",
    ),
    "a notebook one folder deeper": (
        lambda folder: ((folder / "work").mkdir(), (folder / "work" / NAME).write_text(GOOD)),
        "no notebook was handed in",
    ),
    "only a hidden file": (
        lambda folder: (folder / ".mine.ipynb").write_text(GOOD),
        "no notebook was handed in",
    ),
    "folders that link to each other": (
        lambda folder: (
            (folder / "a").symlink_to("b"),
            (folder / "b").symlink_to("a"),
            (folder / "c").symlink_to("."),
        ),
        "no notebook was handed in",
    ),
    "folders in each other, 2,000 deep": (
        lambda folder: make_deep(folder, 2000),
        "no notebook was handed in",
    ),
    "a link to the neighbour's folder": (
        lambda folder: replace_folder(
            folder, lambda at: at.symlink_to(Path("../neighbour") / ASSIGNMENT, target_is_directory=True)
        ),
        "what was handed in is a link, not a folder",
    ),
    "a link to the whole machine": (
        lambda folder: replace_folder(folder, lambda at: at.symlink_to("/", target_is_directory=True)),
        "what was handed in is a link, not a folder",
    ),
    "a link in place of the folder that leads nowhere": (
        lambda folder: replace_folder(folder, lambda at: at.symlink_to("nowhere")),
        "what was handed in is a link, not a folder",
    ),
    "a file in place of the folder": (
        lambda folder: replace_folder(folder, lambda at: at.write_text(GOOD)),
        "what was handed in is a file, not a folder",
    ),
    "a pipe in place of the folder": (
        lambda folder: replace_folder(folder, os.mkfifo),
        "what was handed in is a pipe, not a folder",
    ),
}

# Too large to be read at all.
LARGE: dict[str, Make] = {
    "50 MB of spaces": write(b" " * 50 * MEGABYTE),
    "a notebook and then 50 MB of spaces": write(GOOD + " " * 50 * MEGABYTE),
    "2 GB of nothing": lambda folder: make_sparse(folder / NAME, 2048 * MEGABYTE),
}
