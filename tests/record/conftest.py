"""A report as the grader makes it, without having graded."""

from __future__ import annotations

import pytest

from autograder.report import Flag, Provenance, Report, Result


@pytest.fixture
def report() -> Report:
    return Report(
        student="ada",
        assignment="activation_maximization",
        submission_sha256="0" * 64,
        outcome="timeout",
        score=27.5,
        max_score=35.0,
        needs_review=True,
        criteria={
            "cnn": Result(
                status="pass", score=20, max_score=20, feedback="Four.", measured={"conv_layers": 4}
            ),
            "training": Result(status="partial", score=7.5, max_score=15, feedback="70 %."),
        },
        flags=[Flag(code="timeout", message="It took too long.", needs_review=True)],
        provenance=Provenance(
            profile="full",
            seed=7,
            dataset="digits",
            sandbox="bwrap",
            versions={"keras": "3"},
            verifier_sha256="2" * 64,
            rubric_sha256="1" * 64,
        ),
        timings={"run": 31.2},
    )
