"""A Dask worker's side: one grader, made when the order arrives and then kept, and a task per submission."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from distributed import Reschedule, Worker, WorkerPlugin, get_client, get_worker

from autograder.cluster.order import Order, grader_for
from autograder.cluster.parcel import pack, unpack, unpack_into
from autograder.course.submission import Submission
from autograder.errors import ClusterError, GradeascentError
from autograder.grading.grader import Grader
from autograder.grading.stages import run_submission
from autograder.grading.stored import up_to_date_run, write_verdict
from autograder.plain.machine import cores
from autograder.plain.scratch import temporary_folder
from autograder.record.files import write_run

# How often a submission is started. If its worker is lost every time, the submission may be the cause.
MOST_STARTS = 2
# How long a worker that cannot grade holds a submission before another worker gets it.
PAUSE_SECONDS = 5


class GradingPlugin(WorkerPlugin):  # type: ignore[misc]
    """Holds the grader of one worker process, from the order until the command ends."""

    def __init__(self, name: str, order: Order) -> None:
        self.name = name
        self.order = order
        self.problem = "it is not ready"

    def setup(self, worker: Worker) -> None:
        """Make the grader.

        Raises:
            ClusterError: this worker cannot grade, with the reason.
        """
        self._cleanup = ExitStack()
        self._no_task = threading.Condition()
        self._tasks = 0
        # pytest, which runs the rubric, can be used by only one thread at a time
        self.scoring = threading.Lock()
        try:
            # one thread per kernel: other workers on this machine use the other cores
            self.grader = self._cleanup.enter_context(grader_for(self.order, jobs=cores()))
            self.problem = ""
        except (GradeascentError, OSError) as error:
            self.problem = str(error)
            raise ClusterError(f"the worker {worker.address} cannot grade: {error}") from None

    async def teardown(self, worker: Worker) -> None:  # noqa: ARG002 (Dask's name)
        """Stop everything that still runs, and clean up."""
        if not self.problem:
            self.grader.kernel.cancelled.set()
        await asyncio.to_thread(self._close)

    @contextmanager
    def a_task(self) -> Iterator[Grader]:
        """Use the grader; it is not cleaned up before the end."""
        with self._no_task:
            self._tasks += 1
        try:
            yield self.grader
        finally:
            with self._no_task:
                self._tasks -= 1
                self._no_task.notify_all()

    def _close(self) -> None:
        with self._no_task:
            self._no_task.wait_for(lambda: not self._tasks)
        self._cleanup.close()


def grade_parcel(name: str, student: str, submission_sha256: str, parcel: bytes, stored: bytes) -> bytes:
    """Grade a submission that was sent; return its result folder as a parcel, empty if told to stop.

    If the result folder of an earlier run was sent too, its evidence is measured again and nothing is run.

    Raises:
        ClusterError: every worker that started it was lost.
        GradeascentError: it could not be graded.
    """
    worker = get_worker()
    plugin = worker.plugins.get(name)
    if plugin is None:
        raise ClusterError("the worker has lost the order by which it grades")
    if plugin.problem:
        worker.log_event(name, {"unfit": f"{worker.address}: {plugin.problem}"})
        time.sleep(PAUSE_SECONDS)
        raise Reschedule
    with plugin.a_task() as grader, _counted(name, student), temporary_folder() as scratch:
        worker.log_event(name, {"student": student})
        submission = Submission(student, plugin.order.assignment, Path(scratch) / "submission")
        unpack_into(submission.folder, unpack(parcel))
        results = Path(scratch) / "results"
        origin = plugin.order.origin(submission_sha256)
        run = None
        if stored:
            unpack_into(results, unpack(stored))
            run = up_to_date_run(results, origin, grader, name=submission.assignment)
        if run is None:
            run, evidence = run_submission(
                submission,
                grader,
                origin=origin,
                on_step=lambda step: worker.log_event(name, {"student": student, "step": asdict(step)}),
            )
            if grader.kernel.cancelled.is_set():
                return b""
            write_run(results, run, evidence, name=submission.assignment)
        with plugin.scoring:
            write_verdict(results, submission, run, grader.rubric)
        return pack(results)


@contextmanager
def _counted(name: str, student: str) -> Iterator[None]:
    """Count at the scheduler how often a submission was started without finishing.

    The scheduler counts too, but its limit comes from its own settings and applies to all its users.
    """
    client, key = get_client(), [name, student]
    starts = client.get_metadata(key, 0)
    if starts >= MOST_STARTS:
        raise ClusterError(
            f"{starts} workers were lost while they graded it; look at it before it is run again"
        )
    client.set_metadata(key, starts + 1)
    try:
        yield
    finally:
        client.set_metadata(key, 0)
