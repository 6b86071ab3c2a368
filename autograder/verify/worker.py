"""The verifier's process: reads evidence from standard input, writes measurements to standard output.

It runs in its own sandbox and measures one submission after another, so that TensorFlow is imported only
once. Call: `python -m autograder.verify.worker DATA.NPZ MEGABYTES EXERCISE`, where MEGABYTES limits the
address space.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import tensorflow as tf

from autograder.evidence import Evidence, evidence_from_files
from autograder.exercise import Exercise, find_exercise
from autograder.measurements import Measurements, measurements_to_json
from autograder.pictures import Pictures, pictures_to_npz
from autograder.plain.machine import MEGABYTE
from autograder.verify.allowed import RefusedGraphError
from autograder.verify.diagnosis import diagnose
from autograder.verify.frames import Files, limit_memory, private_standard_output, read_frame, write_frame
from autograder.verify.models import TooCostlyError


def main() -> None:
    """Serve until standard input ends."""
    limit_memory(int(sys.argv[2]))
    answers = private_standard_output()
    exercise = find_exercise(sys.argv[3])
    data = exercise.load_data()
    digits = data.held_out(data.read(Path(sys.argv[1])))
    measuring = exercise.load_measuring()
    write_frame(answers, {"ready": True}, {})
    while True:
        try:
            request, files = read_frame(sys.stdin.buffer)
        except EOFError:
            return
        evidence = evidence_from_files(files)
        is_too_costly = False
        try:
            answer = _as_files(*measuring.measure(evidence, digits, **request))
        except Exception as error:  # noqa: BLE001 (forged evidence costs only its own measurement)
            answer = _as_files(_without_measurement(exercise, evidence, error), Pictures())
            is_too_costly = isinstance(error, TooCostlyError)
        measuring.forget_models()
        write_frame(answers, {"memory_mb": _memory_mb(), "is_too_costly": is_too_costly}, answer)


def _memory_mb() -> int:
    """Return the memory that this process holds, in megabytes.

    psutil looks a process up by its number. If a container shows the whole machine's /proc, that is another
    process.
    """
    resident_pages = int(Path("/proc/self/statm").read_text().split()[1])
    return resident_pages * resource.getpagesize() // MEGABYTE


def _as_files(measurements: Measurements, pictures: Pictures) -> Files:
    return {"measurements": measurements_to_json(measurements), "pictures": pictures_to_npz(pictures)}


def _without_measurement(exercise: Exercise, evidence: Evidence, error: Exception) -> Measurements:
    if isinstance(error, TooCostlyError):
        what = str(error)
    elif isinstance(error, tf.errors.OpError):
        what = "TensorFlow could not run the network"
    elif isinstance(error, RefusedGraphError):
        what = "the network asks for operations or sizes that no network needs"
    else:
        what = "the evidence does not have the expected form"
    return Measurements(
        evidence.outcome,
        errors=diagnose(evidence.cells, exercise.hints),
        changed_cells=evidence.changed_cells,
        trouble=f"{what} ({type(error).__name__})",
    )


if __name__ == "__main__":
    main()
