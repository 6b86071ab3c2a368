"""Runs a real ipykernel in a sandbox, reached through Unix sockets in one shared folder."""

from __future__ import annotations

import asyncio
import functools
import io
import json
import os
import signal
import threading
import zipapp
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import zmq.asyncio
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from autograder.errors import SandboxError
from autograder.evidence import Outcome
from autograder.execute.collector import Collector
from autograder.execute.guard import measure_usage, passed_limit
from autograder.execute.sandbox import FILTER_FILE, HOLDER, Program, Sandbox, find_python
from autograder.execute.warm import Start, Template, WarmProcess
from autograder.exercise import Watch
from autograder.plain.scratch import temporary_folder
from autograder.settings import Limits

# A Unix socket's path may not be longer than this (Linux, sockaddr_un).
LONGEST_SOCKET_PATH = 100
SECONDS_BETWEEN_LOOKS = 0.1
# What was killed, other than by the kit, and the exit status that shows it. A kernel may have killed itself.
Killed = Literal["", "sandbox", "kernel"]
KILLED: dict[int | None, Killed] = {-signal.SIGKILL: "sandbox", 128 + signal.SIGKILL: "kernel"}
LOG = "kernel.log"
# Jupyter's names for the ways to start a kernel: by a command, or by a fork (class named in pyproject.toml).
COLD, WARM = "local-provisioner", "gradeascent-warm"
# The longest message from a kernel, in bytes, and how many messages may wait to be read.
LONGEST_MESSAGE, MOST_WAITING = 64 * 1024 * 1024, 16


@dataclass(frozen=True)
class ShortcutOptions:
    """What the profile `quick` needs to train a network quickly and just well enough."""

    held_out: Path  # .npz with `images`, float32 (n, 28, 28, 1), and `labels`, (n,)
    accuracy: float  # on these digits, at which training may end
    bfloat16: bool = False  # train in this format


@dataclass(frozen=True)
class KernelOptions:
    """Options shared by all kernels of one grading run."""

    sandbox: Sandbox
    digits: Path
    limits: Limits
    seed: int
    threads: int
    python: str = ""
    devices: tuple[Path, ...] = ()  # GPU devices that notebooks may use
    shortcuts: ShortcutOptions | None = None
    template: Template | None = None  # forks kernels if that works; otherwise each is started
    cancelled: threading.Event = field(default_factory=threading.Event)  # set to stop all kernels
    brought: tuple[Path, ...] = ()  # files that lie beside every notebook
    watch: Watch = field(default_factory=Watch)


@dataclass(frozen=True)
class RecorderConfig:
    """The configuration that the package `inside` reads as JSON when it starts."""

    connection: str
    evidence: str
    digits: str
    submission: str
    seed: int
    memory_mb: int
    scratch_mb: int
    processes: int
    open_files: int
    gpu: bool
    brought: tuple[str, ...]
    watch: Watch
    shortcuts: dict[str, str | float | bool] | None = None


class _OneKernelSpec(KernelSpecManager):  # type: ignore[misc]
    """Offers exactly one kernel: the one with the given command line and provisioner."""

    def __init__(self, argv: list[str], provisioner: str) -> None:
        super().__init__()
        self._argv = argv
        self._provisioner = provisioner

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        # The process is the sandbox, so a signal would not reach the kernel: interrupt it by message.
        return KernelSpec(
            argv=self._argv,
            display_name=kernel_name,
            language="python",
            interrupt_mode="message",
            metadata={"kernel_provisioner": {"provisioner_name": self._provisioner}},
        )


class _Manager(AsyncKernelManager):  # type: ignore[misc]
    """Also knows how to fork a kernel; see `WarmProvisioner`."""

    template: Template | None = None
    start: Start | None = None


class _BoundedConnection(AsyncKernelClient):  # type: ignore[misc]
    """Drops messages that are too long before they take up the grader's memory."""

    def _context_default(self) -> zmq.asyncio.Context:
        context: zmq.asyncio.Context = super()._context_default()
        context.setsockopt(zmq.MAXMSGSIZE, LONGEST_MESSAGE)
        context.setsockopt(zmq.RCVHWM, MOST_WAITING)
        return context


class Kernel:
    """A running kernel, the records that it has sent, and why it was stopped, if it was."""

    def __init__(
        self, manager: AsyncKernelManager, collector: Collector, folder: Path, cancelled: threading.Event
    ) -> None:
        self.manager = manager
        self.cancelled = cancelled
        self.collector = collector
        self.folder = folder
        self.output = (folder / LOG).open("wb")  # what the kernel's process itself prints
        self.stopped_for: Outcome | None = None
        self.reason = ""  # one sentence, or empty
        self.killed: Killed = ""

    def processes(self) -> list[int]:
        """Return the processes started for this kernel, the sandbox first; empty before the start."""
        process = getattr(self.manager.provisioner, "process", None)
        return (
            []
            if process is None
            else [process.pid, *([process.kernel] if isinstance(process, WarmProcess) else [])]
        )

    async def stop(self, outcome: Outcome, reason: str = "") -> None:
        """Kill the kernel and everything in its sandbox, and remember why."""
        if self.stopped_for is None:
            self.stopped_for, self.reason = outcome, reason or self.reason
        await self.manager.signal_kernel(signal.SIGKILL)

    async def has_died(self) -> None:
        """Record that the kernel has ended without being stopped by the kit."""
        if self.stopped_for is None:
            status = await self.manager.provisioner.poll()
            self.killed = KILLED.get(status, "")
            self.stopped_for, self.reason = "kernel_died", f"its process ended with status {status}"

    def log(self) -> str:
        """Return what the kernel's process printed, for when the kernel does not start."""
        return (self.folder / LOG).read_text(errors="replace").strip()


@asynccontextmanager
async def running_kernel(options: KernelOptions, submission: Path | None) -> AsyncIterator[Kernel]:
    """Start a kernel for one submission; stop it and remove all traces at the end.

    Raises:
        SandboxError: the temporary folder's path is too long for a socket.
    """
    with temporary_folder() as name:
        folder = Path(name)
        if len(str(folder / "kernel-ipc-5")) > LONGEST_SOCKET_PATH:
            raise SandboxError(
                f"the temporary folder {folder.parent} is too long for sockets; set TMPDIR to /tmp"
            )
        async with Collector.listening(folder / "evidence", options.limits) as collector:
            manager = _manager(options, folder, submission)
            kernel = Kernel(manager, collector, folder, options.cancelled)
            guard = asyncio.create_task(_watch(kernel, options.limits))
            try:
                yield kernel
            finally:
                guard.cancel()
                if await manager.is_alive():
                    await manager.shutdown_kernel(now=True)
                await collector.drained()
                kernel.output.close()


@functools.cache
def packed_recorder() -> bytes:
    """Return the package `inside` as one file that Python runs; the rest of the kit can stay hidden."""
    archive = io.BytesIO()
    zipapp.create_archive(
        Path(__file__).parent,
        archive,
        main="inside.kernel:main",
        filter=lambda path: path.parts[0] == "inside" and path.suffix == ".py",
    )
    return archive.getvalue()


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
        processes=limits.processes,
        open_files=limits.open_files,
        gpu=bool(options.devices),
        brought=tuple(map(str, options.brought)),
        watch=options.watch,
        shortcuts={**asdict(quick), "held_out": str(quick.held_out)} if quick else None,
    )
    config_file, recorder = folder / "recorder.json", folder / "recorder.pyz"
    config_file.write_text(json.dumps(asdict(config)))
    python = find_python(options.python)
    template = options.template if options.template and not options.template.problem() else None
    if template is None:
        recorder.write_bytes(packed_recorder())
    program = Program(
        argv=HOLDER if template else (str(python.executable), str(recorder), str(config_file)),
        python=python,
        shared=folder,
        readable=tuple(
            path
            for path in (options.digits, quick.held_out if quick else None, submission, *options.brought)
            if path
        ),
        devices=options.devices,
        environment=kernel_environment(options.threads),
        scratch_mb=limits.scratch_mb,
        shared_memory_mb=limits.shared_memory_mb,
        is_held=template is not None,
    )
    command = options.sandbox.command(program)
    manager = _Manager(
        kernel_spec_manager=_OneKernelSpec(command, WARM if template else COLD),
        transport="ipc",
        ip=str(folder / "kernel-ipc"),
        connection_file=config.connection,
        client_factory=_BoundedConnection,
    )
    if template:
        manager.template = template
        manager.start = Start(command, folder / FILTER_FILE, folder / LOG, config_file)
    return manager


def kernel_environment(threads: int) -> dict[str, str]:
    """Return the environment variables that every kernel gets."""
    return {
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # otherwise the first kernel takes all GPU memory
        "TENSORBOARD_BINARY": "true",  # %tensorboard would wait a minute for a server that nobody looks at
    }


async def _watch(kernel: Kernel, limits: Limits) -> None:
    """Stop the kernel when it exceeds a limit, or when grading is cancelled."""
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        processes = kernel.processes()
        if not processes or kernel.stopped_for:
            continue
        if kernel.cancelled.is_set():
            await kernel.stop("kernel_died", "grading was stopped")
        elif excess := passed_limit(measure_usage(processes, kernel.folder), limits):
            await kernel.stop(excess.outcome, excess.reason)
