"""How far a running notebook is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeGuard

# What a kernel may say that it does; anything else that it says is not shown.
WORDS = {"training": "training, step", "gradients": "gradient"}
LARGEST = 10**9


@dataclass(frozen=True)
class Step:
    """How many cells of a notebook are done and, if a cell takes long, how far it is."""

    cells_done: int
    cells: int
    doing: str = ""  # a key of WORDS
    done: int = 0
    total: int = 0  # 0: unknown

    def words(self) -> str:
        """Return what the cell does, such as `training, step 240 of 1,800`; empty if that is not known."""
        if not self.doing:
            return ""
        of = f" of {self.total:,}" if self.total else ""
        return f"{WORDS[self.doing]} {self.done:,}{of}"

    def during(self, said: Mapping[str, object]) -> Step | None:
        """Return this step with what a kernel says that it does; None if it says anything else."""
        doing, done, total = (said.get(name) for name in ("doing", "done", "total"))
        if not isinstance(doing, str) or doing not in WORDS:
            return None
        if not (_is_count(done) and _is_count(total)):
            return None
        return replace(self, doing=doing, done=done, total=total)


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= LARGEST
