"""Shows progress: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
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
from autograder.progress.step import Step
from autograder.progress.time_left import TimeLeft
from autograder.report import WORDS, Report

LONGEST_NAME = 40
# Where there is no terminal, a cell that takes long gets a line so often.
SECONDS_BETWEEN_LINES = 30


def summary_line(student: str, report: Report) -> str:
    """Summarize one report in one line."""
    lost = [
        f"{name}: {WORDS[result.status]}"
        for name, result in report.criteria.items()
        if result.status != "pass"
    ]
    words = [f"{student}: {report.score:g} of {report.max_score:g}"]
    if report.outcome != "graded":
        words.append(report.outcome.replace("_", " "))
    return ", ".join([*words, *lost])


class Lines:
    """Prints one line when a submission starts and one when it ends."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total = total
        self._done = 0
        self._stream = stream
        self._left = TimeLeft(total)
        self._said: dict[str, float] = {}  # when a line was last printed about a submission

    def __enter__(self) -> Lines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing: there is nothing to clean up."""

    def started(self, student: str) -> None:
        """Print that a submission has started."""
        self._left.started(student)
        self._said[student] = time.monotonic()
        self._say(f"{student}: running")

    def step(self, student: str, step: Step) -> None:
        """Print what a cell does that takes long; one line per cell would be too many."""
        now = time.monotonic()
        if step.doing and now - self._said.get(student, 0) >= SECONDS_BETWEEN_LINES:
            self._said[student] = now
            self._say(f"{student}: {step.words()}")

    def finished(self, student: str, report: Report, *, was_up_to_date: bool) -> None:
        """Print how a submission ended."""
        note = " (up to date)" if was_up_to_date else ""
        self._end(student, f"{summary_line(student, report)}{note}")

    def failed(self, student: str, error: GradeascentError | OSError) -> None:
        """Print why a submission could not be graded."""
        self._end(student, f"{student}: not graded: {error}")

    def _end(self, student: str, line: str) -> None:
        self._done += 1
        self._left.ended(student)
        left = self._left.words()
        self._say(f"[{self._done}/{self._total}] {line}" + (f"; {left}" if left else ""))

    def _say(self, text: str) -> None:
        print(plain_text(text), file=self._stream, flush=True)


class _OnTerminal:
    """A bar for all the work at the bottom of a terminal, with lines above it; elsewhere only the lines."""

    def __init__(self, what: str, total: int, stream: TextIO, last: ProgressColumn) -> None:
        is_terminal = stream.isatty()
        # A longer name would push the bar itself off the screen.
        names = Column(no_wrap=True, max_width=LONGEST_NAME, overflow="ellipsis")
        self._bars = RichProgress(
            TextColumn("{task.description}", markup=False, table_column=names),
            BarColumn(),
            MofNCompleteColumn(),
            last,
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
        """Restore the terminal."""
        self._bars.stop()

    def _say(self, text: str) -> None:
        self._bars.console.print(plain_text(text))


class Bars(_OnTerminal):
    """One bar for all submissions with the time left, and one for each running submission."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self._left = TimeLeft(total)
        super().__init__("submissions", total, stream, _LastColumn(self._left))
        self._running: dict[str, TaskID] = {}

    def started(self, student: str) -> None:
        """Show a bar for a submission."""
        self._left.started(student)
        self._running[student] = self._bars.add_task(f"  {plain_text(student)}", total=None)

    def step(self, student: str, step: Step) -> None:
        """Advance the submission's bar, and say what it does."""
        self._bars.update(
            self._running[student], completed=step.cells_done, total=step.cells, doing=step.words()
        )

    def finished(self, student: str, report: Report, *, was_up_to_date: bool) -> None:
        """Remove the bar and print how the submission ended, unless it was up to date."""
        if not was_up_to_date:
            self._say(summary_line(student, report))
        self._end(student)

    def failed(self, student: str, error: GradeascentError | OSError) -> None:
        """Remove the bar and print why the submission was not graded."""
        self._say(f"{student}: not graded: {error}")
        self._end(student)

    def _end(self, student: str) -> None:
        self._left.ended(student)
        if student in self._running:
            self._bars.remove_task(self._running.pop(student))
        self._bars.advance(self._all)


class _LastColumn(ProgressColumn):
    """Shows the time left beside the first bar, which is for all submissions, and beside the others what they do."""

    def __init__(self, left: TimeLeft) -> None:
        super().__init__()
        self._left = left

    def render(self, task: Task) -> Text:
        """Return the current estimate of the time left, or what a submission does."""
        return Text(self._left.words() if task.id == 0 else task.fields.get("doing", ""))


def show_progress(total: int, stream: TextIO | None = None) -> Lines | Bars:
    """Return bars for a terminal and lines for any other stream; the default is standard error."""
    stream = stream or sys.stderr
    return Bars(total, stream) if stream.isatty() else Lines(total, stream)


class Counting(_OnTerminal):
    """A bar for quick work, shown only on a terminal."""

    def __init__(self, what: str, total: int, stream: TextIO) -> None:
        super().__init__(what, total, stream, TimeRemainingColumn())

    def one_more(self) -> None:
        """Advance the bar."""
        self._bars.advance(self._all)


class Recording(Counting):
    """A bar for recording, shown only on a terminal; each failure gets a line on any stream."""

    def recorded(self, student: str) -> None:  # noqa: ARG002 (printing every name would be too much)
        """Advance the bar."""
        self.one_more()

    def not_recorded(self, student: str, error: GradeascentError | OSError) -> None:
        """Print why a report was not recorded."""
        self._say(f"{student}: not recorded: {error}")
        self.one_more()


class MakingPages(Counting):
    """A bar for making feedback pages, shown only on a terminal; each failure gets a line on any stream."""

    def made(self, student: str) -> None:  # noqa: ARG002 (printing every name would be too much)
        """Advance the bar."""
        self.one_more()

    def not_made(self, student: str, error: GradeascentError | OSError) -> None:
        """Print why a page was not made."""
        self._say(f"{student}: no page: {error}")
        self.one_more()


def show_counting(what: str, total: int, stream: TextIO | None = None) -> Counting:
    """Return a bar that counts finished items on a stream; the default is standard error."""
    return Counting(what, total, stream or sys.stderr)


def show_recording(total: int, stream: TextIO | None = None) -> Recording:
    """Return the progress display for recording on a stream; the default is standard error."""
    return Recording("recorded", total, stream or sys.stderr)


def show_pages(total: int, stream: TextIO | None = None) -> MakingPages:
    """Return the progress display for feedback pages on a stream; the default is standard error."""
    return MakingPages("pages", total, stream or sys.stderr)
