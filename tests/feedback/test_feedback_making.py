"""However the pages are made and packed, each student's is there, or it is said why not."""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from graded_student import ADA, feedback, find_grade

from autograder.collect.place import CollectionRecord, Shelf
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook
from autograder.course.notebooks import read_notebook, write_notebook
from autograder.feedback.bundle import write_bundle
from autograder.feedback.make import StudentPages
from autograder.plain.files import write_whole
from autograder.record.files import (
    PICTURES,
)


def nbgrader(course: Course, *arguments: str) -> None:
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nbgraders_own_commands_make_and_hand_out_the_same_page(
    course: Course, hand_in: Callable[..., Path], tmp_path: Path
) -> None:
    page = hand_in(ADA)
    for name, text in (("timestamp.txt", "2026-03-31 12:00:00 UTC"), ("submission_secret.txt", "s")):
        write_whole(course.root / "autograded" / ADA / ASSIGNMENT / name, text)
    feedback(course)
    ours = page.read_bytes()
    released = (f"--Exchange.root={tmp_path / 'exchange'}", "--course=c", ASSIGNMENT)
    (tmp_path / "exchange").mkdir(mode=0o777)
    (tmp_path / "exchange").chmod(0o777)

    nbgrader(course, "release_feedback", *released)
    handed_out = [file.read_bytes() for file in (tmp_path / "exchange").rglob("*.html")]
    nbgrader(course, "generate_feedback", ASSIGNMENT, "--force")

    assert handed_out == [ours]
    assert page.read_bytes() == ours


def test_only_what_has_changed_is_made_again(course: Course, hand_in: Callable[..., Path]) -> None:
    pages = [hand_in(name) for name in (ADA, "bert", "cleo", "dora")]
    feedback(course)
    before = [page.stat().st_mtime_ns for page in pages]
    with open_gradebook(course) as gradebook:
        find_grade(gradebook, "bert", "interpretation").manual_score = 4
        gradebook.db.commit()
    notebook = read_notebook(course.root / "autograded" / "cleo" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    notebook.cells[0].source += " changed"
    write_notebook(notebook, course.root / "autograded" / "cleo" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    (course.result_folder("dora") / PICTURES).unlink()

    feedback(course)

    was_made = [page.stat().st_mtime_ns != old for page, old in zip(pages, before, strict=True)]
    assert was_made == [False, True, True, True]


def test_one_that_fails_is_named_and_the_others_continue(
    course: Course, hand_in: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    pages = [hand_in(name) for name in (ADA, "bert", "cleo")]
    feedback(course)
    old = pages[1].read_bytes()
    (course.root / "autograded" / "bert" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").write_text("{")
    shutil.rmtree(course.root / "autograded" / ADA)
    pages[2].unlink()
    capsys.readouterr()

    assert feedback(course) == 1

    said = capsys.readouterr()
    assert re.search(r"ada: no page: there is no graded notebook .*; run 'gradeascent grade' first", said.err)
    assert re.search(r"bert: no page: .*\.ipynb: not a notebook", said.err)
    assert "Traceback" not in said.err
    assert "1 of 3" in said.out
    assert pages[1].read_bytes() == old
    assert pages[2].is_file()
    assert not list(course.root.rglob(".half-*"))


def test_who_is_not_in_the_gradebook_is_named(
    course: Course, hand_in: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    hand_in(ADA)
    notebook = course.root / "autograded" / "eve" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    write_whole(
        notebook, (course.root / "autograded" / ADA / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_bytes()
    )

    assert feedback(course) == 1
    assert "eve: no page: the gradebook has no grades of 'eve'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM notebook", "does not know activation_maximization yet"),
        ("ALTER TABLE grade DROP COLUMN extra_credit", "nbgrader db upgrade"),
    ],
)
def test_what_is_wrong_with_the_whole_gradebook_is_said_once(
    course: Course, hand_in: Callable[..., Path], damage: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_in(ADA)
    hand_in("bert")
    with contextlib.closing(sqlite3.connect(course.gradebook)) as database:
        database.execute(damage)
        database.commit()
    capsys.readouterr()

    assert feedback(course) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_an_unknown_student_is_one_clear_line(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    assert feedback(course, "nobody") == 2
    assert "no submission of 'nobody'" in capsys.readouterr().err


@pytest.mark.parametrize("student", ["a[b]c", "D'Arcy & Søn, 名前"])
def test_any_name_of_a_folder_will_do(course: Course, hand_in: Callable[..., Path], student: str) -> None:
    hand_in("abc")
    page = hand_in(student)

    assert feedback(course) == 0

    assert page.is_file()


def test_pdfs_are_printed_beside_the_pages(course: Course, hand_in: Callable[..., Path]) -> None:
    page = hand_in(ADA)

    assert feedback(course, "--pdf") == 0
    printed = page.with_suffix(".pdf")
    before = printed.stat().st_mtime_ns
    assert feedback(course, "--pdf") == 0

    assert printed.read_bytes().startswith(b"%PDF-")
    assert printed.stat().st_mtime_ns == before

    with open_gradebook(course) as gradebook:
        find_grade(gradebook, ADA, "interpretation").manual_score = 4
        gradebook.db.commit()
    feedback(course)

    assert not printed.exists()  # no old score is handed out


def test_without_a_browser_pdfs_are_refused_in_one_line(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert feedback(course, "--pdf") == 2
    assert "apt-get install chromium" in capsys.readouterr().err


def moodle_participant(name: str) -> str | None:
    """Whose a file is, by the rules of Moodle's importziplib.php (`is_valid_filename_for_import`)."""
    *folders, file = name.split("/")
    if file.startswith((".", "~")):
        return None
    for part in (*folders, file):
        info = part.split("_", 4)
        if len(info) == 5 and info[1].isdigit() and info[2:4] == ["assignsubmission", "file"]:
            return info[1]
    return None


def test_a_zip_for_moodle_is_named_as_moodle_reads_it(
    course: Course, hand_in: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = {ADA: "4711", "bert": "4712", "late": "9"}
    for student, number in numbers.items():
        hand_in(student)
        Shelf(course, ASSIGNMENT).note(student, CollectionRecord("moodle", number), None)
    hand_in("by_hand")
    download = tmp_path / "download.zip"
    with zipfile.ZipFile(download, "w") as archive:
        archive.writestr("Ada Example_4711_assignsubmission_file/a.ipynb", "{}")
        archive.writestr("Bert_the_Example_4712_assignsubmission_file/a.ipynb", "{}")
    target = tmp_path / "feedback.zip"

    status = feedback(course, "--zip", str(target), "--lms", "moodle", "--into", str(download))

    said = capsys.readouterr().out
    assert status == 1
    assert "by_hand: not in" in said
    assert "late: not in" in said
    with zipfile.ZipFile(target) as archive:
        pages = {moodle_participant(name): archive.read(name) for name in archive.namelist()}
        assert archive.namelist()[0] == "Ada Example_4711_assignsubmission_file_/feedback.html"
    assert pages.keys() == {"4711", "4712"}
    assert b"<h1>ada</h1>" in pages["4711"]
    assert b"<h1>bert</h1>" in pages["4712"]


def test_a_plain_zip_has_a_folder_for_each_student(
    course: Course, hand_in: Callable[..., Path], tmp_path: Path
) -> None:
    hand_in(ADA)
    hand_in("bert")

    assert feedback(course, "--zip", str(tmp_path / "all.zip")) == 0

    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.namelist() == ["ada/feedback.html", "bert/feedback.html"]


def test_no_half_of_a_zip_stays_when_a_page_cannot_be_read(course: Course, tmp_path: Path) -> None:
    target = tmp_path / "all.zip"
    target.write_text("the old one")

    with pytest.raises(OSError, match="gone"):
        write_bundle(course, {ADA: StudentPages(tmp_path / "gone.html")}, target, "plain")

    assert target.read_text() == "the old one"
    assert list(tmp_path.glob("*half*")) == []


@pytest.mark.parametrize("arguments", [("--lms", "moodle"), ("--into", "x"), ("--zip", "z", "--into", "x")])
def test_options_that_make_no_sense_are_refused(
    course: Course, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert feedback(course, *arguments) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
