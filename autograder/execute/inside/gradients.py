"""Detects gradients with respect to images, however they are computed: no gradients means no gradient ascent.

For an eager tape, the values are recorded. For a gradient that is only traced, inside a `tf.function` or for
a Jacobian, only the request is recorded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from .candidates import PIXELS, SIDE

# Called with the sources that gradients are taken with respect to.
Notice = Callable[[Any], None]


class VectorizedLoops:
    """Knows when the body of a loop is traced that is then computed for all rounds at once.

    That is so for a Jacobian and for `tf.vectorized_map`. Python called in the body would see the first round alone.
    """

    depth = 0

    def watch(self) -> None:
        """Watch every such loop, without changing it."""
        import functools

        import tensorflow as tf
        from tensorflow.python.ops.parallel_for import control_flow_ops

        original, watcher = control_flow_ops.pfor, self

        @functools.wraps(original)
        def pfor(*args: Any, **kwargs: Any) -> Any:
            watcher.depth += 1
            try:
                return original(*args, **kwargs)
            finally:
                watcher.depth -= 1

        control_flow_ops.pfor = tf.autograph.experimental.do_not_convert(pfor)


def can_look_inside() -> bool:
    """Tell whether a `tf.function` is being traced that can call Python when it runs; XLA cannot."""
    from tensorflow.python.framework.func_graph import FuncGraph
    from tensorflow.python.framework.ops import get_default_graph
    from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

    graph = get_default_graph()
    return isinstance(graph, FuncGraph) and not GraphOrParentsInXlaContext(graph)


def images_in(sources: Any) -> int:
    """Return how many 28 x 28 images `sources` hold, for gradients with respect to them; 0 if none.

    A batch of unknown length counts as one image. Network weights are not images, even if their number fits.
    """
    import tensorflow as tf

    return sum(_images_of(source) for source in tf.nest.flatten(sources))


def _images_of(source: Any) -> int:
    shape = getattr(source, "shape", None)
    if shape is None or getattr(shape, "rank", 0) is None:
        return 0
    lengths = [1 if length is None else int(length) for length in shape]
    pixels = math.prod(lengths)
    if not pixels or pixels % PIXELS:
        return 0
    lengths = [length for length in lengths if length > 1]
    # A layer may hold an image: as a square, or as what it makes of a single number.
    holds_one = lengths[-2:] == [SIDE, SIDE] or tuple(shape) == (1, PIXELS)
    is_picture = _is_weight_of_a_layer(source) and holds_one
    is_tensor = not _is_weight_of_a_layer(source) and _may_be_images(lengths)
    return pixels // PIXELS if is_picture or is_tensor else 0


def _may_be_images(lengths: list[int]) -> bool:
    """Tell whether axes of these lengths hold images: as squares, or each as one row of pixels."""
    squares = zip(lengths, lengths[1:])  # noqa: RUF007 (also for students' older Pythons)
    return (
        len(lengths) == 1
        or lengths[-1] == PIXELS
        or any(height == width and height % SIDE == 0 for height, width in squares)
    )


def _is_weight_of_a_layer(source: Any) -> bool:
    """Tell whether a source is a variable that Keras made for a layer: its path then names the layer, too."""
    return "/" in str(getattr(source, "path", ""))


class CompiledFunctions:
    """Sees what goes out of functions that XLA compiles: no Python runs inside them while they take gradients."""

    def __init__(self, notice: Notice, loops: VectorizedLoops) -> None:
        self.notice = notice
        self.loops = loops
        self.running: list[Any] = []
        # variables, by the outermost function in which a gradient with respect to them is taken
        self.sources: WeakKeyDictionary[Any, list[Any]] = WeakKeyDictionary()

    def watch(self) -> None:
        """Watch every call of a `tf.function`, without changing it."""
        import tensorflow as tf
        from tensorflow.python.eager.polymorphic_function.polymorphic_function import Function

        original, watcher = Function.__call__, self

        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            watcher.running.append(self)
            try:
                result = original(self, *args, **kwargs)
            finally:
                watcher.running.pop()
            # what comes out of such a loop alone are gradients, and no images
            if not watcher.running and not watcher.loops.depth and self in watcher.sources:
                watcher.notice([result, *watcher.sources[self]])
            return result

        Function.__call__ = tf.autograph.experimental.do_not_convert(call)

    def took_gradient(self, source: Any) -> None:
        """Note that the function that is being traced takes a gradient with respect to an image."""
        if self.running:
            known = self.sources.setdefault(self.running[0], [])
            if hasattr(source, "assign") and not any(one is source for one in known):
                known.append(source)


def watch_other_gradients(notice: Notice) -> None:
    """Report gradients that do not come from a tape to `notice`, without changing them."""
    import keras
    import tensorflow as tf
    from tensorflow.python.ops import gradients

    for module in (tf, tf.compat.v1, tf.compat.v2, gradients):
        module.gradients = _noticed(module.gradients, notice, "xs", 1)
    accumulator, optimizer = tf.autodiff.ForwardAccumulator, keras.optimizers.Optimizer
    accumulator.__init__ = _noticed(accumulator.__init__, notice, "primals", 1)
    optimizer.apply = _noticed(optimizer.apply, notice, "trainable_variables", 2)


def _noticed(function: Any, notice: Notice, name: str, position: int) -> Any:
    """Return a function that does the same and also passes one of its arguments to `notice`."""
    import functools

    import tensorflow as tf

    @functools.wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        notice(kwargs.get(name, args[position] if len(args) > position else None))
        return result

    return tf.autograph.experimental.do_not_convert(watched)
