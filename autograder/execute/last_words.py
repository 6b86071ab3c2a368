"""Keeps the end of what a kernel's process prints, in memory: a program that prints without end fills no disk."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOST_KEPT = 64 * 1024


class LastWords:
    """A named pipe to print into, and the end of what was printed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept = b""
        os.mkfifo(path, 0o600)
        # Also open for writing, so that there is always a reader and never an end.
        self._reading = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.output = path.open("wb", buffering=0)

    @classmethod
    @contextmanager
    def kept(cls, path: Path) -> Iterator[LastWords]:
        """Make the pipe, and read it while the event loop runs."""
        words = cls(path)
        loop = asyncio.get_running_loop()
        loop.add_reader(words._reading, words._read)
        try:
            yield words
        finally:
            loop.remove_reader(words._reading)
            os.close(words._reading)
            words.output.close()

    def __str__(self) -> str:
        self._read()
        return self._kept.decode(errors="replace").strip()

    def _read(self) -> None:
        try:
            printed = os.read(self._reading, MOST_KEPT)
        except BlockingIOError:
            return
        self._kept = (self._kept + printed)[-MOST_KEPT:]
