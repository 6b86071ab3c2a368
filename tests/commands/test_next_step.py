"""`gradeascent` alone says what to do next in this folder; the Tab key and corrections say what to type."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import succeed

from autograder.cli import run
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise
from autograder.plain.files import write_whole
from autograder.report import Report


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return initialise(tmp_path / "course")


def said_in(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(folder)
    capsys.readouterr()
    succeed([])
    return capsys.readouterr().out


def released(course: Course) -> None:
    write_whole(course.release_folder() / f"{ASSIGNMENT}.ipynb", "{}")


def handed_in(course: Course, student: str) -> None:
    course.submission_folder(student).mkdir(parents=True)


def graded(course: Course, student: str, report: Report) -> None:
    write_whole(course.result_folder(student) / "report.json", report.model_dump_json())


def test_where_there_is_no_course_the_demo_and_a_new_course_are_offered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = said_in(tmp_path, capsys, monkeypatch)

    assert "gradeascent demo" in said
    assert "gradeascent init DIR" in said
    assert "--help" in said


def test_above_and_inside_a_course_the_way_to_it_is_said(
    course: Course, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "cd course" in said_in(course.root.parent, capsys, monkeypatch)
    assert f"cd {course.root}" in said_in(course.source, capsys, monkeypatch)


def test_a_student_is_advised_to_check_the_notebook(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("selfcheck.py", "my notebook.ipynb"):
        (tmp_path / name).touch()

    assert "gradeascent check 'my notebook.ipynb'" in said_in(tmp_path, capsys, monkeypatch)


def test_every_stage_of_a_course_leads_to_the_next(
    course: Course, report: Report, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "gradeascent release" in said_in(course.root, capsys, monkeypatch)

    released(course)
    assert "gradeascent collect" in said_in(course.root, capsys, monkeypatch)

    handed_in(course, "ada")
    handed_in(course, "bert")
    graded(course, "ada", report.model_copy(update={"needs_review": False}))
    said = said_in(course.root, capsys, monkeypatch)
    assert "1 of 2 submissions are graded" in said
    assert "gradeascent grade " in said

    graded(course, "bert", report.model_copy(update={"needs_review": True}))
    said = said_in(course.root, capsys, monkeypatch)
    assert "not sure of 1." in said
    for command in ("review", "feedback", "export FORMAT"):
        assert f"gradeascent {command}" in said


@pytest.mark.parametrize(
    ("arguments", "instead"),
    [
        (["garde"], "Did you mean 'grade'?"),
        (["grade", "--foce"], "Did you mean --force?"),
        (["export", "canvs"], "Did you mean 'canvas'?"),
        (["grade", "--profile", "quik"], "Did you mean 'quick'?"),
    ],
)
def test_a_typing_error_gets_one_line_that_says_what_to_type(
    arguments: list[str], instead: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2

    said = capsys.readouterr().err
    assert instead in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("profile = quick", 'write profile = "quick"'),
        ("gpu = True  # yes", "write gpu = true"),
        ('profile = "quik"', "'full' or 'quick'"),
        ("[limit]\ncell_seconds = 3", "did you mean 'limits'?"),
        ("cell_seconds = 3", "did you mean 'limits.cell_seconds'?"),
    ],
)
def test_a_typing_error_in_the_settings_does_too(
    course: Course, written: str, instead: str, capsys: pytest.CaptureFixture[str]
) -> None:
    handed_in(course, "ada")
    (course.root / "gradeascent.toml").write_text(written)

    assert run(["grade", "--course", str(course.root)]) == 2

    said = capsys.readouterr().err
    assert instead in said
    assert said.count("\n") == 1


def completed(words: str, folder: Path) -> list[str]:
    """Return what the Tab key offers in bash after these words."""
    environment = os.environ | {
        "_GRADEASCENT_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    program = "import sys; sys.argv[0] = 'gradeascent'; from autograder.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split()


def test_the_tab_key_completes_commands_options_and_students(course: Course) -> None:
    handed_in(course, "ada")
    handed_in(course, "bert")

    assert completed("gradeascent dem", course.root) == ["demo"]
    assert completed("gradeascent grade --prof", course.root) == ["--profile"]
    assert completed("gradeascent grade --profile ", course.root) == ["full", "quick"]
    assert completed("gradeascent grade a", course.root) == ["ada"]
