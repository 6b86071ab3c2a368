"""A sample of the labelled submissions is run again: what comes out has to be what is committed.

The commit chooses the sample. It is graded in parts, so that several workers share the work; those that are graded
in both profiles are dealt out evenly, since they take longest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from choosing import FULL, QUICK, folders_of_submissions, parts, sample, seed_of_commit
from committed import read_committed, rounded
from comparing import differences
from measure import graded, instructions, measuring_course, told

from autograder.audit.audit import AUDIT, labelled_submissions
from autograder.audit.comparison import Comparison
from autograder.audit.labelled import LabelledSubmission
from autograder.course.folder import Course
from autograder.execute.sandbox import Sandbox
from autograder.measurements import Measurements
from autograder.record.files import (
    read_measurements,
    read_report,
)
from autograder.report import Status

pytestmark = pytest.mark.deep

REPOSITORY = Path(__file__).resolve().parents[2]
CORPUS = {one.name: one for one in labelled_submissions(None)}
SEED = seed_of_commit(REPOSITORY)
FOLDERS = folders_of_submissions()
PARTS = 6


@dataclass(frozen=True)
class Part:
    """A part of the sample, graded."""

    course: Course
    quick: Comparison
    full: Comparison | None
    submissions: list[LabelledSubmission]
    in_both: list[LabelledSubmission]

    def measurements(self) -> Mapping[str, Measurements]:
        workspace = Course(self.course.root / AUDIT / "quick")
        return {one.name: read_measurements(workspace.result_folder(one.name)) for one in self.submissions}

    def statuses(self, profile: str) -> Mapping[str, Mapping[str, Status]]:
        workspace = Course(self.course.root / AUDIT / profile)
        reports = {one.name: read_report(workspace.result_folder(one.name)) for one in self.in_both}
        return {
            name: {criterion: result.status for criterion, result in report.criteria.items()}
            for name, report in reports.items()
            if report is not None
        }


@pytest.fixture(
    scope="module",
    params=range(PARTS),
    ids=lambda number: f"part{number}",
)
def part(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Part:
    chosen = parts(sample(FOLDERS, SEED, QUICK), PARTS)[request.param]
    twice = set(sample(FOLDERS, SEED, QUICK)[:FULL])
    submissions = [CORPUS[name] for name in chosen]
    in_both = [one for one in submissions if one.name in twice]
    course = measuring_course(tmp_path_factory.mktemp("course") / "course")
    quick = graded(course, submissions, "quick", jobs=1)
    full = graded(course, in_both, "full", jobs=1) if in_both else None
    return Part(course, quick, full, submissions, in_both)


def test_the_verdicts_are_the_teacher_s(part: Part) -> None:
    compared = [one for one in (part.quick, part.full) if one is not None]

    assert not any(map(told, compared)), "\n".join(line for one in compared for line in told(one))
    assert [(one.failed_correct, one.passed_wrong) for one in compared] == [(0, 0)] * len(compared)


def test_both_profiles_give_the_same_verdicts(part: Part) -> None:
    assert part.statuses("quick") == part.statuses("full")


def test_what_is_measured_is_what_is_committed(part: Part) -> None:
    committed = read_committed()
    measured = part.measurements()
    found = [
        f"{one.name}: {line}"
        for one in part.submissions
        for line in differences(
            committed[one.name].measurements,
            rounded(measured[one.name]),
            same_arithmetic=committed[one.name].source.instructions == tuple(instructions()),
        )
    ]

    assert not found, "measured otherwise than committed:\n" + "\n".join(found)
