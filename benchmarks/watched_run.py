"""One `gradeascent grade` run, watched from outside: when each report appeared, and the memory used."""

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

# How often memory is sampled. A sample costs one core 20 to 50 ms, because Linux walks the processes' pages.
LOOK_SECONDS = 2
# The command's own count of finished submissions.
DONE = re.compile(r"\[(\d+)/\d+\] ")
LAST_LINES = 20


@dataclass
class WatchedRun:
    """What was observed of one command.

    Attributes:
        seconds: from its start to its end.
        ends: when each report appeared.
        looks: the memory samples.
    """

    seconds: float = 0.0
    ends: list[float] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)


def environment() -> dict[str, str]:
    """Return an environment in which Python finds this checkout before any installed package."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path}


def grade(
    course: Course, options: Sequence[str], others: Sequence[psutil.Process], *, tell_every: int
) -> WatchedRun:
    """Grade a course with the usual command; exit the benchmark if not everything is graded.

    Args:
        course: nothing in it is graded yet.
        options: of the command.
        others: other processes that work for it; their memory counts too.
        tell_every: print the command's own line after every this many submissions.
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
            with contextlib.suppress(psutil.NoSuchProcess):  # ^C may have stopped it already
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
    """Exit the benchmark if a notebook did not run to its end: its time is then meaningless."""
    for student in course.students():
        report = read_report(course.result_folder(student))
        if report is None or report.outcome != "graded":
            sys.exit(f"{student}: {report.outcome if report else 'no report'}; the times mean nothing")
