"""The kernel's main program inside the sandbox: a plain ipykernel that also writes down what it sees.

Run as `python recorder.pyz CONFIG`: this package packed into one file, and the path of the JSON text of an
`autograder.execute.kernel.RecorderConfig`.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
from typing import Any

from .recorder import Channel, Recorder, watch_figures, watch_gradients, watch_training
from .shortcuts import Shortcuts

THREADS_PER_PROCESS = 16
# The grader, which watches, comes first.
NICENESS = 5


def serve_digits(path: str) -> None:
    """Let `keras.datasets.mnist.load_data()` read the grader's file: the sandbox has no network."""
    from keras.src.datasets import mnist

    mnist.get_file = lambda *args, **kwargs: path


def limit_resources(config: dict[str, Any]) -> None:
    """Set limits that the student's code cannot raise again; the grader watches the sum over all processes.

    The address space is larger than the resident memory that the grader watches: TensorFlow maps far
    more than it uses. It turns one absurd allocation into a MemoryError that the student can read.
    """
    megabyte = 1024 * 1024
    limits = {
        resource.RLIMIT_AS: (config["memory_mb"] * 2 + 4096) * megabyte,
        resource.RLIMIT_FSIZE: config["scratch_mb"] * megabyte,
        resource.RLIMIT_NOFILE: config["open_files"],
        resource.RLIMIT_NPROC: config["processes"] * THREADS_PER_PROCESS,  # threads count; root is exempt
        resource.RLIMIT_CORE: 0,
    }
    for kind, limit in limits.items():
        resource.setrlimit(kind, (limit, limit))
    os.nice(NICENESS)


def copy_submission(folder: str, home: str) -> None:
    """Put what was handed in beside the notebook into the working directory, as on the student's machine.

    Hidden files stay out: in a home folder, some of them would change how the kernel starts. What does not
    fit into the sandbox is missing there, and the notebook's own error says so.
    """
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_symlink() or entry.name.startswith(".") or entry.name.endswith(".ipynb"):
            continue
        target = os.path.join(home, entry.name)
        try:
            if entry.is_dir():
                shutil.copytree(entry.path, target, symlinks=True, ignore_dangling_symlinks=True)
            elif entry.is_file():
                shutil.copyfile(entry.path, target)
        except OSError as error:  # too large, or not readable; shutil.Error is one, too
            print(f"{entry.name} was not copied: {error}"[:500], file=sys.stderr)


def main() -> None:
    """Prepare TensorFlow and the recorder, then become the kernel."""
    sys.path[0] = ""  # as in any kernel, the working directory; this package has been found
    with open(sys.argv[1], encoding="utf-8") as file:
        config = json.load(file)
    limit_resources(config)
    if config["submission"]:
        copy_submission(config["submission"], os.getcwd())

    import keras
    import tensorflow as tf
    from ipykernel.kernelapp import IPKernelApp

    tf.config.list_physical_devices()  # what drivers have to complain about is no output of the student's
    keras.utils.set_random_seed(config["seed"])
    serve_digits(config["digits"])
    channel = Channel(config["evidence"])
    channel.send(
        {
            "kind": "versions",
            "values": {
                "python": sys.version.split()[0],
                "tensorflow": tf.__version__,
                "keras": keras.__version__,
            },
        }
    )
    recorder = Recorder(channel)
    if config["shortcuts"]:
        Shortcuts(config["shortcuts"]).install()
    watch_training(recorder)
    watch_gradients(recorder)
    watch_figures(recorder)
    app = IPKernelApp.instance()
    app.initialize(["-f", config["connection"], "--HistoryManager.enabled=False"])
    recorder.shell = app.shell
    app.shell.events.register("pre_run_cell", recorder.before_cell)
    app.shell.events.register("post_run_cell", recorder.after_cell)
    app.start()
