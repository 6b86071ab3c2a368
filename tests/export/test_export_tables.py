"""The plain tables: all criteria for spreadsheets and scripts, and Gradescope's columns."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbgrader.api import Gradebook

from autograder.cli import run
from autograder.export.csv_table import harmless, read_number, read_table

Fill = Callable[..., None]


def export(form: str, course: Path, to: Path, *options: str) -> int:
    return run(["export", form, "--course", str(course), "--to", str(to), *options])


def read(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_table_has_everybody_and_every_criterion(course: Path, four: None, tmp_path: Path) -> None:
    assert export("csv", course, tmp_path / "grades.csv") == 1
    ada, emmy, grace, sofja = read(tmp_path / "grades.csv")
    assert list(ada)[5:] == [
        *("cnn", "training", "images", "ascent", "objective", "updates", "plot", "interpretation"),
        *("raw_score", "late_penalty", "score", "max_score", "state"),
    ]
    assert (ada["score"], ada["state"]) == ("100", "graded")
    assert (grace["ascent"], grace["raw_score"], grace["late_penalty"], grace["score"]) == (
        "12.5",
        "90.5",
        "5",
        "85.5",
    )
    assert grace["submitted_at"] == "2026-05-01 13:30:05 UTC"
    assert (emmy["score"], emmy["max_score"], emmy["state"]) == ("", "100", "missing")
    assert (sofja["cnn"], sofja["interpretation"], sofja["score"], sofja["state"]) == (
        "20",
        "",
        "",
        "waiting",
    )
    assert export("csv", course, tmp_path / "grades.csv", "--partial") == 0
    assert read(tmp_path / "grades.csv")[3]["score"] == "90"


def test_the_scores_are_those_that_nbgrader_exports(
    course: Path, four: None, fill: Fill, tmp_path: Path
) -> None:
    fill("late", names=("L", "L", ""), interpretation=0.0, penalty=500.0)
    export("csv", course, tmp_path / "ours.csv", "--partial")
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "export", f"--to={tmp_path / 'theirs.csv'}"],
        cwd=course, check=True, capture_output=True,
    )  # fmt: skip
    ours = {one["student_id"]: float(one["score"] or 0) for one in read(tmp_path / "ours.csv")}
    theirs = {one["student_id"]: float(one["score"]) for one in read(tmp_path / "theirs.csv")}
    assert ours == theirs
    assert ours["late"] == 0


def test_gradescope_gets_its_own_columns_and_imports_nothing(
    course: Path, four: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export("gradescope", course, tmp_path / "grades.csv") == 1
    assert "Gradescope imports no scores" in capsys.readouterr().out
    ada, emmy, grace, sofja = read(tmp_path / "grades.csv")
    assert ",".join(list(ada)[:14]) == (
        "First Name,Last Name,SID,Email,Sections,Total Score,Max Points,Status,Submission ID,Submission Time,"
        "Lateness (H:M:S),View Count,Submission Count,1: cnn (20.0 pts)"
    )
    assert [one["Status"] for one in (ada, emmy, grace, sofja)] == ["Graded", "Missing", "Graded", "Ungraded"]
    assert (grace["Total Score"], grace["Max Points"], grace["Lateness (H:M:S)"]) == (
        "85.5",
        "100",
        "01:30:05",
    )
    assert grace["Submission Time"] == "2026-05-01 13:30:05 +0000"
    assert (emmy["Total Score"], sofja["Total Score"]) == ("", "")


@pytest.mark.parametrize("exporter", ["CsvExport", "GradescopeExport", "MoodleExport"])
def test_each_is_an_exporter_of_nbgrader(course: Path, four: None, tmp_path: Path, exporter: str) -> None:
    command = [sys.executable, "-m", "nbgrader", "export", f"--exporter=autograder.export.{exporter}"]
    done = subprocess.run(
        command, cwd=course, capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert done.returncode == 1, done.stderr
    assert "left out: sofja: waits" in done.stderr
    form = exporter.removesuffix("Export").lower()
    export(form, course, tmp_path / "ours.csv")
    assert (course / f"grades_{form}.csv").read_bytes() == (tmp_path / "ours.csv").read_bytes()


def test_a_course_that_nbgrader_does_not_know_gives_one_line(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        gradebook.remove_assignment("activation_maximization")
    assert run(["export", "csv", "--course", str(course)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "does not know the assignment" in said


@pytest.mark.parametrize(
    ("form", "options", "words"),
    [
        ("csv", ["--into", "x.csv"], "makes a new table"),
        ("gradescope", ["--into", "x.csv"], "makes a new table"),
        ("moodle", ["--column", "Grade"], "--into"),
        ("blackboard", [], "--help"),
    ],
)
def test_options_that_make_no_sense_give_one_line(
    course: Path, form: str, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["export", form, "--course", str(course), *options]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert words in said


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1"])
def test_no_text_becomes_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "-5", "+3.25", "-1,5", "a=b", "Ada"])
def test_numbers_and_other_text_stay(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("90", 90), ("90.00", 90), ("90,00", 90), ("1,000.50", 1000.5), ("1.000,50", 1000.5), (" 7 ", 7)],
)
def test_maxima_are_read_in_every_language(text: str, value: float) -> None:
    assert read_number(text) == value


@pytest.mark.parametrize("text", ["", "-", "(read only)", "A", "..", ","])
def test_what_is_no_number_is_none(text: str) -> None:
    assert read_number(text) is None


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=4),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
def test_one_changed_cell_changes_no_other(
    tmp_path: Path, rows: list[list[str]], end: str, quoting: int, mark: bytes
) -> None:
    file = tmp_path / "table.csv"
    if any("\r" in cell or "\n" in cell for row in rows for cell in row):
        quoting = csv.QUOTE_ALL  # Python leaves a line end of another kind bare, and then it ends a line
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=quoting).writerows([["a", "b", "c"], *rows])  # type: ignore[arg-type]
    file.write_bytes(mark + text.getvalue().encode())
    table = read_table(file, "Canvas")
    assert table.filled({}) == file.read_bytes()
    file.write_bytes(table.filled({1: {2: "42"}}))
    assert [list(line.cells) for line in read_table(file, "Canvas").lines[1:]] == [
        [*rows[0][:2], "42"],
        *rows[1:],
    ]


def test_cells_that_students_fill_cost_no_time(course: Path, four: None, tmp_path: Path) -> None:
    hostile = "1,2026 1:" * 10_000
    worksheet = tmp_path / "worksheet.csv"
    worksheet.write_text(f'ID,N,G,M,C,L,"{hostile}",Z\nTN1,Ada Byron,,100,Ja,-,"{hostile}",-\n')
    began = time.process_time()

    assert run(["export", "moodle", "--course", str(course), "--into", str(worksheet)]) == 1

    took = time.process_time() - began
    assert took < 5
