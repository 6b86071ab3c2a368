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

    status: Status = Field(
        description="'pass': all points; 'partial': some; 'fail': none; 'review': a person has to decide"
    )
    score: float = Field(ge=0, description="points earned; under review, those verified so far")
    max_score: float = Field(ge=0, description="points that can be earned")
    feedback: Text = Field(description="for the student: measured, expected, likely cause, what to try")
    measured: dict[str, float | int | Text | bool] = Field(
        default_factory=dict, description="what the score rests on, by the name that the check gives it"
    )
    cause: str = Field("", description="code of the likely cause, where points are missing and it is known")


class Flag(StrictModel):
    """Something about the whole submission that a person should know."""

    code: str = Field(description="what it is about, for programs")
    message: Text = Field(description="what it is about, for people")
    needs_review: bool = Field(default=False, description="does a person have to look at it?")
    for_staff: bool = Field(default=False, description="is it meant for TAs only, and not for the student?")
    details: list[Text] = Field(
        default_factory=list,
        description="for TAs: lines that say more, such as the difference to a given cell",
    )


class Provenance(RunConditions):
    """How the report came about, enough to repeat it."""

    verifier_sha256: str = Field(description="digest of the code that measured")
    rubric_sha256: str = Field(description="digest of the checks, thresholds and points")


class Report(StrictModel):
    """The report on one submission."""

    schema_version: Literal[1] = Field(SCHEMA_VERSION, description="version of this format")
    student: str = Field(description="the student id: the name of the folder in submitted/")
    assignment: str = Field(description="the assignment's name")
    submission_sha256: str = Field(description="digest of the submitted files")
    outcome: Outcome = Field(
        description="'graded': the notebook was run to its end; else why it was not; what was shown before that counts"
    )
    score: float = Field(description="points of all criteria; without those that a TA gives by hand")
    max_score: float = Field(description="points that can be earned without a TA")
    needs_review: bool = Field(description="does a criterion or a flag need a person?")
    criteria: dict[str, Result] = Field(description="the verdicts, by criterion")
    flags: list[Flag] = Field(
        default_factory=list, description="what a person should know; no score depends on it"
    )
    provenance: Provenance = Field(description="how the report came about")
    timings: dict[str, float] = Field(default_factory=dict, description="seconds that each stage took")
