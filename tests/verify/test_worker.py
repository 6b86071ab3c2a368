"""The verifier runs in a process of its own, and outlives what a submission does to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import psutil
import pytest
import tensorflow as tf

from autograder.evidence import CellRun, Evidence, Record, digest
from autograder.execute.inside.freezing import freeze
from autograder.execute.inside.recorder import as_npy
from autograder.execute.sandbox import Program, Sandbox
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.measurements import Measurements
from autograder.pictures import Pictures
from autograder.settings import Limits
from autograder.verify.process import MOST_MB, SandboxedWorker, StoppedError
from autograder.verify.verifier import Verifier

layers = keras.layers
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def verifier(sandbox: Sandbox, digits_file: Path) -> Iterator[Verifier]:
    with Verifier(EXERCISE, sandbox, digits_file, limits=Limits(), seed=7, threads=1) as started:
        yield started


def evidence_of(filters: int) -> Evidence:
    graph, facts = freeze(
        keras.Sequential(
            [
                layers.Input((28, 28, 1)),
                layers.Conv2D(filters, 3, name="conv2d"),
                layers.Flatten(),
                layers.Dense(10),
            ]
        )
    )
    images = as_npy(np.random.default_rng(0).random((filters, 28, 28), np.float32))
    records = (
        Record("model", 0, {"variable": "model", **facts}, digest(graph)),
        Record("images", 1, {"variable": "visualized_feature"}, digest(images)),
    )
    return Evidence("graded", (), records, {digest(graph): graph, digest(images): images})


@pytest.fixture(scope="module")
def harmless() -> Evidence:
    return evidence_of(filters=2)


@pytest.fixture(scope="module")
def bomb() -> Evidence:
    """A graph that passes the reader and cannot be computed."""
    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(tf.float32, (None, 28, 28, 1), name="images")
        beyond = tf.gather(images, tf.shape(images)[0] + 7)  # (28, 28, 1)
        tf.add(images[:, :10, 0, 0], tf.reduce_sum(beyond), name="output")
    data = graph.as_graph_def().SerializeToString()
    facts = {"variable": "model", "input": "images:0", "output": "output:0", "layers": []}
    run = CellRun(0, "cnn", "error", error_name="NameError", error_message="name 'x' is not defined")
    return Evidence("graded", (run,), (Record("model", 0, facts, digest(data)),), {digest(data): data})


def is_well(measurements: Measurements) -> bool:
    return measurements.trouble == "" and measurements.model is not None and measurements.images is not None


def test_it_measures_in_its_sandbox(verifier: Verifier, harmless: Evidence) -> None:
    measurements, pictures = verifier.measure(harmless)

    assert is_well(measurements)
    assert pictures.reference.shape == (2, 28, 28)


def test_a_network_that_cannot_be_computed_costs_only_its_own_submission(
    verifier: Verifier, harmless: Evidence, bomb: Evidence
) -> None:
    refused, _ = verifier.measure(bomb)
    after, _ = verifier.measure(harmless)

    assert "could not run the network" in refused.trouble
    assert "\n" not in refused.trouble
    assert refused.errors[0].cell == "cnn"
    assert is_well(after)


def test_an_endless_measurement_costs_only_the_submission_that_caused_it(
    verifier: Verifier, harmless: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier.measure(harmless)
    with monkeypatch.context() as patch:
        patch.setattr(verifier, "_limits", Limits(verify_seconds=0.01))
        stopped, _ = verifier.measure(harmless)

    after, _ = verifier.measure(harmless)

    assert stopped.trouble
    assert is_well(after)


@pytest.mark.deep
@pytest.mark.parametrize("is_ready", [True, False], ids=["between submissions", "while it starts"])
def test_a_verifier_that_is_killed_from_outside_costs_nothing(
    is_ready: bool, verifier: Verifier, harmless: Evidence, kill_verifier: Callable[[Verifier], None]
) -> None:
    if is_ready:
        verifier.measure(harmless)
    else:
        verifier.worker.stop()
        verifier.worker.start()
    kill_verifier(verifier)

    after, _ = verifier.measure(harmless)

    assert is_well(after)


@pytest.fixture
def kill_verifier() -> Callable[[Verifier], None]:
    def kill(verifier: Verifier) -> None:
        assert verifier.worker.process is not None
        verifier.worker.process.kill()
        verifier.worker.process.wait()

    return kill


def test_a_verifier_that_takes_too_much_memory_costs_only_the_submission_that_caused_it(
    verifier: Verifier, harmless: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier.measure(harmless)
    workers, new_worker = [verifier.worker], verifier._new_worker

    def noted_worker() -> SandboxedWorker:
        workers.append(new_worker())
        return workers[-1]

    def memory_of(process: psutil.Process) -> int:
        ready = [one.process.pid for one in workers if one._is_ready and one.process]
        return 4000 * MEGABYTE * (process.pid in ready)

    with monkeypatch.context() as patch:
        patch.setattr(verifier, "_new_worker", noted_worker)
        patch.setattr("autograder.verify.process._memory_of", memory_of)
        # of another structure, so that it takes a while
        stopped, _ = verifier.measure(evidence_of(filters=3))

    after, _ = verifier.measure(harmless)

    assert len(workers) == 2  # in a process of its own, it had all the memory, and took too much again
    assert f"more than {MOST_MB} MB of memory" in stopped.trouble
    assert is_well(after)


class Orphaning:
    """Like bubblewrap that is killed at the moment when it forks."""

    name = "none"

    def command(self, program: Program) -> list[str]:
        return ["sh", "-c", "sleep 600 & kill -9 $$"]


def test_what_a_killed_sandbox_leaves_behind_is_not_waited_for() -> None:
    worker = SandboxedWorker("the verifier", Orphaning(), ())

    with pytest.raises(StoppedError, match="killed while it started"):
        worker.ask({}, {}, seconds=60, read=lambda facts, files: (facts, files))

    assert worker.process is None


def test_a_costly_network_is_measured_in_a_process_of_its_own(
    verifier: Verifier, harmless: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, _ = verifier.measure(harmless)
    process = verifier.worker.process
    monkeypatch.setattr("autograder.verify.verifier.USUAL_TIMES", 1e-9)

    apart, _ = verifier.measure(harmless)

    assert apart == usual
    assert verifier.worker.process is process


def test_the_neighbours_of_a_costly_network_lose_no_time(
    verifier: Verifier, harmless: Evidence, bomb: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun, may_end = threading.Event(), threading.Event()

    def endless(_: Evidence) -> tuple[Measurements, Pictures]:
        has_begun.set()
        may_end.wait(60)
        return Measurements("graded"), Pictures()

    monkeypatch.setattr(verifier, "_measure_apart", endless)
    with ThreadPoolExecutor(1) as pool:
        with monkeypatch.context() as patch:
            patch.setattr("autograder.verify.verifier.USUAL_TIMES", 1e-9)
            costly = pool.submit(verifier.measure, bomb)
            assert has_begun.wait(60)

        neighbour, _ = verifier.measure(harmless)

        assert not costly.done()
        may_end.set()
    assert is_well(neighbour)


@pytest.mark.deep
def test_a_verifier_that_has_grown_is_replaced_between_submissions(
    verifier: Verifier, harmless: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, _ = verifier.measure(harmless)
    process = verifier.worker.process
    monkeypatch.setattr("autograder.verify.verifier.MOST_MB", 1)
    verifier.measure(harmless)

    after, _ = verifier.measure(harmless)

    assert verifier.worker.process is not process
    assert after == before
