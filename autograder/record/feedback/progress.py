"""How making pages shows that it goes on: a bar on a terminal, and everywhere a line for what could not be made."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from autograder.errors import GradeascentError
from autograder.plain_text import plain_text


class PageProgress:
    """Counts pages."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self._console = Console(file=stream, markup=False, emoji=False, highlight=False, soft_wrap=True)
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not stream.isatty(),
        )
        self._all = self._bars.add_task("pages", total=total)

    def __enter__(self) -> PageProgress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        self._bars.stop()

    def made(self, student: str) -> None:  # noqa: ARG002 (nobody wants to read all the names)
        """Take note that a student's page is there."""
        self._bars.advance(self._all)

    def not_made(self, student: str, error: GradeascentError | OSError) -> None:
        """Say why it is not."""
        self._console.print(plain_text(f"{student}: no page: {error}"))
        self._bars.advance(self._all)


def show_pages(total: int, stream: TextIO | None = None) -> PageProgress:
    """Return what counts pages on a stream: standard error, if no other one is named."""
    return PageProgress(total, stream or sys.stderr)
