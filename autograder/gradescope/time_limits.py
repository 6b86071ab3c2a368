"""Limits with which a submission ends, and its results are written, before Gradescope's own time is over.

What Gradescope stops has no results at all, not even for what the notebook showed before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograder.settings import Limits

# What `gradescope-bundle` takes; Gradescope itself allows no more than the latter.
LEAST_MINUTES, MOST_MINUTES = 5, 40
# In seconds: for what Gradescope itself does around a run, and for starting Python, the kernel and the verifier.
AROUND, STARTING = 30, 90
# A measurement may take this share of all the time; if it fails, it is tried once more.
MEASURING = 0.1


def deadline(minutes: int) -> int:
    """Return after how many seconds a run is given up, where Gradescope would stop it after so many minutes."""
    return minutes * 60 - AROUND


def within(limits: Limits, minutes: int) -> Limits:
    """Return these limits, lowered where a submission could otherwise not be graded in so many minutes."""
    whole = deadline(minutes)
    measuring = min(limits.verify_seconds, MEASURING * whole)
    notebook = min(limits.notebook_seconds, whole - STARTING - 2 * measuring)
    return limits.model_copy(
        update={
            "verify_seconds": measuring,
            "notebook_seconds": notebook,
            "cell_seconds": min(limits.cell_seconds, notebook),
        }
    )
