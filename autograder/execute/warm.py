"""Warm start: forks kernels from a process that has already imported TensorFlow, each into its own sandbox.

See `inside.template` for how a fork enters its sandbox. The template itself runs only trusted code, the
imports of the student environment. bubblewrap lets it read this machine but write only to temporary folders.
If any of this does not work, kernels start without a fork, and `Template.problem` says why.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from autograder.errors import SandboxError
from autograder.execute.sandbox import FILTER_FILE, HOLDER, Bubblewrap, Program, find_python
from autograder.plain.scratch import scratch_root, temporary_folder

BOOT_SECONDS, START_SECONDS = 120, 30
LONGEST_MESSAGE, MOST_DESCRIPTORS = 1 << 16, 2
# A template ends only if something kills it. After this many starts, assume that it would happen again.
MOST_BOOTS = 3


@dataclass(frozen=True)
class Start:
    """What a fork needs to become a kernel."""

    command: list[str]  # starts a sandbox that is held open
    filter: Path
    log: Path
    config: Path | None  # of the recorder; without it, the fork ends at once


class WarmProcess:
    """A forked kernel in its sandbox, with the part of the `subprocess.Popen` interface that Jupyter uses."""

    stdin = stdout = stderr = None

    def __init__(self, sandbox: int, kernel: int, descriptors: list[int]) -> None:
        self.pid = sandbox
        self.kernel = kernel
        self._descriptors = descriptors  # of both: process numbers can be reused, these cannot
        self._ended: Future[int] = Future()

    def poll(self) -> int | None:
        """Return the exit status: -9 for a killed sandbox, 137 for a killed kernel, None while it runs."""
        return self._ended.result() if self._ended.done() else None

    def wait(self) -> int:
        """Wait for the end and return the exit status."""
        return self._ended.result()

    def send_signal(self, number: int) -> None:
        """Send a signal to the sandbox and to the kernel."""
        for descriptor in self._descriptors:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, number)

    def kill(self) -> None:
        """Kill the sandbox and the kernel."""
        self.send_signal(signal.SIGKILL)

    terminate = kill

    def note_end(self, status: int) -> None:
        """Record the exit status."""
        self._ended.set_result(status)

    def __del__(self) -> None:
        for descriptor in self._descriptors:
            os.close(descriptor)


class Template:
    """The grader's end of the template. Thread-safe. Use it as a context manager."""

    def __init__(self, python: str, environment: Mapping[str, str], recorder: bytes) -> None:
        self._python = find_python(python)
        self._environment = environment
        self._recorder = recorder
        self._names = itertools.count()
        self._lock = threading.RLock()
        self._boots = 0
        self._works: Future[str] = Future()  # the problem, or an empty string
        self._waiting: dict[str, Future[WarmProcess]] = {}

    def __enter__(self) -> Template:
        self._boot()  # now, so that TensorFlow imports while the first submissions are read
        return self

    def __exit__(self, *_: object) -> None:
        self._boots = MOST_BOOTS
        self._end()

    def problem(self) -> str:
        """Return why kernels cannot be forked here, or an empty string if they can. Waits for the answer."""
        with self._lock:
            if self._has_worked() and self._boots < MOST_BOOTS and self._process.poll() is not None:
                self._end()
                self._boot()
            works = self._works
        try:
            return works.result(timeout=BOOT_SECONDS)
        except FutureTimeoutError:
            return "it does not answer"

    def start(self, start: Start, *, seconds: float = START_SECONDS) -> WarmProcess:
        """Fork a kernel.

        Raises:
            SandboxError: the template has ended, does not answer, or could not fork.
        """
        waiting: Future[WarmProcess] = Future()
        name = str(next(self._names))
        order = {
            "name": name,
            "command": start.command,
            "filter": str(start.filter),
            "log": str(start.log),
            "config": str(start.config) if start.config else "",
        }
        with self._lock:
            all_waiting = self._waiting
            all_waiting[name] = waiting
            try:
                self._control.send(json.dumps(order).encode())
            except OSError as error:
                del all_waiting[name]
                raise SandboxError(f"the template of kernels has ended: {error}") from error
        try:
            return waiting.result(timeout=seconds)
        except FutureTimeoutError as error:
            with self._lock:
                all_waiting.pop(name, None)  # a kernel that comes too late is killed
            raise SandboxError("the template of kernels does not answer") from error

    def _has_worked(self) -> bool:
        return self._works.done() and not self._works.result()

    def _boot(self) -> None:
        self._boots += 1
        self._works = Future()
        self._waiting = {}  # the listener of an ended template informs its waiting callers
        self._scratch = temporary_folder()
        folder = Path(self._scratch.name)
        recorder = folder / "recorder.pyz"
        recorder.write_bytes(self._recorder)
        program = Program(
            argv=(str(self._python.executable), str(recorder), "--template"),
            python=self._python,
            folder=scratch_root(),
            # only the forks have a home folder
            environment={**self._environment, "MPLCONFIGDIR": str(folder)},
        )
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._log = folder / "log"
        with theirs, self._log.open("wb") as log:
            self._process = subprocess.Popen(
                Bubblewrap().around_sandboxes(program), stdin=theirs.fileno(), stdout=log, stderr=log
            )
        threading.Thread(target=self._listen, args=(self._control, self._waiting), daemon=True).start()
        threading.Thread(target=self._try, args=(folder, self._works), daemon=True).start()

    def _try(self, folder: Path, works: Future[str]) -> None:
        """Fork once into a sandbox to find out whether that works on this machine."""
        shared = folder / "trial"
        shared.mkdir()
        log = shared / "log"
        log.touch()
        program = Program(HOLDER, self._python, shared, environment=self._environment, is_held=True)
        command = Bubblewrap().command(program)
        start = Start(command, shared / FILTER_FILE, log, None)
        try:
            status = self.start(start, seconds=BOOT_SECONDS).wait()
            problem = f"the fork ended with status {status}: {log.read_text()[-300:]}" if status else ""
        except SandboxError as error:
            problem = str(error)
        if problem:
            said = self._log.read_text(errors="replace").strip() if self._log.exists() else ""
            problem = " ".join([problem, *said.splitlines()[-1:]])
        works.set_result(problem)

    def _listen(self, control: socket.socket, all_waiting: dict[str, Future[WarmProcess]]) -> None:
        """Read one template's messages until it ends; everything that it started has then ended too."""
        running: dict[str, WarmProcess] = {}
        with control:
            while True:
                try:
                    text, descriptors, _, _ = socket.recv_fds(control, LONGEST_MESSAGE, MOST_DESCRIPTORS)
                except OSError:
                    break
                if not text:
                    break
                with self._lock:
                    _hear(json.loads(text), descriptors, all_waiting, running)
        with self._lock:
            for waiting in all_waiting.values():
                waiting.set_exception(SandboxError("the template of kernels has ended"))
            for process in running.values():
                process.note_end(-signal.SIGKILL)
            all_waiting.clear()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._scratch.cleanup()


def _hear(
    message: dict[str, Any],
    descriptors: list[int],
    all_waiting: dict[str, Future[WarmProcess]],
    running: dict[str, WarmProcess],
) -> None:
    """Pass a message from the template to the caller that waits for it."""
    name = message["name"]
    if "ended" in message:
        running.pop(name).note_end(message["ended"])
        return
    waiting = all_waiting.pop(name, None)
    if "failed" in message:
        if waiting is not None:
            waiting.set_exception(SandboxError(f"no kernel could be forked: {message['failed']}"))
        return
    process = running[name] = WarmProcess(message["sandbox"], message["kernel"], descriptors)
    if waiting is None:
        process.kill()
    else:
        waiting.set_result(process)


class WarmProvisioner(LocalProvisioner):  # type: ignore[misc]
    """Starts a kernel by a fork instead of a command; its manager has `template` and `start`."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:  # noqa: ARG002
        """Fork a kernel; the command and the process options are not used."""
        self.process = self.parent.template.start(self.parent.start)
        self.pid = self.process.pid
        return self.connection_info
