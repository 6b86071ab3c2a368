"""The log of every change that a person made, `graded/review.jsonl`: who, when, old values and new values.

A line is on disk before the gradebook has the change, so every change in the gradebook is logged. Undo reads
the same lines, so it also works after a restart.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from autograder.plain.strict_model import StrictModel

FILE = "review.jsonl"
_LOG = logging.getLogger(__name__)


class Values(StrictModel):
    """What a person decided about one cell; a cell without a score has only a comment, and vice versa."""

    manual_score: float | None = None
    needs_manual_grade: bool = False
    manual_comment: str | None = None


class LogLine(StrictModel):
    """One cell of one change."""

    change: str  # the same for all lines of one save
    when: datetime
    who: str
    student: str
    assignment: str
    cell: str
    old: Values
    new: Values
    reason: str = ""
    undoes: str = ""  # the change that this one takes back
    failed: str = ""  # the change that did not reach the gradebook


@dataclass(frozen=True)
class LoggedChange:
    """One save, with all of its cells."""

    lines: tuple[LogLine, ...]

    @property
    def name(self) -> str:
        """The change's identifier."""
        return self.lines[0].change

    @property
    def who(self) -> str:
        """Who made it."""
        return self.lines[0].who

    @property
    def when(self) -> datetime:
        """When it was made."""
        return self.lines[0].when

    @property
    def old(self) -> dict[str, Values]:
        """The values before the change, by cell."""
        return {line.cell: line.old for line in self.lines}

    @property
    def new(self) -> dict[str, Values]:
        """The values after the change, by cell."""
        return {line.cell: line.new for line in self.lines}


class AuditLog:
    """The log file, and what has been read from it so far."""

    def __init__(self, folder: Path, assignment: str) -> None:
        self.file = folder / FILE
        self._assignment = assignment
        self._lock = threading.Lock()
        self._read_to = 0
        self._changes: dict[str, dict[str, list[LogLine]]] = {}  # by student, by change, in order

    def write(self, lines: Sequence[LogLine]) -> None:
        """Append lines in a single write; they are on disk when this returns.

        Raises:
            OSError: they cannot be written.
        """
        text = "".join(
            json.dumps(line.model_dump(mode="json", exclude_defaults=True)) + "\n" for line in lines
        )
        descriptor = os.open(self.file, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o660)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _ends_in_the_middle(descriptor):  # the process that wrote it was killed
                text = "\n" + text
            os.write(descriptor, text.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def changes(self, student: str) -> list[LoggedChange]:
        """Return the changes to a submission, oldest first, without those that failed or were undone."""
        with self._lock:
            self._read_on()
            found = dict(self._changes.get(student, {}))
        gone = {line.failed for lines in found.values() for line in lines if line.failed}
        holding: list[LoggedChange] = []
        for name, lines in found.items():
            if name in gone or lines[0].failed:
                continue
            if undone := lines[0].undoes:
                holding = [change for change in holding if change.name != undone]
            else:
                holding.append(LoggedChange(tuple(lines)))
        return holding

    def _read_on(self) -> None:
        try:
            with self.file.open("rb") as file:
                if file.seek(0, os.SEEK_END) < self._read_to:  # the file was replaced
                    self._read_to, self._changes = 0, {}
                file.seek(self._read_to)
                new = file.read()
        except FileNotFoundError:
            return
        whole = new[: new.rfind(b"\n") + 1]
        self._read_to += len(whole)
        for text in whole.splitlines():
            try:
                line = LogLine.model_validate(json.loads(text))
            except (
                ValueError,
                ValidationError,
            ):  # a writer was killed halfway, or a person edited the file
                _LOG.warning(
                    "%s: a line cannot be read, so its change cannot be undone: %.200s", self.file, text
                )
                continue
            if line.assignment == self._assignment:
                self._changes.setdefault(line.student, {}).setdefault(line.change, []).append(line)


def _ends_in_the_middle(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
