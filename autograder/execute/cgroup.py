"""Lets Linux itself limit memory and processes, where a machine delegates a part of its control groups (version 2).

systemd does so for a unit with `Delegate=yes`, Slurm for a job of a user who may, Docker and Podman for a
container whose `/sys/fs/cgroup` can be written to. A group that holds processes cannot pass its limits on to
groups inside it, so the grader first moves into a separate group. Where any of this does not work, the watcher
alone enforces the limits.
"""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.plain.machine import MEGABYTE
from autograder.settings import Limits

CGROUPS, OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
CONTROLLERS = ("memory", "pids")
# A group for the grader itself, beside those of the kernels.
GRADER = "gradeascent-grader"
# Limits of processes count threads, of which TensorFlow starts many.
THREADS_PER_PROCESS = 16


@dataclass(frozen=True)
class Delegation:
    """The control group that this process may divide, or why there is none."""

    folder: Path | None
    problem: str = ""


def find_delegation(cgroups: Path = CGROUPS, own: Path = OWN) -> Delegation:
    """Look for a control group that this process may divide.

    Args:
        cgroups: where control groups are mounted.
        own: the file that names those of this process.
    """
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return Delegation(None, "Linux was built without control groups")
    path = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), None)
    if path is None or not (cgroups / "cgroup.controllers").exists():
        return Delegation(None, "control groups are of version 1 here, or not mounted")
    folder = cgroups / path.lstrip("/")
    if not folder.is_dir():
        return Delegation(None, f"{folder} is not shown to this process")
    try:
        offered = (folder / "cgroup.controllers").read_text().split()
    except OSError as error:
        return Delegation(None, f"{folder} cannot be read: {error.strerror}")
    if missing := [name for name in CONTROLLERS if name not in offered]:
        return Delegation(None, f"the group {path} is not given {' and '.join(missing)}")
    if not all(os.access(folder / name, os.W_OK) for name in (".", "cgroup.procs", "cgroup.subtree_control")):
        return Delegation(None, f"the group {path} is not delegated to this user")
    return Delegation(folder)


class ControlGroup:
    """The control group of one kernel."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        """Make the group in a folder that `divide` has prepared.

        Raises:
            OSError: it cannot be made.
        """
        self._folder = folder / f"gradeascent-{secrets.token_hex(8)}"
        self._folder.mkdir()
        settings = {
            "memory.max": limits.memory_mb * MEGABYTE,
            "memory.swap.max": 0,
            "memory.oom.group": 1,  # all of it ends, not one process of many
            "pids.max": limits.processes * THREADS_PER_PROCESS,
        }
        for name, value in settings.items():
            if (
                name != "memory.swap.max" or (self._folder / name).exists()
            ):  # absent on a machine without swap
                (self._folder / name).write_text(str(value))

    def add(self, pids: Iterable[int]) -> None:
        """Move processes into the group; what they start from now on belongs to it too."""
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                (self._folder / "cgroup.procs").write_text(str(pid))

    def ran_out_of_memory(self) -> bool:
        """Tell whether Linux killed a process of the group because of its limit."""
        with contextlib.suppress(OSError):
            events = dict(line.split() for line in (self._folder / "memory.events").read_text().splitlines())
            return int(events.get("oom_kill", 0)) > 0
        return False

    def remove(self) -> None:
        """End all processes of the group, and remove it; it stays if one of them does not end."""
        with contextlib.suppress(OSError):
            (self._folder / "cgroup.kill").write_text("1")
        with contextlib.suppress(OSError):
            self._folder.rmdir()


def divide(folder: Path) -> None:
    """Prepare a delegated group for groups inside it: all its processes, this one too, move into one of them.

    Raises:
        OSError: Linux does not allow it.
    """
    grader = folder / GRADER
    grader.mkdir(exist_ok=True)
    for pid in (folder / "cgroup.procs").read_text().split():
        with contextlib.suppress(ProcessLookupError):
            (grader / "cgroup.procs").write_text(pid)
    (folder / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in CONTROLLERS))


@functools.cache
def divided() -> Path | None:
    """Return the prepared group of this process; None where there is none to be had."""
    folder = find_delegation().folder
    if folder is None:
        return None
    # A grader that was started by another grader is already in the group for graders.
    folder = folder.parent if folder.name == GRADER else folder
    try:
        divide(folder)
    except OSError:
        return None
    return folder


def group_for(limits: Limits) -> ControlGroup | None:
    """Make a control group for a kernel; None where the machine delegates none."""
    folder = divided()
    if folder is None:
        return None
    try:
        return ControlGroup(folder, limits)
    except OSError:
        return None
