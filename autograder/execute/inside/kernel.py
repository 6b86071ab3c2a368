"""The kernel's main program inside the sandbox: a plain ipykernel that also records what it sees.

Run it as `python recorder.pyz CONFIG`. The archive is this package in one file, and CONFIG is the path of an
`autograder.execute.kernel.RecorderConfig` as JSON. `python recorder.pyz --template` instead becomes many
kernels.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import resource
import shutil
import socket
import sys
from typing import Any

from .arrays import ArrayRecorder
from .backends import replace_windows
from .calls import DirectCalls
from .handed_in import KernelOnGivenSockets, sockets_handed_in
from .recorder import Channel, Recorder, watch_figures, watch_gradients, watch_training
from .shortcuts import Shortcuts
from .template import ForkServer

FORKING = "--template"
# Slow imports of every kernel; the last two are needed when the first cell runs and the first picture is
# drawn.
IMPORTS = (
    "tensorflow",
    "keras.src.datasets.mnist",
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "matplotlib.pyplot",
)
THREADS_PER_PROCESS = 16
# Limits on copying a submission: files, folder depth, and its share of the home folder.
MOST_FILES, DEEPEST_FOLDER, SHARE_OF_SUBMISSION = 10_000, 32, 0.75
# The grader watches the kernels, so it has priority.
NICENESS = 5


def serve_digits(path: str) -> None:
    """Make `keras.datasets.mnist.load_data()` read the grader's file, as the sandbox has no network."""
    from keras.src.datasets import mnist

    mnist.get_file = lambda *args, **kwargs: path


def leave_data_sets_as_they_are() -> None:
    """Stop TensorFlow from tuning data sets while they are read; their content stays the same.

    Dropping a data set that was not read to its end waits for the thread that tunes it. Sometimes that thread
    misses the signal and keeps sleeping, for up to a minute. This was seen in a cell that only drew a
    picture, after a training run that had ended early.
    """
    import tensorflow as tf

    name = "_apply_debug_options"  # called for every data set just before it is read
    original = getattr(tf.data.Dataset, name, None)
    if original is None:  # not in this version
        return

    def untuned(self: Any) -> Any:
        if self.options().autotune.enabled is not None:  # the notebook has set it itself
            return original(self)
        options = tf.data.Options()
        options.autotune.enabled = False
        return original(self).with_options(options)

    setattr(tf.data.Dataset, name, untuned)


def limit_resources(config: dict[str, Any]) -> None:
    """Set limits that the student's code cannot raise again; the grader watches the sum over all processes.

    The address space limit is larger than the resident memory that the grader watches, because TensorFlow
    maps far more than it uses. It turns one absurd allocation into a MemoryError that the student can read. A
    GPU driver reserves addresses for all memory of the machine, so with a GPU, the limit is on writable
    memory instead.
    """
    megabyte = 1024 * 1024
    memory = resource.RLIMIT_DATA if config["gpu"] else resource.RLIMIT_AS
    limits = {
        memory: (config["memory_mb"] * 2 + 4096) * megabyte,
        resource.RLIMIT_FSIZE: config["scratch_mb"] * megabyte,
        resource.RLIMIT_NOFILE: config["open_files"],
        resource.RLIMIT_NPROC: config["processes"] * THREADS_PER_PROCESS,  # threads count; root is exempt
        resource.RLIMIT_CORE: 0,
    }
    for kind, limit in limits.items():
        resource.setrlimit(kind, (limit, limit))
    os.nice(NICENESS)


def copy_submission(folder: str, home: str, most_bytes: int) -> None:
    """Copy the files submitted with the notebook into the working directory, as on the student's machine.

    Hidden files are left out, because in a home folder some of them would change how the kernel starts. So
    are links, pipes and anything over the limits. If the notebook needs a missing file, its own error says
    so.
    """
    left_out, files_left, waiting = [], MOST_FILES, [("", 0)]
    while waiting:
        inner, depth = waiting.pop(0)
        try:
            entries = sorted(os.scandir(os.path.join(folder, inner)), key=lambda entry: entry.name)
        except OSError as error:
            left_out.append(f"{inner}: {error.strerror}")
            continue
        for entry in entries:
            if not inner and (entry.name.startswith(".") or entry.name.lower().endswith(".ipynb")):
                continue
            path = os.path.join(inner, entry.name)
            size = entry.stat(follow_symlinks=False).st_size if entry.is_file(follow_symlinks=False) else 0
            try:
                if not files_left or size > most_bytes or depth > DEEPEST_FOLDER:
                    left_out.append(f"{path}: too much")
                elif entry.is_dir(follow_symlinks=False):
                    os.mkdir(os.path.join(home, path))
                    waiting.append((path, depth + 1))
                    files_left -= 1
                elif entry.is_file(follow_symlinks=False):
                    files_left, most_bytes = files_left - 1, most_bytes - size
                    copy_file(entry.path, os.path.join(home, path))
            except OSError as error:
                left_out.append(f"{path}: {error.strerror}")
    if left_out:
        print(f"{len(left_out)} files were not copied, the first is {left_out[0]!r}"[:500], file=sys.stderr)


def copy_file(source: str, target: str) -> None:
    """Copy a whole file or nothing: half a file would take up space and be useless."""
    try:
        shutil.copyfile(source, target)
    except OSError:
        if os.path.exists(target):
            os.unlink(target)
        raise


def show_only_jupyter(connection: str) -> None:
    """Let the student's code find the command line and the modules of any Jupyter kernel.

    What is imported of this package stays in use, but no longer under a name that a notebook could import.
    """
    launcher = importlib.util.find_spec("ipykernel_launcher")
    sys.argv = [(launcher and launcher.origin) or "ipykernel_launcher", "-f", connection]
    package = __name__.partition(".")[0]
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]
    archive = __file__.partition(f"{os.sep}{package}{os.sep}")[0]
    for place in [place for place in sys.path_importer_cache if place.startswith(archive)]:
        del sys.path_importer_cache[place]


def main() -> None:
    """Become a kernel, or a template for many."""
    # This package is imported, and a fork does not see the archive. Jupyter adds the working directory, after the
    # standard library, once its own imports are done.
    del sys.path[0]
    if sys.argv[1] == FORKING:
        import_all()
        del os.environ["MPLCONFIGDIR"]  # only for the template, which has no home folder
        ForkServer(socket.socket(fileno=0), become_kernel).serve()
    else:
        become_kernel(sys.argv[1])


def import_all() -> None:
    """Import what every kernel needs; nothing here may run a TensorFlow operation."""
    for name in IMPORTS:
        importlib.import_module(name)


def become_kernel(config_file: str) -> None:
    """Prepare TensorFlow and the recorder, then run as the kernel until the grader shuts it down."""
    with open(config_file, encoding="utf-8") as file:
        config = json.load(file)
    limit_resources(config)
    import_all()  # before a file of the submission can take the place of one of these modules
    if config["submission"]:
        megabytes = config["scratch_mb"] * SHARE_OF_SUBMISSION
        copy_submission(config["submission"], os.getcwd(), int(megabytes * 1024 * 1024))

    for path in config["brought"]:
        copy_file(path, os.path.join(os.getcwd(), os.path.basename(path)))

    import keras
    import tensorflow as tf

    tf.config.list_physical_devices()  # now, so that driver warnings stay out of the student's output
    keras.utils.set_random_seed(config["seed"])
    serve_digits(config["digits"])
    leave_data_sets_as_they_are()
    kind = ArrayRecorder if config["watch"]["arrays"] else Recorder
    recorder = kind(Channel(config["evidence"]), config["watch"])
    DirectCalls().install()
    if config["shortcuts"]:
        Shortcuts(config["shortcuts"]).install()
    watch_training(recorder)
    watch_gradients(recorder)
    watch_figures(recorder)
    KernelOnGivenSockets.given = sockets_handed_in(config["sockets"])
    show_only_jupyter(config["connection"])
    app = KernelOnGivenSockets.instance()
    app.initialize(["-f", config["connection"], "--HistoryManager.enabled=False"])
    recorder.shell = app.shell
    replace_windows(app.shell)
    app.shell.events.register("pre_run_cell", recorder.before_cell)
    app.shell.events.register("post_run_cell", recorder.after_cell)
    app.start()
