"""Runs a real ipykernel in a sandbox, reached through Unix sockets that are made outside and handed in."""

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

from jupyter_client.manager import AsyncKernelManager

from autograder.errors import SandboxError
from autograder.evidence import Outcome
from autograder.execute.border import CHANNELS, CONTROL, IOPUB, SHELL, STDIN, Border
from autograder.execute.cgroup import ControlGroup, group_for
from autograder.execute.collector import Collector
from autograder.execute.connection import Connection, Manager, OneKernelSpec
from autograder.execute.guard import Guard, whole_family
from autograder.execute.last_words import LastWords
from autograder.execute.sandbox import FILTER_FILE, HOLDER, Program, Sandbox, find_python
from autograder.execute.warm import Start, Template, WarmProcess
from autograder.execute.watcher import SECONDS_BETWEEN_LOOKS, Watcher
from autograder.exercise import Watch
from autograder.plain.scratch import temporary_folder
from autograder.settings import Limits

# A Unix socket's path may not be longer than this (Linux, sockaddr_un).
LONGEST_SOCKET_PATH = 100
# What was killed, other than by the kit, and the exit status that shows it. A kernel may have killed itself.
Killed = Literal["", "sandbox", "kernel"]
KILLED: dict[int | None, Killed] = {-signal.SIGKILL: "sandbox", 128 + signal.SIGKILL: "kernel"}
LOG = "kernel.log"
# Jupyter's names for the ways to start a kernel: by a command, or by a fork (class named in pyproject.toml).
COLD, WARM = "local-provisioner", "gradeascent-warm"
# The folder of which the kernel sees some files; those beside it are the grader's own.
SHOWN = "shown"


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
    sockets: str
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


class Kernel:
    """A running kernel, the records that it has sent, and why it was stopped, if it was."""

    def __init__(
        self,
        manager: AsyncKernelManager,
        border: Border,
        collector: Collector,
        words: LastWords,
        guard: Guard,
        group: ControlGroup | None,
        cancelled: threading.Event,
    ) -> None:
        self.manager = manager
        self.border = border
        self.cancelled = cancelled
        self.collector = collector
        self.guard = guard
        self.group = group
        self.words = words  # what the kernel's process itself prints
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

    def watch_files(self) -> None:
        """Count files too from now on: the sandbox is complete, and the first cell comes next.

        Raises:
            SandboxError: its files cannot be watched.
        """
        self.guard.find_folders(self.processes(), self.words.path.parent / SHOWN)
        if self.group:
            self.group.add(whole_family(self.processes()))

    async def stop(self, outcome: Outcome, reason: str = "") -> None:
        """Kill the kernel and everything in its sandbox, and remember why."""
        self._note_stop(outcome, reason)
        await self.manager.signal_kernel(signal.SIGKILL)

    def kill(self, outcome: Outcome, reason: str) -> None:
        """Do the same at once, from any thread, even while the event loop is busy."""
        self._note_stop(outcome, reason)
        process = getattr(self.manager.provisioner, "process", None)
        if process is not None:
            process.kill()

    def _note_stop(self, outcome: Outcome, reason: str) -> None:
        if self.stopped_for is None:
            self.stopped_for, self.reason = outcome, reason or self.reason

    async def has_died(self) -> None:
        """Record that the kernel has ended without being stopped by the kit."""
        if self.stopped_for is None and self.group and self.group.ran_out_of_memory():
            self.stopped_for, self.reason = "out_of_memory", "it used more memory than the limit allows"
        if self.stopped_for is None:
            status = await self.manager.provisioner.poll()
            self.killed = KILLED.get(status, "")
            self.stopped_for, self.reason = "kernel_died", f"its process ended with status {status}"


@asynccontextmanager
async def running_kernel(options: KernelOptions, submission: Path | None) -> AsyncIterator[Kernel]:
    """Start a kernel for one submission; stop it and remove all traces at the end.

    Raises:
        SandboxError: the temporary folder's path is too long for a socket.
    """
    with temporary_folder() as name:
        folder = Path(name)
        if len(str(folder / SHOWN / "evidence")) > LONGEST_SOCKET_PATH:
            raise SandboxError(
                f"the temporary folder {folder.parent} is too long for sockets; set TMPDIR to /tmp"
            )
        shown = folder / SHOWN
        shown.mkdir()
        async with (
            Collector.listening(shown / "evidence", options.limits) as collector,
            Border.opened(folder, shown / "sockets", options.limits) as border,
        ):
            with LastWords.kept(folder / LOG) as words, Guard(options.limits) as guard:
                manager = _manager(options, folder, border, submission)
                group = group_for(options.limits)
                kernel = Kernel(manager, border, collector, words, guard, group, options.cancelled)
                with Watcher(guard, options.limits, kernel.processes, kernel.kill) as watcher:
                    watching = asyncio.create_task(_watch(kernel, watcher))
                    try:
                        yield kernel
                    finally:
                        watching.cancel()
                        if await manager.is_alive():
                            await manager.shutdown_kernel(now=True)
                        if group:
                            group.remove()
                        await collector.drained()


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
        "stdout": kernel.words.output,
        "stderr": kernel.words.output,
        "env": {"PATH": os.environ.get("PATH", "")},
        "cwd": str(kernel.words.path.parent),
    }


def _manager(
    options: KernelOptions, folder: Path, border: Border, submission: Path | None
) -> AsyncKernelManager:
    limits, quick = options.limits, options.shortcuts
    shown = folder / SHOWN
    config = RecorderConfig(
        connection=str(shown / "kernel.json"),
        evidence=str(shown / "evidence"),
        sockets=str(shown / "sockets"),
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
    config_file, recorder = shown / "recorder.json", shown / "recorder.pyz"
    config_file.write_text(json.dumps(asdict(config)))
    python = find_python(options.python)
    template = options.template if options.template and not options.template.problem() else None
    recorder.write_bytes(b"" if template else packed_recorder())
    program = Program(
        argv=HOLDER if template else (str(python.executable), str(recorder), str(config_file)),
        python=python,
        folder=shown,
        readable=(
            *map(Path, (config.connection, config.evidence, config.sockets)),
            config_file,
            recorder,
            *(path for path in (options.digits, quick.held_out if quick else None, submission) if path),
            *options.brought,
        ),
        devices=options.devices,
        environment=kernel_environment(options.threads),
        scratch_mb=limits.scratch_mb,
        shared_memory_mb=limits.shared_memory_mb,
        is_held=template is not None,
    )
    command = options.sandbox.command(program)
    manager = Manager(
        kernel_spec_manager=OneKernelSpec(command, WARM if template else COLD),
        transport="ipc",
        ip=str(folder / "kernel-ipc"),
        connection_file=config.connection,
        client_factory=Connection,
        shell_port=SHELL,
        iopub_port=IOPUB,
        stdin_port=STDIN,
        control_port=CONTROL,
        hb_port=len(CHANNELS) + 1,  # not used
    )
    manager.session.border = border
    if template:
        manager.template = template
        manager.start = Start(command, shown / FILTER_FILE, folder / LOG, config_file)
    return manager


def kernel_environment(threads: int) -> dict[str, str]:
    """Return the environment variables that every kernel gets."""
    return {
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # otherwise the first kernel takes all GPU memory
        "TENSORBOARD_BINARY": "true",  # %tensorboard would wait a minute for a server that is never looked at
    }


async def _watch(kernel: Kernel, watcher: Watcher) -> None:
    """Stop the kernel when it says too much, when it is no longer watched, or when grading is cancelled."""
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        if not kernel.processes() or kernel.stopped_for:
            continue
        if kernel.cancelled.is_set():
            await kernel.stop("kernel_died", "grading was stopped")
        elif kernel.border.excess:
            await kernel.stop("kernel_died", kernel.border.excess)
        elif watcher.is_behind():
            await kernel.stop("kernel_died", "its use of memory and processes could not be measured in time")
