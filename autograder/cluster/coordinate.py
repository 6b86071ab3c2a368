"""Sends submissions to a Dask scheduler and writes the results; only this module writes into the course.

Dask handles lost workers: it gives their submissions to others. A bounded amount of memory limits how many
submissions are sent at a time; within it, many are sent, so that a cluster that scales with its load sees the
load.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from autograder.cluster.order import Order, make_order, version_problem
from autograder.cluster.parcel import pack, unpack
from autograder.course.folder import Course
from autograder.course.lock import only_writer
from autograder.course.submission import Submission
from autograder.errors import ClusterError, GradeascentError, RubricError
from autograder.evidence import Evidence
from autograder.grading.course import Progress, note_fault
from autograder.grading.grader import Rubric, digits_of, rubric_of
from autograder.grading.stages import read_or_reject
from autograder.grading.stored import (
    current_report,
    current_run,
    has_evidence_only,
    is_current,
    write_verdict,
)
from autograder.plain.machine import MEGABYTE
from autograder.plain.untrusted_files import sha256_of
from autograder.progress.step import Step
from autograder.record.files import REPORT, StoredReports, adopt_results, write_run
from autograder.report import Report
from autograder.run import Run
from autograder.settings import Settings

try:
    from distributed import Client, Future, KilledWorker, as_completed
    from distributed.client import FutureCancelledError

    from autograder.cluster.worker import GradingPlugin, grade_parcel
except ImportError as error:
    raise ClusterError("--cluster needs Dask: pip install 'gradeascent[cluster]'") from error

CONNECT_SECONDS = 20
# Submissions that were sent and have not come back yet.
MOST_UNDER_WAY, MOST_BYTES_UNDER_WAY = 1000, 256 * MEGABYTE


def grade_on_cluster(
    course: Course,
    students: Sequence[str],
    settings: Settings,
    address: str,
    progress: Progress,
    *,
    announce: Callable[[str], None],
    force: bool = False,
    assignment: str = "",
) -> Mapping[str, Report]:
    """Grade these students' submissions on the workers of a Dask scheduler, as `grade_course` does locally.

    Returns the reports by student. A submission that cannot be graded is reported to `progress` and left out.

    Raises:
        ClusterError: there is no answer at this address, or a worker is not set up for grading.
        CourseError: another process is grading the course, or the source notebook has no points.
        RubricError: the rubric is broken.
        DataError: the data file cannot be used.
    """
    assignment = assignment or course.assignment
    with only_writer(course):
        rubric = rubric_of(course, settings, assignment)
        digits = digits_of(course, settings, announce=announce)
        order = make_order(settings, assignment, rubric, course.read_source(assignment), digits)
        desk = _Desk(course, order, rubric, progress, force=force)
        waiting = [student for student in students if not desk.is_done_here(student)]
        if waiting:
            with _workers(course, address, order, desk, announce) as (client, name):
                desk.send_all(waiting, client, name)
        return StoredReports(
            {student: desk.graded[student] for student in students if student in desk.graded}
        )


@contextmanager
def _workers(
    course: Course, address: str, order: Order, desk: _Desk, announce: Callable[[str], None]
) -> Iterator[tuple[Client, str]]:
    """Prepare the workers, and clean up on them at the end.

    Raises:
        ClusterError: as for `grade_on_cluster`.
    """
    # Only one command at a time writes into a course, so a plugin left by a killed command has the same name.
    name = "gradeascent-" + sha256_of([socket.gethostname(), str(course.root)])[:16]
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # the kit reports what matters itself
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        _check_versions(client, order)
        client.set_metadata([name], {})
        client.subscribe_topic(name, lambda event: desk.hear(event[1], announce))
        try:
            try:
                client.register_plugin(GradingPlugin(name, order), name=name)
            except OSError as error:
                raise ClusterError(f"a worker was lost before it was ready; try again ({error})") from error
            if not client.scheduler_info()["workers"]:
                announce("The scheduler has no workers yet; the submissions wait for the first one.")
            yield client, name
        finally:
            with suppress(OSError, ValueError, TimeoutError):  # the scheduler may be gone
                client.unregister_worker_plugin(name)


def _check_versions(client: Client, order: Order) -> None:
    """Check that the workers that are there run the same versions as this machine.

    Raises:
        ClusterError: a worker does not.
    """
    found: dict[str, dict[str, str]] = {}
    for package in order.versions:
        for worker, answer in client.run(version, package, on_error="return").items():
            if isinstance(answer, OSError):  # the worker has just been lost
                continue
            is_missing = isinstance(answer, PackageNotFoundError | ModuleNotFoundError)
            found.setdefault(worker, {})[package] = "missing" if is_missing else str(answer)
    for worker, versions in sorted(found.items()):
        if problem := version_problem(order.versions, versions):
            raise ClusterError(f"the worker {worker} has {problem}")


@dataclass(frozen=True)
class _Sent:
    submission: Submission
    sha256: str
    bytes: int


class _Desk:
    """Tracks what was sent and what came back, and writes the results."""

    def __init__(
        self, course: Course, order: Order, rubric: Rubric, progress: Progress, *, force: bool
    ) -> None:
        self._force = force
        self._course = course
        self._order = order
        self._rubric = rubric
        self._progress = progress
        self._under_way: dict[Future, _Sent] = {}
        self._shown: set[str] = set()
        self._unfit: set[str] = set()
        self._lock = threading.Lock()
        self.graded: dict[str, Path] = {}  # result folders, by student

    def is_done_here(self, student: str) -> bool:
        """Write a report if no notebook has to be run, or report why there can be none."""
        submission = self._submission(student)
        folder = self._course.result_folder(student, submission.assignment)
        try:
            origin = self._order.origin(submission.sha256())
            current = None if self._force else current_report(folder, origin, self._rubric)
            if current is not None:
                self._progress.finished(student, current, was_up_to_date=True)
                self.graded[student] = folder
                return True
            run = None if self._force else current_run(folder, origin, name=submission.assignment)
            if run is None:
                rejected = read_or_reject(submission, origin, self._order.settings.limits)
                if not isinstance(rejected, Run):
                    return False
                run = rejected
                write_run(folder, run, Evidence(run.measurements.outcome), name=submission.assignment)
            report = write_verdict(folder, submission, run, self._rubric)
        except RubricError:
            raise
        except (GradeascentError, OSError) as error:
            self._progress.failed(student, error)
            return True
        self._progress.finished(student, report, was_up_to_date=False)
        self.graded[student] = folder
        return True

    def send_all(self, students: Sequence[str], client: Client, name: str) -> None:
        """Send the submissions, a bounded number at a time, and write the results that come back.

        Raises:
            ClusterError: the scheduler is gone.
            RubricError: the rubric is broken.
        """
        queue, coming = deque(students), as_completed(loop=client.loop)
        try:
            while queue or self._under_way:
                while queue and self._has_room():
                    future = self._send(queue.popleft(), client, name)
                    if future is not None:
                        coming.add(future)
                if self._under_way:
                    self._receive(next(coming))
        except BaseException:  # mainly ^C: running submissions are stopped, finished ones are kept
            client.cancel(list(self._under_way))
            raise

    def hear(self, message: dict[str, Any], announce: Callable[[str], None]) -> None:
        """Handle a message that a worker sends while it works."""
        with self._lock:
            if (reason := message.get("unfit")) and reason not in self._unfit:
                self._unfit.add(reason)
                announce(f"A worker that cannot grade has joined, and gets no submission: {reason}")
            student = message.get("student")
            if student is None or all(
                student != sent.submission.student for sent in self._under_way.values()
            ):
                return
            if student not in self._shown:
                self._shown.add(student)
                self._progress.started(student)
            if "step" in message:
                self._progress.step(student, Step(**message["step"]))

    def _submission(self, student: str) -> Submission:
        assignment = self._order.assignment
        return Submission(student, assignment, self._course.submission_folder(student, assignment))

    def _has_room(self) -> bool:
        sent = self._under_way.values()
        return len(sent) < MOST_UNDER_WAY and sum(one.bytes for one in sent) < MOST_BYTES_UNDER_WAY

    def _send(self, student: str, client: Client, name: str) -> Future | None:
        submission = self._submission(student)
        try:
            sha256, parcel = submission.sha256(), pack(submission.folder)
            results = self._course.result_folder(student, submission.assignment)
            is_stored = not self._force and has_evidence_only(results, self._order.origin(sha256))
            stored = pack(results) if is_stored else b""
        except (GradeascentError, OSError) as error:
            self._progress.failed(student, error)
            return None
        future = client.submit(grade_parcel, name, student, sha256, parcel, stored, pure=False)
        with self._lock:
            self._under_way[future] = _Sent(submission, sha256, len(parcel) + len(stored))
        return future

    def _receive(self, future: Future) -> None:
        with self._lock:
            sent = self._under_way.pop(future)
        student = sent.submission.student
        try:
            report = self._written(sent, future.result())
        except RubricError:
            raise
        except FutureCancelledError as error:
            raise ClusterError("the scheduler is gone; run the same command again to continue") from error
        except KilledWorker:
            self._progress.failed(student, ClusterError("every worker that started on it was lost"))
        except (GradeascentError, OSError) as error:
            self._progress.failed(student, error)
        except Exception as error:  # noqa: BLE001 (a fault of the kit must not affect the other submissions)
            self._progress.failed(student, note_fault(self._course, sent.submission, error))
        else:
            self._progress.finished(student, report, was_up_to_date=False)
            self.graded[student] = self._course.result_folder(student, sent.submission.assignment)
        finally:
            future.release()

    def _written(self, sent: _Sent, parcel: bytes) -> Report:
        """Write the results of a submission, if they match the order."""
        submission = sent.submission
        files = unpack(parcel)
        try:
            report = Report.model_validate(json.loads(files[REPORT]))
        except (KeyError, ValueError, RecursionError):
            raise ClusterError("a worker sent results without a report") from None
        if report.student != submission.student or not is_current(
            report, self._order.origin(sent.sha256), self._rubric
        ):
            raise ClusterError("a worker sent the report on a different submission or version")
        try:
            adopt_results(
                self._course.result_folder(submission.student, submission.assignment),
                files,
                name=submission.assignment,
            )
        except ValueError as error:
            raise ClusterError(f"what a worker has sent cannot be stored: {error}") from error
        return report
