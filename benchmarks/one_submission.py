"""Where the time of one submission goes: from the command to the report, for the reference notebook.

    python benchmarks/one_submission.py [--data mnist.npz] [--repeats 3] [--profile quick]

Grades the instructor's own notebook several times in a row, with one verifier, and prints the median,
smallest and largest seconds of every part. "Kit" is everything except the student's code: kernel start,
verification, rubric and files.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise
from autograder.grading.course import grade_course
from autograder.grading.grader import Grader, ready_to_grade
from autograder.progress.bars import show_progress
from autograder.settings import Settings


def hand_in(course: Course, students: list[str]) -> None:
    """Submit the instructor's own version for every student."""
    content = course.source_notebook().read_bytes()
    for student in students:
        folder = course.submission_folder(student)
        folder.mkdir(parents=True)
        (folder / f"{ASSIGNMENT}.ipynb").write_bytes(content)


def time_one(course: Course, student: str, grader: Grader) -> dict[str, float]:
    """Grade one submission; return the seconds of its parts."""
    started = time.monotonic()
    with show_progress(1) as progress:
        report = grade_course(course, [student], grader, progress)[student]
    total = time.monotonic() - started
    if report.score != report.max_score:
        sys.exit(f"the reference earned {report.score} of {report.max_score} points; the times mean nothing")
    parts = report.timings
    student_code = parts["cells"]
    return {
        "from command to report": total,
        "kernel start": parts["start"],
        "training": parts["cell train"],
        "ascent": parts["cell ascent"],
        "other cells": student_code - parts["cell train"] - parts["cell ascent"],
        "verify": parts["verify"],
        "kit (all but student code)": total - student_code,
    }


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--data", default="", help="an mnist.npz; default: found automatically")
    arguments.add_argument("--repeats", type=int, default=3)
    arguments.add_argument("--profile", choices=("full", "quick"), default="full")
    given = arguments.parse_args()
    students = [f"run{number}" for number in range(given.repeats)]
    data = str(Path(given.data).resolve()) if given.data else ""
    with tempfile.TemporaryDirectory() as folder:
        course = initialise(Path(folder) / "course")
        hand_in(course, students)
        settings = Settings(data=data, jobs=1, profile=given.profile)
        with ready_to_grade(course, settings, announce=print) as grader:
            runs = [time_one(course, student, grader) for student in students]
            print(f"data: {grader.dataset}; {grader.kernel.threads} threads; {given.repeats} runs")
    for part in runs[0]:
        seconds = [run[part] for run in runs]
        print(f"{part:28} {median(seconds):7.2f} s   ({min(seconds):.2f} ... {max(seconds):.2f})")


if __name__ == "__main__":
    main()
