"""Holds a student's network as a graph that has passed the reader.

A frozen graph is plain data, but it can make TensorFlow run many kinds of operations. So only arithmetic
operations of bounded size pass. Anything else in a graph is refused before anything runs.
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

# Layers beyond this number are ignored.
MOST_LAYERS = 400
# Filters of a layer beyond this number are ignored: the exercise shows an 8 x 8 grid.
MOST_FILTERS = 128
# Images in a batch; fewer if more numbers than this would have to be kept.
BATCH, MOST_KEPT = 500, 1 << 27


@dataclass(frozen=True)
class LayerOutput:
    """A layer's name and its output tensor, as reported by the kernel."""

    name: str
    tensor: str


@dataclass(frozen=True)
class FrozenModel:
    """A network as a graph that has passed the reader."""

    graph: graph_pb2.GraphDef
    input: str
    output: str
    layers: tuple[LayerOutput, ...]
    # of input, output, layers and the maps of all convolutions; the first length is None, the number of
    # images; the shape is empty if the first length is anything else
    shapes: dict[str, tuple[int | None, ...]]
    batch: int  # images in a batch
    products: int  # about how many products of two numbers it takes for an image

    def function(self, tensor: str, finish: Finish = tf.identity) -> Function:
        """Return the function from images, float32 (n, 28, 28, 1), to `finish` of one tensor of the graph."""
        structure, weights = take_apart(self.graph, tensor)
        return Function(Computation(structure, finish), [self._weight(name) for name in weights])

    def own_means(self, tensor: str) -> Function:
        """Return the function from images to the mean of each image's own feature map, (n,).

        The tensor holds all maps. Image k belongs to filter k modulo the number of filters, which is at most
        `MOST_FILTERS`.
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
        return WeakValueDictionary()  # few bytes may describe large weights, so none outlives its functions

    @cached_property
    def _constants(self) -> dict[str, node_def_pb2.NodeDef]:
        return {node.name: node for node in self.graph.node if node.op == "Const"}

    @cached_property
    def fingerprint(self) -> int:
        """A number that the graph cannot contain, because it depends on the whole graph."""
        return int.from_bytes(hashlib.sha256(self.graph.SerializeToString(deterministic=True)).digest())


def read_graph(data: bytes, facts: dict[str, Any], *, side: int = 28) -> FrozenModel:
    """Read a frozen graph.

    Args:
        data: a serialized GraphDef.
        facts: the names of the tensors `input`, `output` and those of `layers`.
        side: pixels in the height and width of its images.

    Raises:
        RefusedGraphError: it is not a graph, or contains something that the verifier does not run.
    """
    graph = parse_graph(data)
    names = {f"{node.name}:0" for node in graph.node}
    layers = tuple(dict.fromkeys(layer for layer in _layers(facts) if layer.tensor in names))
    ends = (str(facts.get("input")), str(facts.get("output")))
    if not set(ends) <= names or node_of(ends[0]) != _placeholder(graph).name:
        raise RefusedGraphError("its input or its output is not in the graph")
    with tf.Graph().as_default():
        images = as_input(graph.node, tf.compat.v1.placeholder(tf.float32, (BATCH, side, side, 1)))
        tensors, load = import_graph(graph.node, graph.versions, images)
    network = Network(graph)
    maps = {f"{network.before_activation(name)}:0" for name in network.convolution_nodes()}
    shapes = {name: _shape(tensors[name]) for name in {*ends, *maps, *(layer.tensor for layer in layers)}}
    batch = max(1, min(BATCH, MOST_KEPT * BATCH // max(load.numbers, 1)))
    return FrozenModel(graph, *ends, layers, shapes, batch, load.products // BATCH)


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

    The graph cannot know their order; otherwise it could recognise an image by its position.
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
    """Return the mean of every feature map, if there is one per image: (times, ..., filters) -> (n,)."""
    return tf.reshape(tf.reduce_mean(maps, axis=(1, 2)), [-1])
