"""How long work shows that it goes on: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.table import Column
from rich.text import Text

from autograder.errors import GradeascentError
from autograder.plain.text import plain_text
from autograder.progress.time_left import TimeLeft
from autograder.report import Report

LONGEST_NAME = 40


def summary_line(student: str, report: Report) -> str:
    """Return what is worth knowing about one report in one line."""
    lost = [f"{name} {result.status}" for name, result in report.criteria.items() if result.status != "pass"]
    words = [f"{student}: {report.score:g} of {report.max_score:g}"]
    if report.outcome != "graded":
        words.append(report.outcome.replace("_", " "))
    return ", ".join([*words, *lost])


class Lines:
    """One line when a submission begins and one when it ends."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total = total
        self._done = 0
        self._stream = stream
        self._left = TimeLeft(total)

    def __enter__(self) -> Lines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to put away."""

    def started(self, student: str) -> None:
        """Say that a submission begins."""
        self._left.started(student)
        self._say(f"{student}: running")

    def cell(self, student: str, done: int, total: int) -> None:
        """Cells are too many for lines."""

    def finished(self, student: str, report: Report, *, was_up_to_date: bool) -> None:
        """Say how a submission ended."""
        note = " (up to date)" if was_up_to_date else ""
        self._end(student, f"{summary_line(student, report)}{note}")

    def failed(self, student: str, error: GradeascentError | OSError) -> None:
        """Say why a submission could not be graded."""
        self._end(student, f"{student}: not graded: {error}")

    def _end(self, student: str, line: str) -> None:
        self._done += 1
        self._left.ended(student)
        left = self._left.words()
        self._say(f"[{self._done}/{self._total}] {line}" + (f"; {left}" if left else ""))

    def _say(self, text: str) -> None:
        print(plain_text(text), file=self._stream, flush=True)


class _OnTerminal:
    """A bar for all that is to be done, at the foot of a terminal; lines are written above it, and elsewhere alone."""

    def __init__(self, what: str, total: int, stream: TextIO, time_left: ProgressColumn) -> None:
        is_terminal = stream.isatty()
        # A longer name would push the bar itself off the screen.
        names = Column(no_wrap=True, max_width=LONGEST_NAME, overflow="ellipsis")
        self._bars = RichProgress(
            TextColumn("{task.description}", markup=False, table_column=names),
            BarColumn(),
            MofNCompleteColumn(),
            time_left,
            console=Console(
                file=stream, markup=False, emoji=False, highlight=False, soft_wrap=not is_terminal
            ),
            disable=not is_terminal,
        )
        self._all = self._bars.add_task(what, total=total)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        self._bars.stop()

    def _say(self, text: str) -> None:
        self._bars.console.print(plain_text(text))


class Bars(_OnTerminal):
    """A bar for all submissions with the time left, and one for each that is running."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self._left = TimeLeft(total)
        super().__init__("submissions", total, stream, _TimeLeftColumn(self._left))
        self._running: dict[str, TaskID] = {}

    def started(self, student: str) -> None:
        """Show a bar for a submission."""
        self._left.started(student)
        self._running[student] = self._bars.add_task(f"  {plain_text(student)}", total=None)

    def cell(self, student: str, done: int, total: int) -> None:
        """Move that bar."""
        self._bars.update(self._running[student], completed=done, total=total)

    def finished(self, student: str, report: Report, *, was_up_to_date: bool) -> None:
        """Take the bar away and write how the submission ended."""
        if not was_up_to_date:
            self._say(summary_line(student, report))
        self._end(student)

    def failed(self, student: str, error: GradeascentError | OSError) -> None:
        """Take the bar away and write why the submission was not graded."""
        self._say(f"{student}: not graded: {error}")
        self._end(student)

    def _end(self, student: str) -> None:
        self._left.ended(student)
        if student in self._running:
            self._bars.remove_task(self._running.pop(student))
        self._bars.advance(self._all)


class _TimeLeftColumn(ProgressColumn):
    """Stands beside the bar for all submissions, which is the first."""

    def __init__(self, left: TimeLeft) -> None:
        super().__init__()
        self._left = left

    def render(self, task: Task) -> Text:
        """Return the time left, now."""
        return Text(self._left.words() if task.id == 0 else "")


def show_progress(total: int, stream: TextIO | None = None) -> Lines | Bars:
    """Return what fits where the text goes to: standard error, if no other stream is named."""
    stream = stream or sys.stderr
    return Bars(total, stream) if stream.isatty() else Lines(total, stream)


class Counting(_OnTerminal):
    """A bar for what is done quickly, on a terminal only."""

    def __init__(self, what: str, total: int, stream: TextIO) -> None:
        super().__init__(what, total, stream, TimeRemainingColumn())

    def one_more(self) -> None:
        """Move the bar."""
        self._bars.advance(self._all)


class Recording(Counting):
    """A bar for what is being recorded, on a terminal; and everywhere a line for what could not be."""

    def recorded(self, student: str) -> None:  # noqa: ARG002 (nobody wants to read all the names)
        """Move the bar."""
        self.one_more()

    def not_recorded(self, student: str, error: GradeascentError | OSError) -> None:
        """Write why a report was not recorded."""
        self._say(f"{student}: not recorded: {error}")
        self.one_more()


class MakingPages(Counting):
    """The same for feedback pages."""

    def made(self, student: str) -> None:  # noqa: ARG002 (nobody wants to read all the names)
        """Move the bar."""
        self.one_more()

    def not_made(self, student: str, error: GradeascentError | OSError) -> None:
        """Write why there is no page."""
        self._say(f"{student}: no page: {error}")
        self.one_more()


def show_counting(what: str, total: int, stream: TextIO | None = None) -> Counting:
    """Return what shows how many of so many are done on a stream: standard error, if no other one is named."""
    return Counting(what, total, stream or sys.stderr)


def show_recording(total: int, stream: TextIO | None = None) -> Recording:
    """Return what shows the recording on a stream: standard error, if no other one is named."""
    return Recording("recorded", total, stream or sys.stderr)


def show_pages(total: int, stream: TextIO | None = None) -> MakingPages:
    """Return what shows the making of feedback pages on a stream: standard error, if no other one is named."""
    return MakingPages("pages", total, stream or sys.stderr)
