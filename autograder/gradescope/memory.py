"""The memory of the container: a notebook may have what the kit leaves, so that it is the notebook that ends.

Where a container's memory is used up, Linux picks what it kills, and that can be the grader.
"""

from __future__ import annotations

from autograder.plain.machine import KIT_MB
from autograder.settings import Limits

LEAST_MB = 1024


def beside_the_kit(limits: Limits, whole_mb: float | None) -> Limits:
    """Return these limits, lowered where a notebook could otherwise use up so much memory."""
    if whole_mb is None:
        return limits
    left = max(LEAST_MB, int(whole_mb - KIT_MB))
    return limits.model_copy(update={"memory_mb": min(limits.memory_mb, left)})
