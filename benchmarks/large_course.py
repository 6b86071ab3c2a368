"""Whether the last of a thousand submissions is graded as fast as the first, with no more memory.

    python benchmarks/large_course.py [--submissions 1000] [--jobs 2] [--profile full] [--cold]
    python benchmarks/large_course.py --cluster --submissions 200 [--jobs 2] [--repeats 3]

Makes a course of small submissions on the built-in digits, grades it with the usual command, and prints a row
for every hundred. With --cluster, the same course is graded alternately by this machine alone and by a Dask
scheduler with one worker per job. The exit status is 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from graders import hand_in
from memory import GRADER, KERNEL, TEMPLATE, VERIFIER, Look
from small_submissions import small_submissions
from watched_run import WatchedRun, grade

from autograder.course.folder import Course
from autograder.course.initialise import initialise
from autograder.settings import SETTINGS_FILE
from solutions.data import embedded_digits, write_npz

# For the last group, relative to the first.
LEAST_SPEED, MOST_MEMORY = 0.9, 1.1
LARGEST_KERNEL_MB = 1.2 * 1024
# Time with workers, relative to the time with the same number of jobs.
MOST_CLUSTER_SECONDS = 1.1
# The processes' roles, each with the function that summarizes a group in the table.
COLUMNS: dict[str, Callable[[Iterable[float]], float]] = {
    GRADER: median,
    VERIFIER: median,
    TEMPLATE: median,
    KERNEL: max,
}


def make_course(folder: Path, count: int, *, warm: bool) -> tuple[Course, Path]:
    """Make a course with this many submissions; return it with its digits."""
    digits = folder / "digits.npz"
    write_npz(embedded_digits(), digits)
    course = initialise(folder / "course")
    (course.root / SETTINGS_FILE).write_text(f"warm_start = {str(warm).lower()}\n", encoding="utf-8")
    hand_in(course, small_submissions(count))
    return course, digits


def per_minute(ends: Sequence[float]) -> float:
    """Return the submissions per minute between the first and the last of these ends."""
    return 60 * (len(ends) - 1) / (ends[-1] - ends[0])


def memory(looks: Sequence[Look], role: str) -> float:
    """Return the memory of processes of a kind, in MB; 0 if there were none."""
    return COLUMNS[role]([look.largest[role] for look in looks if role in look.largest] or [0.0])


def print_groups(run: WatchedRun, size: int) -> bool:
    """Print a row for each group, and the last relative to the first; return whether all bars hold."""
    print("| submissions | per minute | grader | verifier | template | largest kernel | all at once |")
    print("|---|---|---|---|---|---|---|")
    rows = []
    for first in range(0, len(run.ends), size):
        # From the end of the group before it; the first group also includes the start of all processes.
        ends = run.ends[max(first - 1, 0) : first + size]
        looks = [look for look in run.looks if ends[0] <= look.seconds <= ends[-1]]
        row = {"per minute": per_minute(ends)} | {role: memory(looks, role) for role in COLUMNS}
        row["all at once"] = max((look.sum for look in looks), default=0.0)
        rows.append(row)
        numbers = " | ".join(f"{value:.0f}" for name, value in row.items() if name != "per minute")
        print(f"| {first + 1}..{first + size} | {row['per minute']:.1f} | {numbers} |")
    ratios = {name: rows[-1][name] / rows[0][name] for name in rows[0] if rows[0][name]}
    print(
        "| last to first | "
        + " | ".join(f"{ratios[name]:.2f}" if name in ratios else "" for name in rows[0])
        + " |"
    )
    print(f"| bar | >= {LEAST_SPEED:g} |" + f" <= {MOST_MEMORY:g} |" * len(COLUMNS) + " |")
    holds = [ratios["per minute"] >= LEAST_SPEED]
    holds += [ratios.get(role, 1.0) <= MOST_MEMORY for role in COLUMNS]
    return all(holds)


def print_kernels(runs: Iterable[WatchedRun]) -> bool:
    """Print how large a kernel became and how it was started; return whether the bar holds."""
    looks = [look for run in runs for look in run.looks]
    largest = memory(looks, KERNEL)
    if not largest:
        sys.exit("no kernel was seen; the memory means nothing")
    how = "forked from a template" if any(look.is_forked for look in looks) else "started one by one"
    print(f"\nThe largest kernel took {largest:.0f} MB (bar: {LARGEST_KERNEL_MB:.0f}); kernels were {how}.")
    return largest <= LARGEST_KERNEL_MB


def grade_in_groups(course: Course, options: list[str], jobs: int, group: int) -> bool:
    """Grade the course once; print the progress; return whether all bars hold."""
    run = grade(course, [*options, "--jobs", str(jobs)], [], tell_every=group)
    print("Memory in MB, shared memory divided among those who share it; medians, and the largest kernel.\n")
    flat = print_groups(run, group)
    return print_kernels([run]) and flat


def grade_on_both(course: Course, options: list[str], jobs: int, repeats: int, tell_every: int) -> bool:
    """Grade the course in turns here and on a cluster; print both; return whether all bars hold."""
    from local_cluster import local_cluster

    ways = {f"--jobs {jobs}": list[WatchedRun](), f"--cluster, workers: {jobs}": list[WatchedRun]()}
    alone, cluster = ways.values()
    for _ in range(repeats):
        alone.append(grade(course, [*options, "--jobs", str(jobs)], [], tell_every=tell_every))
        shutil.rmtree(course.graded)
        with local_cluster(jobs) as started:
            to_it = [*options, "--cluster", started.address]
            cluster.append(grade(course, to_it, started.processes, tell_every=tell_every))
        shutil.rmtree(course.graded)
    print("Memory in MB, shared memory divided among those who share it; the most of all repeats.\n")
    print("| | s for all | min..max s | per minute after the first | largest kernel | all at once |")
    print("|---|---|---|---|---|---|")
    for name, runs in ways.items():
        seconds = [run.seconds for run in runs]
        looks = list(itertools.chain.from_iterable(run.looks for run in runs))
        print(
            f"| {name} | {median(seconds):.1f} | {min(seconds):.1f}..{max(seconds):.1f} "
            f"| {median(per_minute(run.ends) for run in runs):.1f} "
            f"| {memory(looks, KERNEL):.0f} | {max(look.sum for look in looks):.0f} |"
        )
    ratio = median(run.seconds for run in cluster) / median(run.seconds for run in alone)
    print(f"\nThe cluster takes {ratio:.2f} times the seconds (bar: {MOST_CLUSTER_SECONDS:g}).")
    return print_kernels([*alone, *cluster]) and ratio <= MOST_CLUSTER_SECONDS


def main() -> int:
    """Make the course, grade it, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2, help="submissions, or workers, at the same time")
    parser.add_argument("--profile", choices=("full", "quick"), default="full")
    parser.add_argument("--cold", action="store_true", help="start every kernel instead of forking it")
    parser.add_argument("--group", type=int, default=100, help="submissions in a row of the table")
    parser.add_argument("--cluster", action="store_true", help="compare with workers of a Dask scheduler")
    parser.add_argument("--repeats", type=int, default=3, help="of the comparison with a cluster")
    given = parser.parse_args()
    if given.submissions < 2 or given.group < 2:
        parser.error("there must be two submissions at least, in all and in a group")
    if not given.cluster and (given.submissions % given.group or given.submissions == given.group):
        parser.error(
            f"--submissions must be a multiple of the {given.group} of a group, and more than one of it"
        )

    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that cleanup runs
    with tempfile.TemporaryDirectory() as name:
        course, digits = make_course(Path(name), given.submissions, warm=not given.cold)
        options = ["--profile", given.profile, "--data", str(digits)]
        print(
            f"{given.submissions} small submissions, profile {given.profile}, {given.jobs} at the same time; "
            f"{os.cpu_count()} cores ({platform.machine()})\n"
        )
        if given.cluster:
            holds = grade_on_both(course, options, given.jobs, given.repeats, given.group)
        else:
            holds = grade_in_groups(course, options, given.jobs, given.group)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
