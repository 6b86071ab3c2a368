"""Reads what students' notebooks computed, by a process in a sandbox."""

from __future__ import annotations

import dataclasses

from autograder.duplicates.results import NotebookResults, results_from_json
from autograder.duplicates.weights import GradedNetwork
from autograder.evidence import Evidence, evidence_to_files
from autograder.execute.sandbox import Sandbox
from autograder.settings import Limits
from autograder.verify.process import SandboxedWorker, StoppedError


class ResultsReader:
    """Reads one submission after another in one process, which starts with the first. Use it as a context manager.

    Args:
        sandbox: where the process runs.
        limits: for time and memory of the process.
        images: what the exercise calls the result images.
    """

    def __init__(self, sandbox: Sandbox, limits: Limits, images: str) -> None:
        self._images = images
        self._seconds = limits.verify_seconds
        self._worker = SandboxedWorker(
            "the process that reads networks",
            sandbox,
            ("autograder.duplicates.worker", str(limits.verify_memory_mb)),
            environment={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )

    def __enter__(self) -> ResultsReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.stop()

    def read(self, evidence: Evidence, network: GradedNetwork) -> NotebookResults:
        """Return the results in the evidence of one submission.

        Raises:
            ValueError: the evidence stopped the process, or took too long.
            SandboxError: the process does not even start.
        """
        try:
            return self._worker.ask(
                {"network": dataclasses.asdict(network), "images": self._images},
                evidence_to_files(evidence),
                seconds=self._seconds,
                read=lambda _, files: results_from_json(files["results"]),
            )
        except (StoppedError, TimeoutError, MemoryError) as error:
            raise ValueError(f"the process that reads the network stopped ({error})") from error
