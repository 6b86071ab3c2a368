"""What the sandbox costs a submission: the same small notebook with and without it.

    python benchmarks/sandbox.py [--repeats 7]

The notebook builds a network, takes fifty gradient steps and writes a file, so that it exercises processor,
system calls and files. Both variants alternate in one process. The code is trusted, so running it without a
sandbox is safe.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import nbformat

from autograder.execute.kernel import KernelOptions
from autograder.execute.runner import execute
from autograder.execute.sandbox import make_sandbox
from autograder.settings import Limits
from solutions.data import embedded_digits, write_npz

CELLS = (
    "import numpy as np, tensorflow as tf\nfrom tensorflow import keras",
    "model = keras.Sequential([keras.layers.Input((28, 28, 1)), keras.layers.Conv2D(8, 3, name='conv2d_3')])",
    "image = tf.Variable(np.random.rand(1, 28, 28, 1).astype('float32'))\n"
    "for update in range(50):\n"
    "    with tf.GradientTape() as tape:\n"
    "        loss = tf.reduce_mean(model(image)[..., 0])\n"
    "    image.assign_add(tape.gradient(loss, image))",
    "open('large', 'wb').write(bytes(50_000_000))",
)


def seconds_of_one_run(options: KernelOptions) -> tuple[float, float]:
    """Run the notebook; return the seconds until the kernel answered, and the total seconds."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    started = time.monotonic()
    execution = execute(notebook, None, options)
    total = time.monotonic() - started
    if [cell.error_message for cell in execution.evidence.cells if cell.status != "ok"]:
        sys.exit("the notebook did not run; the times mean nothing")
    return execution.seconds["start"], total


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the sandbox costs a submission.")
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        digits = Path(folder) / "mnist.npz"
        write_npz(embedded_digits(), digits)
        sides = {
            name: KernelOptions(make_sandbox(name), digits, Limits(), seed=7, threads=1)
            for name in ("none", "bwrap")
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
        for _ in range(repeats):
            for name, options in sides.items():
                times[name].append(seconds_of_one_run(options))
    print(f"{'sandbox':10} {'kernel start':>24} {'whole submission':>24}")
    for name, pairs in times.items():
        columns = (
            f"{median(column):.2f} ({min(column):.2f}..{max(column):.2f}) s"
            for column in zip(*pairs, strict=True)
        )
        print(f"{name:10} " + " ".join(f"{column:>24}" for column in columns))
    start, total = (
        median(pair[part] for pair in times["bwrap"]) - median(pair[part] for pair in times["none"])
        for part in (0, 1)
    )
    print(f"overhead: {start:+.2f} s until the kernel answers, {total:+.2f} s in all")


if __name__ == "__main__":
    main()
