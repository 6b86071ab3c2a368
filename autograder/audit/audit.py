"""Tests the rubric: grades labelled submissions like any others, and compares the verdicts with the labels.

Everything happens in the course's `audit/` folder, which has one course folder per profile. Runs are kept
there, so after a change of the rubric only the scoring is repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from autograder.audit.comparison import Comparison, compare
from autograder.audit.labelled import LabelledSubmission, read_labelled
from autograder.audit.margins import Margin, margins
from autograder.course.folder import Course
from autograder.course.notebooks import write_notebook
from autograder.course.release import released_notebook
from autograder.errors import CourseError, LabelError
from autograder.exercise import USUAL, find_exercise
from autograder.grading.course import Progress, grade_course
from autograder.grading.grader import ready_to_grade
from autograder.plain.files import write_whole
from autograder.plain.strict_model import StrictModel
from autograder.record.files import (
    read_measurements,
)
from autograder.settings import Settings

AUDIT = "audit"
RESULT = "audit.json"

MakeProgress = Callable[[int], AbstractContextManager[Progress]]


class Audit(StrictModel):
    """The outcome of an audit, as written to `audit.json`."""

    schema_version: int = 1
    rubric_sha256: str
    comparisons: list[Comparison]
    margins: list[Margin]

    @property
    def agrees(self) -> bool:
        """Did rubric and teacher agree on everything?"""
        return not any(comparison.disagreements for comparison in self.comparisons)


def audit(
    course: Course,
    labelled: Sequence[LabelledSubmission],
    settings: Settings,
    profiles: Sequence[str],
    *,
    announce: Callable[[str], None],
    make_progress: MakeProgress,
    force: bool = False,
    into: Path | None = None,
) -> tuple[Audit, Path]:
    """Grade the labelled submissions in each of the profiles.

    Returns:
        The outcome, and the JSON file that holds it: `into`, or the course's `audit/audit.json`.

    Raises:
        CourseError: a submission could not be graded, or a label does not fit the notebook.
        GradeascentError: as for grading any submission.
    """
    check_criteria(labelled, list(course.points()))
    released = released_notebook(course)
    notebooks = {one.name: one.notebook(released) for one in labelled}
    exercise, assignment = find_exercise(settings.exercise), course.assignment
    comparisons, measured, rubric = [], [], ""
    for profile in profiles:
        workspace = Course(course.root / AUDIT / profile)
        for name, notebook in notebooks.items():
            write_notebook(notebook, workspace.submission_folder(name, assignment) / f"{assignment}.ipynb")
        announce(f"Profile {profile}: {len(labelled)} labelled submissions")
        chosen = settings.model_copy(update={"profile": profile})
        with (
            ready_to_grade(course, chosen, announce=announce) as grader,
            make_progress(len(labelled)) as progress,
        ):
            reports = grade_course(
                workspace, list(notebooks), grader, progress, force=force, assignment=assignment
            )
            rubric = grader.rubric.sha256()
        if missing := [name for name in notebooks if name not in reports]:
            raise CourseError(f"'{missing[0]}' could not be graded, so the audit is incomplete")
        comparisons.append(compare(profile, labelled, reports, exercise.general_causes))
        measured += [
            (one, read_measurements(workspace.result_folder(one.name, assignment))) for one in labelled
        ]
    quantities = exercise.quantities
    result = Audit(
        rubric_sha256=rubric,
        comparisons=comparisons,
        margins=margins(quantities, measured, settings.thresholds),
    )
    file = into or course.root / AUDIT / RESULT
    write_whole(file, result.model_dump_json(indent=1) + "\n")
    return result, file


def check_criteria(labelled: Sequence[LabelledSubmission], criteria: Sequence[str]) -> None:
    """Check that labels name only existing criteria: a misspelt criterion would never be compared.

    Raises:
        LabelError: a label names an unknown criterion.
    """
    for one in labelled:
        for name in (*one.label.verdicts, *one.label.feedback_mentions, *one.label.causes):
            if name not in criteria:
                raise LabelError(f"{one.name}: no criterion '{name}'; there are {', '.join(criteria)}")


def packaged_submissions(exercise: str = USUAL) -> Path:
    """Return the folder of the labelled submissions that come with an exercise of the kit.

    An installed package contains them; in a checkout they are among the tests.

    Raises:
        CourseError: they are missing from this installation.
    """
    here = Path(__file__).resolve()
    tests, others = here.parents[2] / "tests", f"submissions_{exercise}"
    usual = (here.parent / "submissions", tests / "submissions")
    for folder in (
        usual if exercise == USUAL else (here.parent / others, tests / "exercises" / exercise / "submissions")
    ):
        if folder.is_dir():
            return folder
    raise CourseError(
        "the labelled submissions are missing from this installation; install gradeascent again"
    )


def labelled_submissions(folder: Path | None, exercise: str = USUAL) -> list[LabelledSubmission]:
    """Read the labelled submissions of a folder, or those that come with an exercise of the kit.

    Raises:
        LabelError: one of them cannot be read.
    """
    return read_labelled(folder or packaged_submissions(exercise))
