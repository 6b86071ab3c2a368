"""What is no notebook is refused in one line that says what it is; nothing is run for that.

`test_files.py` grades all of it in one course.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from no_notebooks import CONTENTS, LARGE, THINGS
from odd_files import Make, write

from autograder.course.folder import ASSIGNMENT
from autograder.course.submission import Submission
from autograder.errors import SubmissionError
from autograder.settings import Limits

CASES: dict[str, tuple[Make, str]] = {
    **{what: (write(content), words) for what, (content, words) in CONTENTS.items()},
    **THINGS,
    **{what: (make, "larger than the limit of") for what, make in LARGE.items()},
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "submitted" / "ada" / ASSIGNMENT
    folder.mkdir(parents=True)
    yield folder
    subprocess.run(["rm", "-rf", tmp_path / "submitted"], check=True)  # folders too deep for Python


@pytest.mark.parametrize("what", CASES)
def test_it_is_refused_in_one_line_that_says_what_it_is(what: str, folder: Path, tmp_path: Path) -> None:
    make, words = CASES[what]
    make(folder)

    with pytest.raises(SubmissionError) as refused:
        Submission("ada", ASSIGNMENT, folder).read(Limits(notebook_mb=10))

    said = str(refused.value)
    assert words in said
    assert said.isprintable()
    assert len(said) < 400
    assert str(tmp_path) not in said
