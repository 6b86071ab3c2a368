"""What the shortcuts save: a step of the exercise's eager loop, and a step of training.

    python benchmarks/shortcuts.py [--repeats 5]

A step of the loop is taken with the network called as written, called directly, and called directly while the
recorder watches. The images have to be equal to the last bit. A step of training on 100 digits is taken in float32
and in bfloat16. The ways take turns, on one thread, in milliseconds of processor time.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import keras
import numpy as np
import tensorflow as tf

from autograder.execute.inside.calls import DirectCalls
from autograder.execute.inside.recorder import Recorder
from autograder.execute.inside.shortcuts import in_bfloat16
from autograder.plain.machine import computes_bfloat16
from solutions.cnn import build_cnn

LAYER, FILTERS, STEPS = "conv2d_3", 3, 50
DIGITS, TRAINING_STEPS = 100, 30


class Discard:
    """A channel that sends nothing."""

    def send(self, record: dict[str, Any], payload: bytes = b"") -> None:
        """Do nothing."""


def climb(call: Callable[[Any], Any], see: Callable[[Any, Any, Any], None] = lambda *_: None) -> np.ndarray:
    """Return the images of some filters after the exercise's loop."""
    found = []
    for index in range(FILTERS):
        image = tf.Variable(np.random.default_rng(index).random((1, 28, 28, 1)).astype("float32"))
        for _ in range(STEPS):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(call(image)[0][..., index])
            gradient = tape.gradient(loss, image)
            see(loss, image, gradient)
            image.assign_add(gradient / (tf.sqrt(tf.reduce_mean(gradient**2)) + 1e-7))
        found.append(image.numpy())
    return np.concatenate(found)


def timed(work: Callable[[], Any], steps: int) -> tuple[float, Any]:
    """Return the processor time of a step, in milliseconds, and the result of all."""
    started = time.process_time()
    result = work()
    return (time.process_time() - started) / steps * 1000, result


def alternate(
    ways: dict[str, Callable[[], Any]], steps: int, repeats: int
) -> tuple[dict[str, list[float]], list[Any]]:
    """Return the times of each way, and the results of the last turn; the first turn, which compiles, is left out."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    results: list[Any] = []
    for turn in range(repeats + 1):
        results = []
        for name, work in ways.items():
            milliseconds, result = timed(work, steps)
            results.append(result)
            spent[name] += [milliseconds] * (turn > 0)
    return spent, results


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--repeats", type=int, default=5)
    repeats = arguments.parse_args().repeats
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(1)
    network = build_cnn()
    spent, images = alternate(ascents(network), FILTERS * STEPS, repeats)
    if any((one != images[0]).any() for one in images):
        sys.exit("the images differ")
    if computes_bfloat16():
        spent |= alternate(trainings(network), TRAINING_STEPS, repeats)[0]
    else:
        print("this processor does not compute in bfloat16")
    for name, times in spent.items():
        print(f"{name:38} {median(times):6.2f} ms ({min(times):.2f} ... {max(times):.2f})")


def ascents(network: keras.Model) -> dict[str, Callable[[], Any]]:
    """Return the ways to take the steps of an ascent."""
    up_to = keras.Model(network.inputs, [network.get_layer(LAYER).output])
    DirectCalls().install()
    recorder = Recorder(Discard())  # type: ignore[arg-type]

    def watched() -> Any:
        images = climb(up_to, recorder.saw_gradient)
        recorder.look_at_tape({})
        return images

    return {
        "step of an ascent, as written": lambda: climb(
            lambda image: keras.layers.Layer.__call__(up_to, image)
        ),
        "step of an ascent, directly": lambda: climb(up_to),
        "step of an ascent, directly, watched": watched,
    }


def trainings(network: keras.Model) -> dict[str, Callable[[], Any]]:
    """Return the ways to train."""
    digits = np.random.default_rng(0).random((DIGITS * TRAINING_STEPS, 28, 28, 1)).astype("float32")
    labels = keras.utils.to_categorical(np.arange(len(digits)) % 10)
    network.compile("adam", "categorical_crossentropy")

    def in_float32() -> None:
        network.fit(digits, labels, batch_size=DIGITS, verbose=0)

    def as_bfloat16() -> None:
        with in_bfloat16():
            in_float32()

    return {"step of training, float32": in_float32, "step of training, bfloat16": as_bfloat16}


if __name__ == "__main__":
    main()
