"""A real ipykernel inside a sandbox, reached through Unix sockets in one shared folder."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
import zmq.asyncio
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from autograder.errors import SandboxError
from autograder.evidence import Outcome
from autograder.execute.collector import Collector
from autograder.execute.sandbox import Program, Sandbox, find_python
from autograder.settings import Limits

# The package that is copied into the sandbox: so nothing of the kit's own folder has to be shown.
INSIDE = Path(__file__).with_name("inside")
# A Unix socket's path may not be longer than this (Linux, sockaddr_un).
LONGEST_SOCKET_PATH = 100
MOST_PROCESSES = 64
# What even an empty file takes.
FILE_BYTES = 4096
# What a kernel may say at once, in bytes.
LONGEST_MESSAGE = 64 * 1024 * 1024


@dataclass(frozen=True)
class Shortcuts:
    """What the profile `quick` needs to know: when is a network trained well enough?"""

    held_out: Path  # .npz with `images`, float32 (n, 28, 28, 1), and `labels`, (n,)
    accuracy: float  # on these, at which a training may end


@dataclass(frozen=True)
class KernelOptions:
    """What every kernel of one grading run has in common."""

    sandbox: Sandbox
    digits: Path
    limits: Limits
    seed: int
    threads: int
    python: str = ""
    shortcuts: Shortcuts | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)  # set to stop all kernels


@dataclass(frozen=True)
class RecorderConfig:
    """What the package `inside` is told at its start; it reads this as JSON."""

    connection: str
    evidence: str
    digits: str
    submission: str
    seed: int
    memory_mb: int
    scratch_mb: int
    shortcuts: dict[str, str | float] | None = None


class _OneKernelSpec(KernelSpecManager):  # type: ignore[misc]
    """Offers exactly one kernel: the one with the command line that it was made for."""

    def __init__(self, argv: list[str]) -> None:
        super().__init__()
        self._argv = argv

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        # The process is the sandbox, so a signal would not reach the kernel: interrupt it by message.
        return KernelSpec(
            argv=self._argv, display_name=kernel_name, language="python", interrupt_mode="message"
        )


class _BoundedClient(AsyncKernelClient):  # type: ignore[misc]
    """Drops messages that are too long before they take up the grader's memory."""

    def _context_default(self) -> zmq.asyncio.Context:
        context: zmq.asyncio.Context = super()._context_default()
        context.setsockopt(zmq.MAXMSGSIZE, LONGEST_MESSAGE)
        return context


class Kernel:
    """A running kernel, the records that it has sent, and why it was stopped if it was."""

    def __init__(
        self, manager: AsyncKernelManager, collector: Collector, folder: Path, cancelled: threading.Event
    ) -> None:
        self.manager = manager
        self.cancelled = cancelled
        self.collector = collector
        self.folder = folder
        self.output = (folder / "kernel.log").open("wb")  # what the kernel's process itself prints
        self.stopped_for: Outcome | None = None

    async def stop(self, reason: Outcome) -> None:
        """Kill the kernel and everything in its sandbox, and remember why."""
        self.stopped_for = self.stopped_for or reason
        await self.manager.signal_kernel(signal.SIGKILL)

    def log(self) -> str:
        """Return what the kernel's process printed, for when it does not start."""
        return (self.folder / "kernel.log").read_text(errors="replace").strip()


@asynccontextmanager
async def running_kernel(options: KernelOptions, submission: Path | None) -> AsyncIterator[Kernel]:
    """Start a kernel for one submission; stop it and remove all traces at the end.

    Raises:
        SandboxError: the temporary folder's path is too long for a socket.
    """
    folder = Path(tempfile.mkdtemp(prefix="gradeascent-"))
    if len(str(folder / "kernel-ipc-5")) > LONGEST_SOCKET_PATH:
        folder.rmdir()
        raise SandboxError(
            f"the temporary folder {folder.parent} is too long for sockets; set TMPDIR to /tmp"
        )
    try:
        async with Collector.listening(folder / "evidence", options.limits) as collector:
            manager = _manager(options, folder, submission)
            kernel = Kernel(manager, collector, folder, options.cancelled)
            guard = asyncio.create_task(_watch_resources(kernel, options.limits))
            try:
                yield kernel
            finally:
                guard.cancel()
                if await manager.is_alive():
                    await manager.shutdown_kernel(now=True)
                await collector.drained()
                kernel.output.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start_options(kernel: Kernel) -> dict[str, object]:
    """Return the options with which nbclient starts this kernel's process."""
    return {
        "stdout": kernel.output,
        "stderr": kernel.output,
        "env": {"PATH": os.environ.get("PATH", "")},
        "cwd": str(kernel.folder),
    }


def _manager(options: KernelOptions, folder: Path, submission: Path | None) -> AsyncKernelManager:
    limits, quick = options.limits, options.shortcuts
    config = RecorderConfig(
        connection=str(folder / "kernel.json"),
        evidence=str(folder / "evidence"),
        digits=str(options.digits),
        submission=str(submission) if submission else "",
        seed=options.seed,
        memory_mb=limits.memory_mb,
        scratch_mb=limits.scratch_mb,
        shortcuts={"held_out": str(quick.held_out), "accuracy": quick.accuracy} if quick else None,
    )
    config_file = folder / "recorder.json"
    config_file.write_text(json.dumps(asdict(config)))
    shutil.copytree(INSIDE, folder / INSIDE.name, ignore=shutil.ignore_patterns("__pycache__"))
    python = find_python(options.python)
    program = Program(
        argv=(str(python.executable), str(folder / INSIDE.name), str(config_file)),
        python=python,
        shared=folder,
        readable=tuple(
            path for path in (options.digits, quick.held_out if quick else None, submission) if path
        ),
        environment={
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "TF_NUM_INTRAOP_THREADS": str(options.threads),
            "TF_NUM_INTEROP_THREADS": str(options.threads),
            "OMP_NUM_THREADS": str(options.threads),
        },
        scratch_mb=limits.scratch_mb,
    )
    return AsyncKernelManager(
        kernel_spec_manager=_OneKernelSpec(options.sandbox.command(program)),
        transport="ipc",
        ip=str(folder / "kernel-ipc"),
        connection_file=config.connection,
        client_factory=_BoundedClient,
    )


async def _watch_resources(kernel: Kernel, limits: Limits) -> None:
    """Stop the kernel when it and its children hold too much memory, or fill the shared folder."""
    megabyte = 1024 * 1024
    while True:
        await asyncio.sleep(0.1)
        process = getattr(kernel.manager.provisioner, "pid", None)
        if process is None or kernel.stopped_for:
            continue
        if kernel.cancelled.is_set():
            await kernel.stop("kernel_died")
        memory, processes = _resident_memory(process)
        if memory > limits.memory_mb * megabyte:
            await kernel.stop("out_of_memory")
        elif processes > MOST_PROCESSES or _folder_size(kernel.folder) > limits.scratch_mb * megabyte:
            await kernel.stop("kernel_died")


def _resident_memory(pid: int) -> tuple[int, int]:
    """Return the resident memory of a process with all its descendants, and how many they are."""
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return 0, 0
    total = 0
    for process in family:
        try:
            total += process.memory_info().rss
        except psutil.Error:  # it has just ended
            continue
    return total, len(family)


def _folder_size(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += FILE_BYTES + file.lstat().st_size
        except OSError:  # it has just been removed
            continue
    return total
