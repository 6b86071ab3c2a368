"""Limits that end a submission, and leave time to write its results, before Gradescope's own time limit.

A submission that Gradescope stops has no results at all, not even for the part of the notebook that ran.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograder.settings import Limits

# The range that `gradescope-bundle` accepts; the upper end is Gradescope's own maximum.
LEAST_MINUTES, MOST_MINUTES = 5, 40
# In seconds: Gradescope's own work around a run, and the start of Python, the kernel and the verifier.
AROUND, STARTING = 30, 90
# A measurement may take this share of the total time; if it fails, it is retried once.
MEASURING = 0.1


def deadline(minutes: int) -> int:
    """Return the seconds after which a run is stopped, if Gradescope's limit is this many minutes."""
    return minutes * 60 - AROUND


def within(limits: Limits, minutes: int) -> Limits:
    """Return these limits, lowered if a submission could otherwise not be graded in this many minutes."""
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
