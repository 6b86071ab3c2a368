"""What each check gives and says, on measurements made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from changed_measurements import Judge, with_filters, with_images, with_model

from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.measurements import CellError, Measurements
from autograder.rubric.score import score


def test_correct_work_earns_everything_without_complaint(good: Measurements, judge: Judge) -> None:
    results = judge(good)

    assert {result.status for result in results.values()} == {"pass"}
    assert sum(result.score for result in results.values()) == 90
    assert not [result for result in results.values() if "?" in result.feedback]


def test_panels_without_titles_cost_a_fifth(good: Measurements, judge: Judge) -> None:
    assert good.plot is not None

    result = judge(replace(good, plot=replace(good.plot, titled=0)))["plot"]

    assert (result.status, result.score) == ("partial", 4)
    assert "64 panels have no title" in result.feedback


def test_blank_panels_are_named(good: Measurements, judge: Judge) -> None:
    assert good.plot is not None

    result = judge(replace(good, plot=replace(good.plot, blank=32, distinct=33, shown=32)))["plot"]

    assert result.status in {"partial", "fail"}
    assert "32 panels are blank" in result.feedback


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shown": 40, "mosaic": True}, "40 features in one picture. The exercise asks for a grid of panels"),
        ({"shown": 40, "mosaic": True, "titled": 0}, "Its features have no title"),
        ({"figures": 64}, "Your 64 figures show 64 different features. The exercise asks for one grid"),
        (
            {"shown": 40, "distinct": 40, "panels": 40, "titled": 40},
            "The exercise asks for 64 different features.",
        ),
    ],
)
def test_what_is_wrong_with_a_figure_is_said(
    changes: dict[str, int], words: str, good: Measurements, judge: Judge
) -> None:
    assert good.plot is not None
    result = judge(replace(good, plot=replace(good.plot, **changes)))["plot"]  # type: ignore[arg-type]

    assert words in result.feedback
    assert result.score < 5


def test_what_stopped_the_plot_is_said_last_and_only_where_something_is_wrong(
    good: Measurements, judge: Judge
) -> None:
    assert good.plot is not None
    stopped = replace(good, errors=(CellError("plot", "IndexError: list index out of range", ""),))

    assert "IndexError" not in judge(stopped)["plot"].feedback
    half = judge(replace(stopped, plot=replace(good.plot, titled=0)))["plot"]
    assert half.feedback.endswith("stopped with IndexError: list index out of range.")


@pytest.mark.parametrize(("shown", "status"), [(None, "pass"), (1, "pass"), (0, "review")])
def test_a_figure_that_no_output_shows_goes_to_a_person(
    shown: int | None, status: str, good: Measurements, judge: Judge
) -> None:
    result = judge(replace(good, pictures_shown=shown))["plot"]

    assert result.status == status
    assert ("The output of no cell has a picture" in result.feedback) == (status == "review")


def test_one_large_picture_goes_to_a_person(good: Measurements, judge: Judge) -> None:
    assert good.plot is not None

    mosaic = replace(good.plot, panels=0, titled=0, distinct=0, shown=0, mosaic=True)

    assert judge(replace(good, plot=mosaic))["plot"].status == "review"


def test_nothing_at_all_earns_nothing_and_says_why(judge: Judge) -> None:
    error = CellError("imports", "NameError: name 'tf' is not defined", "tf is used before it exists")

    results = judge(Measurements("graded", errors=(error,)))

    assert {result.status for result in results.values()} == {"fail"}
    assert all("tf is used before it exists" in result.feedback for result in results.values())


def test_a_missing_module_goes_to_a_person(judge: Judge) -> None:
    error = CellError("imports", "ModuleNotFoundError: No module named 'cv2'", "", missing_module="cv2")

    results = judge(Measurements("graded", errors=(error,)))

    assert {result.status for result in results.values()} == {"review"}
    assert "cv2 is not installed here" in results["cnn"].feedback


def test_trouble_of_the_verifier_goes_to_a_person(judge: Judge) -> None:
    results = judge(Measurements("graded", trouble="the verifier stopped"))

    assert {result.status for result in results.values()} == {"review"}


def test_what_is_no_notebook_earns_nothing_and_says_why(judge: Judge) -> None:
    results = judge(Measurements("invalid_notebook", unreadable="ada.ipynb: the file is empty"))

    assert {result.status for result in results.values()} == {"fail"}
    assert "the file is empty" in results["cnn"].feedback


@pytest.mark.parametrize(
    ("threshold", "criterion"),
    [
        ({"conv_layers": 5}, "cnn"),
        ({"accuracy_full": 0.99}, "training"),
        ({"gain_raised": 2.0}, "ascent"),
        ({"pattern_own": 1.5}, "objective"),
        ({"movement_small": 2.0}, "updates"),
    ],
)
def test_thresholds_are_settings(
    threshold: dict[str, float], criterion: str, good: Measurements, judge: Judge
) -> None:
    assert judge(good)[criterion].status == "pass"
    assert judge(good, **threshold)[criterion].status != "pass"


def test_an_error_in_a_later_cell_is_no_reason(good: Measurements, judge: Judge) -> None:
    error = CellError("plot", "NameError: name 'axs' is not defined", "")

    result = judge(replace(with_model(good, accuracy=0.3), errors=(error,)))["training"]

    assert "axs" not in result.feedback


def test_a_module_that_a_callback_misses_is_not_the_students_fault(good: Measurements, judge: Judge) -> None:
    error = CellError("cnn", "TBNotInstalledError: TensorBoard is not installed", "", "tensorboard")
    interrupted = with_model(good, accuracy=0.1, epochs=0, updates=1)
    training = judge(replace(interrupted, errors=(error,)))["training"]
    assert (training.status, training.cause) == ("review", "missing_module")
    assert "tensorboard" in training.feedback


def test_a_missing_module_matters_only_where_work_is_missing(good: Measurements, judge: Judge) -> None:
    error = CellError("a cell", "ModuleNotFoundError: No module named 'google.colab'", "", "google.colab")

    results = judge(replace(with_model(good, conv_layers=3), errors=(error,)))

    assert results["cnn"].status == "partial"


def test_results_without_an_ascent_keep_what_was_measured_and_go_to_a_person(
    good: Measurements, judge: Judge
) -> None:
    results = judge(with_images(good, ascent_seen=False))

    under_review = {name for name, result in results.items() if result.status == "review"}
    assert under_review == {"ascent", "objective", "updates"}
    assert [results[name].score for name in ("ascent", "objective", "updates")] == [20, 15, 0]
    assert all("recorded gradient step leads" in results[name].feedback for name in under_review)
    assert results["ascent"].measured["raised"] == 64


def test_noise_without_an_ascent_earns_nothing_without_bothering_a_person(
    good: Measurements, judge: Judge
) -> None:
    noise = with_filters(
        good,
        lambda one: replace(
            one, image=0.1, gain=0.0, spread=0.9, pattern=0.0, best_pattern=0.05, best_gain=0.0
        ),
        ascent_seen=False,
        movement=0.9,
    )

    results = judge(replace(noise, steps=None))

    assert {results[name].status for name in ("ascent", "objective", "updates")} == {"fail"}
    assert "recorded gradient step leads" in results["updates"].feedback


def test_a_course_may_hand_any_verdict_to_a_person(
    good: Measurements, points: dict[str, float], tmp_path: Path
) -> None:
    own = tmp_path / "test_own.py"
    own.write_text(
        "def test_plot(award):\n    award(0.6, 'Nice.', panels=64)\n    award.needs_person('Is it, though?')\n"
    )

    result = score(EXERCISE, good, Thresholds(), points, [EXERCISE.checks, own])["plot"]

    assert (result.status, result.score, result.feedback) == ("review", 3, "Nice. Is it, though?")
    assert result.measured == {"panels": 64}
