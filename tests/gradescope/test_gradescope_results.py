"""What Gradescope and its users see: never more than was measured, and never nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_reports import make_report

from autograder.gradescope.memory import beside_the_kit
from autograder.gradescope.results import not_graded, results_of
from autograder.gradescope.time_limits import LEAST_MINUTES, MOST_MINUTES, deadline, within
from autograder.plain.machine import container_mb
from autograder.report import Flag, Report, Result
from autograder.settings import Limits


@pytest.fixture
def report() -> Report:
    criteria = {
        "cnn": Result(status="pass", score=20, max_score=20, feedback="Four convolutions."),
        "training": Result(status="partial", score=7.5, max_score=15, feedback="An accuracy of 0.7."),
        "plot": Result(status="review", score=0, max_score=5, feedback="<script>alert(1)</script>\x1b[2J"),
    }
    flags = [Flag(code="cell_error", message="Cell 'plot': NameError")]
    return make_report("submission 1", criteria, flags=flags)


def test_every_criterion_is_a_test_with_its_score(report: Report) -> None:
    results = json.loads(results_of(report, {}, seconds=12.34).to_json())

    assert results["score"] == 27.5
    assert results["execution_time"] == 12.3
    assert [(test["name"], test["score"], test["max_score"]) for test in results["tests"]] == [
        ("cnn", 20, 20),
        ("training", 7.5, 15),
        ("plot", 0, 5),
    ]
    assert [test.get("status") for test in results["tests"]] == ["passed", "failed", None]
    assert {test["visibility"] for test in results["tests"]} == {"visible"}
    assert "leaderboard" not in results


def test_what_a_person_decides_is_said_and_has_no_score(report: Report) -> None:
    results = json.loads(results_of(report, {"interpretation": 10}, seconds=1).to_json())

    *_, plot, interpretation = results["tests"]
    assert plot["output"].startswith("A person decides here.")
    assert interpretation.keys().isdisjoint({"score", "max_score", "status"})
    assert "Read by a person, for up to 10 points" in interpretation["output"]
    assert "the score may still change" in results["output"]
    assert "Cell 'plot': NameError" in results["output"]


def test_what_a_student_named_is_plain_text(report: Report) -> None:
    results = json.loads(results_of(report, {}, seconds=1).to_json())

    plot = results["tests"][2]
    assert results["output_format"] == plot["output_format"] == "text"
    assert "<script>" in plot["output"]  # shown as it is, since the format says so
    assert "\x1b" not in plot["output"]


def test_a_notebook_with_very_many_errors_does_not_flood_the_page(report: Report) -> None:
    flags = [Flag(code="cell_error", message=f"Cell {number}: " + "x" * 1900) for number in range(5000)]
    written = results_of(report.model_copy(update={"flags": flags}), {}, seconds=1).to_json()

    assert len(written) < 200_000
    assert "and 4980 more like these" in json.loads(written)["output"]


def test_without_a_report_students_read_that_zero_says_nothing() -> None:
    results = json.loads(not_graded("no sandbox\nhere").to_json())

    assert results["score"] == 0
    assert "has not been graded: no sandbox here." in results["output"]
    assert "says nothing about your work" in results["output"]


@pytest.mark.parametrize("minutes", [LEAST_MINUTES, 10, 20, MOST_MINUTES])
def test_a_notebook_and_two_measurements_end_before_gradescope_stops_them(minutes: int) -> None:
    limits = within(Limits(), minutes)

    assert limits.notebook_seconds + 2 * limits.verify_seconds < deadline(minutes) < minutes * 60
    assert limits.cell_seconds <= limits.notebook_seconds
    assert limits.notebook_seconds > minutes * 60 / 3


def test_limits_that_are_low_already_stay() -> None:
    low = Limits(notebook_seconds=60, cell_seconds=30, verify_seconds=20)

    assert within(low, 20) == low


def test_a_notebook_may_have_the_memory_that_the_kit_leaves(tmp_path: Path) -> None:
    bound, unbound = tmp_path / "bound", tmp_path / "unbound"
    bound.write_text(f"{3 * 1024**3}\n")
    unbound.write_text("max\n")
    missing = tmp_path / "missing"

    assert container_mb((missing, bound)) == 3072
    assert container_mb((unbound, missing)) is None
    assert beside_the_kit(Limits(), 3072).memory_mb == 3072 - 1400
    assert beside_the_kit(Limits(), 768).memory_mb == 1024  # less and no notebook runs at all
    assert beside_the_kit(Limits(), 16_000) == beside_the_kit(Limits(), None) == Limits()
