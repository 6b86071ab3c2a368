"""A process in a sandbox that reads hostile files for the grader, and is started again when it dies."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import psutil

from autograder.errors import SandboxError
from autograder.execute.sandbox import Program, Sandbox, find_python, kit_packages
from autograder.plain.machine import MEGABYTE
from autograder.plain.scratch import temporary_folder
from autograder.verify.frames import Files, read_frame, write_frame

START_SECONDS = 120
# What the process may hold in memory, whatever it is given to read. TensorFlow and the digits take 0.7 GB. The ascent
# for 64 filters keeps 0.5 GB of a network at the limit of numbers (`importing.MOST_IN_ALL`, four bytes each); the rest
# is room for its gradients. Between two looks it may grow a little further, but not beyond 1.5 GiB.
MOST_MB = 1400
SECONDS_BETWEEN_LOOKS, LOOKS_BETWEEN_LISTS = 0.02, 25
# The status of a process that was killed: by itself, or in bubblewrap's words.
KILLED = {-signal.SIGKILL, 128 + signal.SIGKILL}

_T = TypeVar("_T")


class StoppedError(Exception):
    """The process has ended, or its answer was malformed; the message is the last line of its log."""


class SandboxedWorker:
    """One process that answers one request after another, each a message with files.

    The process runs a module of the kit. It first says that it is ready, then reads requests from standard
    input and writes answers to standard output.
    """

    def __init__(
        self,
        name: str,
        sandbox: Sandbox,
        arguments: tuple[str, ...],
        *,
        readable: tuple[Path, ...] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare the process without starting it.

        Args:
            name: what messages call it.
            sandbox: what it runs in.
            arguments: the module, and the arguments of its command line.
            readable: the files that it may read, besides the kit.
            environment: its environment variables, besides the sandbox's.
        """
        self._name = name
        self._sandbox = sandbox
        self._arguments = arguments
        self._readable = readable
        self._environment = environment or {}
        self.process: subprocess.Popen[bytes] | None = None
        self._is_ready = False

    def start(self) -> None:
        """Start the process without waiting until it is ready."""
        self._is_ready = False
        self._scratch = temporary_folder()
        self._folder = Path(self._scratch.name)
        python = find_python("")
        program = Program(
            argv=(str(python.executable), "-m", *self._arguments),
            python=python,
            folder=self._folder,
            readable=(*kit_packages(), *self._readable),
            environment=self._environment,
            kit_visible=True,
        )
        with (self._folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                self._sandbox.command(program),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )

    def ask(
        self,
        request: dict[str, Any],
        files: Files,
        *,
        seconds: float,
        read: Callable[[dict[str, Any], Files], _T],
        cancelled: threading.Event | None = None,
    ) -> _T:
        """Send a request and return its answer; start the process first if it does not run.

        Args:
            request: plain values.
            files: what goes along with them.
            seconds: the time for the answer; then the process is stopped.
            read: makes the result from the answer's values and files.
            cancelled: the process is stopped when it is set.

        Raises:
            StoppedError: the process has ended, or `read` found something other than an answer.
            TimeoutError: there was no answer in time.
            MemoryError: it took too much memory.
            SandboxError: the process does not even start.
        """
        if self.process is None:
            self.start()
        self._wait_until_ready()
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with _Watch(self.process, seconds, cancelled) as watch:
            try:
                write_frame(self.process.stdin, request, files)
                return read(*read_frame(self.process.stdout))
            except (OSError, EOFError, ValueError, KeyError) as error:
                last_words = self._log()[-1:] or ["without a word"]
                self.stop()
                if watch.exceeded:
                    raise watch.exceeded from error
                raise StoppedError(last_words[0][:200]) from error

    def stop(self) -> None:
        """End the process."""
        if self.process is None:
            return
        _kill(self.process)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:  # the unwritten rest is no longer needed
                    continue
        self.process = None
        self._scratch.cleanup()

    def _wait_until_ready(self) -> None:
        if self._is_ready:
            return
        assert self.process is not None
        assert self.process.stdout is not None
        with _Watch(self.process, START_SECONDS) as watch:
            try:
                read_frame(self.process.stdout)
            except EOFError as error:
                reason = " ".join(self._log()[-3:])
                was_killed = self.process.wait() in KILLED and watch.exceeded is None
                self.stop()
                if was_killed:
                    raise StoppedError("it was killed while it started") from error
                raise SandboxError(f"{self._name} does not start: {reason or error}") from error
        self._is_ready = True

    def _log(self) -> list[str]:
        return (self._folder / "log").read_text(errors="replace").strip().splitlines()


class _Watch:
    """Kills a process that is not done in time, or takes too much memory, until the end of the `with` block."""

    def __init__(
        self, process: subprocess.Popen[bytes], seconds: float, cancelled: threading.Event | None = None
    ) -> None:
        self.exceeded: TimeoutError | MemoryError | StoppedError | None = None
        self._cancelled = cancelled or threading.Event()
        self._process = process
        self._seconds = seconds
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        end = time.monotonic() + self._seconds
        for look in itertools.count():
            if look % LOOKS_BETWEEN_LISTS == 0:  # listing them takes longer than looking
                family = _family_of(self._process.pid)
            if time.monotonic() > end:
                self.exceeded = TimeoutError(f"it took more than {self._seconds:g} seconds")
            elif max(map(_memory_of, family), default=0) > MOST_MB * MEGABYTE:
                self.exceeded = MemoryError(f"it took more than {MOST_MB} MB of memory")
            elif self._cancelled.is_set():
                self.exceeded = StoppedError("grading was stopped")
            if self.exceeded or _has_ended(self._process):
                _kill(self._process)
                return
            if self._is_over.wait(max(0.0, min(SECONDS_BETWEEN_LOOKS, end - time.monotonic()))):
                return


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a process has ended, and leave its number taken."""
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # its status was already read
        return True


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all of its group.

    If bubblewrap is killed at the moment when it forks, its child lives on, waits for it, and holds the pipes open.
    """
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _family_of(pid: int) -> list[psutil.Process]:
    """Return a process and its descendants; none if it has ended."""
    with contextlib.suppress(psutil.Error):
        outermost = psutil.Process(pid)
        return [outermost, *outermost.children(recursive=True)]
    return []


def _memory_of(process: psutil.Process) -> int:
    """Return the resident memory of a process, in bytes; 0 if it has ended."""
    with contextlib.suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0
