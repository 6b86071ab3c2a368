"""One notebook graded from Python, without a course, also from several threads at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import autograder
from autograder import Report, grade_notebook
from autograder.course.folder import ASSIGNMENT
from autograder.errors import SubmissionError
from autograder.execute.sandbox import Sandbox
from autograder.settings import Limits, Settings
from solutions.data import DataError

RELEASED = Path(__file__).resolve().parents[2] / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"


def test_two_threads_grade_at_once(sandbox: Sandbox, digits_file: Path, tmp_path: Path) -> None:
    """It runs a kernel, since nothing else shows that two gradings do not disturb each other."""
    broken = tmp_path / "work.ipynb"
    broken.write_text("[" * 100)
    settings = Settings(data=str(digits_file), profile="quick", jobs=1)
    with ThreadPoolExecutor(2) as pool:
        untouched = pool.submit(grade_notebook, RELEASED, student="ada", settings=settings)
        unreadable = pool.submit(grade_notebook, str(broken), settings=settings)
    report = untouched.result()
    assert isinstance(report, Report)
    assert (report.student, report.outcome, report.score) == ("ada", "graded", 0)
    assert {result.status for result in report.criteria.values()} == {"fail"}
    assert (unreadable.result().student, unreadable.result().outcome) == ("student", "invalid_notebook")


@pytest.mark.parametrize("name", ["missing.ipynb", "."])
def test_what_is_no_file_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(SubmissionError, match=r"cannot be read|not a plain file"):
        grade_notebook(tmp_path / name)


def test_errors_of_the_other_process_keep_their_kind(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "digits.npz").write_text("no digits")
    with pytest.raises(DataError, match=r"digits\.npz"):
        grade_notebook(RELEASED, settings=Settings(data=str(tmp_path / "digits.npz")))


def test_no_more_is_copied_than_shows_that_a_file_is_too_large(
    sandbox: Sandbox, digits_file: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large.ipynb"
    with large.open("wb") as file:
        file.truncate(1 << 40)
    settings = Settings(data=str(digits_file), limits=Limits(notebook_file_mb=1))
    assert grade_notebook(large, settings=settings).outcome == "too_large"


def test_the_public_face_is_small_and_documented() -> None:
    assert autograder.__all__ == ["Report", "grade_notebook"]
    assert all(getattr(autograder, name).__doc__ for name in autograder.__all__)
    with pytest.raises(AttributeError, match="grade_course"):
        autograder.grade_course  # noqa: B018
