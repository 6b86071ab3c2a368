"""The memory of the container: a notebook may have what the kit leaves, so that it is the notebook that ends.

Where a container's memory is used up, Linux picks what it kills, and that can be the grader.
"""

from __future__ import annotations

from pathlib import Path

from autograder.settings import MEGABYTE, Limits

# Where Linux says how much a container may have, in bytes: control groups of version 2 and of version 1.
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
# For the grader and the process that measures.
KIT_MB = 1400
LEAST_MB = 1024


def container_mb(files: tuple[Path, ...] = LIMITS) -> float | None:
    """Return the memory of this container, None if it has no bound of its own."""
    for file in files:
        try:
            return int(file.read_text()) / MEGABYTE
        except (OSError, ValueError):  # another version, or "max"
            continue
    return None


def beside_the_kit(limits: Limits, whole_mb: float | None) -> Limits:
    """Return these limits, lowered where a notebook could otherwise use up so much memory."""
    if whole_mb is None:
        return limits
    left = max(LEAST_MB, int(whole_mb - KIT_MB))
    return limits.model_copy(update={"memory_mb": min(limits.memory_mb, left)})
