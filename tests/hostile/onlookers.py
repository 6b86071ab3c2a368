"""Those that see what the kit puts out: a terminal, a browser, and a server that nothing has a reason to ask."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TextIO

import pytest
from browser import browser_program
from read_page import Page

# What rich itself sends: colours, clearing a line, moving up, hiding the cursor; but it lets nothing blink.
OF_RICH = re.compile(r"\x1b\[(?!5m)[0-9;?]*[mKAhl]")


@dataclass
class Screen:
    """A terminal: what is written to the stream, and the bytes that arrived on the other side."""

    stream: TextIO
    seen: bytes = b""


@contextlib.contextmanager
def terminal() -> Iterator[Screen]:
    """A pseudo terminal; all bytes are there once it is closed."""
    outside, inside = pty.openpty()
    screen = Screen(os.fdopen(inside, "w", encoding="utf-8", errors="backslashreplace"))

    def watch() -> None:
        try:
            while part := os.read(outside, 65536):
                screen.seen += part
        except OSError:  # how Linux says that a terminal is closed
            return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv("TERM", "xterm-256color")
            monkeypatch.setenv("COLUMNS", "100")
            yield screen
    finally:
        screen.stream.close()
        watcher.join()
        os.close(outside)


def shown(output: bytes | str) -> list[str]:
    """The lines on a screen, after making sure that the output does nothing to it but what rich does."""
    text = OF_RICH.sub("", output.decode() if isinstance(output, bytes) else output)
    hidden = {character for character in text if not character.isprintable()} - {"\r", "\n"}
    assert not hidden
    return text.replace("\r", "\n").split("\n")


@dataclass(frozen=True)
class Visit:
    """What a browser made of a page: its elements after loading, and what its console said."""

    page: Page
    console: list[str]


def visit(file: Path) -> Visit:
    """Open a page from the disk in a real browser, with two seconds for its scripts."""
    command = [
        browser_program(), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={file.parent / 'browser'}",
        "--dump-dom", "--virtual-time-budget=2000", "--enable-logging=stderr", "--v=0", file.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return Visit(Page(done.stdout), [line for line in done.stderr.splitlines() if ":CONSOLE" in line])


@dataclass(frozen=True)
class Canary:
    """A server on this machine that nothing has a reason to ask, and what it was asked for."""

    address: str
    asked: list[str]


@contextlib.contextmanager
def listening_canary() -> Iterator[Canary]:
    """A canary on a free port."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Canary(f"http://127.0.0.1:{server.server_port}", asked)
        server.shutdown()
        thread.join()
