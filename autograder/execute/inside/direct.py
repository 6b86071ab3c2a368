"""Calls a network, and its gradient with respect to the images, without TensorFlow's wrappers.

An eager step of an ascent spends most of its time in Python: it starts one operation after the other, and even the
call of a `tf.function` makes about three thousand Python calls. Here, forward and backward are one function each,
called by its name and put on the tape by hand. Gradients with respect to the weights, which an ascent does not ask
for, are computed only if a tape asks for them. The arithmetic is that of the plain call, so the result is the same to
the last bit; every function has to show this once before it is used.

Names below `tensorflow.python` are private. If this version of TensorFlow does not have them, or has changed them, a
`DirectCall` cannot be made, and the network is called as written.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


class NotEqualError(Exception):
    """A function does not compute what the plain call computes, to the last bit."""


class AskedFor:
    """Knows what a tape is asked for while it computes gradients: a variable counts by its handle."""

    def __init__(self) -> None:
        self.sources: set[int] | None = None  # by id; None: unknown, so anything may be asked for

    def listen(self) -> None:
        """Look at every request of a gradient, without changing it.

        Raises:
            AttributeError, ImportError: this version of TensorFlow computes gradients elsewhere.
        """
        from tensorflow.python.eager import imperative_grad

        original = imperative_grad.imperative_grad

        def listening(tape: Any, target: Any, sources: Any, *args: Any, **kwargs: Any) -> Any:
            before, self.sources = self.sources, set(map(id, sources))
            try:
                return original(tape, target, sources, *args, **kwargs)
            finally:
                self.sources = before

        imperative_grad.imperative_grad = listening

    def none_of(self, handles: list[Any]) -> bool:
        """Tell whether no gradient with respect to any of these is asked for."""
        return self.sources is not None and self.sources.isdisjoint(map(id, handles))


class DirectCall:
    """A network with one output, for images of one shape.

    Args:
        as_written: calls the network as Keras does.
        images: float32 tensor, (n, 28, 28, 1) or of any other shape that the network takes.
        asked: what the tape is asked for.

    Raises:
        Exception: of any kind; the network cannot be called this way.
    """

    def __init__(self, as_written: Callable[[Any], Any], images: Any, asked: AskedFor) -> None:
        import tensorflow as tf
        from tensorflow.python.eager import context, execute
        from tensorflow.python.ops.gradients_impl import gradients  # `tf.gradients` is watched

        self.as_written = as_written
        self.asked = asked
        self.context = context.context()
        attributes = ("executor_type", "", "config_proto", as_they_are())
        self.execute = functools.partial(execute.execute, attrs=attributes, ctx=self.context)
        as_returned = as_written(images)
        self.structure = tf.nest.map_structure(lambda _: 0, as_returned)
        (output,) = tf.nest.flatten(as_returned)

        before: set[Any] = set()

        def forward_and_backward(images: Any, change: Any) -> Any:
            (output,) = tf.nest.flatten(as_written(images))
            before.update(output.graph.get_operations())
            (gradient,) = gradients(output, [images], grad_ys=[change])
            return output, gradient

        both = tf.compat.v1.wrap_function(
            forward_and_backward, [tf.TensorSpec(one.shape, one.dtype) for one in (images, output)]
        )
        variables = [one for one in both.graph.variables if one.trainable]
        self.variables = variables
        self.handles = [one.handle for one in variables]
        images_in, change_in = both.inputs[:2]
        output_out, gradient_out = both.outputs
        given = [images_in, *both.graph.internal_captures]
        kept = values_between(gradient_out, before, [change_in, *given])
        # held here, since TensorFlow forgets a function that no object refers to
        self.forward = both.prune([images_in], [output_out, *kept])
        self.backward = both.prune([change_in, images_in, *kept], [gradient_out])
        self.forward_name, self.forward_captures = name_and_captures(self.forward)
        self.backward_name, self.backward_captures = name_and_captures(self.backward)
        self.outputs = 1 + len(kept)
        self.compare(images, output)

    def __call__(self, images: Any) -> Any:
        """Return what the network makes of `images`; None if it has to be called as written."""
        import tensorflow as tf
        from tensorflow.python.eager import forwardprop_util, record
        from tensorflow.python.ops import gradients_util

        if forwardprop_util.pack_tangents([images]).tangents:  # differentiated forward
            return None
        kind = gradients_util.PossibleTapeGradientTypes([images])
        if kind != gradients_util.POSSIBLE_GRADIENT_TYPES_NONE:
            output = self.run_on_tape(images)
        elif not record.could_possibly_record():
            output, _ = self.run(images)
        else:  # a tape may watch the weights
            return None
        return tf.nest.pack_sequence_as(self.structure, [output])

    def run(self, images: Any) -> tuple[Any, list[Any]]:
        """Return the output, and the values that `gradient` needs besides."""
        arguments = [images, *self.forward_captures]
        output, *kept = self.execute(self.forward_name, self.outputs, arguments)
        return output, kept

    def gradient(self, images: Any, kept: list[Any], change: Any) -> Any:
        """Return the gradient with respect to the images, from that with respect to the output."""
        arguments = [change, images, *kept, *self.backward_captures]
        return self.execute(self.backward_name, 1, arguments)[0]

    def run_on_tape(self, images: Any) -> Any:
        """Return the output, and put the call on the tapes that watch."""
        from tensorflow.python.eager import record
        from tensorflow.python.ops import resource_variable_ops

        for variable in self.variables:
            resource_variable_ops.variable_accessed(variable)
        with record.stop_recording():
            output, kept = self.run(images)

        def backward(change: Any) -> list[Any]:
            differentiated_again = record.could_possibly_record() or not self.context.executing_eagerly()
            if not differentiated_again and self.asked.none_of(self.handles):
                return [self.gradient(images, kept, change), *[None] * len(self.handles)]
            return all_gradients(self.as_written, images, self.variables, change)[1]

        record.record_operation("DirectCall", [output], [images, *self.handles], backward)
        return output

    def compare(self, images: Any, output: Any) -> None:
        """Compare output and gradient with those of the plain call.

        Raises:
            NotEqualError: they differ.
        """
        import numpy as np
        import tensorflow as tf

        values = np.random.default_rng(0).standard_normal(tuple(output.shape))
        change = tf.constant(values, output.dtype)
        expected = [output, all_gradients(self.as_written, images, [], change)[1][0]]
        output, kept = self.run(images)
        found = [output, self.gradient(images, kept, change)]
        if any(one.numpy().tobytes() != other.numpy().tobytes() for one, other in zip(expected, found)):
            raise NotEqualError


def all_gradients(
    as_written: Callable[[Any], Any], images: Any, variables: list[Any], change: Any
) -> tuple[Any, list[Any]]:
    """Return a network's output and the gradients with respect to its images and variables, by the plain call."""
    import tensorflow as tf
    from tensorflow.python.eager import imperative_grad

    with tf.GradientTape() as tape:
        tape.watch(images)
        (output,) = tf.nest.flatten(as_written(images))
    sources = [images, *(one.handle for one in variables)]
    # not by `tape.gradient`, which would count as a gradient that the notebook takes
    return output, imperative_grad.imperative_grad(tape._tape, [output], sources, output_gradients=[change])  # noqa: SLF001


def values_between(gradient: Any, before: set[Any], given: list[Any]) -> list[Any]:
    """Return the tensors of the operations `before` that the gradient is computed from, besides those given."""
    known = set(map(id, given))
    found: dict[int, Any] = {}
    seen, waiting = set(), [gradient.op]
    while waiting:
        operation = waiting.pop()
        if operation in seen:
            continue
        seen.add(operation)
        for tensor in operation.inputs:
            if id(tensor) in known:
                continue
            if tensor.op in before and tensor.op.type != "Const":
                found[id(tensor)] = tensor
            else:
                waiting.append(tensor.op)
    return list(found.values())


def name_and_captures(function: Any) -> tuple[str, list[Any]]:
    """Return by which name the runtime knows a function, and the tensors that it takes besides its arguments."""
    return function._inference_function.name.decode(), list(function.captured_inputs)  # noqa: SLF001


def as_they_are() -> Any:
    """Return a configuration that leaves operations as they are: those that are fused round otherwise."""
    import tensorflow as tf

    config = tf.compat.v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return config.SerializeToString()
