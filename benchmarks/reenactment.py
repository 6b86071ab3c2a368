"""What watching and doing an ascent again cost: the verifier's time, and the size of the evidence.

    python benchmarks/reenactment.py RESULTS... [--data mnist.npz] [--repeats 5]

RESULTS are folders of graded submissions, such as graded/emmy/activation_maximization. The stored evidence of each
is measured twice, by turns: with the recorded steps, and without them, as if nothing had been watched. "First" has
nothing compiled, as for the first submission of an architecture; "later" is the same submission once more. All in one
process, on one thread, and without a sandbox.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import tensorflow as tf

from autograder.course.folder import ASSIGNMENT
from autograder.evidence import Evidence
from autograder.exercises.activation_maximization.verify.measure import measure
from autograder.exercises.activation_maximization.verify.objectives import forget_objectives
from autograder.record.files import read_execution
from autograder.verify.compiled import forget_compiled
from autograder.verify.held_out import HeldOut, held_out
from solutions.data import find_digits
from solutions.gradient_ascent import forget_ascents

# The kinds of records that watching adds to what was recorded before.
WATCHED = {"steps", "whole_steps", "outside"}
MEGABYTE = 1024 * 1024


def stored_evidence(folder: Path) -> Evidence:
    """Return the evidence that is stored with a graded submission."""
    stored = read_execution(folder, name=ASSIGNMENT)
    if stored is None:
        sys.exit(f"{folder}: there is no stored evidence; name a folder such as graded/emmy/{ASSIGNMENT}")
    return stored.evidence


def unwatched(evidence: Evidence) -> Evidence:
    """Return the evidence as if gradients had only been counted."""
    records = tuple(record for record in evidence.records if record.kind not in WATCHED)
    return replace(evidence, records=records, is_watched=False)


def size(evidence: Evidence) -> int:
    """Return the bytes of what the records that watching adds refer to."""
    added = {record.payload for record in evidence.records if record.kind in WATCHED}
    return sum(len(content) for key, content in evidence.payloads.items() if key in added)


def processor_seconds(evidence: Evidence, digits: HeldOut) -> float:
    """Return how long it takes to measure this evidence."""
    started = time.process_time()
    measure(evidence, digits, seed=7)
    return time.process_time() - started


def timed(evidence: Evidence, digits: HeldOut, repeats: int) -> dict[str, list[float]]:
    """Return the seconds of all repeats: with and without recorded steps, first and later."""
    ways = {"watched": evidence, "unwatched": unwatched(evidence)}
    seconds: dict[str, list[float]] = {f"{way}, {when}": [] for when in ("first", "later") for way in ways}
    for _ in range(repeats):
        for way, one in ways.items():
            forget_compiled()
            forget_objectives()
            forget_ascents()
            tf.keras.backend.clear_session()
            for when in ("first", "later"):
                seconds[f"{way}, {when}"].append(processor_seconds(one, digits))
    return seconds


def print_table(folders: Sequence[Path], digits: HeldOut, repeats: int) -> None:
    """Print a row for each submission."""
    for folder in folders:
        evidence = stored_evidence(folder)
        seconds = timed(evidence, digits, repeats)
        columns = "  ".join(f"{name} {median(values):6.2f} s" for name, values in seconds.items())
        print(f"{folder.parent.name:40} {size(evidence) / MEGABYTE:5.1f} MB  {columns}", flush=True)


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("results", nargs="+", type=Path, help="folders of graded submissions")
    arguments.add_argument("--data", default="", help="an mnist.npz; default: found automatically")
    arguments.add_argument("--repeats", type=int, default=5)
    given = arguments.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    digits = held_out(find_digits(Path(given.data) if given.data else None, announce=print))
    print_table(given.results, digits, given.repeats)


if __name__ == "__main__":
    main()
