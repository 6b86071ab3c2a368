"""Submissions per hour: nbgrader, otter-grader and this kit in both profiles, on the same six notebooks.

    python benchmarks/throughput.py --data mnist.npz --otter otter/bin/otter --results throughput.jsonl

The notebooks are the instructor's own, three styles and two mistakes. The peers grade them one by one: half
of them before the kit's turn, half after it. Every measurement is written to --results at once, and the same
command continues from there. The table comes last, on standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from graders import ROOT, Kit, Measured, Nbgrader, Otter, Way
from nbformat import NotebookNode

from autograder.audit.labelled import parse_labelled
from autograder.course.initialise import initialise
from autograder.course.notebooks import read_notebook
from autograder.course.release import generate_release
from autograder.plain.machine import computes_bfloat16
from solutions.data import embedded_digits, find_digits, write_npz

JOBS = 2
PEERS = ("nbgrader", "otter")
REFERENCE = "reference"
# In this order, so that a smaller number of them still covers different kinds.
LABELLED = {
    "published_2021": ".",  # as published: eager, one filter after the other
    "index_shifted_by_one": "mistakes_ascent",
    "tf_function_step_index_tensor": "ascents",  # a compiled step
    "descent_by_subtracting": "mistakes_ascent",
    "subclassed_features_method": "architectures",  # its own class, all filters in one batch
}
MOST = 1 + len(LABELLED)
# How many times faster than nbgrader the kit should be, on MNIST and two cores.
BARS = {"gradeascent grade, full": 1.7, "gradeascent grade, quick": 10.0 if computes_bfloat16() else 7.0}
START = "start"  # in place of a submission: the command with nothing to do
ALL = "all"


@dataclass(frozen=True)
class Step:
    """One measurement: the grader, the repeat and the submission."""

    way: str
    repeat: int
    submission: str


class Results:
    """The measurements, each saved to a file at once."""

    def __init__(self, file: Path | None, conditions: Mapping[str, Any]) -> None:
        self._file = file
        self.measured: dict[Step, Measured] = {}
        lines = file.read_text(encoding="utf-8").splitlines() if file and file.exists() else []
        if not lines:
            self._write(conditions)
            return
        if (earlier := json.loads(lines[0])) != conditions:
            sys.exit(f"{file} was measured under other conditions, {earlier}; name another file")
        for line in map(json.loads, lines[1:]):
            self.measured[Step(**line["step"])] = Measured(**line["measured"])

    def add(self, step: Step, measured: Measured) -> None:
        """Save a measurement."""
        self.measured[step] = measured
        self._write({"step": asdict(step), "measured": asdict(measured)})

    def _write(self, content: Mapping[str, Any]) -> None:
        if self._file:
            with self._file.open("a", encoding="utf-8") as output:
                output.write(json.dumps(content) + "\n")


def handed_in(folder: Path, count: int) -> dict[str, NotebookNode]:
    """Return this many submissions, made from the released notebook."""
    course = initialise(folder)
    generate_release(course)
    released = read_notebook(course.release_folder() / course.source_notebook().name)
    notebooks = {REFERENCE: read_notebook(course.source_notebook())}
    for name, place in LABELLED.items():
        file = ROOT / "tests" / "submissions" / place / f"{name}.py"
        notebooks[name] = parse_labelled(name, file.read_text(encoding="utf-8")).notebook(released)
    return dict(list(notebooks.items())[:count])


def plan(ways: Sequence[Way], submissions: Sequence[str], repeats: int) -> list[Step]:
    """Return the steps in an order that spreads other load on the machine over all graders."""
    peers = [way for way in ways if way.one_by_one]
    kits = [way for way in ways if not way.one_by_one]
    half = (len(submissions) + 1) // 2
    steps = []
    for repeat in range(repeats):
        steps += [Step(way.name, repeat, START) for way in peers]
        steps += [Step(way.name, repeat, name) for name in submissions[:half] for way in peers]
        steps += [Step(way.name, repeat, ALL) for way in kits]
        steps += [Step(way.name, repeat, name) for name in submissions[half:] for way in peers]
    return steps


def measure(way: Way, step: Step, submissions: Sequence[str]) -> Measured:
    """Run one step of the plan."""
    if step.submission == START:
        return Measured(way.start(), 0.0, 0.0)
    return way.grade(submissions if step.submission == ALL else [step.submission])


def repeats_of(way: str, results: Results, submissions: Sequence[str]) -> list[dict[str, Measured]]:
    """Return a grader's measurements by repeat and submission, for complete repeats only."""
    repeats: dict[int, dict[str, Measured]] = {}
    for step, measured in results.measured.items():
        if step.way == way:
            repeats.setdefault(step.repeat, {})[step.submission] = measured
    return [parts for parts in repeats.values() if ALL in parts or {START, *submissions} <= parts.keys()]


def seconds_per_submission(parts: Mapping[str, Measured], count: int) -> float:
    """Return one repeat's seconds per submission, as if one command had graded them all."""
    total = sum(measured.seconds for name, measured in parts.items() if name != START)
    if START in parts:
        total -= (count - 1) * parts[START].seconds
    return total / count


def print_times(ways: Sequence[Way], results: Results, submissions: Sequence[str], *, bars: bool) -> bool:
    """Print the table of times; return whether every bar holds."""
    print("| | s per submission | min..max s | submissions an hour | times faster | bar | CPU s | MB |")
    print("|---|---|---|---|---|---|---|---|")
    holds = True
    first = 0.0
    count = len(submissions)
    for way in ways:
        repeats = repeats_of(way.name, results, submissions)
        if not repeats:
            print(f"| {way.name} | not measured | | | | | | |")
            continue
        seconds = [seconds_per_submission(parts, count) for parts in repeats]
        first = median(seconds) if isinstance(way, Nbgrader) else first
        sooner = first / median(seconds)
        bar = BARS.get(way.name, 0.0) if bars and first else 0.0
        holds = holds and sooner >= bar
        used = median(sum(part.processor_seconds for part in parts.values()) / count for parts in repeats)
        peak = max(part.peak_mb for parts in repeats for part in parts.values())
        print(
            f"| {way.name} | {median(seconds):.1f} | {min(seconds):.1f}..{max(seconds):.1f} "
            f"| {3600 / median(seconds):.0f} | {f'{sooner:.1f}' if first else ''} | {f'{bar:g}' if bar else ''} "
            f"| {used:.1f} | {peak:.0f} |"
        )
    return holds


def print_starts(ways: Sequence[Way], results: Results, submissions: Sequence[str]) -> None:
    """Print how much of the time is not the student's code, if known."""
    for way in ways:
        for_all = [parts[ALL] for parts in repeats_of(way.name, results, submissions) if ALL in parts]
        own = [seconds for measured in for_all for seconds in measured.kit_seconds.values()]
        if own:
            print(
                f"- {way.name}: start of the kernel and measuring, as the reports say: median {median(own):.1f} s "
                f"({min(own):.1f}..{max(own):.1f}) beside other work"
            )
        starts = [
            m.seconds for step, m in results.measured.items() if step == Step(way.name, step.repeat, START)
        ]
        if any(starts):
            print(
                f"- {way.name}: {median(starts):.1f} s to start the command are counted once for all submissions"
            )


def print_scores(ways: Sequence[Way], results: Results, submissions: Sequence[str]) -> None:
    """Print the points from each grader's last repeat."""
    print("\n| points without a person | " + " | ".join(way.name for way in ways) + " |")
    print("|---" * (1 + len(ways)) + "|")
    for name in submissions:
        scores = []
        for way in ways:
            given = [
                m.scores[name]
                for step, m in results.measured.items()
                if step.way == way.name and name in m.scores
            ]
            scores.append(f"{given[-1]:g}" if given else "")
        print(f"| `{name}` | " + " | ".join(scores) + " |")


def print_agreement(results: Results) -> bool:
    """Print and return whether all gradings by the kit agree on the statuses, in both profiles."""
    found: dict[tuple[str, str], set[str]] = {}
    for measured in results.measured.values():
        for name, statuses in measured.statuses.items():
            for criterion, status in statuses.items():
                found.setdefault((name, criterion), set()).add(status)
    differ = [
        f"{name} {criterion}: {', '.join(sorted(them))}"
        for (name, criterion), them in found.items()
        if len(them) > 1
    ]
    print(
        f"\nStatuses that agree in all gradings by the kit, in both profiles: "
        f"{len(found) - len(differ)} of {len(found)}."
    )
    for line in differ:
        print(f"- {line}")
    return not differ


def main() -> int:
    """Run the missing measurements, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, help="an mnist.npz; default: found automatically")
    parser.add_argument(
        "--submissions", type=int, choices=range(1, MOST + 1), default=MOST, metavar=f"1..{MOST}"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peers", default=",".join(PEERS), help="which of them, with commas; may be empty")
    parser.add_argument("--otter", default="otter", help="the executable, of an environment with tensorflow")
    parser.add_argument(
        "--results", type=Path, help="a file of JSON lines; the same command continues from it"
    )
    parser.add_argument("--small", action="store_true", help="the built-in digits, to try it out")
    given = parser.parse_args()
    peers = [name for name in given.peers.split(",") if name]
    if unknown := set(peers) - set(PEERS):
        parser.error(f"no such peer: {', '.join(sorted(unknown))}")
    otter = shutil.which(given.otter)
    if "otter" in peers and otter is None:
        parser.error(f"{given.otter} is no executable; benchmarks/README.md says how to install otter-grader")

    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that cleanup runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw = embedded_digits() if given.small else find_digits(given.data, announce=print)
        digits = folder / "digits.npz"
        write_npz(raw, digits)
        notebooks = handed_in(folder / "course", given.submissions)
        submissions = list(notebooks)
        ways: list[Way] = []
        if "nbgrader" in peers:
            ways.append(Nbgrader(folder / "nbgrader", notebooks, digits))
        if "otter" in peers and otter:
            ways.append(Otter(folder / "otter", notebooks, digits, str(Path(otter).absolute())))
        ways += [Kit(folder / profile, notebooks, digits, profile, JOBS) for profile in ("full", "quick")]
        results = Results(given.results, {"data": raw.source, "submissions": submissions})
        by_name = {way.name: way for way in ways}
        steps = [step for step in plan(ways, submissions, given.repeats) if step not in results.measured]
        for number, step in enumerate(steps, start=1):
            measured = measure(by_name[step.way], step, submissions)
            results.add(step, measured)
            what = f"repeat {step.repeat + 1}, {step.way}, {step.submission}"
            print(f"{number}/{len(steps)}: {what}: {measured.seconds:.1f} s", file=sys.stderr, flush=True)

    print(
        f"\n{len(submissions)} submissions, {given.repeats} repeats; data: {raw.source}; {os.cpu_count()} cores "
        f"({platform.machine()}); {', '.join(versions(otter if 'otter' in peers else None))}\n"
    )
    holds = print_times(ways, results, submissions, bars=not given.small)
    print()
    print_starts(ways, results, submissions)
    print_scores(ways, results, submissions)
    agree = print_agreement(results)
    return 0 if holds and agree else 1


def versions(otter: str | None) -> list[str]:
    """Return the versions of the compared packages."""
    said = [f"{name} {version(name)}" for name in ("tensorflow", "keras", "nbgrader")]
    if otter:
        output = subprocess.run([otter, "--version"], capture_output=True, text=True, check=True).stdout
        said += [
            f"otter-grader {line.split()[-1]}" for line in output.splitlines() if "otter" in line.lower()
        ][:1]
    return said


if __name__ == "__main__":
    sys.exit(main())
