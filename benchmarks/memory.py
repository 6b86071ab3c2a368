"""How much memory the processes of a grading run use, by role.

Memory that several processes share is divided among them (Linux calls this PSS), so the sum over all is what
grading uses. This matters here: a forked kernel shares most of its memory with the template that it was
forked from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import psutil

from autograder.plain.machine import MEGABYTE

# The roles. All others are "other": bubblewrap, and a cluster's schedulers and workers.
GRADER, VERIFIER, TEMPLATE, KERNEL, OTHER = "grader", "verifier", "template", "kernel", "other"


@dataclass
class Look:
    """A sample at one moment, in MB.

    Attributes:
        seconds: the time, from a monotonic clock.
        largest: the largest process of each role.
        sum: all processes together.
        is_forked: whether a kernel was forked from a template.
    """

    seconds: float
    largest: dict[str, float] = field(default_factory=dict)
    sum: float = 0.0
    is_forked: bool = False


def look_at(grader: psutil.Process, others: Iterable[psutil.Process], seconds: float) -> Look:
    """Return the current memory use of grading processes: the given ones, and all that they started."""
    look = Look(seconds)
    for root in (grader, *others):
        try:
            family = [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
        for process in family:
            try:
                role = GRADER if process == grader else _role(process)
                megabytes = process.memory_full_info().pss / MEGABYTE
                look.is_forked |= role == KERNEL and _is_of_template(process)
            except (psutil.NoSuchProcess, psutil.ZombieProcess):  # it has ended
                continue
            look.largest[role] = max(look.largest.get(role, 0.0), megabytes)
            look.sum += megabytes
    return look


def _role(process: psutil.Process) -> str:
    """Return a process' role, from how it was started."""
    command = process.cmdline()
    if process.name() == "bwrap":  # its arguments name the program that runs inside
        return OTHER
    if "autograder.verify.worker" in command:
        return VERIFIER
    if _is_of_template(process):
        parent = process.parent()
        return KERNEL if parent is not None and _is_of_template(parent) else TEMPLATE
    return KERNEL if any(argument.endswith("recorder.pyz") for argument in command) else OTHER


def _is_of_template(process: psutil.Process) -> bool:
    """Tell whether a process is the template or one of its forks, which keep its command line."""
    return process.name() != "bwrap" and "--template" in process.cmdline()
