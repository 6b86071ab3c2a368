"""Comments for reuse: one list for all TAs of a course, in `graded/snippets.json`."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from autograder.plain.files import write_whole

FILE = "snippets.json"
MOST_SNIPPETS = 40
LONGEST_SNIPPET = 1000
_LIST = TypeAdapter(list[str])


class Snippets:
    """The list on disk."""

    def __init__(self, folder: Path, first: Sequence[str]) -> None:
        self._file, self._first = folder / FILE, first
        self._lock = threading.Lock()

    def all(self) -> list[str]:
        """Return the snippets; those of the exercise if none were saved."""
        try:
            return _LIST.validate_json(self._file.read_bytes())[:MOST_SNIPPETS]
        except (OSError, ValidationError):
            return list(self._first)

    def keep(self, text: str) -> None:
        """Add a snippet to the end of the list.

        Raises:
            OSError: it cannot be written.
        """
        text = text.strip()[:LONGEST_SNIPPET]
        with self._lock:
            snippets = self.all()
            if text and text not in snippets:
                self._write([*snippets, text][-MOST_SNIPPETS:])

    def forget(self, text: str) -> None:
        """Remove a snippet.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock:
            self._write([one for one in self.all() if one != text])

    def _write(self, snippets: list[str]) -> None:
        write_whole(self._file, json.dumps(snippets, indent=1, ensure_ascii=False) + "\n")
