"""The grader's end of the verifier, a process in its own sandbox that is restarted when it dies.

All submissions pass through one process, because TensorFlow takes seconds to import. What would hold it up goes to a
second one, which is started for it: networks that are estimated to take long, and whatever does take long.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
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
from autograder.verify.importing import MOST_TIMES
from autograder.verify.process import SandboxedWorker, StoppedError

# A process that holds more than this between two submissions is replaced: TensorFlow does not free all the
# memory that it takes for ever new kinds of networks.
MOST_MB = 1200
# In the process for all submissions, a network may take this many times as long as the solution's, and a submission
# this many seconds. Usually it is two or three.
USUAL_TIMES, USUAL_SECONDS = 4.0, 60.0


_Result = tuple[Measurements, Pictures]


@dataclass(frozen=True)
class _Answer:
    result: _Result
    is_too_costly: bool  # so that nothing was measured
    has_grown: bool  # the process has become too large


class Verifier:
    """Measures submissions. Use it as a context manager; all methods are thread-safe."""

    def __init__(
        self,
        exercise: Exercise,
        sandbox: Sandbox,
        digits: Path,
        *,
        limits: Limits,
        seed: int,
        threads: int,
        cancelled: threading.Event | None = None,
    ) -> None:
        self._exercise = exercise
        self._sandbox = sandbox
        self._digits = digits
        self._limits = limits
        self._seed = seed
        self._threads = threads
        self._cancelled = cancelled or threading.Event()
        # Each process measures one submission at a time.
        self._usual, self._costly = threading.Lock(), threading.Lock()
        self.worker = self._new_worker()

    def __enter__(self) -> Verifier:
        # Now, so that TensorFlow imports while the first notebook runs.
        self.worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.worker.stop()

    def measure(self, evidence: Evidence) -> tuple[Measurements, Pictures]:
        """Measure one submission.

        If the process ends in the meantime, something else may have killed it, so another one tries once more. A
        crash or an endless computation costs only this measurement. It is recorded as `trouble`, which the
        rubric leaves to a person.

        Raises:
            SandboxError: the verifier does not even start.
        """
        try:
            with self._usual:
                result = self._measure_as_usual(evidence)
            if result is None:
                with self._costly:
                    result = self._measure_apart(evidence)
        except (StoppedError, TimeoutError, MemoryError) as error:
            measurements = Measurements(
                evidence.outcome,
                errors=diagnose(evidence.cells, self._exercise.hints),
                changed_cells=evidence.changed_cells,
                trouble=f"the verifier stopped while it measured this submission ({error})",
                is_final=not isinstance(error, StoppedError),
            )
            return measurements, Pictures()
        return result

    def _new_worker(self) -> SandboxedWorker:
        return SandboxedWorker(
            "the verifier",
            self._sandbox,
            (
                "autograder.verify.worker",
                str(self._digits),
                str(self._limits.verify_memory_mb),
                self._exercise.name,
            ),
            readable=(self._digits,),
            environment={
                "TF_NUM_INTRAOP_THREADS": str(self._threads),
                "OMP_NUM_THREADS": str(self._threads),
                "CUDA_VISIBLE_DEVICES": "-1",
            },
        )

    def _measure_as_usual(self, evidence: Evidence) -> _Result | None:
        """Measure a submission in the process for all; None if it needs one of its own.

        Raises:
            TimeoutError: it took all the time that a submission may take.
        """
        seconds = min(USUAL_SECONDS, self._limits.verify_seconds)
        try:
            answer = self._ask(self.worker, evidence, most_times=USUAL_TIMES, seconds=seconds)
        except (StoppedError, MemoryError, TimeoutError) as error:
            if self._cancelled.is_set():
                raise
            self.worker.start()  # it imports while the next notebook runs
            if isinstance(error, TimeoutError) and seconds == self._limits.verify_seconds:
                raise
            return None
        if answer.has_grown:
            self.worker.stop()
            self.worker.start()
        return None if answer.is_too_costly else answer.result

    def _measure_apart(self, evidence: Evidence) -> _Result:
        """Measure a submission in a process of its own, which holds nothing of others."""
        worker = self._new_worker()
        try:
            seconds = self._limits.verify_seconds
            return self._ask(worker, evidence, most_times=MOST_TIMES, seconds=seconds).result
        finally:
            worker.stop()

    def _ask(
        self, worker: SandboxedWorker, evidence: Evidence, *, most_times: float, seconds: float
    ) -> _Answer:
        return worker.ask(
            {"seed": self._seed, "most_times": most_times},
            evidence_to_files(evidence),
            seconds=seconds,
            read=_read_answer,
            cancelled=self._cancelled,
        )


def _read_answer(facts: dict[str, Any], files: Files) -> _Answer:
    return _Answer(
        (measurements_from_json(files["measurements"]), pictures_from_npz(files["pictures"])),
        is_too_costly=facts["is_too_costly"] is True,
        has_grown=facts["memory_mb"] > MOST_MB,
    )
