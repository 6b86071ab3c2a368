"""The kit's own time after the notebook has run, warm: verify, rubric, files; and the memory of verification.

    python benchmarks/verify.py [--data mnist.npz] [--repeats 5] [--memory 300]

Measures the evidence of a correct submission, all in one process and without a sandbox: the reference
network, before and after its training, and its images. "First" is the first submission of an architecture,
for which everything is compiled; "later" is one with other weights. Both alternate. With --memory, this many
small submissions follow, every other one with a new architecture, and the memory of the process is printed
along the way.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import keras
import tensorflow as tf

from autograder.course.folder import ASSIGNMENT
from autograder.course.initialise import initialise
from autograder.course.notebooks import read_notebook
from autograder.course.submission import Submission
from autograder.evidence import Evidence, Record, digest
from autograder.execute.inside.freezing import freeze, training_facts
from autograder.execute.inside.recorder import as_npy
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.exercises.activation_maximization.grid import draw_grid
from autograder.exercises.activation_maximization.verify import images
from autograder.exercises.activation_maximization.verify.measure import forget_models, measure
from autograder.grading.grader import rubric_of
from autograder.grading.stages import make_report
from autograder.record.files import (
    write_report,
    write_run,
)
from autograder.run import Origin, Run
from autograder.settings import Settings
from autograder.verify import models
from autograder.verify.compiled import forget_compiled
from autograder.verify.held_out import HeldOut, held_out
from autograder.verify.identity import verifier_sha256
from solutions.cnn import build_cnn, train
from solutions.data import embedded_digits, find_digits, prepare
from solutions.gradient_ascent import forget_ascents, uniform_noise, visualize_filters

# For every part, one entry per run: wall-clock seconds and processor seconds
Seconds = dict[str, list[tuple[float, float]]]


def submission_of(model: keras.Model, untrained: list[Record], payloads: dict[str, bytes]) -> Evidence:
    """Return what the recorder would send for a trained network and its images."""
    graph, facts = freeze(model)
    stack = as_npy(visualize_filters(model, seed=0).images[..., 0])
    records = (
        *untrained,
        Record("model", 2, {"variable": "model", **training_facts(model), **facts}, digest(graph)),
        Record("images", 3, {"variable": "visualized_feature"}, digest(stack)),
    )
    return Evidence("graded", (), records, {**payloads, digest(graph): graph, digest(stack): stack})


def reference(seed: int) -> Evidence:
    """Return the evidence of the reference, trained on few digits from these initial weights."""
    model = build_cnn(seed=seed)
    graph, facts = freeze(model)
    untrained = Record("model", 1, {"variable": "model", **facts}, digest(graph))
    train(model, prepare(embedded_digits()), epochs=2, seed=seed, verbose=0)
    return submission_of(model, [untrained], {digest(graph): graph})


@contextmanager
def timed(seconds: Seconds, part: str) -> Iterator[None]:
    """Add the seconds of the block to a part."""
    clock, processors = time.perf_counter(), time.process_time()
    yield
    taken = time.perf_counter() - clock, time.process_time() - processors
    seconds.setdefault(part, []).append(taken)


def watch(seconds: Seconds, module: object, function: str, part: str) -> None:
    """Wrap a module's function so that its seconds are added to a part."""
    original: Callable[..., object] = getattr(module, function)

    def watched(*arguments: object, **named: object) -> object:
        with timed(seconds, part):
            return original(*arguments, **named)

    setattr(module, function, watched)


def time_verify(evidence: list[Evidence], digits: HeldOut, repeats: int) -> dict[str, Seconds]:
    """Measure submissions of one architecture repeatedly, starting each round with nothing compiled."""
    runs: dict[str, Seconds] = {"first": {}, "later": {}}
    noted: Seconds = {}
    watch(noted, models, "read_graph", "of it: read graphs")
    watch(noted, models, "accuracy", "of it: accuracy")
    watch(noted, images, "look_at_layer", "of it: reference ascent")
    watch(noted, images, "only_sure_filters", "of it: ascents from other noise")
    for _ in range(repeats):
        forget_compiled()
        forget_ascents()
        tf.keras.backend.clear_session()
        for name, one in zip(("first", "later"), evidence, strict=True):
            noted.clear()
            with timed(runs[name], "verify"):
                measure(one, digits, seed=7)
            for part, seconds in noted.items():
                clock, processors = (sum(column) for column in zip(*seconds, strict=True))
                runs[name].setdefault(part, []).append((clock, processors))
    return runs


def time_rest(evidence: Evidence, digits: HeldOut, repeats: int) -> Seconds:
    """Time the steps after verification: the rubric, the files and the picture."""
    seconds: Seconds = {}
    measurements, pictures = measure(evidence, digits, seed=7)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        course = initialise(folder / "course")
        rubric, notebook = rubric_of(course, Settings()), read_notebook(course.source_notebook())
        origin = Origin(submission_sha256="", profile="full", seed=7, dataset="", sandbox="none", versions={})
        run = Run(origin, notebook, measurements, pictures, {}, verifier_sha256())
        submission = Submission("benchmark", ASSIGNMENT, folder)
        for _ in range(repeats + 1):
            with timed(seconds, "rubric"):
                report = make_report(submission, run, rubric)
            with timed(seconds, "evidence and notebook"):
                write_run(folder / "results", run, evidence, name=ASSIGNMENT)
            with timed(seconds, "report and picture"):
                write_report(folder / "results", report, run, EXERCISE.draw)
            with timed(seconds, "of it: picture"):
                draw_grid(report, measurements, pictures)
    return {part: all_of_them[1:] for part, all_of_them in seconds.items()}


def small(number: int) -> Evidence:
    """Return a submission with few filters; how many varies only among even values of `number`."""
    filters = (
        (3 + number % 5, 4 + number % 7, 4 + number % 11, 6 + number % 13)
        if number % 2 == 0
        else (4, 4, 4, 8)
    )
    model = build_cnn(filters, seed=number)
    graph, facts = freeze(model)
    stack = as_npy(uniform_noise(3 + number % 17, seed=number)[..., 0])
    records = (
        Record("model", 2, {"variable": "model", **facts}, digest(graph)),
        Record("images", 3, {"variable": "visualized_feature"}, digest(stack)),
    )
    keras.backend.clear_session()
    return Evidence("graded", (), records, {digest(graph): graph, digest(stack): stack})


def memory() -> int:
    """Return the resident memory of this process in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024**2


def print_seconds(name: str, seconds: list[tuple[float, float]]) -> None:
    """Print one line of the table."""
    clock, processors = zip(*seconds, strict=True)
    spread = f"({min(clock):.3f} ... {max(clock):.3f})"
    print(f"{name:40} {median(clock):7.3f} s {spread:20} {median(processors):7.3f} CPU s")


def main() -> None:
    """Print the tables."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--data", default="", help="an mnist.npz; default: found automatically")
    arguments.add_argument("--repeats", type=int, default=5)
    arguments.add_argument("--memory", type=int, default=0, help="how many small submissions follow")
    given = arguments.parse_args()
    digits = held_out(find_digits(Path(given.data) if given.data else None, announce=print))
    evidence = [reference(seed) for seed in (1, 2)]
    for name, parts in time_verify(evidence, digits, given.repeats).items():
        for part, seconds in parts.items():
            print_seconds(f"{name}: {part}", seconds)
    for part, seconds in time_rest(evidence[0], digits, given.repeats).items():
        print_seconds(part, seconds)
    few = HeldOut(digits.images[:100], digits.moved[:100], digits.labels[:100])
    small_ones = [small(number) for number in range(given.memory)]
    for number, one in enumerate(small_ones):
        if number == 0:
            print(f"{memory()} MiB before the small submissions", flush=True)
        measure(one, few, seed=number)
        forget_models()
        if number % 20 == 19:
            print(f"{memory()} MiB after {number + 1} small submissions", flush=True)


if __name__ == "__main__":
    main()
