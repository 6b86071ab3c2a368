"""How much faster `solutions` computes the exercise's 64 images than its own loop and other packages.

    python benchmarks/gradient_ascent.py [--data mnist.npz] [--repeats 5]

All start from the same noise and take 50 steps for each of 64 filters of `conv2d_3`, on the same trained
network. They run in the same process and take turns, because a shared machine's speed drifts by a quarter
within minutes. The last line is the time that the arithmetic alone would take. The exit status is 1 if a
ratio of medians misses its bar or a peer is faster.
"""

import argparse
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import keras
import numpy as np
import tensorflow as tf
from ascents import (
    LAYER,
    PEERS,
    STEPS,
    Images,
    Method,
    compiled_step,
    exercise_loop,
    solutions_methods,
    up_to_layer,
)
from lower_bound import ascent_flops, sgemm_peak

from solutions.cnn import build_cnn, train
from solutions.data import load_mnist
from solutions.gradient_ascent import uniform_noise

BAR_WARM, BAR_FIRST = 50, 30
EQUAL = 1e-3  # largest difference of a pixel; pixels of the last step range from -200 to 300


@dataclass
class Measured:
    """A method's times and its result."""

    images: Images
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The median of the times, in seconds."""
        return median(self.seconds)


def methods_of(model: keras.Model) -> tuple[list[Method], list[Method], tuple[Method, Method]]:
    """The standard methods, installed peers, and `solutions` on its first and on a later call."""
    peers: list[Method] = []
    for peer in PEERS:
        try:
            peers += peer.methods(model)
        except ImportError as error:
            print(
                f"Left out, since it is not installed: {peer.package} ({error}). Try: pip install {peer.package}"
            )
    return [exercise_loop(model), compiled_step(model)], peers, solutions_methods(model)


def measure(methods: list[Method], noise: Images, repeats: int) -> tuple[list[Measured], float]:
    """Time all methods in turn, and sgemm's peak with them; return the measurements and the highest peak."""
    for method in methods:  # exclude the cost of a process' first calls: threads, memory and graphs
        method.ascend(noise if method.batched else noise[:1])
    results = [Measured(images=noise) for _ in methods]
    peaks = []
    for repeat in range(repeats):
        for method, result in zip(methods, results, strict=True):
            start = time.perf_counter()
            result.images = method.ascend(noise)
            result.seconds.append(time.perf_counter() - start)
            progress = f"{repeat + 1}/{repeats}: {result.seconds[-1]:.2f} s, {method.name}"
            print(progress, file=sys.stderr, flush=True)  # at once: on a busy machine a round takes minutes
        peaks.append(sgemm_peak())
        print(f"{repeat + 1}/{repeats}: {peaks[-1] / 1e9:.0f} GFLOP/s, sgemm", file=sys.stderr, flush=True)
    return results, max(peaks)


def own_activations(model: keras.Model, images: Images) -> Images:
    """(n,): the mean of feature map i for image i, as the network itself computes it."""
    maps = up_to_layer(model)(images).numpy()  # (n, height, width, filters)
    return np.asarray(np.diagonal(maps.mean(axis=(1, 2))))


def main() -> int:
    """Measure, print the table, and return 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description="solutions' gradient ascent against the exercise's loop and peers"
    )
    parser.add_argument("--data", type=Path, help="mnist.npz; by default what solutions.data finds")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()

    dataset = load_mnist(arguments.data)
    model = build_cnn(seed=0)
    train(model, dataset, epochs=1, seed=0, verbose=0)  # the time does not depend on its accuracy
    filters = model.get_layer(LAYER).output.shape[-1]
    noise = uniform_noise(filters, seed=0)

    plain, peers, (first, warm) = methods_of(model)
    methods = [*plain, *peers, first, warm]
    results, peak = measure(methods, noise, arguments.repeats)
    flops = ascent_flops(model, LAYER, images=filters, steps=STEPS)
    limit = flops / peak

    print(
        f"\n{filters} filters x {STEPS} steps; data: {dataset.source}; TensorFlow {tf.__version__}, "
        f"{os.cpu_count()} cores, {arguments.repeats} repeats\n"
    )
    print(
        f"| | median s | min..max s | times faster | share of the limit | equal images of {filters} | activation |"
    )
    print("|---|---|---|---|---|---|---|")
    loop = results[0]
    reference = own_activations(model, loop.images)
    for method, result in zip(methods, results, strict=True):
        equal = np.abs(result.images - loop.images).max(axis=(1, 2, 3)) <= EQUAL
        apart = np.abs(own_activations(model, result.images) - reference)
        apart /= np.maximum(np.abs(reference), keras.backend.epsilon())  # a dead filter's is zero
        print(
            f"| {method.name} | {result.median:.2f} | {min(result.seconds):.2f}..{max(result.seconds):.2f} "
            f"| {loop.median / result.median:.1f} | {limit / result.median:.1%} | {equal.sum()} | {apart.max():.0e} |"
        )
    arithmetic = f"{flops / 1e9:.1f} GFLOP at {peak / 1e9:.0f} GFLOP/s"
    print(f"| lower bound: {arithmetic} | {limit:.2f} | | {loop.median / limit:.0f} | 100% | | |")

    of = {method.name: result for method, result in zip(methods, results, strict=True)}
    missed = []
    for method, bar in ((first, BAR_FIRST), (warm, BAR_WARM)):
        if loop.median < bar * of[method.name].median:
            missed.append(f"{method.name}: less than {bar} times faster than the loop")
    missed += [
        f"{method.name} is faster" for method in peers if of[method.name].median < of[warm.name].median
    ]
    print(f"\nThe bars {'are MISSED: ' + '; '.join(missed) if missed else 'hold'}.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
