"""Measures the labelled submissions and writes down what came out: the numbers, and the verdicts on them.

    python tests/measured/measure.py [--profile quick|full|both] [--jobs N] [--only NAME...] [--work DIR]

It runs every labelled submission with the embedded digits, which takes long. What was run stays in the
work folder, so the same command goes on after a stop, and after a change of the rubric it takes seconds; after a
change of how notebooks are run, remove the folder. It writes `quick.jsonl`, on which the quick tests try the rubric,
also when it is stopped; and `result.json`, when all submissions were graded. Commit both before an issue about
grading is closed.
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
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from committed import Committed, answers_sha256, read_committed, rounded, write_committed

from autograder.audit.audit import AUDIT, audit, labelled_submissions
from autograder.audit.comparison import Comparison
from autograder.audit.labelled import LabelledSubmission
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise, packaged_assignment
from autograder.course.submission import Submission
from autograder.errors import GradeascentError
from autograder.plain.files import write_whole
from autograder.progress.bars import show_progress
from autograder.record.files import (
    read_measurements,
    read_origin,
    read_report,
)
from autograder.settings import Settings
from solutions.data import embedded_digits, write_npz

REPOSITORY = Path(__file__).resolve().parents[2]
RESULT = Path(__file__).with_name("result.json")
WORK = REPOSITORY / AUDIT / "measured"
DIGITS = "digits.npz"
# What a measurement depends on.
SOURCES = ("autograder", "solutions", "source", "tests/submissions")
VERSIONED = ("tensorflow", "keras", "numpy")
# Sets of instructions by which TensorFlow's kernels round differently.
INSTRUCTIONS = ("avx2", "avx512f", "amx_tile")


def main() -> int:
    """Measure, write, and say how it ended: 1 where rubric and labels disagree."""
    asked = _arguments()
    profiles = ("quick", "full") if asked.profile == "both" else (asked.profile,)
    corpus = labelled_submissions(None)
    if unknown := set(asked.only) - {one.name for one in corpus}:
        sys.exit(f"no labelled submission is called '{sorted(unknown)[0]}'")
    chosen = [one for one in corpus if not asked.only or one.name in asked.only]
    course = measuring_course(asked.work)
    # A run in the background gets no ^C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started_at, disagreements = commit(), 0
    for profile in profiles:
        try:
            comparison = graded(course, chosen, profile, jobs=asked.jobs)
        except (GradeascentError, KeyboardInterrupt) as error:
            sys.exit(str(error) or "stopped; the same command goes on from here")
        finally:  # also what was measured before a stop
            if profile == "quick":
                write_committed(with_measured(read_committed(), corpus, course))
        disagreements += len(comparison.disagreements)
        for line in told(comparison):
            print(line)
        if not asked.only:
            result = old_result()
            result["profiles"][profile] = outcome_of(course, corpus, comparison, started_at)
            write_whole(RESULT, text_of(result))
    print(f"{len(chosen)} submissions, {disagreements} disagreements")
    return int(disagreements > 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--profile", choices=("quick", "full", "both"), default="quick")
    parser.add_argument(
        "--jobs", type=int, default=0, help="at the same time; 0: what cores and memory allow"
    )
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="measure these, write no result"
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


def with_measured(
    old: Mapping[str, Committed], corpus: Sequence[LabelledSubmission], course: Course
) -> dict[str, Committed]:
    """Return what is committed of the labelled submissions that there are, renewed by the runs in the course."""
    workspace = Course(course.root / AUDIT / "quick")
    committed = {}
    for one in corpus:
        folder = workspace.result_folder(one.name)
        handed_in = Submission(one.name, ASSIGNMENT, workspace.submission_folder(one.name))
        origin = read_origin(folder)
        if origin is not None and origin.submission_sha256 == handed_in.sha256():
            committed[one.name] = Committed(answers_sha256(one), rounded(read_measurements(folder)))
        elif one.name in old:
            committed[one.name] = old[one.name]
    return committed


def old_result() -> dict[str, Any]:
    """Return the committed result, or one without any profile."""
    return json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {"profiles": {}}


def outcome_of(
    course: Course, corpus: Sequence[LabelledSubmission], comparison: Comparison, started_at: str
) -> dict[str, Any]:
    """Return what came out in one profile, and with what."""
    workspace = Course(course.root / AUDIT / comparison.profile)
    reports = {one.name: read_report(workspace.result_folder(one.name)) for one in corpus}
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": started_at,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in VERSIONED}},
        "instructions": instructions(),
        "submissions": comparison.submissions,
        "failed_correct": comparison.failed_correct,
        "passed_wrong": comparison.passed_wrong,
        "sent_to_review": comparison.sent_to_review,
        "disagreements": told(comparison),
        "verdicts": {
            name: {criterion: given.status for criterion, given in report.criteria.items()}
            for name, report in sorted(reports.items())
            if report is not None
        },
    }


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
