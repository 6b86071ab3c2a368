"""What this machine or container offers, and so how many submissions can be graded in parallel."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

MEGABYTE = 1024 * 1024

# Where Linux gives a container's memory limit, in bytes: control groups version 2 and version 1.
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
# Where Linux lists what the processor can do, and the flags of instructions that multiply matrices of bfloat16.
CPU_INFO, BFLOAT16 = Path("/proc/cpuinfo"), frozenset({"amx_bf16", "avx512_bf16"})
# For the grader and the verifier process beside kernels. A verifier takes more while it measures, 1,400 MB at most, and
# a costly network gets a second one; but the kernel of what is measured has ended by then.
KIT_MB = 1400
# For the template process from which kernels are forked.
TEMPLATE_MB = 500
# For a kernel with TensorFlow and MNIST loaded, during training.
KERNEL_MB = 1200


def container_mb(files: tuple[Path, ...] = LIMITS) -> float | None:
    """Return this container's memory limit in MB, or None if it has no limit."""
    for file in files:
        try:
            return int(file.read_text()) / MEGABYTE
        except (OSError, ValueError):  # the other version, or "max" (no limit)
            continue
    return None


def gpu_devices(folder: Path = Path("/dev")) -> tuple[Path, ...]:
    """Return the device files of NVIDIA's driver, which programs need to use a GPU; empty without a GPU."""
    return tuple(sorted(folder.glob("nvidia*")))


def computes_bfloat16(file: Path = CPU_INFO) -> bool:
    """Tell whether the processor has instructions for bfloat16, as x86 processors list them."""
    try:
        text = file.read_text()
    except OSError:  # not Linux
        return False
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return not BFLOAT16.isdisjoint(flags.split())


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def fitting_jobs() -> int:
    """Return the default number of submissions to grade in parallel: what cores and memory allow."""
    free_mb = psutil.virtual_memory().available / MEGABYTE
    bound_mb = container_mb()
    return jobs_for(cores(), free_mb if bound_mb is None else min(free_mb, bound_mb))


def jobs_for(cores: int, megabytes: float) -> int:
    """Return how many kernels fit beside the grader and the verifier: one per core if memory allows."""
    return max(1, min(cores, int((megabytes - KIT_MB - TEMPLATE_MB) / KERNEL_MB)))
