"""Whatever is in a submission's folder gives a report in plain words, and the others are graded.

One course holds all of it at once: files that are no notebooks, things that are no files, folders with odd
names and odd contents, and an honest neighbour. All of it is graded in one call.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from no_notebooks import CONTENTS, LARGE, THINGS
from odd_files import MEGABYTE, NAME, ONE, Make, code, make_deep, make_socket, make_sparse, notebook, write

from autograder.cli import run
from autograder.course.folder import ASSIGNMENT, Course
from autograder.grading.course import Progress, grade_course, submissions_of
from autograder.grading.grader import Grader
from autograder.plain.untrusted_files import Entry, list_folder
from autograder.record.files import (
    read_report,
)
from autograder.report import Report

pytestmark = pytest.mark.deep

Tell = Callable[[str, str], None]

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


@pytest.mark.parametrize("what", CONTENTS)
def test_a_file_that_is_no_notebook_gets_a_report_that_says_so(what: str, graded: Graded, tell: Tell) -> None:
    said = assert_refused(graded, what.replace("/", "|"), "invalid_notebook", CONTENTS[what][1])

    tell(f"a file with {what}", said)


@pytest.mark.parametrize("what", THINGS)
def test_what_is_no_file_gets_a_report_that_says_so(what: str, graded: Graded, tell: Tell) -> None:
    said = assert_refused(graded, what.replace("/", "|"), "invalid_notebook", THINGS[what][1])

    tell(what, said)


@pytest.mark.parametrize("what", LARGE)
def test_a_file_that_is_too_large_is_not_read(what: str, graded: Graded, tell: Tell) -> None:
    said = assert_refused(graded, what, "too_large", "larger than the limit of")

    tell(f"a file with {what}", said)


@pytest.mark.parametrize("what", STUDENTS)
def test_whatever_a_students_folder_is_called_the_report_is_in_one_of_that_name(
    what: str, graded: Graded, tell: Tell
) -> None:
    assert_refused(graded, STUDENTS[what], "invalid_notebook", "the file is empty")

    assert (graded.course.graded / STUDENTS[what] / ASSIGNMENT / "report.json").is_file()
    tell(f"a student called: {what}", "a report in a folder of that name")


def test_nothing_outside_graded_is_touched(graded: Graded, tell: Tell) -> None:
    assert graded.after == graded.before

    students = {entry.name for entry in graded.course.graded.iterdir() if entry.is_dir()}
    assert students == set(graded.reports)
    tell(f"{len(graded.reports)} odd submissions in one course", "nothing but graded/<student>/ was written")


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


def test_all_of_it_is_up_to_date_when_the_command_is_given_again(
    graded: Graded, grader: Grader, quiet: Callable[[], Progress], tell: Tell
) -> None:
    files = [graded.course.result_folder(student) / "report.json" for student in graded.reports]
    before = [file.stat().st_mtime_ns for file in files]

    again = grade_course(graded.course, submissions_of(graded.course, []), grader, quiet())

    assert again.keys() == graded.reports.keys()
    assert [file.stat().st_mtime_ns for file in files] == before
    tell(f"the same {len(files)} submissions, the same command again", "all up to date, nothing is run")


def test_an_odd_notebook_of_a_student_with_an_odd_name_is_run(
    graded: Graded, said_by_cells: Callable[[str], list[str]], tell: Tell
) -> None:
    assert graded.reports[STRANGE].outcome == "graded"

    assert said_by_cells(STRANGE) == ["ran", "'?'", "1"]
    tell("a notebook with odd ids, no metadata and half a character, in a folder with an odd name", "is run")


def test_files_beside_a_notebook_are_copied_within_bounds_and_no_link_is_followed(
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


@pytest.mark.parametrize("what", ["a pipe", "a link to /etc/passwd", "nothing", "a notebook cut off"])
def test_a_student_who_checks_such_a_file_gets_one_line(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], tell: Tell
) -> None:
    (THINGS[what][0] if what in THINGS else write(CONTENTS[what][0]))(tmp_path)

    status = run(["check", str(tmp_path / NAME)])

    said = capsys.readouterr().err
    assert status == 2
    assert said.count("\n") == 1
    tell(f"gradeascent check on {what}", said.split(NAME)[-1])
