"""A course of the second exercise: made, released, and set like any other."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import succeed
from ising_cells import NAME

from autograder.cli import run
from autograder.course.folder import Course
from autograder.course.initialise import initialise
from autograder.course.release import generate_release
from autograder.errors import SettingsError
from autograder.exercise import USUAL
from autograder.exercises.ising_activation_maps.thresholds import MapThresholds
from autograder.settings import load_settings

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return initialise(tmp_path / "course", NAME)


def test_its_settings_name_the_exercise(course: Course) -> None:
    settings = load_settings(course.root)

    assert settings.exercise == course.assignment == NAME
    assert isinstance(settings.thresholds, MapThresholds)
    assert sum(course.points().values()) == 90
    assert course.manual_points() == {"interpretation": 10}


def test_a_course_that_names_no_exercise_is_of_the_usual_one(tmp_path: Path) -> None:
    assert initialise(tmp_path / "course").assignment == USUAL
    assert Course(tmp_path).assignment == USUAL


def test_thresholds_of_an_exercise_apply_where_it_is_graded(course: Course) -> None:
    file = course.root / "gradeascent.toml"
    own = f"[exercises.{NAME}.thresholds]\naccuracy_full = 0.93\naccuracy_none = 0.7\n"

    file.write_text(f"exercise = '{NAME}'\n[thresholds]\naccuracy_none = 0.6\n{own}")
    here = load_settings(course.root).thresholds.model_dump()
    file.write_text(own)
    elsewhere = load_settings(course.root).thresholds.model_dump()

    assert (here["accuracy_none"], here["accuracy_full"]) == (0.6, 0.93)
    assert elsewhere["accuracy_full"] == 0.9


def test_an_unknown_threshold_of_an_exercise_is_a_mistake(course: Course) -> None:
    text = f"exercise = '{NAME}'\n[exercises.{NAME}.thresholds]\naccuraccy = 0.93\n"
    (course.root / "gradeascent.toml").write_text(text)

    with pytest.raises(SettingsError, match="accuraccy"):
        load_settings(course.root)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_committed_release_is_what_the_source_gives_now(course: Course) -> None:
    assert contents(generate_release(course)) == contents(REPOSITORY / "release" / NAME)


def test_installed_exercises_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    succeed(["exercises"])
    assert NAME in capsys.readouterr().out


@pytest.mark.deep
def test_doctor_says_where_its_data_are(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor", "--course", str(course.root)])

    said = capsys.readouterr().out
    assert "data: simulated Ising lattices" in said
    assert "MNIST" not in said
