"""A student's network as a graph that has passed the reader.

A frozen graph is plain data, but TensorFlow can be made to run much by it. So only arithmetic operations pass,
of bounded size, and whatever else is in a graph is refused before anything is run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import graph_pb2, node_def_pb2

from autograder.verify.allowed import RefusedGraphError, parse_graph
from autograder.verify.compiled import Computation, Finish, Function, as_input
from autograder.verify.importing import import_graph, node_of
from autograder.verify.network import Network
from autograder.verify.own_filters import only_own_filters
from autograder.verify.structure import take_apart

# Layers beyond these are not looked at.
MOST_LAYERS = 400
# Filters of a layer beyond these are not looked at: the exercise shows an 8 x 8 grid.
MOST_FILTERS = 128
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

    def function(self, tensor: str, finish: Finish = tf.identity) -> Function:
        """Return the map from images, float32 (n, 28, 28, 1), to what is made of one tensor of the graph."""
        structure, weights = take_apart(self.graph, tensor)
        return Function(Computation(structure, finish), [self._weight(name) for name in weights])

    def own_means(self, tensor: str) -> Function:
        """Return the map from images to the mean of each image's own feature map, (n,); the tensor holds all maps.

        Image k belongs to filter k modulo the number of filters, of which there are at most `MOST_FILTERS`.
        """
        whole = self.function(tensor, mean_of_own)
        filters = self.shapes[tensor][-1] or 0
        own = only_own_filters(whole.computation.structure) if filters <= MOST_FILTERS else None
        return Function(Computation(own, mean_of_each), whole.weights) if own else whole

    def _weight(self, name: str) -> tf.Tensor:
        found = self._weights.get(name)
        if found is None:
            tensor = self._constants[name].attr["value"].tensor
            found = self._weights[name] = tf.io.parse_tensor(tensor.SerializeToString(), tf.float32)
        return found

    @cached_property
    def _weights(self) -> WeakValueDictionary[str, tf.Tensor]:
        return WeakValueDictionary()  # few bytes may describe large ones, so none stays without a function

    @cached_property
    def _constants(self) -> dict[str, node_def_pb2.NodeDef]:
        return {node.name: node for node in self.graph.node if node.op == "Const"}

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
        images = as_input(graph.node, tf.compat.v1.placeholder(tf.float32, (BATCH, 28, 28, 1)))
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


def mean_of_all(maps: tf.Tensor) -> tf.Tensor:
    """Return the mean of every feature map of every image: (n, height, width, filters) -> (n, filters)."""
    return tf.reduce_mean(maps, axis=(1, 2))[:, :MOST_FILTERS]


def mean_of_own(maps: tf.Tensor) -> tf.Tensor:
    """Return the mean of each image's own feature map: (n, height, width, filters) -> (n,)."""
    means = mean_of_all(maps)
    filters = means.shape[1]
    return tf.reshape(tf.linalg.diag_part(tf.reshape(means, (-1, filters, filters))), [-1])


def mean_of_each(maps: tf.Tensor) -> tf.Tensor:
    """Return the mean of every feature map, where there is one for each image: (times, ..., filters) -> (n,)."""
    return tf.reshape(tf.reduce_mean(maps, axis=(1, 2)), [-1])
