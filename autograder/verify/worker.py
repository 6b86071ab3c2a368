"""The verifier's process: reads evidence from standard input, writes measurements to standard output.

It runs in its own sandbox and measures one submission after another, so that TensorFlow is imported only
once. Call: `python -m autograder.verify.worker MNIST.NPZ MEGABYTES`, where MEGABYTES limits the address
space.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from typing import BinaryIO

import tensorflow as tf

from autograder.evidence import Evidence, evidence_from_files
from autograder.measurements import Measurements, measurements_to_json
from autograder.pictures import Pictures, pictures_to_npz
from autograder.plain.machine import MEGABYTE
from autograder.verify.allowed import RefusedGraphError
from autograder.verify.diagnosis import diagnose
from autograder.verify.frames import Files, read_frame, write_frame
from autograder.verify.held_out import held_out
from autograder.verify.measure import forget_models, measure
from solutions.data import read_npz


def main() -> None:
    """Serve until standard input ends."""
    # A graph can ask for any amount of memory. With this limit, only this process fails, not the machine.
    address_space = int(sys.argv[2]) * 1024**2
    resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    answers = _private_standard_output()
    digits = held_out(read_npz(Path(sys.argv[1])))
    write_frame(answers, {"ready": True}, {})
    while True:
        try:
            request, files = read_frame(sys.stdin.buffer)
        except EOFError:
            return
        evidence = evidence_from_files(files)
        try:
            answer = _as_files(*measure(evidence, digits, seed=request["seed"]))
        except Exception as error:  # noqa: BLE001 (forged evidence costs only its own measurement)
            answer = _as_files(_without_measurement(evidence, error), Pictures())
        forget_models()
        write_frame(answers, {"memory_mb": _memory_mb()}, answer)


def _memory_mb() -> int:
    """Return the memory that this process holds, in megabytes.

    psutil looks a process up by its number. If a container shows the whole machine's /proc, that is another
    process.
    """
    resident_pages = int(Path("/proc/self/statm").read_text().split()[1])
    return resident_pages * resource.getpagesize() // MEGABYTE


def _as_files(measurements: Measurements, pictures: Pictures) -> Files:
    return {"measurements": measurements_to_json(measurements), "pictures": pictures_to_npz(pictures)}


def _without_measurement(evidence: Evidence, error: Exception) -> Measurements:
    if isinstance(error, tf.errors.OpError):
        what = "TensorFlow could not run the network"
    elif isinstance(error, RefusedGraphError):
        what = "the network asks for more than any network does"
    else:
        what = "the evidence is of a form that was not expected"
    return Measurements(
        evidence.outcome,
        errors=diagnose(evidence.cells),
        changed_cells=evidence.changed_cells,
        trouble=f"{what} ({type(error).__name__})",
    )


def _private_standard_output() -> BinaryIO:
    """Return standard output, and redirect everything else that is printed to standard error."""
    private = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return private


if __name__ == "__main__":
    main()
