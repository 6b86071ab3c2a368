"""The container's memory: a notebook may use what the kit leaves, so that it is stopped, not the grader.

If a container runs out of memory, Linux chooses which process to kill, and that can be the grader.
"""

from __future__ import annotations

from autograder.plain.machine import KIT_MB
from autograder.settings import Limits

LEAST_MB = 1024


def beside_the_kit(limits: Limits, whole_mb: float | None) -> Limits:
    """Return these limits, lowered if a notebook could otherwise use up the container's memory."""
    if whole_mb is None:
        return limits
    left = max(LEAST_MB, int(whole_mb - KIT_MB))
    return limits.model_copy(update={"memory_mb": min(limits.memory_mb, left)})
