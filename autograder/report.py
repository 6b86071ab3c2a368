"""The report on one submission, `report.json`, for students, TAs and the gradebook.

`report.schema.json` beside this file is its JSON Schema; a test keeps the two in step.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from autograder.evidence import Outcome
from autograder.plain.strict_model import StrictModel
from autograder.plain.text import plain_text
from autograder.run import RunConditions

SCHEMA_VERSION: Literal[1] = 1

Status = Literal["pass", "partial", "fail", "review"]
# How people read each status, in the order in which tables show them.
WORDS: dict[Status, str] = {
    "pass": "full marks",
    "partial": "partly",
    "fail": "no points",
    "review": "a person decides",
}

# No reader needs more, and the texts contain names that students chose.
LONGEST_TEXT = 2000
Text = Annotated[str, AfterValidator(lambda text: plain_text(text, at_most=LONGEST_TEXT))]


class Result(StrictModel):
    """The verdict on one criterion."""

    status: Status
    score: float = Field(ge=0, description="points earned; under review, those verified so far")
    max_score: float = Field(ge=0)
    feedback: Text = Field(description="for the student: measured, expected, likely cause, what to try")
    measured: dict[str, float | int | Text | bool] = Field(default_factory=dict)
    cause: str = Field("", description="code of the likely cause, where points are missing and it is known")


class Flag(StrictModel):
    """Something about the whole submission that a person should know."""

    code: str
    message: Text
    needs_review: bool = False
    for_staff: bool = Field(default=False, description="is it meant for TAs only, and not for the student?")
    details: list[Text] = Field(
        default_factory=list,
        description="for TAs: lines that say more, such as the difference to a given cell",
    )


class Provenance(RunConditions):
    """How the report came about, enough to repeat it."""

    verifier_sha256: str
    rubric_sha256: str


class Report(StrictModel):
    """The report on one submission."""

    schema_version: Literal[1] = SCHEMA_VERSION
    student: str
    assignment: str
    submission_sha256: str
    outcome: Outcome
    score: float
    max_score: float
    needs_review: bool
    criteria: dict[str, Result]
    flags: list[Flag] = Field(default_factory=list)
    provenance: Provenance
    timings: dict[str, float] = Field(default_factory=dict, description="seconds")
