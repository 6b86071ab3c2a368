"""The grader's end of the verifier, a process in its own sandbox that is restarted when it dies."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from autograder.errors import SandboxError
from autograder.evidence import Evidence, evidence_to_files
from autograder.execute.sandbox import Program, Sandbox, find_python, kit_packages
from autograder.measurements import Measurements, measurements_from_json
from autograder.pictures import Pictures, pictures_from_npz
from autograder.plain.scratch import temporary_folder
from autograder.settings import Limits
from autograder.verify.diagnosis import diagnose
from autograder.verify.frames import read_frame, write_frame

START_SECONDS = 120
# A process that holds more than this between two submissions is replaced: TensorFlow does not free all the
# memory that it takes for ever new kinds of networks.
MOST_MB = 1200


# The status of a process that was killed: by itself, or in bubblewrap's words.
KILLED = {-signal.SIGKILL, 128 + signal.SIGKILL}


class _StoppedError(Exception):
    """The process has ended, or its answer was not a measurement; the message is the last line of its log."""


@contextmanager
def _time_limit(process: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    """Kill a process that is not done in time; the event says whether that happened."""
    is_over = threading.Event()

    def stop() -> None:
        is_over.set()
        process.kill()

    alarm = threading.Timer(seconds, stop)
    alarm.start()
    try:
        yield is_over
    finally:
        alarm.cancel()


class Verifier:
    """Measures submissions one after another in one process. Use it as a context manager."""

    def __init__(self, sandbox: Sandbox, digits: Path, *, limits: Limits, seed: int, threads: int) -> None:
        self._sandbox = sandbox
        self._digits = digits
        self._limits = limits
        self._seed = seed
        self._threads = threads
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False

    def __enter__(self) -> Verifier:
        # Now, so that TensorFlow imports while the first notebook runs.
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

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
            except _StoppedError:
                return self._measure_once(evidence)
        except (_StoppedError, TimeoutError) as error:
            measurements = Measurements(
                evidence.outcome,
                errors=diagnose(evidence.cells),
                changed_cells=evidence.changed_cells,
                trouble=f"the verifier stopped while it measured this submission ({error})",
                is_final=isinstance(error, TimeoutError),
            )
            return measurements, Pictures()

    def _measure_once(self, evidence: Evidence) -> tuple[Measurements, Pictures]:
        if self._process is None:
            self._start()
        self._wait_until_ready()
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        seconds = self._limits.verify_seconds
        with _time_limit(self._process, seconds) as is_over:
            try:
                write_frame(self._process.stdin, {"seed": self._seed}, evidence_to_files(evidence))
                facts, files = read_frame(self._process.stdout)
                result = measurements_from_json(files["measurements"]), pictures_from_npz(files["pictures"])
                has_grown = facts["memory_mb"] > MOST_MB
            except (OSError, EOFError, ValidationError, ValueError, KeyError) as error:
                last_words = self._log()[-1:] or ["without a word"]
                self._stop()
                if is_over.is_set():
                    raise TimeoutError(f"it took more than {seconds:g} seconds") from error
                raise _StoppedError(last_words[0][:200]) from error
        if has_grown:
            self._stop()
            self._start()  # it imports while the next notebook runs
        return result

    def _start(self) -> None:
        self._is_ready = False
        self._scratch = temporary_folder()
        self._folder = Path(self._scratch.name)
        arguments = self._digits, self._limits.verify_memory_mb
        python = find_python("")
        program = Program(
            argv=(str(python.executable), "-m", "autograder.verify.worker", *map(str, arguments)),
            python=python,
            shared=self._folder,
            readable=(*kit_packages(), self._digits),
            environment={
                "TF_NUM_INTRAOP_THREADS": str(self._threads),
                "OMP_NUM_THREADS": str(self._threads),
                "CUDA_VISIBLE_DEVICES": "-1",
            },
            kit_visible=True,
        )
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                self._sandbox.command(program),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )

    def _wait_until_ready(self) -> None:
        if self._is_ready:
            return
        assert self._process is not None
        assert self._process.stdout is not None
        with _time_limit(self._process, START_SECONDS) as is_over:
            try:
                read_frame(self._process.stdout)
            except EOFError as error:
                reason = " ".join(self._log()[-3:])
                was_killed = self._process.wait() in KILLED and not is_over.is_set()
                self._stop()
                if was_killed:
                    raise _StoppedError("it was killed while it started") from error
                raise SandboxError(f"the verifier does not start: {reason or error}") from error
        self._is_ready = True

    def _log(self) -> list[str]:
        return (self._folder / "log").read_text(errors="replace").strip().splitlines()

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:  # the unwritten rest is no longer needed
                    continue
        self._process = None
        self._scratch.cleanup()
