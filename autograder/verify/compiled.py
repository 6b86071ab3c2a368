"""Keeps compiled functions of networks for the next network with the same structure.

Compiling takes longer than computing. Nothing of a submission is kept except the structure of its networks:
weights are arguments, other constants belong to the structure, and there is no state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import tensorflow as tf
from tensorflow.core.framework import node_def_pb2

from autograder.verify.allowed import ALLOWED_TYPES, RefusedGraphError
from autograder.verify.importing import import_graph
from autograder.verify.own_filters import convolve_own
from autograder.verify.structure import Structure

# If more functions or more bytes than this are kept after a submission, all are freed.
MOST_FUNCTIONS, MOST_BYTES = 100, 4 * 1024 * 1024

# TensorFlow fuses a convolution with the operations after it. On processors where oneDNN is off, it cannot
# compute a fused grouped convolution. Turning this off makes nothing here slower.
tf.config.optimizer.set_experimental_options({"remapping": False})

Finish = Callable[[tf.Tensor], tf.Tensor]


@dataclass(frozen=True)
class Computation:
    """Computes some result from images, float32 (n, 28, 28, 1), and the weights of a network.

    Two computations are equal if they compute the same from the same weights.
    """

    structure: Structure
    finish: Finish  # applied to the structure's output, float32

    def __call__(self, images: tf.Tensor, *weights: tf.Tensor) -> tf.Tensor:
        """Compute the result; the number of images is known.

        Raises:
            RefusedGraphError: the graph needs too much for this many images.
        """
        return _compiled(self, tuple(images.shape))(images, *weights)


@dataclass(frozen=True, eq=False)
class Function:
    """A computation with the weights of one network, applied to images, float32 (n, 28, 28, 1)."""

    computation: Computation
    weights: Sequence[tf.Tensor]

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Compute the result; raises what the computation raises."""
        return self.computation(images, *self.weights)


_kept: dict[tuple[Computation, tuple[int, ...]], Callable[..., tf.Tensor]] = {}


def _compiled(computation: Computation, images: tuple[int, ...]) -> Callable[..., tf.Tensor]:
    key = (computation, images)
    if key not in _kept:
        with tf.init_scope():  # keep it out of the graph that may be calling it
            _kept[key] = _compile(computation, images)
    return _kept[key]


def _compile(computation: Computation, lengths: tuple[int, ...]) -> Callable[..., tf.Tensor]:
    structure = computation.structure

    def run(images: tf.Tensor, *weights: tf.Tensor) -> tf.Tensor:
        names = (name for name, _ in structure.weights)
        tensors, _ = import_graph(
            structure.nodes,
            structure.versions,
            as_input(structure.nodes, images),
            weights=dict(zip(names, weights, strict=True)),
            replaced={structure.own_filters: convolve_own} if structure.own_filters else {},
        )
        return computation.finish(tf.cast(tensors[structure.output], tf.float32))

    shapes = [lengths, *(shape for _, shape in structure.weights)]
    function = tf.function(run, autograph=False)
    return function.get_concrete_function(*(tf.TensorSpec(shape, tf.float32) for shape in shapes))  # type: ignore[no-any-return]


def too_many_compiled() -> bool:
    """Tell whether the kept functions exceed the limits."""
    size = sum(computation.structure.size for computation, _ in _kept)
    return len(_kept) > MOST_FUNCTIONS or size > MOST_BYTES


def forget_compiled() -> None:
    """Free all kept functions."""
    _kept.clear()


def as_input(nodes: Sequence[node_def_pb2.NodeDef], images: tf.Tensor) -> tf.Tensor:
    """Return images, float32 (n, side, side, 1), in the shape and type that a graph's placeholder declares.

    If the graph has no placeholder, they are returned unchanged.

    Raises:
        RefusedGraphError: the placeholder is not for images of this size, or its type is unknown.
    """
    placeholder = next((node for node in nodes if node.op == "Placeholder"), None)
    if placeholder is None:
        return images
    attributes = placeholder.attr
    if attributes["dtype"].type not in ALLOWED_TYPES:
        raise RefusedGraphError("its input is of no known type")
    lengths = [dimension.size for dimension in attributes["shape"].shape.dim][1:]
    side = images.shape[1]
    if math.prod(lengths) != side * side or not all(length > 0 for length in lengths):
        raise RefusedGraphError(
            f"its input has the shape {tuple(lengths[:8])}, not that of a {side} x {side} image"
        )
    return tf.cast(tf.reshape(images, [images.shape[0], *lengths]), attributes["dtype"].type)
