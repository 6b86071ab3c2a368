"""A submission as handed in: a folder with a notebook and the files that belong to it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from autograder.course.notebooks import read_handed_in
from autograder.errors import SubmissionError, SubmissionTooLargeError
from autograder.plain.untrusted_files import FILE, FOLDER, Entry, content_of, kind_of, list_folder, sha256_of
from autograder.settings import Limits

# A folder with more entries is not one student's exercise, and is not graded.
MOST_ENTRIES = 100_000
# In larger submissions, files beyond this total are identified only by size and time.
MOST_BYTES = 256 * 1024 * 1024
NOTEBOOK = ".ipynb"


@dataclass(frozen=True)
class Submission:
    """One student's folder for one assignment."""

    student: str
    assignment: str
    folder: Path

    def notebook_file(self) -> Path:
        """Return the notebook: the file named after the assignment, else the only notebook.

        Hidden files do not count: macOS puts a `._<name>.ipynb` beside every notebook in an archive.

        Raises:
            SubmissionError: there is none, or it is unclear which notebook is meant.
        """
        return self.folder / self._notebook_among(self.entries())

    def read(self, limits: Limits) -> NotebookNode:
        """Read the notebook.

        Raises:
            SubmissionError: it is missing or not a notebook of this exercise.
            SubmissionTooLargeError: it is larger than the limits allow, or too many files were handed in.
        """
        return read_handed_in(self.notebook_file(), limits)

    def sha256(self) -> str:
        """Return a digest that identifies the handed-in files: their names, kinds and contents.

        If the files take more than 256 MB, some are identified by size and time instead. Anything that is not
        a regular file or may not be read is identified by its name and kind, a link also by its target.
        """
        try:
            kind = kind_of(self.folder)
            found = list_folder(self.folder, MOST_ENTRIES) if kind == FOLDER else []
        except OSError as error:
            kind, found = f"not readable: {error.errno}", []
        parts: list[str | bytes] = [kind]
        bytes_left = MOST_BYTES
        # Notebooks come first, so that they are always read.
        for entry in sorted(found, key=lambda entry: (not _is_notebook(entry), entry.path)):
            is_read = entry.kind == FILE and entry.size <= bytes_left
            bytes_left -= entry.size if is_read else 0
            parts += [entry.path, entry.kind, _content(self.folder, entry, is_read=is_read)]
        return sha256_of(parts)

    def entries(self) -> list[Entry]:
        """List what was handed in.

        Raises:
            SubmissionError: it cannot be listed, or is too much.
        """
        try:
            if (kind := kind_of(self.folder)) != FOLDER:
                raise SubmissionError(f"what was handed in is {kind}, not a folder with the notebook in it")
            found = list_folder(self.folder, MOST_ENTRIES)
        except OSError as error:
            raise SubmissionError(f"what was handed in cannot be read ({error.strerror})") from error
        if len(found) >= MOST_ENTRIES:
            raise SubmissionTooLargeError(
                f"{MOST_ENTRIES:,} files or more were handed in; hand in the notebook and only what it reads"
            )
        return found

    def _notebook_among(self, entries: Iterable[Entry]) -> str:
        named = f"{self.assignment}{NOTEBOOK}"
        found = sorted(filter(_is_notebook, entries), key=lambda entry: entry.path)
        if any(entry.path == named for entry in found):
            return named
        files = [entry for entry in found if entry.kind == FILE] or found
        if not files:
            raise SubmissionError(f"no notebook was handed in; it should be called {named}")
        if len(files) > 1:
            raise SubmissionError(
                f"{len(files)} notebooks were handed in, and none of them is called {named}"
            )
        return files[0].path


def _is_notebook(entry: Entry) -> bool:
    """Tell whether an entry is visible, at the top level, and named like a notebook."""
    is_visible_at_top = os.sep not in entry.path and not entry.path.startswith(".")
    return is_visible_at_top and entry.path.lower().endswith(NOTEBOOK)


def _content(folder: Path, entry: Entry, *, is_read: bool) -> str | bytes:
    """Return what identifies the content of an entry."""
    if entry.kind == FILE and not is_read:
        return f"{entry.size} {entry.changed}"
    try:
        return content_of(folder, entry)
    except OSError as error:
        return f"not readable: {error.errno}"
