"""What this machine, or this container, has to offer: how many submissions can be graded beside each other."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

MEGABYTE = 1024 * 1024

# Where Linux says how much a container may have, in bytes: control groups of version 2 and of version 1.
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
# For the grader and the process that measures.
KIT_MB = 1400
# For the process that kernels are forked from.
TEMPLATE_MB = 500
# For a kernel with TensorFlow and MNIST in it, while it trains.
KERNEL_MB = 1200


def container_mb(files: tuple[Path, ...] = LIMITS) -> float | None:
    """Return the memory of this container, None if it has no bound of its own."""
    for file in files:
        try:
            return int(file.read_text()) / MEGABYTE
        except (OSError, ValueError):  # another version, or "max"
            continue
    return None


def gpu_devices(folder: Path = Path("/dev")) -> tuple[Path, ...]:
    """Return the device files of NVIDIA's driver, by which a program computes on a GPU; none without one."""
    return tuple(sorted(folder.glob("nvidia*")))


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def fitting_jobs() -> int:
    """Return how many submissions are graded at the same time if nobody says: what cores and memory allow."""
    free_mb = psutil.virtual_memory().available / MEGABYTE
    bound_mb = container_mb()
    return jobs_for(cores(), free_mb if bound_mb is None else min(free_mb, bound_mb))


def jobs_for(cores: int, megabytes: float) -> int:
    """Return how many kernels fit beside the kit: one per core, if there is memory for so many."""
    return max(1, min(cores, int((megabytes - KIT_MB - TEMPLATE_MB) / KERNEL_MB)))
