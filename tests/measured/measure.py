"""Measures the labelled submissions and writes down the numbers and the verdicts.

    python tests/measured/measure.py [--profile quick|full|both] [--missing] [--jobs N] [--only NAME...] [--work DIR]

It runs every labelled submission with the embedded digits, which takes long. Runs stay in the work folder, so the
same command continues after a stop, and after a change of the rubric it takes seconds. After a change of how
notebooks are run, remove the folder. `--missing` runs only submissions that `quick.jsonl` lacks, or whose answers
have changed since.

`quick.jsonl` has the measurements, each with its date, commit and versions; the quick tests try the rubric on them.
It is written also when the command is stopped. `result.json` has the verdicts, once there are measurements of all
submissions. Commit both before you close an issue about grading.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from committed import Committed, Source, answers_sha256, read_committed, rounded, write_committed
from made_reports import make_report

from autograder.audit.audit import AUDIT, audit, labelled_submissions
from autograder.audit.comparison import Comparison, compare
from autograder.audit.labelled import LabelledSubmission
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise, packaged_assignment
from autograder.course.notebooks import write_notebook
from autograder.course.release import released_notebook
from autograder.course.submission import Submission
from autograder.errors import GradeascentError
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.grading.grader import kit_versions
from autograder.plain.files import write_whole
from autograder.plain.machine import BFLOAT16
from autograder.progress.bars import show_progress
from autograder.record.files import (
    read_measurements,
    read_origin,
    read_report,
    read_verifier,
)
from autograder.report import Report
from autograder.rubric.score import score
from autograder.settings import Settings
from autograder.verify.identity import verifier_sha256
from solutions.data import embedded_digits, write_npz

REPOSITORY = Path(__file__).resolve().parents[2]
RESULT = Path(__file__).with_name("result.json")
WORK = REPOSITORY / AUDIT / "measured"
DIGITS = "digits.npz"
# What a measurement depends on.
SOURCES = ("autograder", "solutions", "source", "tests/submissions")
VERSIONED = ("tensorflow", "keras", "numpy")
# Sets of instructions by which TensorFlow's kernels round differently, and by which a training may be in bfloat16.
INSTRUCTIONS = ("avx2", "avx512f", "amx_tile", *sorted(BFLOAT16))


def main() -> int:
    """Measure, write, and say how it ended: 1 where rubric and labels disagree."""
    asked = _arguments()
    profiles = ("quick", "full") if asked.profile == "both" else (asked.profile,)
    corpus = labelled_submissions(None)
    if unknown := set(asked.only) - {one.name for one in corpus}:
        sys.exit(f"no labelled submission is called '{sorted(unknown)[0]}'")
    chosen = [one for one in corpus if not asked.only or one.name in asked.only]
    if asked.missing and asked.profile != "quick":
        sys.exit("--missing is for --profile quick: only its measurements are committed")
    if asked.missing:
        chosen = missing(chosen, read_committed())
    course, source = measuring_course(asked.work), source_of_today()
    # A run in the background gets no ^C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    disagreements = 0
    for profile in profiles:
        hand_in(course, chosen, profile)
        try:
            comparison = graded(course, chosen, profile, jobs=asked.jobs)
        except (GradeascentError, KeyboardInterrupt) as error:
            sys.exit(str(error) or "stopped; run the same command again to continue")
        finally:  # also what was measured before a stop
            if profile == "quick":
                write_committed(with_measured(read_committed(), corpus, chosen, course, source))
        disagreements += len(comparison.disagreements)
        for line in told(comparison):
            print(line)
        if profile == "quick":
            committed = read_committed()
            if not missing(corpus, committed):
                reports = {one.name: scored(one.name, committed[one.name]) for one in corpus}
                sources = [committed[one.name].source for one in corpus]
                write_result(profile, outcome(corpus, profile, reports, sources))
        elif len(chosen) == len(corpus):
            reports = reports_in(Course(course.root / AUDIT / profile), corpus)
            write_result(profile, outcome(corpus, profile, reports, [source] * len(corpus)))
    print(f"{len(chosen)} submissions, {disagreements} disagreements")
    return int(disagreements > 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--profile", choices=("quick", "full", "both"), default="quick")
    parser.add_argument(
        "--jobs", type=int, default=0, help="at the same time; 0: what cores and memory allow"
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="measure these")
    parser.add_argument(
        "--missing", action="store_true", help="measure what has no measurement of today's answers"
    )
    parser.add_argument(
        "--work", type=Path, default=WORK, help="where runs are kept (default: audit/measured)"
    )
    return parser.parse_args()


def measuring_course(folder: Path) -> Course:
    """Return a course with the assignment of today and the embedded digits; runs that are in it stay."""
    if (folder / "source").is_dir():
        shutil.rmtree(folder / "source")
        shutil.copytree(packaged_assignment(), folder / "source" / ASSIGNMENT)
    else:
        initialise(folder)
    write_npz(embedded_digits(), folder / DIGITS)
    return Course.open(folder)


def hand_in(course: Course, submissions: Sequence[LabelledSubmission], profile: str) -> None:
    """Write today's answers where they are graded, so that a run of older ones is not taken for theirs."""
    released = released_notebook(course)
    workspace = Course(course.root / AUDIT / profile)
    for one in submissions:
        file = workspace.submission_folder(one.name) / f"{ASSIGNMENT}.ipynb"
        write_notebook(one.notebook(released), file)


def graded(
    course: Course, submissions: Sequence[LabelledSubmission], profile: str, *, jobs: int
) -> Comparison:
    """Run, measure and score submissions, as far as it was not done before, and compare with their labels.

    Raises:
        GradeascentError: a submission could not be graded.
    """
    settings = Settings(data=DIGITS, jobs=jobs)
    result, _ = audit(course, submissions, settings, [profile], announce=print, make_progress=show_progress)
    return result.comparisons[0]


def told(comparison: Comparison) -> list[str]:
    """Return a line for every disagreement."""
    return [
        f"{one.submission}: {one.criterion} should be {' or '.join(one.expected)}, is {one.given}"
        + (f", and lacks {', '.join(map(repr, one.not_mentioned))}" if one.not_mentioned else "")
        + f": {one.feedback}"
        for one in comparison.disagreements
    ]


def missing(
    corpus: Sequence[LabelledSubmission], committed: Mapping[str, Committed]
) -> list[LabelledSubmission]:
    """Return the submissions that were never measured, or with other answers than today's."""
    return [
        one
        for one in corpus
        if one.name not in committed or committed[one.name].answers_sha256 != answers_sha256(one)
    ]


def with_measured(
    old: Mapping[str, Committed],
    corpus: Sequence[LabelledSubmission],
    chosen: Sequence[LabelledSubmission],
    course: Course,
    source: Source,
) -> dict[str, Committed]:
    """Return the measurements of all labelled submissions: renewed for those chosen, as far as they were run.

    A measurement that has not changed keeps its source: that of the run in which it came out so first.
    """
    workspace = Course(course.root / AUDIT / "quick")
    committed = {one.name: old[one.name] for one in corpus if one.name in old}
    for one in chosen:
        folder = workspace.result_folder(one.name)
        handed_in = Submission(one.name, ASSIGNMENT, workspace.submission_folder(one.name))
        origin = read_origin(folder)
        if origin is None or origin.submission_sha256 != handed_in.sha256():
            continue
        if origin.versions != kit_versions() or read_verifier(folder, origin) != verifier_sha256():
            continue  # it was stopped before it came to this run of an older version
        new = Committed(answers_sha256(one), rounded(read_measurements(folder)), source)
        before = committed.get(one.name)
        if before is None or replace(new, source=before.source) != before:
            committed[one.name] = new
    return committed


def scored(name: str, one: Committed) -> Report:
    """Return what the rubric of today makes of a measurement."""
    return make_report(name, score(EXERCISE, one.measurements, Thresholds(), Course(REPOSITORY).points()))


def reports_in(workspace: Course, corpus: Sequence[LabelledSubmission]) -> dict[str, Report]:
    """Return the reports on submissions that were graded in a workspace."""
    reports = {one.name: read_report(workspace.result_folder(one.name)) for one in corpus}
    return {name: report for name, report in reports.items() if report is not None}


def outcome(
    corpus: Sequence[LabelledSubmission],
    profile: str,
    reports: Mapping[str, Report],
    sources: Sequence[Source],
) -> dict[str, Any]:
    """Return the verdicts of one profile beside the labels, and with what they came about."""
    compared = compare(profile, corpus, reports, EXERCISE.general_causes)
    return {
        "dates": sorted({one.date for one in sources}),
        "commits": dict(Counter(one.commit for one in sources)),
        "versions": [dict(versions) for versions in sorted({tuple(one.versions.items()) for one in sources})],
        "instructions": [list(one) for one in sorted({one.instructions for one in sources})],
        "submissions": compared.submissions,
        "failed_correct": compared.failed_correct,
        "passed_wrong": compared.passed_wrong,
        "sent_to_review": compared.sent_to_review,
        "disagreements": told(compared),
        "verdicts": {
            name: {criterion: given.status for criterion, given in report.criteria.items()}
            for name, report in sorted(reports.items())
        },
    }


def write_result(profile: str, found: Mapping[str, Any]) -> None:
    """Write the outcome of a profile beside those of others."""
    result = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {"profiles": {}}
    result["profiles"][profile] = found
    write_whole(RESULT, text_of(result))


def source_of_today() -> Source:
    """Return with what this command measures."""
    versions = {"python": platform.python_version(), **{name: version(name) for name in VERSIONED}}
    return Source(f"{datetime.now(UTC):%Y-%m-%d}", commit(), versions, tuple(instructions()))


def commit() -> str:
    """Return the commit of the sources that decide about measurements; said if they were changed since."""
    head = _git("rev-parse", "HEAD")
    return f"{head}, changed" if _git("status", "--porcelain", "--", *SOURCES) else head


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(REPOSITORY), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def instructions(cpuinfo: Path = Path("/proc/cpuinfo")) -> list[str]:
    """Return which of the instructions that matter for rounding this processor has."""
    flags = set(cpuinfo.read_text().split())
    return [name for name in INSTRUCTIONS if name in flags]


def text_of(result: dict[str, Any]) -> str:
    """Return the result as JSON in which a submission's verdicts stand in one line."""
    return re.sub(r"\n {5,}|\n {4}(?=})", " ", json.dumps(result, indent=1)) + "\n"


if __name__ == "__main__":
    sys.exit(main())
