"""A run: a submission that was executed and measured, and everything that determines its results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from nbformat import NotebookNode
from pydantic import Field, model_validator

from autograder.measurements import Measurements
from autograder.pictures import Pictures
from autograder.plain.strict_model import StrictModel

# Where `quick` ended training before this was recorded: 0.05 above the default of `accuracy_full`.
_FORMER_QUICK_ACCURACY = 0.95


class RunConditions(StrictModel):
    """How notebooks are run; under the same conditions, the same submission gives the same run."""

    profile: str = Field(description="'full' or 'quick'")
    seed: int = Field(description="seed of the run")
    dataset: str = Field(description="which digits were used, with their digest")
    sandbox: str = Field(description="what separated student code from the machine: 'bwrap' or 'none'")
    versions: dict[str, str] = Field(
        description="versions of the packages that determine how a notebook runs"
    )
    quick_accuracy: float | None = Field(
        None, description="held-out accuracy at which profile quick ends a training; null in profile full"
    )

    @model_validator(mode="before")
    @classmethod
    def _of_before(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("profile") == "quick" and "quick_accuracy" not in data:
            return {**data, "quick_accuracy": _FORMER_QUICK_ACCURACY}
        return data

    def cover(self, others: Self) -> bool:
        """Tell whether a run under these conditions need not be repeated under the others.

        Both are the same, or training here ended only at a higher accuracy than the others require.
        """
        own, other = self.quick_accuracy, others.quick_accuracy
        is_enough = own == other or (own is not None and other is not None and own > other)
        return is_enough and self.model_copy(update={"quick_accuracy": other}) == others


class Origin(RunConditions):
    """What a run came from; the same origin gives the same run."""

    submission_sha256: str

    def conditions(self) -> dict[str, Any]:
        """Return everything except the submission's digest."""
        return self.model_dump(exclude={"submission_sha256"})


@dataclass(frozen=True)
class Run:
    """A submission that was run and measured: everything needed to apply a rubric again."""

    origin: Origin
    notebook: NotebookNode | None
    measurements: Measurements
    pictures: Pictures
    timings: dict[str, float]  # seconds
    verifier_sha256: str  # of the code that measured it
    is_final: bool = True  # False: something was killed, maybe from outside, so another try may show more
