"""The kit's own labelled submissions: readable, manifold, and judged as their teachers would.

Every fifth one is graded here, and a few in both profiles; `gradeascent audit` grades them all.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from autograder.audit.audit import audit, labelled_submissions
from autograder.audit.comparison import Comparison
from autograder.audit.labelled import LabelledSubmission
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise
from autograder.course.notebooks import read_notebook
from autograder.execute.sandbox import Sandbox
from autograder.grade import Progress
from autograder.progress import show_progress
from autograder.settings import SETTINGS_FILE, Settings
from solutions.data import embedded_digits, write_npz

REPOSITORY = Path(__file__).resolve().parents[2]
CORPUS = labelled_submissions(None)
CRITERIA = {"cnn", "training", "images", "ascent", "objective", "updates", "plot"}
BROKEN_ON_PURPOSE = {"syntax_error_in_plot", "syntax_error_in_ascent", "syntax_error_in_cnn"}


def test_there_are_enough_of_them_and_about_half_are_correct() -> None:
    correct = [one for one in CORPUS if all("pass" in statuses for statuses in one.label.verdicts.values())]

    assert len(CORPUS) >= 100
    assert 0.35 <= len(correct) / len(CORPUS) <= 0.6


@pytest.mark.parametrize("submission", CORPUS, ids=lambda one: one.name)
def test_a_label_names_criteria_and_fits_the_notebook(submission: LabelledSubmission) -> None:
    released = read_notebook(Course(REPOSITORY).release_folder() / f"{ASSIGNMENT}.ipynb")

    assert set(submission.label.verdicts) <= CRITERIA
    assert set(submission.label.feedback_mentions) <= CRITERIA
    assert submission.notebook(released).cells


@pytest.mark.parametrize("submission", CORPUS, ids=lambda one: one.name)
def test_what_a_student_wrote_is_python_where_it_is_meant_to_be(submission: LabelledSubmission) -> None:
    if submission.name in BROKEN_ON_PURPOSE:
        with pytest.raises(SyntaxError):
            [ast.parse(source) for source in submission.answers.values()]
        return
    for source in submission.answers.values():
        assert ast.parse(without_magics(source)) is not None


def without_magics(source: str) -> str:
    return "\n".join("pass" if line.lstrip().startswith(("!", "%")) else line for line in source.splitlines())


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course on the built-in digits, for which the labels were made."""
    made = initialise(tmp_path_factory.mktemp("course") / "course")
    write_npz(embedded_digits(), made.root / "digits.npz")
    (made.root / SETTINGS_FILE).write_text('data = "digits.npz"\n')
    return made


MakeProgress = Callable[[int], AbstractContextManager[Progress]]


def graded(course: Course, submissions: list[LabelledSubmission], *profiles: str) -> Mapping[str, Comparison]:
    progress: MakeProgress = show_progress
    result, _ = audit(
        course, submissions, Settings(data="digits.npz"), profiles, announce=print, make_progress=progress
    )
    return {comparison.profile: comparison for comparison in result.comparisons}


def told(comparison: Comparison) -> list[str]:
    return [
        f"{one.submission}: {one.criterion} should be {one.expected}, is {one.given}, lacks {one.not_mentioned}: "
        f"{one.feedback}"
        for one in comparison.disagreements
    ]


def test_the_rubric_agrees_with_the_teacher(sandbox: Sandbox, course: Course) -> None:
    quick = graded(course, CORPUS[::5], "quick")["quick"]

    assert told(quick) == []
    assert (quick.failed_correct, quick.passed_wrong) == (0, 0)


def test_both_profiles_give_the_same_verdicts(sandbox: Sandbox, course: Course) -> None:
    both = graded(course, CORPUS[::24], "quick", "full")

    assert told(both["full"]) == []
    assert both["full"].matrices == both["quick"].matrices
