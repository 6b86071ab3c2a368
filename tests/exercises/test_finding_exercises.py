"""The kit finds an exercise by its name, in every process."""

from __future__ import annotations

import pickle
import re

import pytest

from autograder.errors import SettingsError
from autograder.exercise import USUAL, find_exercise, offered, python_files
from autograder.exercises.activation_maximization.exercise import EXERCISE


def test_the_kits_own_exercise_is_offered_under_its_name() -> None:
    assert USUAL in offered()
    assert find_exercise(USUAL) is EXERCISE
    assert EXERCISE.name == USUAL


def test_an_exercise_that_is_not_installed_is_a_setting_to_change() -> None:
    with pytest.raises(
        SettingsError, match=re.escape(f"no exercise 'origami'; installed are: {', '.join(offered())}")
    ):
        find_exercise("origami")


def test_a_record_goes_to_another_process_by_name() -> None:
    assert pickle.loads(pickle.dumps(EXERCISE)) is EXERCISE


def test_everything_that_decides_about_measurements_and_verdicts_exists() -> None:
    measured, scored = python_files(EXERCISE.measured_by), python_files(EXERCISE.scored_by)

    assert all(file.is_file() for file in (*measured, *scored))
    assert EXERCISE.checks in scored
    assert any(file.name == "measure.py" for file in measured)
