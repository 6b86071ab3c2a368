"""Measures from outside what a sandboxed kernel uses, and reports which limit it exceeds.

The numbers come from the operating system, because the kernel's own code is not trusted.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from autograder.evidence import Outcome
from autograder.execute.sandbox import SCRATCH, SHARED_MEMORY
from autograder.plain.machine import MEGABYTE
from autograder.settings import Limits

# Even an empty file takes this much.
FILE_BYTES = 4096


@dataclass(frozen=True)
class Usage:
    """What a kernel and its children use at one moment."""

    memory: int  # bytes: resident memory, and the files in the sandbox, which are memory too
    processes: int
    cpu_seconds: float  # of running and ended processes
    files: int  # in the sandbox's own folders
    shared: int  # bytes in the folder that both sides write to


@dataclass(frozen=True)
class Excess:
    """An exceeded limit: how the run ends, and the reason in one sentence for the report."""

    outcome: Outcome
    reason: str


def measure_usage(pids: Sequence[int], shared: Path) -> Usage:
    """Return what processes and all their descendants use; all zeros if the first process has ended.

    Args:
        pids: the processes that were started, bubblewrap first.
        shared: the folder that both sides write to.
    """
    families = [_family(pid) for pid in pids]
    if not families[0]:
        return Usage(0, 0, 0.0, 0, 0)
    family = [process for some in families for process in some]
    memory, seconds = 0, 0.0
    for process in family:
        try:
            memory += process.memory_info().rss
            # user and system time of the process and of its ended children
            seconds += sum(process.cpu_times()[:4])
        except psutil.Error:  # the process has just ended
            continue
    # The first process in the sandbox is bubblewrap's own, so student code cannot hide it.
    file_bytes, files = _sandbox_files(family[1].pid) if len(family) > 1 else (0, 0)
    return Usage(memory + file_bytes, len(family), seconds, files, _folder_size(shared))


def _family(pid: int) -> list[psutil.Process]:
    try:
        outermost = psutil.Process(pid)
        return [outermost, *outermost.children(recursive=True)]
    except psutil.Error:
        return []


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
    if usage.shared > limits.scratch_mb * MEGABYTE:
        return Excess("kernel_died", f"it wrote more than {limits.scratch_mb} MB beside its own folder")
    return None


def _sandbox_files(pid: int) -> tuple[int, int]:
    """Return the size in bytes and the number of the files in a sandboxed process's memory file systems."""
    root = Path(f"/proc/{pid}/root")
    size = count = 0
    try:
        if root.stat().st_dev == Path("/").stat().st_dev:  # not in its sandbox yet, or no sandbox
            return 0, 0
        for folder in (*SCRATCH, SHARED_MEMORY):
            state = os.statvfs(root / folder.relative_to("/"))
            size += (state.f_blocks - state.f_bfree) * state.f_frsize
            count += state.f_files - state.f_ffree
    except OSError:  # not mounted yet, or already gone
        return 0, 0
    return size, count


def _folder_size(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += FILE_BYTES + file.lstat().st_size
        except OSError:  # the file has just been removed
            continue
    return total
