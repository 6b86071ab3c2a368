"""The verifier runs in a process of its own, and outlives what a submission does to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from autograder.evidence import CellRun, Evidence, Record, digest
from autograder.execute.inside.freezing import freeze
from autograder.execute.inside.recorder import as_npy
from autograder.execute.sandbox import Sandbox
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.measurements import Measurements
from autograder.settings import Limits
from autograder.verify.verifier import Verifier

layers = keras.layers
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def verifier(sandbox: Sandbox, digits_file: Path) -> Iterator[Verifier]:
    with Verifier(EXERCISE, sandbox, digits_file, limits=Limits(), seed=7, threads=1) as started:
        yield started


@pytest.fixture(scope="module")
def harmless() -> Evidence:
    graph, facts = freeze(
        keras.Sequential(
            [
                layers.Input((28, 28, 1)),
                layers.Conv2D(2, 3, name="conv2d"),
                layers.Flatten(),
                layers.Dense(10),
            ]
        )
    )
    images = as_npy(np.random.default_rng(0).random((2, 28, 28), np.float32))
    records = (
        Record("model", 0, {"variable": "model", **facts}, digest(graph)),
        Record("images", 1, {"variable": "visualized_feature"}, digest(images)),
    )
    return Evidence("graded", (), records, {digest(graph): graph, digest(images): images})


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
    with monkeypatch.context() as patch:
        worker = verifier.worker
        patch.setattr("autograder.verify.process._memory_of", lambda _: 4000 * MEGABYTE * worker._is_ready)
        stopped, _ = verifier.measure(harmless)

    after, _ = verifier.measure(harmless)

    assert "more than 3072 MB of memory" in stopped.trouble
    assert is_well(after)


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
