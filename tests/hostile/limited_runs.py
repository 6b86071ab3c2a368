"""What tests of limits share: a notebook shows something first, so that it can be seen whether it still counts."""

from __future__ import annotations

from collections.abc import Callable

from autograder.evidence import Evidence
from autograder.execute.runner import Execution

FEATURES = "import numpy as np\nvisualized_feature = [np.random.rand(28, 28) for _ in range(3)]"
MEGABYTE = 1024 * 1024

Run = Callable[..., Execution]
Said = Callable[[Execution, str], str]
Tell = Callable[[str, str], None]


def statuses(evidence: Evidence) -> dict[str, str]:
    return {run.cell: run.status for run in evidence.cells}
