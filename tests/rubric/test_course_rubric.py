"""A course brings checks of its own; a broken one is named in one line."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.errors import RubricError
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.measurements import Measurements
from autograder.report import Result
from autograder.rubric.score import rubric_files, rubric_sha256, score

Points = dict[str, float]


def judged(course: Path, source: str, measurements: Measurements, points: Points) -> dict[str, Result]:
    (course / "rubric").mkdir()
    (course / "rubric" / "test_ours.py").write_text(source)
    return score(EXERCISE, measurements, Thresholds(), points, rubric_files(EXERCISE, course))


def test_a_course_replaces_a_check(tmp_path: Path, good: Measurements, points: Points) -> None:
    source = "def test_cnn(model, award):\n    award(0.25, f'{model.conv_layers} are too few', layers=4)\n"

    results = judged(tmp_path, source, good, points)

    assert results["cnn"] == Result(
        status="partial", score=5, max_score=20, feedback="4 are too few", measured={"layers": 4}
    )
    assert results["training"].status == "pass"
    assert list(results) == list(points)


def test_a_plain_assert_is_a_check(tmp_path: Path, good: Measurements, points: Points) -> None:
    source = "def test_cnn(model):\n    assert model.conv_layers > 9, 'More layers, please.'\n"

    result = judged(tmp_path, source, good, points)["cnn"]

    assert (result.status, result.score, result.feedback) == ("fail", 0, "More layers, please.")


NEEDS = "from autograder.rubric.award import need\n\n"


def test_a_check_that_rests_on_something_missing_is_not_run(
    tmp_path: Path, good: Measurements, points: Points
) -> None:
    source = f"{NEEDS}def test_cnn(award):\n    need(None, 'No network was found.')\n    award(1.0, 'good')\n"

    result = judged(tmp_path, source, good, points)["cnn"]

    assert (result.status, result.score, result.cause) == ("fail", 0, "not_checked")
    assert result.feedback == "This was not checked. No network was found."


def test_what_is_missing_for_a_reason_of_the_kit_goes_to_a_person(
    tmp_path: Path, good: Measurements, points: Points
) -> None:
    source = f"{NEEDS}def test_cnn():\n    need(None, 'The network was refused.', needs_person=True)\n"

    result = judged(tmp_path, source, good, points)["cnn"]

    assert (result.status, result.score, result.cause) == ("review", 0, "not_checked")


def test_what_is_there_is_used(tmp_path: Path, good: Measurements, points: Points) -> None:
    source = f"{NEEDS}def test_cnn(measured, award):\n    award(need(0.5, 'No.'), 'half')\n"

    assert judged(tmp_path, source, good, points)["cnn"].score == 10


@pytest.mark.parametrize(
    ("missing", "own", "others"),
    [("model", "cnn", ["training"]), ("images", "images", ["ascent", "objective", "updates"])],
)
def test_only_the_criterion_about_the_missing_work_names_a_cause(
    missing: str, own: str, others: list[str], good: Measurements, points: Points
) -> None:
    results = score(EXERCISE, replace(good, **{missing: None}), Thresholds(), points)

    assert results[own].cause == {"model": "no_model", "images": "no_images"}[missing]
    assert {results[name].cause for name in others} == {"not_checked"}
    assert {results[name].status for name in (own, *others)} == {"fail"}


def test_a_course_adds_a_check_for_a_cell_with_points(
    tmp_path: Path, good: Measurements, points: Points
) -> None:
    source = "def test_speed(measured, award):\n    award(0.5, 'half as fast')\n"

    results = judged(tmp_path, source, good, {**points, "speed": 4.0})

    assert (results["speed"].score, results["speed"].max_score) == (2, 4)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def test_speed(award):\n    award(1, 'fast')\n", "test_speed has no cell 'check_speed'"),
        ("def test_cnn(model):\n    model.no_such_number\n", "'cnn' raised AttributeError"),
        ("def test_cnn(no_such_fixture):\n    pass\n", "no_such_fixture"),
        ("import no_such_module\n", "no_such_module"),
        ("def test_cnn(:\n", "test_ours.py"),
    ],
    ids=["no cell", "raises", "unknown fixture", "unknown import", "syntax"],
)
def test_a_broken_check_is_named_in_one_line(
    source: str, reason: str, tmp_path: Path, good: Measurements, points: Points
) -> None:
    with pytest.raises(RubricError) as broken:
        judged(tmp_path, source, good, points)

    assert reason in str(broken.value)
    assert "\n" not in str(broken.value).strip()


def test_a_criterion_without_a_check_is_named(good: Measurements, points: Points) -> None:
    with pytest.raises(RubricError, match="no check called test_style"):
        score(EXERCISE, good, Thresholds(), {**points, "style": 1.0})


def test_a_rubric_is_identified_by_checks_numbers_and_points(tmp_path: Path, points: Points) -> None:
    files = rubric_files(EXERCISE, tmp_path)
    (tmp_path / "rubric").mkdir()
    (tmp_path / "rubric/test_ours.py").write_text("def test_cnn(): pass")

    identities = {
        rubric_sha256(EXERCISE, files, Thresholds(), points),
        rubric_sha256(EXERCISE, rubric_files(EXERCISE, tmp_path), Thresholds(), points),
        rubric_sha256(EXERCISE, files, Thresholds(conv_layers=5), points),
        rubric_sha256(EXERCISE, files, Thresholds(), {**points, "cnn": 21.0}),
    }

    assert len(identities) == 4
    assert rubric_sha256(EXERCISE, files, Thresholds(), points) in identities


def test_scoring_parses_no_source(points: Points, monkeypatch: pytest.MonkeyPatch) -> None:
    """CPython 3.11 can fail where two threads parse at the same time, and reading an array of numpy parses, too."""

    def parse(*_: object, **__: object) -> None:
        raise SystemError("AST constructor recursion depth mismatch")

    monkeypatch.setattr(ast, "parse", parse)

    results = score(EXERCISE, Measurements("graded"), Thresholds(), points)

    assert {result.status for result in results.values()} == {"fail"}


@pytest.mark.parametrize("page", ["README.md", "docs/howto/rubric.md"])
def test_the_documentation_shows_a_check_as_it_is(page: str) -> None:
    text = (Path(__file__).parents[2] / page).read_text(encoding="utf-8")
    (shown,) = re.findall(r"```python\n(def test_.*?)```", text, re.DOTALL)
    name = shown.partition("(")[0]

    source = EXERCISE.checks.read_text(encoding="utf-8")

    assert f"\n\n\n{name}(" in source
    assert f"{shown.rstrip()}\n\n\n" in source
