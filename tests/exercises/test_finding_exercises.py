"""The kit finds an exercise by its name, in every process."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.errors import SettingsError
from autograder.exercise import USUAL, find_exercise, loadable, offered, python_files
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


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An installed package whose exercise cannot be imported."""
    (tmp_path / "paper_folding.py").write_text("import a_module_that_is_missing\n")
    installed = tmp_path / "paper_folding-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: paper-folding\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[gradeascent.exercises]\norigami = paper_folding:EXERCISE\n")
    monkeypatch.syspath_prepend(tmp_path)
    return "origami"


def test_a_broken_exercise_is_named_in_one_line_and_harms_no_other(broken: str) -> None:
    with pytest.raises(SettingsError) as raised:
        find_exercise(broken)

    assert str(raised.value) == (
        "the exercise 'origami' cannot be loaded from paper_folding:EXERCISE (ModuleNotFoundError: No module named "
        "'a_module_that_is_missing'); mend its package or uninstall it"
    )
    assert broken in offered()
    assert [one.name for one in loadable()] == [name for name in offered() if name != broken]
    lines = CliRunner().invoke(app, ["exercises"]).output.splitlines()
    assert str(raised.value) in lines
    assert f"{USUAL}: {EXERCISE.title} (if a course names none)" in lines


def test_a_record_goes_to_another_process_by_name() -> None:
    assert pickle.loads(pickle.dumps(EXERCISE)) is EXERCISE


def test_everything_that_decides_about_measurements_and_verdicts_exists() -> None:
    measured, scored = python_files(EXERCISE.measured_by), python_files(EXERCISE.scored_by)

    assert all(file.is_file() for file in (*measured, *scored))
    assert EXERCISE.checks in scored
    assert any(file.name == "measure.py" for file in measured)
