"""Measures from outside what a sandboxed kernel uses, and reports which limit it exceeds.

The numbers come from the operating system, because the kernel's own code is not trusted. Nothing here lists or opens
what a notebook wrote: of its files, only the sizes of the file systems that hold them are asked for.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from autograder.errors import SandboxError
from autograder.evidence import Outcome
from autograder.execute.sandbox import SCRATCH, SHARED_MEMORY
from autograder.plain.machine import MEGABYTE
from autograder.settings import Limits

# A fork bomb starts processes while others are stopped.
ROUNDS_OF_STOPPING = 20


@dataclass(frozen=True)
class Usage:
    """What a kernel and its children use at one moment."""

    memory: int  # bytes: resident memory, and the files in the sandbox, which are memory too
    processes: int
    cpu_seconds: float  # of running and ended processes
    files: int  # in the sandbox's own folders


@dataclass(frozen=True)
class Excess:
    """An exceeded limit: how the run ends, and the reason in one sentence for the report."""

    outcome: Outcome
    reason: str


class Guard:
    """Measures one kernel. Use it as a context manager."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._folders: list[int] = []  # descriptors: a notebook can rename what leads to a folder

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, *_: object) -> None:
        folders, self._folders = self._folders, []
        for descriptor in folders:
            os.close(descriptor)

    def find_folders(self, pids: Sequence[int], own: Path) -> None:
        """Find the file systems in which the notebook writes, before any of its code runs.

        Args:
            pids: the processes that were started, bubblewrap first.
            own: the program's own folder.

        Raises:
            SandboxError: they are not there, so they could not be watched.
        """
        family = _family(pids[0]) if pids else []
        if not family:  # it has just ended
            return
        # The first process in the sandbox is bubblewrap's own, so student code cannot hide it.
        root = Path(f"/proc/{family[:2][-1].pid}/root")
        try:
            inside = root.stat().st_dev
            if inside == Path("/").stat().st_dev:  # no sandbox
                return
            for folder in (*SCRATCH, SHARED_MEMORY, own):
                path = root / folder.relative_to("/")
                self._folders.append(os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
                if os.fstat(self._folders[-1]).st_dev == inside:
                    raise SandboxError(f"the sandbox has no separate file system for {folder}")
        except OSError as error:
            raise SandboxError(f"the files in the sandbox cannot be watched: {error}") from error

    def look(self, pids: Sequence[int]) -> Usage:
        """Return what processes and all their descendants use; all zeros if the first process has ended."""
        families = [_family(pid) for pid in pids]
        if not families or not families[0]:
            return Usage(0, 0, 0.0, 0)
        family = [process for some in families for process in some]
        resident, seconds = 0, 0.0
        for process in family:
            with contextlib.suppress(psutil.Error):  # the process has just ended
                resident += process.memory_info().rss
                # user and system time of the process and of its ended children
                seconds += sum(process.cpu_times()[:4])
        states = [os.fstatvfs(folder) for folder in self._folders]
        in_files = sum((state.f_blocks - state.f_bfree) * state.f_frsize for state in states)
        files = sum(state.f_files - state.f_ffree for state in states)
        most = self._limits.memory_mb * MEGABYTE
        if resident + in_files > most:
            # Forked processes share most of their memory. To find out how much takes longer, and meanwhile they must
            # not grow. What has too much is about to be killed, so it stays stopped.
            stopped = _stop(pids)
            resident = _shared_fairly(stopped, enough=most - in_files)
            if resident + in_files <= most:
                _resume(stopped)
        return Usage(resident + in_files, len(family), seconds, files)


def _stop(pids: Sequence[int]) -> list[psutil.Process]:
    """Stop all processes of these families, also those that they start meanwhile; return them."""
    stopped: dict[int, psutil.Process] = {}
    for _ in range(ROUNDS_OF_STOPPING):
        new = [process for pid in pids for process in _family(pid) if process.pid not in stopped]
        if not new:
            break
        for process in new:
            with contextlib.suppress(psutil.Error):  # the process has just ended
                process.suspend()
            stopped[process.pid] = process
    return list(stopped.values())


def _resume(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.resume()


def _shared_fairly(family: Sequence[psutil.Process], *, enough: int) -> int:
    """Return what processes hold together, or some number above `enough`, which takes less time."""
    total = 0
    for process in sorted(family, key=_resident, reverse=True):
        total += _share_of_memory(process)
        if total > enough:
            break
    return total


def _resident(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def _family(pid: int) -> list[psutil.Process]:
    try:
        outermost = psutil.Process(pid)
        return [outermost, *outermost.children(recursive=True)]
    except psutil.Error:
        return []


def whole_family(pids: Sequence[int]) -> list[int]:
    """Return processes and all that they have started."""
    return [process.pid for pid in pids for process in _family(pid)]


def _share_of_memory(process: psutil.Process) -> int:
    """Return the bytes that a process holds, where a page that n processes share counts for 1/n in each."""
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):  # ended, or not shown to this user
        return _resident(process)


def passed_limit(usage: Usage, limits: Limits) -> Excess | None:
    """Return the first exceeded limit, or None."""
    if usage.memory > limits.memory_mb * MEGABYTE:
        return Excess("out_of_memory", f"it used more than {limits.memory_mb} MB of memory")
    if usage.cpu_seconds > limits.cpu_seconds:
        return Excess("timeout", f"it used more than {limits.cpu_seconds:g} seconds of processor time")
    if usage.processes > limits.processes:
        return Excess("kernel_died", f"it had more than {limits.processes} processes at the same time")
    if usage.files > limits.scratch_files:
        return Excess("kernel_died", f"it wrote more than {limits.scratch_files} files")
    return None
