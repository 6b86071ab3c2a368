"""The kernel's main program inside the sandbox: a plain ipykernel that also writes down what it sees.

After every cell it sends the trained models as frozen graphs, the candidate images and the plotted
panels as arrays, and what `tf.GradientTape` computed, through one Unix socket. It takes no decision:
whatever it sends may be forged by the student's code, so the verifier measures everything again.

This is the only file of the kit that is visible inside the sandbox, so it imports nothing of it and
runs on whatever Python the student notebooks use (3.9 or newer). Call: `python recorder.py FILE`, where
FILE is the JSON text of a `autograder.execute.kernel.RecorderConfig`.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import resource
import shutil
import socket
import sys
import warnings
from collections.abc import Iterator
from typing import Any

# One image of the exercise has 28 x 28 pixels.
SIDE = 28
PIXELS = SIDE * SIDE
# More than any grid of filters; also keeps the training data itself from being taken for results.
MOST_IMAGES = 512
MOST_CANDIDATES = 16
MOST_MODELS = 12
MOST_LAYERS = 200
MOST_PANELS = 400
MOST_TAPE_CALLS = 200_000


class Channel:
    """Sends records to the grader: one line of JSON, then as many bytes as it announces."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.open = True
        self.sent: set[tuple[Any, ...]] = set()

    def send(self, record: dict[str, Any], payload: bytes = b"") -> None:
        """Send one record, unless exactly the same payload has been sent under the same name before."""
        fingerprint = (record["kind"], record.get("variable"), hashlib.sha256(payload).hexdigest())
        if payload and fingerprint in self.sent:
            return
        if not self.open:
            return
        text = json.dumps({**record, "bytes": len(payload)}, default=str, ensure_ascii=False)
        line = text.encode(errors="replace") + b"\n"  # a title may hold half a character
        try:
            self.socket.sendall(line + payload)
        except OSError:  # the grader has seen enough: the limit on evidence is reached
            self.open = False
        self.sent.add(fingerprint)


def as_npy(array: Any) -> bytes:
    """Return the bytes of an .npy file."""
    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def as_array(value: Any) -> Any:
    """Return a number array for anything array-like that holds numbers, else None."""
    import numpy as np

    if hasattr(value, "numpy"):  # a tensor or a variable
        value = value.numpy()
    if not isinstance(value, (np.ndarray, list, tuple)):
        return None
    array = np.asarray(value)
    return array if array.dtype.kind in "fiu" and array.size else None


def as_image(value: Any) -> Any:
    """Return `value` as one (28, 28) float32 image, or None where it is none."""
    array = as_array(value)
    if array is None or array.size != PIXELS:
        return None
    return array.astype("float32").reshape(SIDE, SIDE) if SIDE in array.shape else None


def as_images(value: Any) -> Any:
    """Return `value` as (n, 28, 28) float32 images, or None where it holds none.

    Understood are lists, tuples and dictionaries of images of any shape with 28 x 28 values, and arrays,
    tensors and variables of many images, with or without axes of length one.
    """
    import numpy as np

    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        if not 1 <= len(value) <= MOST_IMAGES or as_image(value[0]) is None:
            return None
        images = [as_image(element) for element in value]
        return np.stack([image for image in images if image is not None])
    if not isinstance(value, np.ndarray) and not hasattr(value, "numpy"):
        return None
    count = int(np.prod([int(length) for length in value.shape])) / PIXELS
    if count != int(count) or not 2 <= count <= MOST_IMAGES:
        return None
    array = as_array(value)
    array = None if array is None else np.squeeze(array)
    return None if array is None or array.shape[1:] != (SIDE, SIDE) else array.astype("float32")


def input_specs(model: Any) -> Iterator[Any]:
    """Yield the input shapes to try: what the model declares, else what the exercise uses."""
    import tensorflow as tf

    declared = getattr(model, "inputs", None)
    if declared and len(declared) == 1:
        yield tf.TensorSpec((None, *declared[0].shape[1:]), declared[0].dtype)
    else:
        for shape in ((None, SIDE, SIDE, 1), (None, SIDE, SIDE), (None, PIXELS)):
            yield tf.TensorSpec(shape, tf.float32)


def freeze(model: Any) -> tuple[bytes, dict[str, Any]]:
    """Return (graph bytes, facts): the model's computation with all weights folded in as constants.

    Every layer's output is a named tensor of the graph, also in nested and subclassed models: the calls
    of all layers are watched while the model is traced.
    """
    import keras
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    original = keras.layers.Layer.__call__
    layers: list[tuple[str, str, Any]] = []

    def watched(layer: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = original(layer, *args, **kwargs)
        if tf.is_tensor(outputs) and layer is not model and len(layers) < MOST_LAYERS:
            layers.append((layer.name, type(layer).__name__, outputs))
        return outputs

    def forward(images: Any) -> list[Any]:
        del layers[:]
        keras.layers.Layer.__call__ = watched
        tf.config.run_functions_eagerly(True)  # inner functions become part of this one graph
        try:
            outputs = model(images, training=False)
        finally:
            tf.config.run_functions_eagerly(False)
            keras.layers.Layer.__call__ = original
        return [tf.identity(outputs)] + [tf.identity(tensor) for _, _, tensor in layers]

    problem: Exception = ValueError("no input shape")
    for spec in input_specs(model):
        try:
            concrete = tf.function(forward, autograph=False).get_concrete_function(spec)
            break
        except Exception as error:
            problem = error
    else:
        raise problem
    frozen = convert_variables_to_constants_v2(concrete)
    output, *tensors = [tensor.name for tensor in frozen.outputs]
    facts = {
        "input": frozen.inputs[0].name,
        "output": output,
        "layers": [
            {"name": name, "type": kind, "tensor": tensor} for (name, kind, _), tensor in zip(layers, tensors)
        ],
    }
    return frozen.graph.as_graph_def().SerializeToString(), facts


def training_facts(model: Any) -> dict[str, Any]:
    """Return how the kernel says that the model was trained."""
    facts: dict[str, Any] = {"compiled": bool(getattr(model, "compiled", False)), "history": {}}
    if facts["compiled"]:
        facts["loss"] = str(getattr(model.loss, "__name__", model.loss))
        facts["optimizer"] = type(model.optimizer).__name__
        facts["learning_rate"] = float(model.optimizer.learning_rate)
    history = getattr(getattr(model, "history", None), "history", None) or {}
    for name, values in list(history.items())[:20]:
        facts["history"][str(name)] = [float(value) for value in values[:1000]]
    return facts


class Recorder:
    """Looks at the student's namespace after every cell, and at gradients and figures as they come."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.shell: Any = None
        self.cell = -1
        self.tape: list[tuple[int, float, float]] = []
        self.weights: dict[str, tuple[Any, ...]] = {}
        self.random = random.getstate()

    def before_cell(self, _info: Any) -> None:
        """Count the cells: the grader runs them one by one and counts along.

        Random numbers go on where the last cell left them: Keras takes its seeds from Python's generator,
        and so does the kernel between the cells, now and then, so that no two runs would be the same.
        """
        self.cell += 1
        random.setstate(self.random)

    def after_cell(self, _result: Any) -> None:
        """Take the snapshot. Nothing that goes wrong here may reach the student's notebook."""
        self.random = random.getstate()
        namespace = {name: value for name, value in self.shell.user_ns.items() if not name.startswith("_")}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for look in (self.look_at_names, self.look_at_models, self.look_at_images, self.look_at_tape):
                try:
                    look(namespace)
                except Exception as error:
                    self.send({"kind": "trouble", "where": look.__name__, "message": repr(error)[:500]})

    def send(self, record: dict[str, Any], payload: bytes = b"") -> None:
        """Send a record that belongs to the cell that is running or has just run."""
        self.channel.send({"cell": self.cell, **record}, payload)

    def look_at_names(self, namespace: dict[str, Any]) -> None:
        """The few plain values that the exercise asks for by name."""
        names = {}
        for name, kinds in (("layer_name", str), ("gradient_updates", int), ("step_size", (int, float))):
            if isinstance(namespace.get(name), kinds):
                names[name] = namespace[name]
        self.send({"kind": "names", "values": names})

    def look_at_models(self, namespace: dict[str, Any]) -> None:
        """Every Keras model whose weights are new."""
        import keras

        models = [(name, value) for name, value in namespace.items() if isinstance(value, keras.Model)]
        for name, model in models[:MOST_MODELS]:
            if not model.built:
                continue
            digest = hashlib.sha256()
            for weight in model.weights:
                digest.update(weight.numpy().tobytes())
            state = (id(model), digest.hexdigest(), bool(getattr(model, "compiled", False)))
            if self.weights.get(name) == state:
                continue
            self.weights[name] = state
            record = {"kind": "model", "variable": name, "type": type(model).__name__}
            try:
                graph, facts = freeze(model)
            except Exception as error:
                self.send({**record, **training_facts(model), "refused": repr(error)[:500]})
            else:
                self.send({**record, **training_facts(model), **facts}, graph)

    def look_at_images(self, namespace: dict[str, Any]) -> None:
        """Everything in the namespace that may be the result: one 28 x 28 image per filter."""
        found = 0
        for name, value in sorted(namespace.items(), key=lambda item: item[0] != "visualized_feature"):
            try:
                images = as_images(value)
            except Exception:  # an object that only looks like an array
                continue
            if images is None or not len(images):
                continue
            self.send({"kind": "images", "variable": name}, as_npy(images))
            found += 1
            if found == MOST_CANDIDATES:
                return

    def look_at_tape(self, _namespace: dict[str, Any]) -> None:
        """What gradients were taken with respect to images in this cell, in order."""
        import numpy as np

        if self.tape:
            calls = np.asarray(self.tape, dtype="float32")  # (calls, 3): images, loss, RMS of gradient
            self.tape = []
            self.send({"kind": "tape"}, as_npy(calls))

    def saw_gradient(self, target: Any, sources: Any, gradients: Any) -> None:
        """Note one eager gradient with respect to an image or a batch of images."""
        import numpy as np

        source = sources[0] if isinstance(sources, (list, tuple)) and len(sources) == 1 else sources
        gradient = gradients[0] if isinstance(gradients, (list, tuple)) and len(gradients) == 1 else gradients
        if not hasattr(target, "numpy") or not hasattr(gradient, "numpy") or not hasattr(source, "shape"):
            return  # inside a tf.function there are no values to see
        pixels = int(np.prod([int(length) for length in source.shape]))
        if not pixels or pixels % PIXELS or len(self.tape) >= MOST_TAPE_CALLS:
            return
        loss = float(np.mean(target.numpy()))
        rms = float(np.sqrt(np.mean(np.square(gradient.numpy()))))
        self.tape.append((pixels // PIXELS, loss, rms))

    def saw_figure(self, figure: Any) -> None:
        """Note the panels of a figure at the moment it is drawn for the reader."""
        import numpy as np

        panels, images = [], []
        for axes in figure.axes[:MOST_PANELS]:
            title = " ".join(axes.get_title(loc=loc) for loc in ("left", "center", "right")).strip()
            shapes = []
            for drawn in axes.get_images():
                array = np.asarray(np.ma.filled(drawn.get_array(), 0))
                shapes.append(list(array.shape))
                image = as_image(array if array.ndim == 2 else array[..., :1])
                if image is not None and len(shapes) == 1:
                    images.append(image)
            panels.append({"title": title[:100], "shapes": shapes[:4]})
        payload = as_npy(np.stack(images)) if images else b""
        self.send({"kind": "figure", "panels": panels}, payload)


def watch_gradients(recorder: Recorder) -> None:
    """Let the recorder see what `tf.GradientTape.gradient` returns; nothing is changed by it."""
    import tensorflow as tf

    original = tf.GradientTape.gradient

    def gradient(self: Any, target: Any, sources: Any, *args: Any, **kwargs: Any) -> Any:
        gradients = original(self, target, sources, *args, **kwargs)
        try:
            recorder.saw_gradient(target, sources, gradients)
        except Exception:
            recorder.send({"kind": "trouble", "where": "gradient"})
        return gradients

    tf.GradientTape.gradient = gradient


def watch_figures(recorder: Recorder) -> None:
    """Let the recorder see every figure when it is shown or saved."""
    try:
        from matplotlib.backend_bases import FigureCanvasBase
    except ImportError:
        return
    original = FigureCanvasBase.print_figure

    def print_figure(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            recorder.saw_figure(self.figure)
        except Exception:
            recorder.send({"kind": "trouble", "where": "figure"})
        return original(self, *args, **kwargs)

    FigureCanvasBase.print_figure = print_figure  # type: ignore[method-assign]


def serve_digits(path: str) -> None:
    """Let `keras.datasets.mnist.load_data()` read the grader's file: the sandbox has no network."""
    from keras.src.datasets import mnist

    mnist.get_file = lambda *args, **kwargs: path


def limit_resources(config: dict[str, Any]) -> None:
    """Set limits that the student's code cannot raise again.

    The address space is larger than the resident memory that the grader watches: TensorFlow maps far
    more than it uses. It turns one absurd allocation into a MemoryError that the student can read.
    """
    megabyte = 1024 * 1024
    address_space = (config["memory_mb"] * 2 + 4096) * megabyte
    resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    resource.setrlimit(resource.RLIMIT_FSIZE, (config["scratch_mb"] * megabyte,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


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
    watch_gradients(recorder)
    watch_figures(recorder)
    sys.path[0] = ""  # as in any kernel: the working directory, not the folder of this file
    app = IPKernelApp.instance()
    app.initialize(["-f", config["connection"], "--HistoryManager.enabled=False"])
    recorder.shell = app.shell
    app.shell.events.register("pre_run_cell", recorder.before_cell)
    app.shell.events.register("post_run_cell", recorder.after_cell)
    app.start()


if __name__ == "__main__":
    main()
