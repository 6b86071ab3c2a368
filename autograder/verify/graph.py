"""A student's network as a graph that has passed the reader.

A frozen graph is plain data, but TensorFlow can be made to run much by it. So only arithmetic operations pass,
of bounded size, and whatever else is in a graph is refused before anything is run.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import graph_pb2, node_def_pb2

from autograder.verify.allowed import ALLOWED_TYPES, RefusedGraphError, parse_graph
from autograder.verify.importing import import_graph, node_of
from autograder.verify.network import Network

PIXELS = 28 * 28
# Layers beyond these are not looked at.
MOST_LAYERS = 400
# So many images are looked at at once, fewer where more numbers than these would have to be kept.
BATCH, MOST_KEPT = 500, 1 << 29


@dataclass(frozen=True)
class LayerOutput:
    """A layer as the kernel names it, and the tensor that it says is the layer's output."""

    name: str
    tensor: str


@dataclass(frozen=True)
class FrozenModel:
    """A network as a graph that has passed the reader."""

    graph: graph_pb2.GraphDef
    input: str
    output: str
    layers: tuple[LayerOutput, ...]
    # of input, output, layers and the maps of all convolutions, first the number of images, None; empty if it is not
    shapes: dict[str, tuple[int | None, ...]]
    batch: int  # so many images can be looked at at once

    def function(self, tensor: str) -> Callable[[tf.Tensor], tf.Tensor]:
        """Return the map from images, float32 (n, 28, 28, 1), to one tensor of the graph.

        It raises RefusedGraphError where the graph asks for too much with so many images.
        """
        nodes = _above(self.graph, tensor)

        def run(images: tf.Tensor) -> tf.Tensor:
            tensors, _ = import_graph(nodes, self.graph.versions, _as_input(self.graph, images))
            return tf.cast(tensors[tensor], tf.float32)

        return run

    @cached_property
    def fingerprint(self) -> int:
        """A number that the graph cannot contain, as it depends on all of it."""
        return int.from_bytes(hashlib.sha256(self.graph.SerializeToString(deterministic=True)).digest())


def read_graph(data: bytes, facts: dict[str, Any]) -> FrozenModel:
    """Read a frozen graph.

    Args:
        data: a serialized GraphDef.
        facts: names the tensors `input`, `output` and those of `layers`.

    Raises:
        RefusedGraphError: it is no graph, or contains what the verifier does not run.
    """
    graph = parse_graph(data)
    names = {f"{node.name}:0" for node in graph.node}
    layers = tuple(dict.fromkeys(layer for layer in _layers(facts) if layer.tensor in names))
    ends = (str(facts.get("input")), str(facts.get("output")))
    if not set(ends) <= names or node_of(ends[0]) != _placeholder(graph).name:
        raise RefusedGraphError("its input or its output is not in the graph")
    with tf.Graph().as_default():
        images = _as_input(graph, tf.compat.v1.placeholder(tf.float32, (BATCH, 28, 28, 1)))
        tensors, load = import_graph(graph.node, graph.versions, images)
    network = Network(graph)
    maps = {f"{network.before_activation(name)}:0" for name in network.convolution_nodes()}
    shapes = {name: _shape(tensors[name]) for name in {*ends, *maps, *(layer.tensor for layer in layers)}}
    batch = max(1, min(BATCH, MOST_KEPT * BATCH // max(load.numbers, 1)))
    return FrozenModel(graph, *ends, layers, shapes, batch)


def _layers(facts: dict[str, Any]) -> Iterator[LayerOutput]:
    layers = facts.get("layers")
    for layer in layers[:MOST_LAYERS] if isinstance(layers, list) else []:
        if isinstance(layer, dict):
            yield LayerOutput(str(layer.get("name"))[:100], str(layer.get("tensor")))


def _placeholder(graph: graph_pb2.GraphDef) -> node_def_pb2.NodeDef:
    return next(node for node in graph.node if node.op == "Placeholder")


def _as_input(graph: graph_pb2.GraphDef, images: tf.Tensor) -> tf.Tensor:
    """Return images, float32 (n, 28, 28, 1), in the shape and type that the graph's placeholder declares."""
    attributes = _placeholder(graph).attr
    if attributes["dtype"].type not in ALLOWED_TYPES:
        raise RefusedGraphError("its input is of no known type")
    lengths = [dimension.size for dimension in attributes["shape"].shape.dim][1:]
    if math.prod(lengths) != PIXELS or not all(length > 0 for length in lengths):
        raise RefusedGraphError(f"its input has the shape {tuple(lengths[:8])}, not that of a 28 x 28 image")
    return tf.cast(tf.reshape(images, [images.shape[0], *lengths]), attributes["dtype"].type)


def _above(graph: graph_pb2.GraphDef, tensor: str) -> list[node_def_pb2.NodeDef]:
    """Return the nodes that a tensor is computed from, in the order of the graph."""
    needed = {node_of(tensor)}
    for node in reversed(graph.node):
        if node.name in needed:
            needed.update(map(node_of, node.input))
    return [node for node in graph.node if node.name in needed or node.op == "Placeholder"]


def _shape(tensor: tf.Tensor) -> tuple[int | None, ...]:
    lengths = tuple(tensor.shape)
    return (None, *lengths[1:]) if lengths[:1] == (BATCH,) else ()


def call(model: FrozenModel, function: Callable[[tf.Tensor], tf.Tensor], images: np.ndarray) -> np.ndarray:
    """Apply a compiled function of a network to many images, float32 (n, 28, 28, 1), in batches.

    In an order that the graph cannot know: else it could tell an image by its place among the others.
    """
    order = np.random.default_rng(model.fingerprint).permutation(len(images))
    parts = [
        function(tf.constant(images[order[start : start + model.batch]])).numpy()
        for start in range(0, len(images), model.batch)
    ]
    results = np.concatenate(parts)
    return results[np.argsort(order)]
