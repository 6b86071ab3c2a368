"""Reads a model that crossed the border as a frozen TensorFlow graph, and refuses everything else.

A frozen graph is plain data, but TensorFlow can be made to run much by it. So only a bounded number of
arithmetic operations passes: no functions, no control flow, no state, no files, no Python.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework import graph_pb2, types_pb2

from autograder.verify.network import Network

MOST_NODES = 5000
MOST_CONSTANT_BYTES = 256 * 1024 * 1024

ALLOWED_OPERATIONS = frozenset(
    # structure
    "Const Identity IdentityN NoOp Placeholder StopGradient "
    # shapes
    "BatchToSpaceND Cast ConcatV2 ExpandDims Fill GatherV2 MirrorPad Pack Pad PadV2 Prod Range Reshape "
    "ReverseV2 Shape Slice SpaceToBatchND Split SplitV Squeeze StridedSlice Tile Transpose Unpack "
    # linear maps and pooling
    "AvgPool BatchMatMulV2 BiasAdd Conv2D Conv2DBackpropInput Conv3D DepthwiseConv2dNative Einsum "
    "FusedBatchNormV3 LRN MatMul MaxPool MaxPool3D ResizeBilinear ResizeNearestNeighbor "
    # arithmetic
    "Abs Add AddN AddV2 Ceil Cos Div Elu Erf Erfc Exp Expm1 Floor FloorDiv FloorMod LeakyRelu Log Log1p "
    "LogSoftmax Max Maximum Mean Min Minimum Mul Neg Pow RealDiv Reciprocal Relu Relu6 Round Rsqrt Selu "
    "Sigmoid Sign Sin Softmax Softplus Softsign Sqrt Square SquaredDifference Sub Sum Tanh "
    # choices
    "ArgMax Equal Greater GreaterEqual Less LessEqual LogicalAnd LogicalNot LogicalOr NotEqual Select "
    "SelectV2".split()
)
ALLOWED_TYPES = {
    types_pb2.DT_FLOAT: 4,
    types_pb2.DT_DOUBLE: 8,
    types_pb2.DT_HALF: 2,
    types_pb2.DT_BFLOAT16: 2,
    types_pb2.DT_INT32: 4,
    types_pb2.DT_INT64: 8,
    types_pb2.DT_BOOL: 1,
}


class RefusedGraphError(ValueError):
    """The graph is not one that the verifier runs; the message says why in one line."""


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
    # of input, output, layers and the maps of all convolutions; None: unknown length
    shapes: dict[str, tuple[int | None, ...]]

    def function(self, tensor: str) -> Callable[[tf.Tensor], tf.Tensor]:
        """Return the map from images, float32 (n, 28, 28, 1), to one tensor of the graph."""
        inner = [length or 1 for length in self.shapes[self.input][1:]]

        def run(images: tf.Tensor) -> tf.Tensor:
            dtype = next(node for node in self.graph.node if node.op == "Placeholder").attr["dtype"].type
            images = tf.cast(tf.reshape(images, [-1, *inner]), dtype)
            (result,) = tf.graph_util.import_graph_def(
                self.graph, input_map={self.input: images}, return_elements=[tensor]
            )
            return tf.cast(result, tf.float32)

        return run


def read_graph(data: bytes, facts: dict[str, Any]) -> FrozenModel:
    """Read a frozen graph.

    Args:
        data: a serialized GraphDef.
        facts: names the tensors `input`, `output` and those of `layers`.

    Raises:
        RefusedGraphError: it is no graph, or contains what the verifier does not run.
    """
    graph = graph_pb2.GraphDef()
    try:
        graph.ParseFromString(data)
    except DecodeError as error:
        raise RefusedGraphError("it is not a TensorFlow graph") from error
    _check(graph)
    _strip(graph)
    names = {f"{node.name}:0" for node in graph.node}
    layers = tuple(LayerOutput(name, tensor) for name, tensor in _layers(facts) if tensor in names)
    ends = (str(facts.get("input")), str(facts.get("output")))
    if not set(ends) <= names:
        raise RefusedGraphError("its input or its output is not in the graph")
    network = Network(graph)
    maps = {f"{network.before_activation(name)}:0" for name in network.convolution_nodes()}
    shapes = _shapes(graph, {*ends, *maps, *(layer.tensor for layer in layers)})
    if math.prod(length or 1 for length in shapes[ends[0]][1:]) != 28 * 28:
        raise RefusedGraphError(f"its input has the shape {shapes[ends[0]][1:]}, not that of a 28 x 28 image")
    return FrozenModel(graph, *ends, layers, shapes)


def _layers(facts: dict[str, Any]) -> Iterable[tuple[str, str]]:
    layers = facts.get("layers")
    for layer in layers if isinstance(layers, list) else []:
        if isinstance(layer, dict):
            yield str(layer.get("name"))[:100], str(layer.get("tensor"))


def _check(graph: graph_pb2.GraphDef) -> None:
    if len(graph.node) > MOST_NODES:
        raise RefusedGraphError(f"it has {len(graph.node)} operations, more than {MOST_NODES}")
    if graph.library.function:
        raise RefusedGraphError("it contains functions")
    constant_bytes = 0
    for node in graph.node:
        if node.op not in ALLOWED_OPERATIONS:
            raise RefusedGraphError(f"it contains the operation {node.op[:40]!r}")
        for attribute in node.attr.values():
            types = [*attribute.list.type, *([attribute.type] if attribute.HasField("type") else [])]
            if attribute.HasField("func") or not set(types) <= ALLOWED_TYPES.keys():
                raise RefusedGraphError(f"the operation {node.op} has a forbidden attribute")
        if node.op == "Const":
            constant_bytes += _constant_bytes(node.attr["value"].tensor)
    if constant_bytes > MOST_CONSTANT_BYTES:
        raise RefusedGraphError("its weights are too large")
    if [node.op for node in graph.node].count("Placeholder") != 1:
        raise RefusedGraphError("it has not exactly one input")


def _constant_bytes(tensor: Any) -> int:
    """Return the memory that a constant will take, whatever few bytes describe it."""
    if tensor.dtype not in ALLOWED_TYPES:
        raise RefusedGraphError("it contains a constant that is no number")
    lengths: list[int] = [dimension.size for dimension in tensor.tensor_shape.dim]
    if any(length < 0 for length in lengths):
        raise RefusedGraphError("it contains a constant of negative length")
    return math.prod(lengths) * int(ALLOWED_TYPES[tensor.dtype])


def _strip(graph: graph_pb2.GraphDef) -> None:
    """Remove what is meant for another program: devices and private attributes.

    One of these names a custom gradient that only the student's process knows.
    """
    for node in graph.node:
        node.device = ""
        for name in [name for name in node.attr if name.startswith("_")]:
            del node.attr[name]


def _shapes(graph: graph_pb2.GraphDef, tensors: set[str]) -> dict[str, tuple[int | None, ...]]:
    try:
        with tf.Graph().as_default() as imported:
            tf.graph_util.import_graph_def(graph, name="")
            found = {name: imported.get_tensor_by_name(name).shape for name in tensors}
    except (ValueError, KeyError, TypeError, tf.errors.OpError) as error:
        raise RefusedGraphError(
            f"TensorFlow does not accept it: {str(error).splitlines()[0][:200]}"
        ) from error
    return {name: tuple(shape.as_list()) if shape.rank is not None else () for name, shape in found.items()}


def call(function: Callable[[tf.Tensor], tf.Tensor], images: np.ndarray, batch: int = 500) -> np.ndarray:
    """Apply a compiled function to many images, float32 (n, 28, 28, 1), in batches."""
    parts = [function(tf.constant(images[start : start + batch])) for start in range(0, len(images), batch)]
    return np.concatenate([part.numpy() for part in parts])
