"""One `gradeascent grade`, watched from outside: when each report was there, and what memory was taken meanwhile."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil
from graders import ROOT
from memory import Look, look_at

from autograder.course.folder import Course
from autograder.record.files import (
    read_report,
)

# How often it is looked what the processes take. A look costs one core 20 to 50 ms: Linux goes through their pages.
LOOK_SECONDS = 2
# The command's own count of what is done.
DONE = re.compile(r"\[(\d+)/\d+\] ")
LAST_LINES = 20


@dataclass
class WatchedRun:
    """What was seen of one command.

    Attributes:
        seconds: from its start to its end.
        ends: when each report was there.
        looks: at its memory.
    """

    seconds: float = 0.0
    ends: list[float] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)


def environment() -> dict[str, str]:
    """Return an environment in which Python finds this checkout before what is installed."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path}


def grade(
    course: Course, options: Sequence[str], others: Sequence[psutil.Process], *, tell_every: int
) -> WatchedRun:
    """Grade a course by the command that anybody would use; leave the benchmark if not everything is graded.

    Args:
        course: nothing in it is graded yet.
        options: of the command.
        others: processes that work for it, whose memory counts, too.
        tell_every: after so many submissions, the command's own line about one is shown.
    """
    command = [sys.executable, "-m", "autograder", "grade", "--course", str(course.root), "--no-record"]
    run, lines = WatchedRun(), list[str]()
    started = time.monotonic()
    with psutil.Popen(
        [*command, *options],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:

        def listen() -> None:
            for line in process.stderr:
                lines.append(line)
                if found := DONE.match(line):
                    run.ends.append(time.monotonic())
                    if int(found[1]) % tell_every == 0:
                        print(line, end="", file=sys.stderr, flush=True)

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            while process.poll() is None:
                run.looks.append(look_at(process, others, time.monotonic()))
                with contextlib.suppress(psutil.TimeoutExpired):
                    process.wait(LOOK_SECONDS)
        except BaseException:
            with contextlib.suppress(psutil.NoSuchProcess):  # ^C may have reached it, too
                process.terminate()
            raise
        finally:
            listener.join()
    run.seconds = time.monotonic() - started
    if process.returncode:
        end = "".join(lines[-LAST_LINES:])
        sys.exit(f"{end}\n'{' '.join(process.args)}' ended with status {process.returncode}; see above")
    _require_reports(course)
    return run


def _require_reports(course: Course) -> None:
    """Leave the benchmark if a notebook was not run to its end: its time means nothing then."""
    for student in course.students():
        report = read_report(course.result_folder(student))
        if report is None or report.outcome != "graded":
            sys.exit(f"{student}: {report.outcome if report else 'no report'}; the times mean nothing")
