"""Canvas' own gradebook gets the scores and nothing else, and Canvas would read them as they were meant."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from lms_readers import canvas_import

from autograder.cli import run

Fill = Callable[..., None]

TITLE = "Activation Maximization (501)"
HEADINGS = f"Student,ID,SIS User ID,SIS Login ID,Section,Warm-up (500),{TITLE},Current Score,Final Score"
POINTS = "    Points Possible,,,,,10.00,100.00,(read only),(read only)"
PEOPLE = {
    11: ("ada", "Byron, Ada"), 12: ("grace@example.org", "Hopper, Grace"), 13: ("en13", "Noether, Emmy"),
    14: ("sofja", "Kowalewskaja, Sofja"),
}  # fmt: skip
LINES = (
    HEADINGS,
    ",,,,,,Manual Posting,,",
    POINTS,
    '"Byron, Ada",11,S11,ada,"Section ""A""",9.50,,95.00,47.50',
    '"Hopper, Grace",12,S12,grace@example.org,B,,12.00,,',
    '"Noether, Emmy",13,S13,en13,B,,,,',
    '"Kowalewskaja, Sofja",14,S14,sofja,B,=1+1,,,',
    '"Student, Test",99,,,B,,,,',
)
ASSIGNMENTS = {500: "Warm-up", 501: "Activation Maximization"}


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    file = tmp_path / "exported.csv"
    file.write_bytes("\n".join((*LINES, "")).encode())
    return file


def export(course: Path, into: Path, *options: str) -> int:
    to = into.parent / "filled.csv"
    return run(["export", "canvas", "--course", str(course), "--into", str(into), "--to", str(to), *options])


def test_canvas_enters_the_scores_and_makes_nothing_new(course: Path, four: None, exported: Path) -> None:
    assert export(course, exported) == 1  # sofja waits
    read = canvas_import(exported.parent / "filled.csv", PEOPLE, ASSIGNMENTS)
    # grace: 100 - 7.5 (ascent) - 2 (interpretation) - 5 (late)
    assert {person: score for (number, person), score in read.scores.items() if number == 501} == {
        11: "100",
        12: "85.5",
    }
    assert read.new_assignments == []
    assert read.new_people == ["Student, Test"]  # as without us
    assert read.points == {500: "10.00", 501: "100.00"}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_other_byte_stays(course: Path, four: None, exported: Path, mark: bytes, end: str) -> None:
    exported.write_bytes(mark + end.join((*LINES, "")).encode())
    export(course, exported)
    expected = list(LINES)
    expected[3] = expected[3].replace(",,95.00", ",100,95.00")
    expected[4] = expected[4].replace("12.00", "85.5")
    assert (exported.parent / "filled.csv").read_bytes() == mark + end.join((*expected, "")).encode()


def test_semicolons_stay_semicolons(course: Path, four: None, exported: Path) -> None:
    lines = [HEADINGS, POINTS, "Ada Byron,11,S11,ada,A,9.50,,95.00,47.50"]
    exported.write_text("\n".join(lines).replace(",", ";"))
    export(course, exported)
    filled = exported.parent / "filled.csv"
    assert filled.read_text().splitlines()[-1] == "Ada Byron;11;S11;ada;A;9.50;100;95.00;47.50"
    assert canvas_import(filled, PEOPLE, ASSIGNMENTS).scores[501, 11] == "100"


def test_who_waits_is_listed_and_exported_only_on_demand(
    course: Path, four: None, exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(course, exported) == 1
    said = capsys.readouterr().out
    assert "left out: sofja: waits for a person" in said
    assert "2 scores in" in said
    assert "emmy" in said  # not handed in, so only a note
    assert export(course, exported, "--partial") == 0
    assert canvas_import(exported.parent / "filled.csv", PEOPLE, ASSIGNMENTS).scores[501, 14] == "90"


def test_another_maximum_is_reported_and_kept(
    course: Path, four: None, exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exported.write_text(exported.read_text().replace("100.00,(read", "50.00,(read"))
    export(course, exported)
    assert "Canvas has a maximum of 50, the gradebook one of 100" in capsys.readouterr().out
    assert canvas_import(exported.parent / "filled.csv", PEOPLE, ASSIGNMENTS).points[501] == "50.00"


def test_no_person_is_guessed(
    course: Path, fill: Fill, exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill("ada", lms_user_id="11")
    fill("u1", names=("Ida", "Rhodes", ""))
    fill("u2", names=("Ida", "Rhodes", ""))
    fill("u3", names=("Mary", "Somerville", ""))
    fill("u4", names=("Joan", "Clarke", ""))
    fill("u5", names=("Hedy", "", "hedy@example.org"))
    people = (
        "Ada Byron,11,,login-of-ada,A,,,,",  # by Canvas' number in the gradebook
        '"Rhodes, Ida",21,,ida,A,,,,',  # two of that name in the gradebook
        '"Somerville, Mary",22,,mary,A,,,,',  # two of that name in Canvas
        '"Somerville, Mary",23,,mary2,A,,,,',
        '"Clarke, Joan",24,,joan,A,,,,',  # the only one of that name
        '"Unknown, Person",25,,nobody,A,,,,',
        '"Else, Somebody",26,u5,ada,A,,,,',  # the login is ada's, the institution's id is u5
    )
    exported.write_text("\n".join((HEADINGS, POINTS, *people, "")))
    assert export(course, exported) == 1
    said = capsys.readouterr().out
    for words in (
        "Rhodes, Ida: not the only one who may be 'u1' and 'u2'",
        "Somerville, Mary: not the only one who may be 'u3'",
        "Unknown, Person: not in the gradebook",
        "Else, Somebody: fits 'ada' and 'u5'",
        "u1: no line of exported.csv is clearly theirs",
        "u5: no line of exported.csv is clearly theirs",
    ):
        assert f"left out: {words}" in said
    read = canvas_import(exported.parent / "filled.csv", dict.fromkeys(range(11, 30), ("", "")), ASSIGNMENTS)
    assert read.scores == {(501, 11): "100", (501, 24): "100"}


def test_one_student_in_two_lines_gets_nothing(
    course: Path, four: None, exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exported.write_text("\n".join((*LINES, LINES[3], "")))
    assert export(course, exported) == 1
    assert "left out: ada: 2 lines fit" in capsys.readouterr().out
    assert (501, 11) not in canvas_import(exported.parent / "filled.csv", PEOPLE, ASSIGNMENTS).scores


def test_the_beginning_of_a_login_counts_if_it_is_the_whole_id(
    course: Path, fill: Fill, exported: Path
) -> None:
    fill("grace", names=("", "", ""))
    exported.write_text("\n".join((HEADINGS, POINTS, "G H,12,,grace@example.org,B,,,,")))
    assert export(course, exported) == 0
    assert canvas_import(exported.parent / "filled.csv", PEOPLE, ASSIGNMENTS).scores == {(501, 12): "100"}


@pytest.mark.parametrize("there", ["EX", "N/A"])
def test_who_is_excused_or_not_assigned_stays_so(
    course: Path, four: None, exported: Path, there: str, capsys: pytest.CaptureFixture[str]
) -> None:
    exported.write_text(exported.read_text().replace("B,,12.00", f"B,,{there}"))
    assert export(course, exported) == 1
    assert "left out: grace: " in capsys.readouterr().out
    assert f"B,,{there}," in (exported.parent / "filled.csv").read_text()


@pytest.mark.parametrize("named", [TITLE, "501", "Activation Maximization"])
def test_the_column_can_be_named(course: Path, four: None, exported: Path, named: str) -> None:
    exported.write_text(exported.read_text().replace("Warm-up (500)", "activation_maximization (500)"))
    assert export(course, exported, "--column", named) == 1
    read = canvas_import(exported.parent / "filled.csv", PEOPLE, ASSIGNMENTS)
    assert read.scores[501, 11] == "100"
    assert read.scores[500, 11] == "9.50"


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (("Warm-up (500)", "activation_maximization (500)"), [], ["2 assignments", "--column"]),
        (("Activation Maximization", "Homework 3"), [], ["no assignment", "'Homework 3 (501)'"]),
        (("", ""), ["--column", "Final Score"], ["'Final Score'", "new assignment"]),
        (("", ""), ["--column", "Homework"], ["no assignment is called 'Homework'"]),
        (("100.00,(read", "(read only),(read"), [], ["calculates the column"]),
        (("Warm-up (500)", TITLE), [], ["2 assignments"]),
        (("Student,ID,SIS User ID", "Name,Number,Id"), [], ["not a gradebook exported from Canvas"]),
    ],
)
def test_an_unclear_file_gives_one_line(
    course: Path,
    four: None,
    exported: Path,
    change: tuple[str, str],
    options: list[str],
    words: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    exported.write_text(exported.read_text().replace(*change) if change[0] else exported.read_text())
    assert export(course, exported, *options) == 2
    assert_one_line(capsys, *words)
    assert not (exported.parent / "filled.csv").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (HEADINGS.encode("utf-16"), "UTF-16"),
        ("\n".join((HEADINGS, "Zoë,1,,,A,,,,")).encode("latin-1"), "not UTF-8 (line 2)"),
        (b"PK\x03\x04rest of a spreadsheet", "not a CSV file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not a CSV file"),
        (f'{HEADINGS}\n"never closed,1'.encode(), "damaged in line 2"),
        (b"Identifier,Full name,Grade,Maximum Grade\nParticipant 1,Ada,,100", "worksheet of Moodle"),
        (b"Name,SID,Total Score,Max Points\nAda,1,3,4", "download of Gradescope"),
        (b"\n" + HEADINGS.encode(), "blank line"),
    ],
)
def test_what_is_no_gradebook_of_canvas_gives_one_line(
    course: Path, four: None, exported: Path, content: bytes, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    exported.write_bytes(content)
    assert export(course, exported) == 2
    assert_one_line(capsys, "exported.csv", words)


def test_a_missing_file_a_folder_and_the_original_itself_are_refused(
    course: Path, four: None, exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["export", "canvas", "--course", str(course)]
    assert run([*arguments, "--into", "/no/file.csv"]) == 2
    assert_one_line(capsys, "/no/file.csv")
    assert run([*arguments, "--into", str(course), "--to", "f.csv"]) == 2
    assert_one_line(capsys, "a folder")
    assert run([*arguments, "--into", str(exported), "--to", str(exported)]) == 2
    assert_one_line(capsys, "LMS's own file")
    assert run([*arguments, "--into", str(exported), "--to", str(course)]) == 2
    assert_one_line(capsys, str(course), "a folder")
    assert run([*arguments, "--into", str(exported), "--to", str(exported / "filled.csv")]) == 2
    assert_one_line(capsys, "cannot be written")
    assert run(arguments) == 2
    assert_one_line(capsys, "--into", "every assignment")
    assert exported.read_bytes() == "\n".join((*LINES, "")).encode()


def assert_one_line(capsys: pytest.CaptureFixture[str], *words: str) -> None:
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    for word in words:
        assert word in said


def nbgrader_export(course: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nbgrader", "export", *options]
    return subprocess.run(
        command,
        cwd=course,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"JUPYTER_NO_CONFIG": "1"},
    )


def test_nbgrader_export_writes_the_same_file(course: Path, four: None, exported: Path) -> None:
    export(course, exported, "--partial")
    to = exported.parent / "by_nbgrader.csv"
    done = nbgrader_export(
        course,
        "--exporter=autograder.export.CanvasExport",
        f"--CanvasExport.into={exported}",
        "--CanvasExport.partial=True",
        f"--to={to}",
    )
    assert done.returncode == 0, done.stderr
    assert to.read_bytes() == (exported.parent / "filled.csv").read_bytes()


def test_nbgrader_export_of_one_student_leaves_the_others(course: Path, four: None, exported: Path) -> None:
    to = exported.parent / "by_nbgrader.csv"
    done = nbgrader_export(
        course,
        "--exporter=autograder.export.CanvasExport",
        f"--CanvasExport.into={exported}",
        '--student=["ada"]',
        f"--to={to}",
    )
    assert done.returncode == 0, done.stderr  # the person that this is about does not wait
    scores = canvas_import(to, PEOPLE, ASSIGNMENTS).scores
    assert (scores[501, 11], scores[501, 12]) == ("100", "12.00")


def test_nbgrader_export_says_what_is_wrong_in_one_line(course: Path, four: None) -> None:
    done = nbgrader_export(course, "--exporter=autograder.export.CanvasExport")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "name it with --into" in done.stderr
