"""Whatever lies in a submission's folder gives a report in plain words, and the others are graded.

One course holds all of it at once: files that are no notebooks, things that are no files, folders with odd
names and odd contents, and an honest neighbour. All of it is graded in one call.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import socket
import subprocess
import tempfile
import threading
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from nbformat import v4

from autograder.cli import run
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.notebooks import write_notebook
from autograder.errors import SubmissionError, SubmissionTooLargeError
from autograder.evidence import Evidence, Record, digest, read_evidence, write_evidence
from autograder.execute import collector
from autograder.execute.collector import Collector
from autograder.grade import Progress, grade_course, submissions_of
from autograder.grader import Grader
from autograder.plain_files import Entry, list_folder
from autograder.record.files import read_report
from autograder.report import Report
from autograder.settings import Limits
from autograder.submission import Submission

MEGABYTE = 1024 * 1024
SECRET = "the-secret-of-somebody-else"
NAME = f"{ASSIGNMENT}.ipynb"

Tell = Callable[[str, str], None]
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
    "format 3 without sheets": ({"nbformat": 3}, "it has not the form of one"),
    "no cells": (notebook(), "the notebook has no cells"),
    "no list of cells": (notebook(cells=...), "it has no list of cells"),
    "cells that are a number": (notebook(cells=3), "it has no list of cells"),
    "cells that are a dictionary": (notebook(cells={"0": ONE}), "it has no list of cells"),
    "a cell that is a number": (notebook(ONE, 5), "cell 2 is of the wrong form"),
    "a cell that is null": (notebook(None), "cell 1 is of the wrong form"),
    "source that is a number": (notebook(code(5)), "what stands in cell 1 is no text"),
    "source that is null": (notebook(code(None)), "what stands in cell 1 is no text"),
    "source that is a list of numbers": (notebook(code([1, 2])), "what stands in cell 1 is no text"),
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
        notebook(ONE, metadata=IN_R),
        "a notebook in R; the exercise is to be done in Python",
    ),
    "a notebook in Julia": (
        notebook(ONE, metadata=IN_JULIA),
        "a notebook in julia; the exercise is to be done",
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
        "what stands in cell 1 is no text",
    ),
}


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


# What lies in the folder instead of a notebook's file, and what the report has to say about it.
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

# What students' folders are called; each of them hands in an empty file.
STUDENTS = {
    "quotes": "'\"`",
    "lines": "first\nsecond\rthird",
    "markup": "<img src=x>&amp;",
    "right to left": "\u202eadA\u2066",
    "emoji": "👩\u200d👧🎓",
    "255 bytes": "ä" * 127 + "x",
    "a formula": "=1+1",
    "an option": "--force",
    "spaces": "  ",
    "three dots": "...",
    "two dots and a space": ".. ",
    "dots and backslashes": "..\\..\\neighbour",
    "an encoded way up": "%2e%2e%2f",
    "wildcards": "*[a-z]?{x}",
    "a variable of the shell": "$(id)~$HOME;",
    "mathematics": "$\\frac{",
    "half characters": os.fsdecode(b"\xed\xa0\x80"),
    "bytes that are no UTF-8": os.fsdecode(b"\xff\xfe\xe9"),
    "control codes": "\x1b[2J\x07\x7f",
}
# This one hands in a notebook that can be run, also odd.
STRANGE = os.fsdecode("-'\"\n<b>$x \u202e👩".encode() + b"\xff")

LISTING = """
import json, os
def content(path):
    try:
        return open(path).read()
    except OSError as error:
        return type(error).__name__
print(json.dumps({
    "here": sorted(name for name in os.listdir() if not name.startswith(".")), "inner": sorted(os.listdir("data")),
    "many": len(os.listdir("many")), "data": content("data/points.csv"), "large": content("large.bin"),
    "link": content("passwd"), "others": content("others"), "pipe": content("data/pipe"),
}))
"""


def make_crowded(folder: Path) -> None:
    """Put everything beside a notebook that may trouble who looks at it or copies it."""
    (folder / "data").mkdir()
    (folder / "data" / "points.csv").write_text("1,2,3")
    os.mkfifo(folder / "data" / "pipe")
    os.mkfifo(folder / "pipe.csv")
    make_socket(folder / "socket")
    (folder / "data" / "loop").symlink_to("..")
    (folder / "data" / "secret").symlink_to("/etc/passwd")
    (folder / "passwd").symlink_to("/etc/passwd")
    (folder / "others").symlink_to("../..")
    make_sparse(folder / "large.bin", 2048 * MEGABYTE)
    make_deep(folder, 2000)
    (folder / "many").mkdir()
    for number in range(10_000):
        (folder / "many" / f"{number}.txt").touch()
    write(notebook(code(LISTING, id="listing", metadata={"nbgrader": {"grade_id": "listing"}})))(folder)


@dataclass(frozen=True)
class Graded:
    """The course after grading: its reports, who failed, and what lay outside `graded/` before and after."""

    course: Course
    reports: Mapping[str, Report]
    failures: Mapping[str, str]
    before: list[Entry]
    after: list[Entry]


def outside(course: Course) -> list[Entry]:
    """Everything around the course folder and in it, but for the results."""
    root = course.root.parent
    graded = f"{course.graded.relative_to(root)}{os.sep}"
    found = [entry for entry in list_folder(root, 10**6) if not f"{entry.path}{os.sep}".startswith(graded)]
    return sorted(found, key=lambda entry: entry.path)


@pytest.fixture(scope="module")
def submitted(
    make_course: Callable[..., Course],
    correct_cells: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Course]:
    course = make_course(tmp_path_factory.mktemp("files") / "course", {"neighbour": correct_cells})

    def hand_in(student: str, make: Make) -> None:
        folder = course.submission_folder(student)
        folder.mkdir(parents=True)
        make(folder)

    for what, (content, _) in CONTENTS.items():
        hand_in(what.replace("/", "|"), write(content))
    for what, (make, _) in THINGS.items():
        hand_in(what.replace("/", "|"), make)
    for what, make in LARGE.items():
        hand_in(what, make)
    for student in STUDENTS.values():
        hand_in(student, write(""))
    odd = notebook(code("print('ran')", id=["?"], metadata=...), code("'\ud800'"), ONE, metadata=...)
    hand_in(STRANGE, write(b"\xef\xbb\xbf" + json.dumps(odd).encode()))
    hand_in("crowded", make_crowded)
    (course.submitted / "a file").write_text("no student")
    (course.submitted / "nobody").symlink_to("nobody")
    (course.submitted / "who has not handed in").mkdir()
    yield course
    subprocess.run(["rm", "-rf", course.submitted], check=True)  # folders too deep for Python


@pytest.fixture(scope="module")
def graded(submitted: Course, grader: Grader, quiet: Callable[[], Any]) -> Graded:
    submitted.graded.mkdir()
    progress, before = quiet(), outside(submitted)
    reports = grade_course(submitted, submissions_of(submitted, []), grader, progress)
    return Graded(submitted, reports, progress.failures, before, outside(submitted))


def assert_refused(graded: Graded, student: str, outcome: str, words: str) -> str:
    """The report says so in one line of plain words, and nothing of the grader's own; return the line."""
    report = graded.reports[student]
    assert (report.outcome, report.score, report.needs_review) == (outcome, 0, True)
    said = report.criteria["cnn"].feedback
    assert words in said
    assert said.isprintable()
    assert len(said) < 400
    folder = graded.course.result_folder(student)
    assert str(graded.course.root) not in (folder / "report.json").read_text()
    assert read_report(folder) == report
    return said


@pytest.mark.slow
@pytest.mark.parametrize("what", CONTENTS)
def test_a_file_that_is_no_notebook_gets_a_report_that_says_so(what: str, graded: Graded, tell: Tell) -> None:
    said = assert_refused(graded, what.replace("/", "|"), "invalid_notebook", CONTENTS[what][1])

    tell(f"a file with {what}", said)


@pytest.mark.slow
@pytest.mark.parametrize("what", THINGS)
def test_what_is_no_file_gets_a_report_that_says_so(what: str, graded: Graded, tell: Tell) -> None:
    said = assert_refused(graded, what.replace("/", "|"), "invalid_notebook", THINGS[what][1])

    tell(what, said)


@pytest.mark.slow
@pytest.mark.parametrize("what", LARGE)
def test_a_file_that_is_too_large_is_not_read(what: str, graded: Graded, tell: Tell) -> None:
    said = assert_refused(graded, what, "too_large", "larger than the limit of")

    tell(f"a file with {what}", said)


@pytest.mark.slow
@pytest.mark.parametrize("what", STUDENTS)
def test_whatever_a_students_folder_is_called_the_report_lies_in_one_of_that_name(
    what: str, graded: Graded, tell: Tell
) -> None:
    assert_refused(graded, STUDENTS[what], "invalid_notebook", "the file is empty")

    assert (graded.course.graded / STUDENTS[what] / ASSIGNMENT / "report.json").is_file()
    tell(f"a student called: {what}", "a report in a folder of that name")


@pytest.mark.slow
def test_nothing_outside_graded_is_touched(graded: Graded, tell: Tell) -> None:
    assert graded.after == graded.before

    students = {entry.name for entry in graded.course.graded.iterdir() if entry.is_dir()}
    assert students == set(graded.reports)
    tell(f"{len(graded.reports)} odd submissions in one course", "nothing but graded/<student>/ was written")


@pytest.mark.slow
def test_all_are_graded_and_the_neighbour_as_if_alone(
    graded: Graded, grader: Grader, quiet: Callable[[], Progress], tell: Tell
) -> None:
    neighbour = graded.reports["neighbour"]
    alone = grade_course(graded.course, ["neighbour"], grader, quiet(), force=True)["neighbour"]

    assert graded.failures == {}
    assert {"a file", "nobody", "who has not handed in"}.isdisjoint(graded.reports)
    assert neighbour.outcome == "graded"
    assert neighbour.criteria["ascent"].status == "pass"
    assert neighbour.criteria == alone.criteria
    tell(
        f"a correct submission beside {len(graded.reports) - 1} odd ones",
        f"{neighbour.score:g} points, as alone",
    )


@pytest.mark.slow
def test_all_of_it_is_up_to_date_when_the_command_is_given_again(
    graded: Graded, grader: Grader, quiet: Callable[[], Progress], tell: Tell
) -> None:
    files = [graded.course.result_folder(student) / "report.json" for student in graded.reports]
    before = [file.stat().st_mtime_ns for file in files]

    again = grade_course(graded.course, submissions_of(graded.course, []), grader, quiet())

    assert again.keys() == graded.reports.keys()
    assert [file.stat().st_mtime_ns for file in files] == before
    tell(f"the same {len(files)} submissions, the same command again", "all up to date, nothing is run")


@pytest.mark.slow
def test_an_odd_notebook_of_a_student_with_an_odd_name_is_run(
    graded: Graded, said_by_cells: Callable[[str], list[str]], tell: Tell
) -> None:
    assert graded.reports[STRANGE].outcome == "graded"

    assert said_by_cells(STRANGE) == ["ran", "'?'", "1"]
    tell("a notebook with odd ids, no metadata and half a character, in a folder with an odd name", "is run")


@pytest.mark.slow
def test_what_lies_beside_a_notebook_is_copied_within_bounds_and_no_link_is_followed(
    graded: Graded, said_by_cells: Callable[[str], list[str]], tell: Tell
) -> None:
    assert graded.reports["crowded"].outcome == "graded"

    seen = json.loads(said_by_cells("crowded")[0])
    assert seen["here"] == ["data", "deeper", "many"]
    assert (seen["data"], seen["inner"]) == ("1,2,3", ["points.csv"])
    assert 9_900 < seen["many"] < 10_000
    assert {seen[name] for name in ("large", "link", "others", "pipe")} == {"FileNotFoundError"}
    tell(
        "10,000 files, 2 GB, pipes, a socket, links out, loops and 2,000 folders beside a notebook",
        f"it is run, with {seen['many']:,} of the files, and nothing that is no file",
    )


@pytest.fixture
def said_by_cells(graded: Graded) -> Callable[[str], list[str]]:
    """Return what the code cells of a graded notebook have shown, in their order."""

    def words(student: str) -> list[str]:
        file = graded.course.result_folder(student) / NAME
        cells = json.loads(file.read_bytes())["cells"]
        outputs = [output for cell in cells for output in cell["outputs"]]
        texts = [output.get("text") or output["data"]["text/plain"] for output in outputs]
        return ["".join(text).strip() for text in texts]

    return words


@pytest.fixture
def submission(tmp_path: Path) -> Submission:
    folder = tmp_path / "ada" / ASSIGNMENT
    folder.mkdir(parents=True)
    return Submission("ada", ASSIGNMENT, folder)


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

    first, again = (submission.read(size_limit=20 * MEGABYTE) for _ in range(2))

    assert repr(again) == repr(first)  # new ids are always the same
    assert [cell.source for cell in first.cells] == sources
    assert len({cell.id for cell in first.cells}) == len(sources)
    write_notebook(first, submission.folder / NAME)
    assert v4.writes(submission.read(size_limit=20 * MEGABYTE)) == v4.writes(first)
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


@pytest.mark.parametrize("what", EXPENSIVE)
def test_reading_takes_a_bounded_part_of_memory(what: str, submission: Submission, tell: Tell) -> None:
    write(EXPENSIVE[what])(submission.folder)

    tracemalloc.start()
    with contextlib.suppress(SubmissionError):
        submission.read(size_limit=20 * MEGABYTE)
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

    assert submission.read(size_limit=MEGABYTE).cells[0].source == "x = 1"
    tell(f"a notebook with {what}", "is found")


def test_a_folder_called_like_a_notebook_does_not_hide_the_notebook(
    submission: Submission, tell: Tell
) -> None:
    (submission.folder / "a.ipynb").mkdir()
    (submission.folder / "b.ipynb").write_text(GOOD)

    assert submission.read(size_limit=MEGABYTE).cells[0].source == "x = 1"
    tell("a folder a.ipynb beside the notebook", "the notebook is found")


@pytest.mark.parametrize("name", ["\x1b[2J\n.ipynb", "\u202e.ipynb", os.fsdecode(b"\xff.ipynb"), "<b>.ipynb"])
def test_an_error_is_one_line_whatever_the_file_is_called(
    name: str, submission: Submission, tell: Tell
) -> None:
    (submission.folder / name).write_text("{")

    with pytest.raises(SubmissionError) as refusal:
        submission.read(size_limit=MEGABYTE)

    assert str(refusal.value).isprintable()
    tell(f"a broken file called {name!a}", str(refusal.value))


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Look at files like somebody without rights, in this thread; the tests may be run by root."""
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
                submission.read(size_limit=MEGABYTE)
        places[locked].chmod(mode)
        with as_nobody():
            after = submission.sha256()

    assert students == ["ada"]
    assert before != after
    assert name not in str(refusal.value)
    tell(f"no right to read {locked}", str(refusal.value))


SWAPS: dict[str, Make] = {
    "a link to a secret": lambda file: file.symlink_to(file.parent.parent / "secret.ipynb"),
    "a pipe": os.mkfifo,
    "another notebook": lambda file: file.write_text(GOOD.replace("x", "y")),
    "nothing": lambda file: None,
    "half a notebook": lambda file: file.write_text(GOOD[:50]),
}


@pytest.mark.parametrize("what", SWAPS)
def test_a_file_that_changes_meanwhile_is_read_or_refused(
    what: str, submission: Submission, tell: Tell
) -> None:
    file, spare = submission.folder / NAME, submission.folder / "spare"
    (submission.folder.parent / "secret.ipynb").write_text(GOOD.replace("x = 1", SECRET))
    over, said = threading.Event(), []

    def swap() -> None:
        while not over.is_set():
            for make in (lambda new: new.write_text(GOOD), SWAPS[what]):
                spare.unlink(missing_ok=True)
                file.unlink(missing_ok=True)
                make(spare)
                if os.path.lexists(spare):
                    spare.rename(file)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(2000):
            submission.sha256()
            try:
                said.append(submission.read(size_limit=MEGABYTE).cells[0].source)
            except SubmissionError as error:
                said.append("refused" if str(submission.folder) not in str(error) else str(error))
    finally:
        over.set()
        swapper.join()

    assert set(said) <= {"x = 1", "y = 1", "refused"}
    tell(f"a notebook that becomes {what} and back while it is read, 2,000 times", "read or refused")


def test_a_file_that_becomes_a_link_after_it_was_looked_at_is_not_read(
    submission: Submission, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    file = submission.folder / NAME
    file.symlink_to("/etc/passwd")
    really, plain = Path.lstat, Path(__file__).stat()
    monkeypatch.setattr(Path, "lstat", lambda path: plain if path == file else really(path))

    with pytest.raises(SubmissionError, match="cannot be read"):
        submission.read(size_limit=MEGABYTE)

    tell("a file that becomes a link at the last moment", "is not opened")


def test_a_file_that_becomes_a_pipe_after_it_was_looked_at_is_not_waited_for(
    submission: Submission, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    file = submission.folder / NAME
    os.mkfifo(file)
    really, plain = Path.lstat, Path(__file__).stat()
    monkeypatch.setattr(Path, "lstat", lambda path: plain if path == file else really(path))

    with pytest.raises(SubmissionError, match="a pipe, not a plain file"):
        submission.read(size_limit=MEGABYTE)

    tell("a file that becomes a pipe at the last moment", "is opened, seen to be a pipe, and not waited for")


def changed(submission: Submission, make: Make, change: Make) -> bool:
    """Tell whether a change to a submission changes what identifies it."""
    make(submission.folder)
    before = submission.sha256()
    assert submission.sha256() == before
    change(submission.folder)
    return submission.sha256() != before


def write_many(number: int) -> Make:
    return lambda folder: [(folder / f"{index:05}.txt").write_text("x") for index in range(number)]


def replace(name: str, make: Make) -> Make:
    return lambda folder: ((folder / name).unlink(), make(folder / name))


CHANGES: dict[str, tuple[Make, Make]] = {
    "the last of 300 files": (write_many(300), lambda folder: (folder / "00299.txt").write_text("y")),
    "one file more beside 300": (write_many(300), lambda folder: (folder / "z.txt").write_text("x")),
    "a file split in two": (
        lambda folder: (folder / "a").write_bytes(b"x\0b\0y"),
        lambda folder: ((folder / "a").write_bytes(b"x"), (folder / "b").write_bytes(b"y")),
    ),
    "a file renamed": (
        lambda folder: (folder / "a").write_text("x"),
        lambda folder: (folder / "a").rename(folder / "b"),
    ),
    "a link in place of nothing": (lambda folder: None, lambda folder: (folder / NAME).symlink_to("x")),
    "a link that leads elsewhere": (
        lambda folder: (folder / NAME).symlink_to("x"),
        replace(NAME, lambda file: file.symlink_to("y")),
    ),
    "a file in place of a link to it": (
        lambda folder: ((folder / "x").write_text(GOOD), (folder / NAME).symlink_to("x")),
        replace(NAME, lambda file: file.write_text(GOOD)),
    ),
    "a file in place of a pipe": (
        lambda folder: os.mkfifo(folder / NAME),
        replace(NAME, lambda file: file.touch()),
    ),
    "an empty folder": (lambda folder: None, lambda folder: (folder / NAME).mkdir()),
    "a notebook beside 2 GB": (
        lambda folder: (make_sparse(folder / "a.bin", 2048 * MEGABYTE), write(GOOD)(folder)),
        write(GOOD.replace("x", "y")),
    ),
    "2 GB that became larger": (
        lambda folder: make_sparse(folder / "a.bin", 2048 * MEGABYTE),
        lambda folder: os.truncate(folder / "a.bin", 2049 * MEGABYTE),
    ),
    "2 GB in which a byte was written": (
        lambda folder: make_sparse(folder / "a.bin", 2048 * MEGABYTE),
        lambda folder: os.pwrite(os.open(folder / "a.bin", os.O_WRONLY), b"x", 1000),
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_submission_is_known_for_another_one(what: str, submission: Submission, tell: Tell) -> None:
    assert changed(submission, *CHANGES[what])

    tell(f"handed in again: {what}", "known for another submission, so it is graded again")


def test_what_a_link_leads_to_is_not_looked_at(submission: Submission, tmp_path: Path, tell: Tell) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.txt").write_text("x")

    assert not changed(
        submission,
        lambda folder: ((folder / "file").symlink_to(other / "x.txt"), (folder / "folder").symlink_to(other)),
        lambda folder: ((other / "x.txt").write_text("y"), (other / "z.txt").write_text("z")),
    )
    tell("links to files and folders outside", "are not followed")


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
    monkeypatch.setattr("autograder.submission.MOST_ENTRIES", 100)
    write(GOOD)(submission.folder)
    write_many(100)(submission.folder)

    with pytest.raises(SubmissionTooLargeError, match="100 files or more were handed in") as refusal:
        submission.read(size_limit=MEGABYTE)

    assert submission.sha256()
    tell("more files than are looked at", str(refusal.value))


@pytest.mark.parametrize("what", ["a pipe", "a link to /etc/passwd", "nothing", "a notebook cut off"])
def test_a_student_who_checks_such_a_file_is_told_in_one_line(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], tell: Tell
) -> None:
    (THINGS[what][0] if what in THINGS else write(CONTENTS[what][0]))(tmp_path)

    status = run(["check", str(tmp_path / NAME)])

    said = capsys.readouterr().err
    assert status == 2
    assert said.count("\n") == 1
    tell(f"gradeascent check on {what}", said.split(NAME)[-1])


STORED = Evidence("graded", (), (Record("images", 0, {}, digest(b"one")),), {digest(b"one"): b"one"})


SPOILT: dict[str, tuple[Make, str]] = {
    "a payload that is gone": (Path.unlink, "No such file"),
    "a payload that was changed": (lambda file: file.write_bytes(b"two"), "is not what was written there"),
    "a pipe in place of a payload": (lambda file: (file.unlink(), os.mkfifo(file)), "a pipe"),
    "a folder in place of a payload": (lambda file: (file.unlink(), file.mkdir()), "a folder"),
    "a link in place of a payload": (
        lambda file: (file.rename(file.parent.parent / "one"), file.symlink_to("../one")),
        "a link",
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_stored_evidence_that_is_not_whole_is_refused(what: str, tmp_path: Path, tell: Tell) -> None:
    spoil, words = SPOILT[what]
    write_evidence(tmp_path / "evidence", STORED)
    spoil(tmp_path / "evidence" / digest(b"one"))

    with pytest.raises(ValueError, match=words):
        read_evidence(tmp_path / "evidence")

    tell(f"stored evidence with {what}", "refused, so the notebook is run again")


def test_stored_evidence_cannot_name_a_file_elsewhere(tmp_path: Path, tell: Tell) -> None:
    (tmp_path / "secret").write_text(SECRET)
    folder = tmp_path / "evidence"
    write_evidence(folder, Evidence("graded", (), (Record("images", 0, {}, "../secret"),)))

    with pytest.raises(ValueError, match="is not what was written there"):
        read_evidence(folder)

    tell("stored evidence whose payload is called ../secret", "refused")


ALLOWANCE = 32  # MB of evidence


def flood(socket_file: Path, line: bytes, times: int, *, at_once: bool) -> int:
    """Send a line again and again, over one connection or each over its own; return how often that went well."""
    sent = 0
    with contextlib.suppress(OSError):
        while sent < times:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(socket_file))
                for _ in range(times if at_once else 1):
                    client.sendall(line)
                    sent += 1
                client.shutdown(socket.SHUT_WR)
                client.recv(1)
    return sent


def collected(folder: Path, line: bytes, times: int, *, at_once: bool) -> Collector:
    async def collect() -> Collector:
        async with Collector.listening(folder / "socket", Limits(evidence_mb=ALLOWANCE)) as listening:
            await asyncio.to_thread(flood, folder / "socket", line, times, at_once=at_once)
            await listening.drained()
        return listening

    return asyncio.run(collect())


def test_facts_that_take_much_memory_are_taken_in_within_the_allowance(tmp_path: Path, tell: Tell) -> None:
    values = collector.MOST_FACTS - 100
    line = b'{"kind": "x", "bytes": 0, "facts": [' + b"[]," * values + b"[]]}\n"

    taken = collected(tmp_path, line, 100, at_once=True)

    megabytes = len(taken.records) * values * 64 / MEGABYTE
    assert taken.full
    assert 0 < megabytes < ALLOWANCE
    tell(
        "15 MB of records full of empty lists, each 21 times as large in memory",
        f"{megabytes:.0f} MB are kept where {ALLOWANCE} are allowed",
    )


def test_who_connects_again_and_again_with_what_is_no_record_is_not_listened_to(
    tmp_path: Path, tell: Tell
) -> None:
    line = b'{"kind": "x", "bytes": 0}\n'

    taken = collected(tmp_path, line, 1000, at_once=False)

    assert len(taken.records) <= collector.MOST_CONNECTIONS
    tell("1,000 connections to the evidence socket", f"{len(taken.records)} are listened to")
