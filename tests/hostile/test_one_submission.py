"""One submission at a time: what of its files is read, how much, and what is said of what is not."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from nbformat import v4
from odd_files import GOOD, MEGABYTE, NAME, ONE, code, make_sparse, notebook, write, write_many

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.notebooks import write_notebook
from autograder.course.submission import Submission
from autograder.errors import SubmissionError, SubmissionTooLargeError
from autograder.settings import Limits

Tell = Callable[[str, str], None]


VERSION_3 = {
    "nbformat": 3,
    "metadata": {"name": "old"},
    "worksheets": [
        {
            "cells": [
                {"cell_type": "heading", "level": 10**10, "source": "Title"},
                {"cell_type": "code", "input": ["1 +\n", " 1"], "language": "python"},
            ]
        }
    ],
}


OUTPUTS = [
    {"output_type": "stream"},
    {"output_type": "execute_result", "data": 7},
    5,
    None,
    {"text": "\ud800"},
]


# What is odd, or not quite valid, and can still be run. The source of the last cell, and how many there are.
READABLE: dict[str, tuple[bytes | str | dict[str, Any], list[str]]] = {
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD.encode(), ["x = 1"]),
    "format 3, and a heading of level ten thousand million": (VERSION_3, ["# Title", "1 +\n 1"]),
    "format 4 from the future": (notebook(code("1", soul="blue"), nbformat_minor=99, mood=7), ["1"]),
    "format 4.4 with ids, as some editors write": (notebook(ONE, nbformat_minor=4), ["1"]),
    "a minor format below zero": (notebook(ONE, nbformat_minor=-1), ["1"]),
    "no minor format": (notebook(ONE, nbformat_minor=...), ["1"]),
    "source in lines": (notebook(code(["1 +\n", "1"])), ["1 +\n1"]),
    "the same id everywhere": (notebook(ONE, code("2"), code("3")), ["1", "2", "3"]),
    "no ids": (notebook(code("1", id=...), code("2", id=...)), ["1", "2"]),
    "ids that are none": (
        notebook(code("1", id=7), code("2", id="../x"), code("3", id=None)),
        ["1", "2", "3"],
    ),
    "ids like those that are put in": (notebook(code("1", id="cell-2"), code("2", id=...)), ["1", "2"]),
    "no metadata": (notebook(code("1", metadata=...), metadata=...), ["1"]),
    "no outputs and no count": (notebook(code("1", outputs=..., execution_count=...)), ["1"]),
    "outputs that are none": (notebook(code("1", outputs=OUTPUTS, execution_count="x")), ["1"]),
    "20 MB of outputs": (notebook(code("1", outputs=[{"text": "x" * 19 * MEGABYTE}])), ["1"]),
    "NaN and infinity": (notebook(ONE, metadata={"x": [float("nan"), float("inf"), 1e308 * 10]}), ["1"]),
    "half characters": (notebook(code("'\ud800'", metadata={"\udfff": "\udbff"})), ["'?'"]),
    "null and control characters in the source": (notebook(code("'\0\x1b[5m'")), ["'\0\x1b[5m'"]),
    "Python said in another way": (notebook(ONE, metadata={"language_info": {"name": "ipython3"}}), ["1"]),
    "a kernel whose language is not said": (
        notebook(ONE, metadata={"kernelspec": {"name": "x", "display_name": "x", "language": 5}}),
        ["1"],
    ),
    "code turned into text, with what is left of the code": (
        notebook({"cell_type": "markdown", "source": "Stripes.", "outputs": [], "execution_count": None}),
        ["Stripes."],
    ),
    "keys like the methods of a dictionary": (
        notebook(ONE, metadata={"keys": 1, "items": 2, "get": 3, "__class__": 4, "_allownew": False}),
        ["1"],
    ),
    "5,000 cells": (notebook(*[code("1", id=...)] * 5000), ["1"] * 5000),
    "100,000 lines": (notebook(code(["x = 1\n"] * 100_000)), ["x = 1\n" * 100_000]),
}


@pytest.mark.parametrize("what", READABLE)
def test_what_is_odd_but_can_be_run_is_read(what: str, submission: Submission, tell: Tell) -> None:
    content, sources = READABLE[what]
    write(content)(submission.folder)

    first, again = (submission.read(Limits()) for _ in range(2))

    assert repr(again) == repr(first)  # new ids are always the same
    assert [cell.source for cell in first.cells] == sources
    assert len({cell.id for cell in first.cells}) == len(sources)
    write_notebook(first, submission.folder / NAME)
    assert v4.writes(submission.read(Limits())) == v4.writes(first)
    tell(f"a notebook with {what}", "is read")


WRONG = {"cell_type": "markdown", "metadata": {}, "source": ""}


# Small or large files that take up many times their size, or did so in nbformat's search for what is wrong.
EXPENSIVE: dict[str, str] = {
    "100,000 attachments of the wrong form": json.dumps(
        notebook({**WRONG, "attachments": {str(number): {"a": 5} for number in range(100_000)}})
    ),
    "200,000 tags that are numbers": json.dumps(notebook({**WRONG, "metadata": {"tags": [0] * 200_000}})),
    "three million empty lists": '{"nbformat": 4, "cells": [' + "[]," * 3_000_000 + "[]]}",
    "three million numbers": '{"nbformat": 4, "metadata": {"x": [' + "7," * 3_000_000 + "7]}}",
}


@pytest.mark.deep
@pytest.mark.parametrize("what", EXPENSIVE)
def test_reading_takes_a_bounded_part_of_memory(what: str, submission: Submission, tell: Tell) -> None:
    write(EXPENSIVE[what])(submission.folder)

    tracemalloc.start()
    with contextlib.suppress(SubmissionError):
        submission.read(Limits())
    peak = tracemalloc.get_traced_memory()[1] / MEGABYTE
    tracemalloc.stop()

    assert peak < 400
    tell(
        f"a notebook of {len(EXPENSIVE[what]) / MEGABYTE:.0f} MB with {what}",
        f"{peak:.0f} MB of memory are used",
    )


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("an upper case name", ["WORK.IPYNB"]),
        ("another name, with spaces", ["my work (1).ipynb"]),
        ("what macOS puts beside a file", ["work.ipynb", f"._{NAME}", "._work.ipynb"]),
        ("an older copy", [NAME, "old.ipynb"]),
        ("its checkpoints", [NAME, f".ipynb_checkpoints/{NAME}"]),
        ("a name of bytes that are no UTF-8", [os.fsdecode(b"\xff.ipynb")]),
    ],
)
def test_it_is_clear_which_notebook_is_meant(
    what: str, names: list[str], submission: Submission, tell: Tell
) -> None:
    for name in names:
        file = submission.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(GOOD if name == names[0] else "something else")

    assert submission.read(Limits(notebook_mb=1)).cells[0].source == "x = 1"
    tell(f"a notebook with {what}", "is found")


def test_a_folder_called_like_a_notebook_does_not_hide_the_notebook(
    submission: Submission, tell: Tell
) -> None:
    (submission.folder / "a.ipynb").mkdir()
    (submission.folder / "b.ipynb").write_text(GOOD)

    assert submission.read(Limits(notebook_mb=1)).cells[0].source == "x = 1"
    tell("a folder a.ipynb beside the notebook", "the notebook is found")


@pytest.mark.parametrize("name", ["\x1b[2J\n.ipynb", "\u202e.ipynb", os.fsdecode(b"\xff.ipynb"), "<b>.ipynb"])
def test_an_error_is_one_line_whatever_the_file_is_called(
    name: str, submission: Submission, tell: Tell
) -> None:
    (submission.folder / name).write_text("{")

    with pytest.raises(SubmissionError) as refusal:
        submission.read(Limits(notebook_mb=1))

    assert str(refusal.value).isprintable()
    tell(f"a broken file called {name!a}", str(refusal.value))


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Look at files like a user without rights, in this thread; the tests may be run by root."""
    library, nobody, me = ctypes.CDLL(None), 65534, os.geteuid()
    library.setfsuid(nobody if me == 0 else me)
    try:
        yield
    finally:
        library.setfsuid(me)


@pytest.mark.parametrize("locked", ["the notebook", "the submission", "the student's folder"])
def test_what_may_not_be_read_gets_a_report_and_is_graded_when_it_may(locked: str, tell: Tell) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        course = Course(Path(name))
        submission = Submission("ada", ASSIGNMENT, course.submission_folder("ada"))
        submission.folder.mkdir(parents=True)
        write(GOOD)(submission.folder)
        course.root.chmod(0o755)
        places = {
            "the notebook": submission.folder / NAME,
            "the submission": submission.folder,
            "the student's folder": submission.folder.parent,
        }
        mode = places[locked].stat().st_mode
        places[locked].chmod(0)

        with as_nobody():
            students, before = course.students(), submission.sha256()
            with pytest.raises(SubmissionError, match=r"cannot be read \(Permission denied\)") as refusal:
                submission.read(Limits(notebook_mb=1))
        places[locked].chmod(mode)
        with as_nobody():
            after = submission.sha256()

    assert students == ["ada"]
    assert before != after
    assert name not in str(refusal.value)
    tell(f"no right to read {locked}", str(refusal.value))


def bytes_read() -> int:
    """How many bytes this process has read from files so far, as the operating system counts."""
    return int(Path("/proc/self/io").read_text().split()[1])


def test_of_a_huge_submission_only_a_part_is_read(submission: Submission, tell: Tell) -> None:
    write(GOOD)(submission.folder)
    for name in "abcdefgh":
        make_sparse(submission.folder / name, 100 * MEGABYTE)
    make_sparse(submission.folder / "z", 2**40)
    before = bytes_read()

    submission.sha256()

    read = (bytes_read() - before) / MEGABYTE
    assert read < 300
    tell(
        "a terabyte and eight times 100 MB beside a notebook",
        f"{read:.0f} MB are read to tell it from others",
    )


def test_more_files_than_any_exercise_has_are_refused(
    submission: Submission, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    monkeypatch.setattr("autograder.course.submission.MOST_ENTRIES", 100)
    write(GOOD)(submission.folder)
    write_many(100)(submission.folder)

    with pytest.raises(SubmissionTooLargeError, match="100 files or more were handed in") as refusal:
        submission.read(Limits(notebook_mb=1))

    assert submission.sha256()
    tell("more files than are looked at", str(refusal.value))
