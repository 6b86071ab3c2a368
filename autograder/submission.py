"""A submission as it was handed in: a folder with a notebook and what belongs to it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from autograder.course.notebooks import read_notebook
from autograder.errors import SubmissionError

# Larger folders are not one student's exercise.
MOST_FILES = 200
READ_AT_ONCE = 1024 * 1024


@dataclass(frozen=True)
class Submission:
    """One student's folder for one assignment."""

    student: str
    assignment: str
    folder: Path

    def notebook_file(self) -> Path:
        """Return the notebook: the one named like the assignment, else the only one there is.

        Raises:
            SubmissionError: there is none, or it is not clear which one is meant.
        """
        named = self.folder / f"{self.assignment}.ipynb"
        if named.exists() or named.is_symlink():
            return named
        found = sorted(self.folder.glob("*.ipynb"))
        if len(found) != 1:
            what = f"{len(found)} notebooks, none of them" if found else "no notebook"
            raise SubmissionError(f"{what} called {named.name} was handed in")
        return found[0]

    def read(self, *, size_limit: int) -> NotebookNode:
        """Read the notebook.

        Raises:
            SubmissionError: it is missing or not a notebook.
            SubmissionTooLargeError: it is larger than `size_limit` bytes.
        """
        file = self.notebook_file()
        try:
            return read_notebook(file, size_limit=size_limit)
        except SubmissionError as error:
            # the student reads this, and knows nothing of the grader's folders
            text = str(error).replace(str(file), file.name)
            raise type(error)(text.encode(errors="replace").decode()) from error

    def sha256(self) -> str:
        """Return what identifies the handed-in files: their names and contents."""
        digest = hashlib.sha256()
        files = (path for path in sorted(self.folder.rglob("*")) if path.is_file() and not path.is_symlink())
        for file, _ in zip(files, range(MOST_FILES), strict=False):
            digest.update(str(file.relative_to(self.folder)).encode(errors="surrogateescape") + b"\0")
            with file.open("rb") as content:
                while part := content.read(READ_AT_ONCE):
                    digest.update(part)
            digest.update(b"\0")
        return digest.hexdigest()
