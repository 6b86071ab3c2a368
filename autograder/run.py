"""A run: a submission that was executed and measured, and all that decides what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from nbformat import NotebookNode
from pydantic import BaseModel, ConfigDict, Field, model_validator

from autograder.measurements import Measurements
from autograder.pictures import Pictures

# At which accuracy `quick` ended trainings before that was noted: 0.05 above the default of `accuracy_full`.
_FORMER_QUICK_ACCURACY = 0.95


class Conditions(BaseModel):
    """How notebooks are run; under the same conditions, the same submission gives the same run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profile: str
    seed: int
    dataset: str
    sandbox: str
    versions: dict[str, str]
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
        """Tell whether what was run under these conditions need not be run again under others.

        They are the same, or trainings ended only at a higher accuracy than they have to.
        """
        own, other = self.quick_accuracy, others.quick_accuracy
        is_enough = own == other or (own is not None and other is not None and own > other)
        return is_enough and self.model_copy(update={"quick_accuracy": other}) == others


class Origin(Conditions):
    """What a run came from; the same origin gives the same run."""

    submission_sha256: str

    def conditions(self) -> dict[str, Any]:
        """Return all but which submission it was."""
        return self.model_dump(exclude={"submission_sha256"})


@dataclass(frozen=True)
class Run:
    """A submission that has been run and measured: all that a rubric needs to be applied again."""

    origin: Origin
    notebook: NotebookNode | None
    measurements: Measurements
    pictures: Pictures
    timings: dict[str, float]  # seconds
    verifier_sha256: str  # of the code that measured it
    is_final: bool = True  # False: something was killed, maybe by others, so that another try may show more
