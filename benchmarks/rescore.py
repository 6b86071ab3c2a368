"""How long it takes to score a course again: 300 submissions, with a rubric change that affects every score.

    python benchmarks/rescore.py [COURSE] [--submissions 300]

Copies the graded submissions of a course (by default, a new one with the demo's six samples) until there are
enough, raises `conv_layers` so that every score changes, and times three steps: showing the changes, the same
with writing, and recording in nbgrader's gradebook, which is nbgrader's own Autograde.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise
from autograder.demo.demonstrate import demonstrate
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.grading.rescore.command import rescore_course
from autograder.progress.bars import show_progress
from autograder.record.files import (
    REPORT,
    read_report,
)
from autograder.settings import Settings

BAR = 60  # seconds


def fill(course: Course, model: Course, count: int) -> list[str]:
    """Copy the submissions and results of a graded course until there are `count`."""
    graded = [student for student in model.students() if read_report(model.result_folder(student))]
    if not graded:
        sys.exit(f"nothing is graded in {model.root}")
    students = []
    for number, student in zip(range(count), itertools.cycle(graded), strict=False):
        name = f"student{number:04}"
        shutil.copytree(model.submission_folder(student), course.submission_folder(name))
        shutil.copytree(model.result_folder(student), course.result_folder(name))
        report = course.result_folder(name) / REPORT
        report.write_text(json.dumps(json.loads(report.read_text()) | {"student": name}, indent=2) + "\n")
        students.append(name)
    return students


def timed(
    course: Course, students: list[str], settings: Settings, *, apply: bool, record: bool = False
) -> tuple[float, float]:
    """Score again without output; return wall-clock seconds, and processor seconds of all cores together."""
    started, used = time.monotonic(), processor_seconds()
    if not rescore_course(course, students, settings, lambda line: None, apply=apply, record=record):
        sys.exit("not everything could be scored again; the times mean nothing")
    return time.monotonic() - started, processor_seconds() - used


def processor_seconds() -> float:
    """Return the processor seconds of this process and its finished children."""
    usages = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    """Print the times."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("course", nargs="?", help="a graded course; default: the demo's")
    arguments.add_argument("--submissions", type=int, default=300)
    arguments.add_argument("--record", action="store_true", help="time nbgrader's recording, too")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not given.course:
            demonstrate(folder / "demo", print, show_progress)
        model = Course.open(Path(given.course) if given.course else folder / "demo")
        course = initialise(folder / "course")
        students = fill(course, model, given.submissions)
        megabytes = sum(file.stat().st_size for file in course.graded.rglob("*")) / 1e6
        print(f"{len(students)} submissions, {megabytes:.0f} MB in graded/*/{ASSIGNMENT}")
        settings = Settings(thresholds=Thresholds(conv_layers=Thresholds().conv_layers + 3))
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
            shown = timed(course, students, settings, apply=False)
            applied = timed(course, students, settings, apply=True)
            recorded = timed(course, students, settings, apply=True, record=True) if given.record else None
    steps = {
        "show what changes": shown,
        "... and write it": applied,
        "... and record it in nbgrader": recorded,
    }
    for step, times in steps.items():
        if times:
            print(f"{step:30} {times[0]:6.1f} s on the clock, {times[1]:6.1f} CPU s")
    print(f"bar: {BAR} s to show and write on two cores with nothing else to do")
    sys.exit(applied[0] > BAR)


if __name__ == "__main__":
    main()
