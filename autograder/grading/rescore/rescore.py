"""Rescores a course from its stored results: other thresholds, points or checks, without running notebooks.

Evidence does not expire: it is scored as it is, whatever profile or versions it was gathered with. So a
submission must be graded first only if its files have changed since, or if it was never run to the end.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from autograder.collect.members import LeftOut
from autograder.course.folder import Course
from autograder.course.notebooks import write_notebook
from autograder.errors import CourseError
from autograder.grading.grader import Grader, ready_to_grade, rubric_of
from autograder.grading.rescore.changes import Rescored, Rescoring
from autograder.grading.rescore.workers import (
    UNREADABLE,
    Outdated,
    Place,
    score_again,
    start_worker,
    write_again,
)
from autograder.grading.stages import measure_again
from autograder.plain.scratch import temporary_folder
from autograder.record.files import (
    read_execution,
    read_origin,
    write_measurements,
)
from autograder.settings import Settings

OTHER_DIGITS = "it was run with other digits or another seed, and has to be measured again"

OnDone = Callable[[], None]


class Rescorer:
    """Scores stored runs, and writes the reports on request; `rescorer` makes it."""

    def __init__(
        self,
        course: Course,
        settings: Settings,
        assignment: str,
        pool: ProcessPoolExecutor,
        cleanup: ExitStack,
        announce: Callable[[str], None],
    ) -> None:
        self._course = course
        self._settings = settings
        self._assignment = assignment
        self._pool = pool
        self._cleanup = cleanup
        self._announce = announce
        self._rubric = rubric_of(course, settings, assignment)
        self._places: dict[str, Place] = {}

    def score(self, students: Sequence[str], on_done: OnDone = lambda: None) -> Rescoring:
        """Return the result of the current rubric for these students' submissions; nothing is written.

        Raises:
            RubricError: the rubric is broken.
            SandboxError: what must be measured again cannot be.
        """
        self._places = {student: Place(self._course, student, self._assignment) for student in students}
        rescored: dict[str, Rescored] = {}
        left_out: dict[str, LeftOut] = {}
        waiting = [self._submit(place) for place in self._places.values()]
        outdated = []
        for future in as_completed(waiting):
            match future.result():
                case Rescored() as one:
                    rescored[one.student] = one
                case LeftOut() as one:
                    left_out[one.what] = one
                case Outdated(place):
                    outdated.append(place)
                    continue
            on_done()
        if outdated:
            self._announce(f"The verifier is new: {len(outdated)} submissions are measured again.")
            grader = self._cleanup.enter_context(
                ready_to_grade(
                    self._course, self._settings, announce=self._announce, assignment=self._assignment
                )
            )
            scratch = Path(self._cleanup.enter_context(temporary_folder()))
            for place in outdated:
                one = self._measured_again(place, grader, scratch / str(len(rescored)))
                if isinstance(one, Rescored):
                    rescored[one.student] = one
                else:
                    left_out[one.what] = one
                on_done()
        return Rescoring(
            [rescored[student] for student in students if student in rescored],
            [left_out[student] for student in students if student in left_out],
        )

    def write(self, rescoring: Rescoring, on_done: OnDone = lambda: None) -> list[LeftOut]:
        """Write the reports that differ from the stored ones; return what could not be written."""
        outdated = [one for one in rescoring.rescored if not one.is_current]
        waiting = [
            self._pool.submit(write_again, self._places[one.student], one, self._rubric) for one in outdated
        ]
        failed = []
        for future in as_completed(waiting):
            if (problem := future.result()) is not None:
                failed.append(problem)
            on_done()
        return sorted(failed, key=lambda problem: problem.what)

    def _submit(self, place: Place) -> Future[Rescored | Outdated | LeftOut]:
        return self._pool.submit(score_again, place, self._rubric)

    def _measured_again(self, place: Place, grader: Grader, scratch: Path) -> Rescored | LeftOut:
        """Measure a stored run again, and keep the measurements outside the course until they are needed."""
        origin = read_origin(place.results)
        execution = read_execution(place.results, name=place.assignment)
        if origin is None or execution is None:
            return LeftOut(place.student, UNREADABLE)
        if (origin.dataset, origin.seed) != (grader.dataset, grader.kernel.seed):
            return LeftOut(place.student, OTHER_DIGITS)
        try:
            run = measure_again(execution, origin, grader)
            if not run.is_final:
                return LeftOut(place.student, run.measurements.trouble)
            if run.notebook is not None:
                write_notebook(run.notebook, scratch / f"{place.assignment}.ipynb")
            write_measurements(scratch, run)
        except OSError as error:
            return LeftOut(place.student, str(error))
        self._places[place.student] = replace(place, measured=scratch)
        scored = self._submit(self._places[place.student]).result()
        return LeftOut(place.student, UNREADABLE) if isinstance(scored, Outdated) else scored


@contextmanager
def rescorer(
    course: Course,
    settings: Settings,
    *,
    jobs: int,
    announce: Callable[[str], None],
    assignment: str = "",
) -> Iterator[Rescorer]:
    """Start the scoring processes, and stop them at the end.

    Raises:
        CourseError: the source notebook has no points, or a process was killed.
    """
    assignment = assignment or course.assignment
    # "spawn", because a process with threads must not be forked
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=start_worker)
    with ExitStack() as cleanup:
        cleanup.callback(pool.shutdown, cancel_futures=True)
        try:
            yield Rescorer(course, settings, assignment, pool, cleanup, announce)
        except BrokenProcessPool as error:
            raise CourseError(
                "a scoring process was killed, perhaps because memory ran out; run the same command again to continue"
            ) from error
