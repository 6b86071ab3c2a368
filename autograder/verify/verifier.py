"""The grader's end of the verifier, a process in its own sandbox that is restarted when it dies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.evidence import Evidence, evidence_to_files
from autograder.execute.sandbox import Sandbox
from autograder.exercise import Exercise
from autograder.measurements import Measurements, measurements_from_json
from autograder.pictures import Pictures, pictures_from_npz
from autograder.settings import Limits
from autograder.verify.diagnosis import diagnose
from autograder.verify.frames import Files
from autograder.verify.process import SandboxedWorker, StoppedError

# A process that holds more than this between two submissions is replaced: TensorFlow does not free all the
# memory that it takes for ever new kinds of networks.
MOST_MB = 1200


class Verifier:
    """Measures submissions one after another in one process. Use it as a context manager."""

    def __init__(
        self, exercise: Exercise, sandbox: Sandbox, digits: Path, *, limits: Limits, seed: int, threads: int
    ) -> None:
        self._exercise = exercise
        self._limits = limits
        self._seed = seed
        self.worker = SandboxedWorker(
            "the verifier",
            sandbox,
            ("autograder.verify.worker", str(digits), str(limits.verify_memory_mb), exercise.name),
            readable=(digits,),
            environment={
                "TF_NUM_INTRAOP_THREADS": str(threads),
                "OMP_NUM_THREADS": str(threads),
                "CUDA_VISIBLE_DEVICES": "-1",
            },
        )

    def __enter__(self) -> Verifier:
        # Now, so that TensorFlow imports while the first notebook runs.
        self.worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.worker.stop()

    def measure(self, evidence: Evidence) -> tuple[Measurements, Pictures]:
        """Measure one submission.

        If the process ends in the meantime, something else may have killed it, so it is tried once more. A
        crash or an endless computation costs only this measurement. It is recorded as `trouble`, which the
        rubric leaves to a person.

        Raises:
            SandboxError: the verifier does not even start.
        """
        try:
            try:
                return self._measure_once(evidence)
            except (StoppedError, MemoryError):  # it may have held too much before
                return self._measure_once(evidence)
        except (StoppedError, TimeoutError, MemoryError) as error:
            measurements = Measurements(
                evidence.outcome,
                errors=diagnose(evidence.cells, self._exercise.hints),
                changed_cells=evidence.changed_cells,
                trouble=f"the verifier stopped while it measured this submission ({error})",
                is_final=not isinstance(error, StoppedError),
            )
            return measurements, Pictures()

    def _measure_once(self, evidence: Evidence) -> tuple[Measurements, Pictures]:
        result, has_grown = self.worker.ask(
            {"seed": self._seed},
            evidence_to_files(evidence),
            seconds=self._limits.verify_seconds,
            read=_read_answer,
        )
        if has_grown:
            self.worker.stop()
            self.worker.start()  # it imports while the next notebook runs
        return result


def _read_answer(facts: dict[str, Any], files: Files) -> tuple[tuple[Measurements, Pictures], bool]:
    """Return the result, and whether the process has grown too large."""
    result = measurements_from_json(files["measurements"]), pictures_from_npz(files["pictures"])
    return result, facts["memory_mb"] > MOST_MB
