"""`gradeascent rescore`: shows what changes, and with `--apply` writes and records it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext

from rich.console import Console

from autograder.course.folder import Course
from autograder.course.lock import only_writer
from autograder.grading.rescore.printed_changes import print_rescoring
from autograder.grading.rescore.rescore import rescorer
from autograder.plain.machine import cores
from autograder.progress.bars import show_counting, show_recording
from autograder.record.recording import record_reports
from autograder.settings import Settings


def rescore_course(
    course: Course,
    students: Sequence[str],
    settings: Settings,
    say: Callable[[str], None],
    *,
    apply: bool,
    record: bool,
) -> bool:
    """Rescore these students' submissions and print the changes; with `apply`, write and record them.

    Returns:
        Whether everything requested was done.

    Raises:
        CourseError: another command is running, or the gradebook cannot be used.
        RubricError: the rubric is broken; then nothing is written.
    """
    jobs = min(settings.jobs or cores(), len(students))
    with (
        only_writer(course) if apply else nullcontext(),
        rescorer(course, settings, jobs=jobs, announce=say) as scores,
    ):
        with show_counting("scored", len(students)) as counting:
            rescoring = scores.score(students, counting.one_more)
        print_rescoring(rescoring, Console(file=sys.stdout, highlight=False, emoji=False), say)
        if not apply:
            say("Nothing is written yet; add --apply to write the reports.")
            return not rescoring.left_out
        new = [one.student for one in rescoring.rescored if not one.is_current]
        with show_counting("written", len(new)) as counting:
            failed = scores.write(rescoring, counting.one_more)
        for problem in failed:
            say(f"{problem.what}: {problem.why}")
        say(f"{len(new) - len(failed)} reports are written.")
        if not record:
            return not (failed or rescoring.left_out)
        not_written = {problem.what for problem in failed}
        written = [one.student for one in rescoring.rescored if one.student not in not_written]
        with show_recording(len(written)) as recording:
            recorded = record_reports(course, written, recording)
        say(f"{len(recorded)} of {len(written)} are in the gradebook.")
        return not (failed or rescoring.left_out) and len(recorded) == len(written)
