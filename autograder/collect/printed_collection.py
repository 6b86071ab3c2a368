"""Prints what was collected or would be: a line for each submission, then everything that needs a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.collect.members import LeftOut
from autograder.collect.outcome import (
    KEPT,
    LEFT_OUT,
    NEW,
    REPLACES,
    SUPERSEDED,
    UNCHANGED,
    Collection,
    SubmissionOutcome,
)
from autograder.plain.text import plain_text

# Names can have any length.
_MOST_CHARACTERS = 200

_COUNTED = {
    NEW: "new", REPLACES: "replaced", UNCHANGED: "unchanged", KEPT: "kept as they were",
    SUPERSEDED: "superseded", LEFT_OUT: "left out",
}  # fmt: skip


def print_collection(collection: Collection, console: Console, *, dry_run: bool) -> None:
    """Print the whole collection."""
    if collection.lines:
        table = Table("student", "file", "submitted at", "what would happen" if dry_run else "what happened")
        for line in collection.lines:
            table.add_row(*map(_text, (line.student, line.file, _when(line), _outcome(line))))
        console.print(table)
    for text in _remarks(collection):
        console.print(_text(text), soft_wrap=True)
    console.print(_text(summary(collection, dry_run=dry_run)), soft_wrap=True)


def summary(collection: Collection, *, dry_run: bool) -> str:
    """Return the outcome in one line."""
    counts = Counter(line.outcome for line in collection.lines)
    told = [f"{counts[outcome]} {word}" for outcome, word in _COUNTED.items() if counts[outcome]]
    parts = [f"{sum(counts.values())} submissions: {', '.join(told)}" if told else "No submissions"]
    if beside := len(collection.left_out) + sum(len(line.left_out) for line in collection.lines):
        parts.append(f"{beside} other{'s' * (beside != 1)} left out")
    if collection.hidden:
        parts.append(f"{collection.hidden} hidden file{'s' * (collection.hidden != 1)} skipped")
    if collection.missing:
        parts.append(f"nothing from {len(collection.missing)} on the roster")
    return "; ".join(parts) + (". Nothing was written." if dry_run else ".")


def _remarks(collection: Collection) -> Iterator[str]:
    for line in collection.lines:
        yield from (f"left out: {line.student}: {_said(one)}" for one in line.left_out)
        yield from (f"note: {line.student}: {_short(note)}" for note in line.notes)
    yield from (f"note: {_said(one)}" for one in collection.notes)
    yield from (f"left out: {_said(one)}" for one in collection.left_out)


def _said(one: LeftOut) -> str:
    return f"{_short(one.what)}: {_short(one.why)}"


def _short(text: str) -> str:
    return plain_text(text, at_most=_MOST_CHARACTERS)


def _when(line: SubmissionOutcome) -> str:
    if line.submitted_at is None:
        return "late, according to the LMS" if line.late else "not known"
    return f"{line.submitted_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _outcome(line: SubmissionOutcome) -> str:
    return f"{line.outcome}: {line.why}" if line.why else line.outcome


def _text(text: str) -> Text:
    return Text(plain_text(text), overflow="fold")
