"""Every wrong use of a command gives one clear line on standard error and exit status 2."""

import subprocess
import sys
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
import pytest
from command_line import succeed

from autograder.cli import COMMANDS, run
from autograder.collect.collect import READERS, Lms
from autograder.commands.collect import collect_command
from autograder.commands.export import export_command
from autograder.export.export import FORMATS, Format


@pytest.fixture
def course(tmp_path: Path) -> Path:
    succeed(["init", str(tmp_path / "course")])
    return tmp_path / "course"


def handed_in(course: Path, student: str) -> Path:
    folder = course / "submitted" / student / "activation_maximization"
    folder.mkdir(parents=True)
    return folder


def assert_one_line(capsys: pytest.CaptureFixture[str], *words: str) -> None:
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    for word in words:
        assert word in said


def test_the_commands_offer_every_lms_that_can_be_read_and_every_format() -> None:
    assert get_args(get_type_hints(collect_command)["lms"]) == get_args(Lms) == tuple(READERS)
    assert get_args(get_type_hints(export_command)["form"]) == get_args(Format) == tuple(FORMATS)


def test_a_folder_that_is_no_course_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grade", "--course", str(tmp_path)]) == 2
    assert_one_line(capsys, str(tmp_path), "gradeascent init")


def test_a_folder_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["release", "--course", "/no/such/folder"]) == 2
    assert_one_line(capsys, "/no/such/folder")


def test_init_does_not_overwrite(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", str(course)]) == 2
    assert_one_line(capsys, str(course), "not empty")


def test_grading_nothing_says_where_submissions_go(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grade", "--course", str(course)]) == 2
    assert_one_line(capsys, str(course / "submitted"))


def test_an_unknown_student_is_named(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handed_in(course, "ada")
    assert run(["grade", "bob", "--course", str(course)]) == 2
    assert_one_line(capsys, "'bob'")


def test_an_unknown_setting_is_named_with_a_guess(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handed_in(course, "ada")
    (course / "gradeascent.toml").write_text("[limits]\ncell_second = 3\n")
    assert run(["grade", "--course", str(course)]) == 2
    assert_one_line(capsys, "limits.cell_second", "limits.cell_seconds")


def test_a_data_file_with_wrong_shapes_is_named(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handed_in(course, "ada")
    data = tmp_path / "mnist.npz"
    images, labels = np.zeros((3, 8, 8), np.uint8), np.zeros(3, np.uint8)
    np.savez(data, x_train=images, y_train=labels, x_test=images, y_test=labels)
    assert run(["grade", "--course", str(course), "--data", str(data)]) == 2
    assert_one_line(capsys, str(data), "(3, 8, 8)")


def test_a_missing_data_file_is_named(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handed_in(course, "ada")
    assert run(["grade", "--course", str(course), "--data", "/no/mnist.npz"]) == 2
    assert_one_line(capsys, "/no/mnist.npz")


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["garde"], "gradeascent"),
        (["--jobs"], "gradeascent"),
        (["grade", "--jobs", "many"], "gradeascent grade"),
        (["grade", "--sandbox", "docker"], "gradeascent grade"),
        (["init"], "gradeascent init"),
    ],
)
def test_a_mistyped_command_line_gives_one_line_and_says_which_help_to_read(
    arguments: list[str], command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert_one_line(capsys, f"See '{command} --help'")


def test_a_missing_and_a_wrong_choice_are_said_in_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["collect", "download.zip"]) == run(["export", "excel"]) == 2

    said = capsys.readouterr().err
    assert "plain. See" in said
    assert "'excel' is not one of" in said
    assert "Value error" not in said


def test_checking_something_that_is_no_notebook_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.ipynb").write_text("dear diary")
    assert run(["check", str(tmp_path / "notes.ipynb")]) == 2
    assert_one_line(capsys, "notes.ipynb", "not a notebook")


def test_without_bubblewrap_real_submissions_need_an_explicit_word(
    course: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_in(course, "ada")
    monkeypatch.setattr("autograder.execute.sandbox.bubblewrap_problem", lambda: "it is not installed")
    assert run(["grade", "--course", str(course)]) == 2
    assert_one_line(capsys, "bubblewrap", "--sandbox none")


@pytest.mark.deep
def test_check_says_what_a_fresh_notebook_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    release = Path(__file__).parents[1] / "release" / "activation_maximization"
    succeed(["check", str(release / "activation_maximization.ipynb")])
    said = capsys.readouterr().out
    for criterion in ("cnn", "training", "images", "ascent", "objective", "updates", "plot"):
        assert f"{criterion}:\n" in said
    assert "There is no `model` yet." in said


def test_the_graders_own_process_does_without_tensorflow() -> None:
    script = "import sys, autograder.grading.course, autograder.record.recording; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 0


def test_doctor_finds_a_working_sandbox(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    succeed(["doctor", "--course", str(course)])
    assert "sandbox: bubblewrap works" in capsys.readouterr().out


def test_help_does_not_wait_for_what_only_commands_need() -> None:
    heavy = {"nbformat", "nbgrader", "numpy", "starlette", "tensorflow"}
    script = (
        "import sys; from autograder.cli import run; run(['grade', '--help']); "
        f"sys.exit(' '.join({heavy!r} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert "--profile" in done.stdout
    assert (done.returncode, done.stderr) == (0, "")


def test_every_command_has_a_module_of_its_name() -> None:
    modules = {name: command.__module__.rpartition(".")[2] for name, command in COMMANDS.items()}

    assert modules == {name: name.replace("-", "_") for name in COMMANDS}
