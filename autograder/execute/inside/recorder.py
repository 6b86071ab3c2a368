"""Records what a notebook makes: after every cell the models, the images and what the tape computed.

Models are sent as frozen graphs, images and plotted panels as arrays, all through one Unix socket. Nothing is
decided here: the student's code can forge anything that is sent, so the verifier measures everything again.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import random
import socket
import warnings
from collections.abc import Callable
from typing import Any

from .ascents import AscentWatch, as_rows
from .backends import show_changed_figures
from .candidates import SIDE, ImageSet, as_image, image_sets, models, shape_of_entries
from .freezing import freeze, training_facts
from .functions import LibraryFunctions
from .gradients import CompiledFunctions, VectorizedLoops, can_look_inside, images_in, watch_other_gradients
from .plotly_figures import panels_of, plotly_figures
from .telling import Telling

MOST_CANDIDATES = 24
MOST_MODELS = 12
MOST_PANELS = 400
# A picture with sides of this many pixels may contain a whole grid of features.
MOSAIC_SIDE, LARGEST_MOSAIC_SIDE = 4 * SIDE, 64 * SIDE
# An image may be enlarged this many times to be shown. Pixels that were enlarged differ by at most this share of the
# variance of the whole; those of a grid differ by nearly all of it.
MOST_ENLARGED, WITHIN_PIXELS = 16, 0.5
EXPECTED_NAME = "visualized_feature"
# The product of these variables of the notebook is how many gradients it takes.
STEPS_ARE = ("number_of_filters", "gradient_updates")
# Number of images with gradients: with visible values, without; how often recording one failed; and how often
# gradients of something else were taken, as for the weights in a training loop.
NO_GRADIENTS = {"seen": 0, "unseen": 0, "lost": 0, "others": 0}


class Channel:
    """Sends records to the grader: one line of JSON, then the number of bytes that the line announces."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.open = True
        self.sent: set[tuple[Any, ...]] = set()

    def send(self, record: dict[str, Any], payload: bytes = b"") -> None:
        """Send one record, unless the same payload has already been sent under the same name."""
        name = record.get("variable", record.get("panels"))
        fingerprint = (record["kind"], str(name), hashlib.sha256(payload).hexdigest())
        if payload and fingerprint in self.sent:
            return
        if not self.open:
            return
        text = json.dumps({**record, "bytes": len(payload)}, default=str, ensure_ascii=False)
        line = text.encode(errors="replace") + b"\n"  # a title may contain a lone surrogate
        try:
            self.socket.sendall(line + payload)
        except OSError:  # the grader hung up: the evidence limit is reached
            self.open = False
        self.sent.add(fingerprint)


def as_npy(array: Any) -> bytes:
    """Return the bytes of an .npy file."""
    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


class Recorder:
    """Inspects the student's namespace after every cell, and gradients and figures as they occur."""

    def __init__(self, channel: Channel, watch: dict[str, Any] | None = None) -> None:
        self.channel = channel
        self.watch = watch or {"side": SIDE, "arrays": []}
        self.shell: Any = None
        self.cell = -1
        self.ascents = AscentWatch()
        self.loops = VectorizedLoops()
        self.compiled = CompiledFunctions(
            lambda values: self.guarded(lambda: self.saw_outside(values)), self.loops
        )
        self.gradients = dict(NO_GRADIENTS)
        self.weights: dict[str, tuple[Any, ...]] = {}
        self.trained: list[Any] = []
        self.drawn: dict[int, Any] = {}  # figures, by their id
        self.libraries = LibraryFunctions()
        self.telling = Telling(self.send)
        self.random = random.getstate()

    def before_cell(self, _info: Any) -> None:
        """Count the cells; the grader runs them one by one and keeps the same count.

        Random numbers continue where the last cell left them. Keras takes its seeds from Python's generator,
        and the kernel sometimes uses the generator between cells too, so without this no two runs would be
        the same.
        """
        self.cell += 1
        self.libraries.look()
        random.setstate(self.random)

    def after_cell(self, _result: Any) -> None:
        """Take the snapshot. No error in here may reach the student's notebook."""
        self.random = random.getstate()
        namespace = {name: value for name, value in self.shell.user_ns.items() if not name.startswith("_")}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            looks = (self.look_at_names, self.look_at_models, self.look_at_images, self.look_at_tape)
            for look in (*looks, self.look_at_figures, self.look_at_libraries):
                try:
                    look(namespace)
                except Exception as error:
                    self.send({"kind": "trouble", "where": look.__name__, "message": repr(error)[:500]})

    def send(self, record: dict[str, Any], payload: bytes = b"") -> None:
        """Send a record that belongs to the cell that is running or has just run."""
        self.channel.send({"cell": self.cell, **record}, payload)

    def look_at_names(self, namespace: dict[str, Any]) -> None:
        """Send the layer name that the exercise asks for."""
        layer = namespace.get("layer_name")
        self.send({"kind": "names", "values": {"layer_name": layer} if isinstance(layer, str) else {}})

    def look_at_models(self, namespace: dict[str, Any]) -> None:
        """Send every Keras model with new weights: first those with a name, then others that were trained."""
        found = [pair for name, value in namespace.items() for pair in models(name, value)]
        known = {id(model) for _, model in found}
        found += [("", model) for model in self.trained if id(model) not in known]
        for name, model in found[:MOST_MODELS]:
            if not model.built:
                continue
            digest = hashlib.sha256()
            for weight in model.weights:
                digest.update(weight.numpy().tobytes())
            state = (id(model), digest.hexdigest(), bool(getattr(model, "compiled", False)))
            key = name or str(id(model))
            if self.weights.get(key) == state:
                continue
            self.weights[key] = state
            record = {"kind": "model", "variable": name}
            try:
                graph, facts = freeze(model, self.watch["side"])
            except Exception as error:
                self.send({**record, **training_facts(model), "refused": repr(error)[:500]})
            else:
                self.send({**record, **training_facts(model), **facts}, graph)

    def look_at_images(self, namespace: dict[str, Any]) -> None:
        """Send everything in the namespace that may be the result: one 28 x 28 image per filter."""
        found: list[ImageSet] = []
        for name, value in sorted(namespace.items(), key=lambda item: item[0] != EXPECTED_NAME):
            try:
                found += image_sets(name, value)
            except Exception:  # an object that only looks like an array
                continue
        if EXPECTED_NAME in namespace and not any(one.name.startswith(EXPECTED_NAME) for one in found):
            shape = shape_of_entries(namespace[EXPECTED_NAME])
            self.send({"kind": "other_images", "variable": EXPECTED_NAME, "shape": shape[:4]})
        for one in found[:MOST_CANDIDATES]:
            facts = {"kind": "images", "variable": one.name, "positions": one.positions}
            self.send(facts, as_npy(one.images))

    def look_at_tape(self, _namespace: dict[str, Any]) -> None:
        """Send the gradients taken with respect to images in this cell, in order.

        Also report if there were none, because images made without gradients need a review.
        """
        noted, self.gradients = self.gradients, dict(NO_GRADIENTS)
        self.send({"kind": "gradients", **noted})
        calls = self.ascents.take_counted()
        if calls is not None:
            self.send({"kind": "tape"}, as_npy(calls))
        outside = self.ascents.take_outside()
        if outside is not None:
            self.send({"kind": "outside"}, as_npy(outside))
        if self.ascents.rows:
            steps, wholes = self.ascents.take()
            self.send({"kind": "steps"}, as_npy(steps))
            self.send({"kind": "whole_steps"}, as_npy(wholes))

    def look_at_libraries(self, _namespace: dict[str, Any]) -> None:
        """Send the names of functions of libraries that the notebook has replaced."""
        names = self.libraries.replaced()
        if names:
            self.send({"kind": "replaced", "names": names})

    def guarded(self, see: Callable[[], None]) -> None:
        """Look at something of the student's; what goes wrong is not the student's business."""
        try:
            see()
        except Exception:
            self.lost_gradient()

    def look_at_figures(self, namespace: dict[str, Any]) -> None:
        """Look at the figures that the notebook drew itself, and at those that only a browser would draw."""
        for figure in plotly_figures(namespace):
            self.saw_panels([(title[:100], [picture]) for title, picture in panels_of(figure)])
        for figure in self.drawn.values():
            self.saw_figure(figure)
        show_changed_figures(set(self.drawn))
        self.drawn.clear()

    def saw_gradient(self, target: Any, sources: Any, gradients: Any) -> None:
        """Record gradients with respect to an image or a batch of images; the network's weights are none."""
        import tensorflow as tf

        for source, gradient in zip(tf.nest.flatten(sources), tf.nest.flatten(gradients)):
            if gradient is None:
                continue
            if not images_in(source):
                self.gradients["others"] += 1
                continue
            losses = [one for one in tf.nest.flatten(target) if one is not None]
            if all(hasattr(one, "numpy") for one in (*losses, gradient)):
                self.saw_values(source, losses, source, gradient)
            elif can_look_inside() and not self.loops.depth:
                self.look_inside(source, losses, gradient)
            else:
                self.gradients["unseen"] += images_in(source)
                self.compiled.took_gradient(source)

    def saw_outside(self, values: Any) -> None:
        """Record images that came out of a function that takes gradients where nothing can be seen."""
        import tensorflow as tf

        for value in tf.nest.flatten(values):
            count = images_in(value)
            rows = as_rows(values_of(value), count) if count and hasattr(value, "numpy") else None
            if rows is not None:
                self.ascents.see_outside(rows)

    def look_inside(self, source: Any, losses: list[Any], gradient: Any) -> None:
        """Make the `tf.function` that is being traced tell about this gradient whenever it runs."""
        import tensorflow as tf

        count = images_in(source)
        self.gradients["unseen"] += count  # also if the function is never called, or no longer

        def tell(image: Any, gradient: Any, *losses: Any) -> None:
            self.guarded(lambda: self.saw_values(source, losses, image, gradient))

        values = [tf.stop_gradient(tf.convert_to_tensor(one)) for one in (source, gradient, *losses)]
        tf.numpy_function(tell, values, [])

    def saw_values(self, source: Any, losses: Any, image: Any, gradient: Any) -> None:
        """Record a gradient whose values are known."""
        images, gradients = values_of(image), values_of(gradient)
        count = images.size // (SIDE * SIDE)
        values = [values_of(one) for one in losses]
        loss = sum(float(one if one.ndim == 0 else one.mean()) for one in values) / max(len(values), 1)
        self.gradients["seen"] += count
        self.telling.tell("gradients", self.gradients["seen"], self.gradients_to_come())
        rows = (as_rows(images, count), as_rows(gradients, count))
        if rows[0] is not None and rows[1] is not None:
            self.ascents.see(source, *rows, loss)
        else:
            self.ascents.count(images, gradients, loss, count)

    def gradients_to_come(self) -> int:
        """Return how many gradients the exercise asks for, by its own names; 0 if the notebook does not say."""
        numbers = [self.shell.user_ns.get(name) for name in STEPS_ARE] if self.shell else []
        total = math.prod(numbers) if numbers and all(type(one) is int for one in numbers) else 0
        return total if total >= self.gradients["seen"] else 0

    def saw_unseen_gradient(self, sources: Any) -> None:
        """Record that gradients were requested, if their values cannot be seen."""
        self.gradients["unseen"] += images_in(sources)

    def lost_gradient(self) -> None:
        """Count a gradient that could not be recorded; report it once per cell, not at every step."""
        self.gradients["lost"] += 1
        if self.gradients["lost"] == 1:
            self.send({"kind": "trouble", "where": "gradient"})

    def saw_figure(self, figure: Any) -> None:
        """Record the panels of a figure when it is drawn for the reader."""
        panels = ((title_of(axes), drawn_arrays(axes)) for axes in figure.axes[:MOST_PANELS])
        self.saw_panels(list(panels))

    def saw_panels(self, drawn: list[tuple[str, list[Any]]]) -> None:
        """Record panels: the title of each, and the pictures in it."""
        import numpy as np

        panels, images = [], []
        for title, arrays in drawn:
            shapes = []
            for array in arrays:
                image = as_panel(array)
                shapes.append(list(array.shape if image is None else image.shape))
                if image is not None and len(shapes) == 1:
                    images.append(image)
                elif image is None and is_mosaic(array):
                    grey = array[..., 0] if array.ndim == 3 else array
                    self.send({"kind": "mosaic"}, as_npy(grey.astype("float32")))
            panels.append({"title": title, "shapes": shapes[:4]})
        payload = as_npy(np.stack(images)) if images else b""
        self.send({"kind": "figure", "panels": panels}, payload)


def values_of(value: Any) -> Any:
    """Return a tensor, a variable or an array as an array; TensorFlow's own way is the fastest."""
    import numpy as np

    if isinstance(value, np.ndarray):
        return value
    read = getattr(value, "read_value", None)
    tensor = value.value() if read is not None and callable(value.value) else value  # one operation less
    return tensor.numpy() if hasattr(tensor, "numpy") else np.asarray(tensor)


def title_of(axes: Any) -> str:
    """Return the title of a panel, otherwise its axis label or the text written into it."""
    title = " ".join(axes.get_title(loc=loc) for loc in ("left", "center", "right")).strip()
    written = [text.get_text() for text in axes.texts[:1]]
    return (title or axes.get_xlabel() or axes.get_ylabel() or "".join(written))[:100]


def drawn_arrays(axes: Any) -> list[Any]:
    """Return the pictures in a panel as arrays: those of `imshow`, then those of `pcolormesh`."""
    import numpy as np
    from matplotlib.collections import QuadMesh

    meshes = [one for one in axes.collections if isinstance(one, QuadMesh) and one.get_array() is not None]
    return [np.asarray(np.ma.filled(one.get_array(), 0)) for one in [*axes.get_images(), *meshes]]


def as_panel(array: Any) -> Any:
    """Return what a panel shows as one (28, 28) image, even if it was enlarged; None if it is no image."""
    if array.ndim == 3:
        array = array[..., 0]
    times = array.shape[0] // SIDE if array.ndim == 2 else 0
    if 2 <= times <= MOST_ENLARGED and array.shape == (times * SIDE, times * SIDE):
        pixels = array.reshape(SIDE, times, SIDE, times)
        means = pixels.mean(axis=(1, 3))
        if array.shape[0] >= MOSAIC_SIDE and means.var() < (1 - WITHIN_PIXELS) * array.var():
            return None
        array = means
    return as_image(array)


def is_mosaic(array: Any) -> bool:
    """Tell whether a picture may be a grid of features put together by hand."""
    sides = array.shape[:2]
    return array.ndim in (2, 3) and min(sides) >= MOSAIC_SIDE and max(sides) <= LARGEST_MOSAIC_SIDE


def watch_training(recorder: Recorder) -> None:
    """Make the recorder keep every model that is trained, even if no variable refers to it afterwards."""
    import keras

    recorder.telling.watch_training()

    original = keras.Model.fit

    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not any(model is self for model in recorder.trained):
            recorder.trained.append(self)
        return original(self, *args, **kwargs)

    keras.Model.fit = fit


def watch_gradients(recorder: Recorder) -> None:
    """Show the recorder what `tf.GradientTape.gradient` returns, without changing it."""
    import tensorflow as tf

    original = tf.GradientTape.gradient

    def gradient(self: Any, target: Any, sources: Any, *args: Any, **kwargs: Any) -> Any:
        gradients = original(self, target, sources, *args, **kwargs)
        recorder.guarded(lambda: recorder.saw_gradient(target, sources, gradients))
        return gradients

    tf.GradientTape.gradient = tf.autograph.experimental.do_not_convert(gradient)
    watch_other_gradients(lambda sources: recorder.guarded(lambda: recorder.saw_unseen_gradient(sources)))
    recorder.compiled.watch()
    recorder.loops.watch()


def watch_figures(recorder: Recorder) -> None:
    """Show the recorder every figure when it is shown or saved, and those that a notebook draws itself."""
    try:
        from matplotlib.backend_bases import FigureCanvasBase
        from matplotlib.backends.backend_agg import FigureCanvasAgg
    except ImportError:
        return
    original_print = FigureCanvasBase.print_figure
    original_draw: Any = FigureCanvasAgg.draw

    def print_figure(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            recorder.saw_figure(self.figure)
        except Exception:
            recorder.send({"kind": "trouble", "where": "figure"})
        return original_print(self, *args, **kwargs)

    def draw(self: Any) -> Any:
        # Seen at the end of the cell, since a moving picture is drawn again and again.
        recorder.drawn[id(self.figure)] = self.figure
        return original_draw(self)

    FigureCanvasBase.print_figure = print_figure  # type: ignore[method-assign]
    FigureCanvasAgg.draw = draw  # type: ignore[method-assign]
