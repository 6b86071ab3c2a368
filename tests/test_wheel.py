"""What `pip install` puts on another machine: all that the kit needs, nothing else, and it grades a notebook."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from planted_faults.plant import ROOT, copy_environment

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.notebooks import compose, write_notebook
from autograder.course.release import released_notebook
from autograder.demo.demonstrate import sample_answers
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.record.files import read_report
from solutions.data import embedded_digits, write_npz

pytestmark = pytest.mark.deep

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    (file,) = folder.glob("*.whl")
    return file


def pip(*arguments: str, python: Path | str = sys.executable) -> None:
    done = subprocess.run(
        [python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_wheel_has_what_the_kit_needs_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"autograder", "solutions"}
    assert wheel.stat().st_size < 2 * MEGABYTE
    needed = {
        file.relative_to(ROOT).as_posix() for folder in ("autograder", "solutions") for file in files(folder)
    }
    assert needed <= set(names)
    assert f"autograder/course/assignments/{ASSIGNMENT}/{ASSIGNMENT}.ipynb" in names


def files(folder: str) -> list[Path]:
    """Return the files of a folder that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", folder], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in filter(None, listed.stdout.split("\0"))]


def test_what_a_wheel_installs_grades_a_course_without_the_repository(wheel: Path, tmp_path: Path) -> None:
    python = copy_environment(tmp_path / "environment", tmp_path / "no repository")
    pip("uninstall", "--yes", "gradeascent", python=python)
    pip("install", "--no-deps", str(wheel), python=python)
    gradeascent = python.with_name("gradeascent")
    folder, digits = tmp_path / "course", tmp_path / "digits.npz"
    write_npz(embedded_digits(), digits)

    give(gradeascent, "init", str(folder))
    course = Course.open(folder)
    submission = course.submission_folder("emmy") / f"{ASSIGNMENT}.ipynb"
    submission.parent.mkdir(parents=True)
    answers = sample_answers(EXERCISE.samples)["emmy"]
    write_notebook(compose(released_notebook(course), answers), submission)
    give(gradeascent, "grade", "--course", str(folder), "--data", str(digits), "--profile", "quick")

    report = read_report(course.result_folder("emmy"))
    assert report is not None
    assert (report.score, report.max_score) == (90, 90)


def give(command: Path, *arguments: str) -> None:
    """Give a command where no folder of the repository is found."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [command, *arguments], cwd="/", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
