"""Settings are read from one file, and every mistake in it is one line that helps."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from autograder.errors import SettingsError
from autograder.settings import Settings, load_settings, settings_template


def written(course: Path, text: str) -> Path:
    (course / "gradeascent.toml").write_text(text)
    return course


def test_without_a_file_every_setting_has_its_default(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == Settings()


def test_a_setting_replaces_its_default_and_no_other(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, "seed = 3\n[limits]\ncell_seconds = 60\n"))

    assert (settings.seed, settings.limits.cell_seconds) == (3, 60)
    assert settings.thresholds == Settings().thresholds
    assert settings.limits.notebook_seconds == Settings().limits.notebook_seconds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sed = 3", ["'sed'", "did you mean 'seed'?"]),
        ("[limits]\nmemory = 3", ["'limits.memory'", "did you mean 'limits.memory_mb'?"]),
        ("[thresholds]\naccuraccy_full = 1", ["did you mean 'thresholds.accuracy_full'?"]),
        ("zzz = 1", ["unknown setting 'zzz'"]),
        ("seed = 'seven'", ["'seed'", "'seven'", "integer"]),
        ("[limits]\ncell_seconds = -1", ["'limits.cell_seconds'", "-1", "greater than 0"]),
        ("[thresholds]\naccuracy_full = 2", ["'thresholds.accuracy_full'", "less than or equal to 1"]),
        ("[thresholds]\nfilters_full = 2", ["'thresholds.filters_full'", "less than or equal to 1"]),
        ("sandbox = 'docker'", ["'sandbox'", "'bwrap' or 'none'"]),
        (
            "exercise = 'origami'",
            ["'exercise'", "'origami'", "no such exercise; installed are: activation_maximization"],
        ),
        ("thresholds = 3", ["'thresholds'"]),
        ("limits = 3", ["'limits'"]),
        ("seed = ", ["not valid TOML"]),
        ("seed = 1\nseed = 2", ["not valid TOML"]),
    ],
)
def test_a_mistake_is_one_line_with_the_file_and_what_is_wrong(
    text: str, words: list[str], tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as mistake:
        load_settings(written(tmp_path, text))

    message = str(mistake.value)
    assert str(tmp_path / "gradeascent.toml") in message
    assert "\n" not in message
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize(
    ("older", "follows"),
    [
        ({"filters_none": 0.2}, {"images_least": 0.2, "judged_least": 0.2}),
        ({"filters_full": 0.9}, {"short_ascents_most": 0.1, "own_nearly_all": 0.9}),
        ({"movement_small": 0.04}, {"movement_large": 25.0}),
        ({"pattern_raised": 0.3}, {"pattern_fallen": 0.3}),
        ({"accuracy_none": 0.4}, {"accuracy_reads": 0.4}),
        ({"filters_none": 0.2, "images_least": 0.3}, {"images_least": 0.3, "judged_least": 0.2}),
        (
            {"filters_none": 0, "movement_small": 0},
            {"images_least": 0, "judged_least": 0, "movement_large": 1e9},
        ),
    ],
)
def test_a_threshold_that_was_part_of_another_keeps_the_value_that_a_course_gave_it(
    tmp_path: Path, older: dict[str, float], follows: dict[str, float]
) -> None:
    lines = [f"{key} = {value}" for key, value in older.items()]
    found = load_settings(written(tmp_path, "\n".join(["[thresholds]", *lines]))).thresholds.model_dump()

    assert found == Settings().thresholds.model_dump() | older | follows


def test_what_follows_from_an_older_threshold_is_said_in_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    course = written(tmp_path, "[thresholds]\nfilters_none = 0.2\nimages_least = 0.3\n")
    load_settings(course)
    load_settings(course)

    (line,) = caplog.messages
    assert str(course / "gradeascent.toml") in line
    assert "judged_least = 0.2" in line
    assert "images_least" not in line


def test_with_a_threshold_for_each_meaning_nothing_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    load_settings(written(tmp_path, settings_template().replace("# filters_none", "filters_none")))
    given = "filters_none = 0.2\nimages_least = 0.1\njudged_least = 0.1\n"
    caplog.clear()
    load_settings(written(tmp_path, f"[thresholds]\n{given}"))

    assert caplog.messages == []


def test_bytes_that_are_no_text_are_a_mistake_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "gradeascent.toml").write_bytes(b"seed = \xff")

    with pytest.raises(SettingsError, match="not valid TOML"):
        load_settings(tmp_path)


def test_the_template_changes_nothing(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, settings_template())) == Settings()


def test_the_template_names_every_key_with_its_default() -> None:
    uncommented = re.sub(r"(?m)^# (\w+ = )", r"\1", settings_template())

    written_out = tomllib.loads(uncommented)

    defaults = Settings()
    assert Settings.model_validate(written_out) == defaults
    assert written_out == defaults.model_dump(exclude={"exercises"})
