"""A report as the grader makes it, without having graded."""

from __future__ import annotations

import pytest
from made_reports import make_report

from autograder.report import Flag, Report, Result


@pytest.fixture
def report() -> Report:
    measured = {"conv_layers": 4}
    criteria = {
        "cnn": Result(status="pass", score=20, max_score=20, feedback="Four.", measured=measured),
        "training": Result(status="partial", score=7.5, max_score=15, feedback="70 %."),
    }
    flags = [Flag(code="timeout", message="It took too long.", needs_review=True)]
    return make_report(
        "ada", criteria, outcome="timeout", flags=flags, needs_review=True, timings={"run": 31.2}
    )
