"""How much sooner `solutions` has the 64 images of the exercise than the exercise's own loop.

    python benchmarks/gradient_ascent.py [--data mnist.npz] [--repeats 5]

Both climb from the same noise, 50 steps for each of 64 filters of `conv2d_3`, on the same trained network, in
the same process and alternating, because a shared machine drifts by a quarter within minutes. The exit status
is 1 when a ratio of medians misses its bar.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from solutions.cnn import build_cnn, train
from solutions.data import load_mnist
from solutions.gradient_ascent import filter_activations, gradient_ascent, uniform_noise

LAYER = "conv2d_3"
STEPS = 50
STEP_SIZE = 1.0
BAR_WARM, BAR_FIRST = 50, 30

Images = npt.NDArray[np.float32]


def exercise_loop(model: keras.Model, noise: Images) -> Images:
    """The published solution of the exercise, in its own words: one filter, one step at a time."""
    submodel = keras.Model(model.inputs[0], model.get_layer(LAYER).output)

    def normalize(x: tf.Tensor) -> tf.Tensor:
        return x / (tf.sqrt(tf.reduce_mean(tf.square(x))) + keras.backend.epsilon())

    visualized_feature = []
    for filter_index in range(len(noise)):
        input_img = tf.Variable(noise[filter_index : filter_index + 1])
        for _ in range(STEPS):
            with tf.GradientTape() as tape:
                outputs = submodel(input_img)
                loss_value = tf.reduce_mean(outputs[:, :, :, filter_index])
            grads = normalize(tape.gradient(loss_value, input_img))
            input_img.assign_add(STEP_SIZE * grads)
        visualized_feature.append(input_img.numpy()[0])
    return np.stack(visualized_feature)


@contextmanager
def timed(seconds: list[float]) -> Iterator[None]:
    """Append the seconds of wall clock that the block takes."""
    start = time.perf_counter()
    yield
    seconds.append(time.perf_counter() - start)


def main() -> int:
    """Measure, print the table, and say whether the bars hold."""
    parser = argparse.ArgumentParser(description="solutions' gradient ascent against the exercise's loop")
    parser.add_argument("--data", type=Path, help="mnist.npz; by default what solutions.data finds")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()

    dataset = load_mnist(arguments.data)
    model = build_cnn(seed=0)
    train(model, dataset, epochs=1, seed=0, verbose=0)  # time does not depend on how well it reads digits
    filters = model.get_layer(LAYER).output.shape[-1]
    noise = uniform_noise(filters, seed=0)

    exercise_loop(model, noise[:1])  # the process' very first convolutions set up threads: nobody's cost
    loop: list[float] = []
    first: list[float] = []
    warm: list[float] = []
    for repeat in range(arguments.repeats):
        with timed(loop):
            exercise_loop(model, noise)
        with timed(first):
            activations = filter_activations(model, LAYER)  # a new function, hence a new graph
            gradient_ascent(activations, noise, steps=STEPS, step_size=STEP_SIZE)
        with timed(warm):
            gradient_ascent(activations, noise, steps=STEPS, step_size=STEP_SIZE)
        progress = f"{repeat + 1}/{arguments.repeats}: {loop[-1]:.1f} {first[-1]:.2f} {warm[-1]:.2f} s"
        print(progress, file=sys.stderr, flush=True)

    print(
        f"\n{filters} filters x {STEPS} steps; data: {dataset.source}; TensorFlow {tf.__version__}, "
        f"{os.cpu_count()} cores, {arguments.repeats} repeats\n"
    )
    print("| | median s | min..max s | times sooner | bar |")
    print("|---|---|---|---|---|")
    for name, seconds, bar in (
        ("exercise's loop", loop, 1),
        ("solutions, first call", first, BAR_FIRST),
        ("solutions, warm", warm, BAR_WARM),
    ):
        ratio = median(loop) / median(seconds)
        spread = f"{min(seconds):.2f}..{max(seconds):.2f}"
        print(f"| {name} | {median(seconds):.2f} | {spread} | {ratio:.0f} | {bar} |")
    holds = median(loop) >= BAR_WARM * median(warm) and median(loop) >= BAR_FIRST * median(first)
    print(f"\nThe bars {'hold' if holds else 'are MISSED'}.")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
