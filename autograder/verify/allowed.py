"""Defines what a graph may contain: a bounded number of arithmetic operations, in a computable order.

No functions, no control flow, no state, no files, no Python. Every length and number must be one that a
network can have.
"""

from __future__ import annotations

import math
import re
from graphlib import CycleError, TopologicalSorter
from typing import Any

from google.protobuf.message import DecodeError
from tensorflow.core.framework import attr_value_pb2, graph_pb2, node_def_pb2, types_pb2

MOST_NODES = 5000
# Inputs and outputs of all nodes together.
MOST_EDGES = 20_000
MOST_CONSTANT_BYTES = 256 * 1024 * 1024
LONGEST_NAME = 500
LONGEST_LIST = 256
MOST_PARTS = 1024
# Strides, axes, windows, masks: no honest value comes close.
LARGEST_NUMBER = 1 << 16
HIGHEST_RANK = 8

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
# Attributes that say how many inputs or outputs an operation has.
PARTS = ("N", "num", "num_split")
# Attributes that say how a window moves over an image.
WINDOWS = ("dilations", "ksize", "strides")

_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
_TENSOR = re.compile(r"(?P<node>[^:^]+)(:(?P<output>0|[1-9][0-9]{0,3}))?")


class RefusedGraphError(ValueError):
    """The verifier does not run this graph; the message says why in one line."""


def parse_graph(data: bytes) -> graph_pb2.GraphDef:
    """Return a graph of allowed operations only, each after its inputs.

    Parts meant for other programs are left out: devices, private attributes, the order of side effects.

    Raises:
        RefusedGraphError: it is not a graph, or contains something that the verifier does not run.
    """
    graph = graph_pb2.GraphDef()
    try:
        graph.ParseFromString(data)
    except DecodeError as error:
        raise RefusedGraphError("it is not a TensorFlow graph") from error
    if len(graph.node) > MOST_NODES:
        raise RefusedGraphError(f"it has {len(graph.node)} operations, more than {MOST_NODES}")
    if graph.library.ByteSize():
        raise RefusedGraphError("it contains functions")
    for node in graph.node:
        _check_node(node)
    names = [node.name for node in graph.node]
    if len(set(names)) < len(names):
        raise RefusedGraphError("two of its operations have the same name")
    if [node.op for node in graph.node].count("Placeholder") != 1:
        raise RefusedGraphError("it does not have exactly one input")
    if sum(map(constant_bytes, graph.node)) > MOST_CONSTANT_BYTES:
        raise RefusedGraphError("its weights are too large")
    if sum(len(node.input) + _outputs(node) for node in graph.node) > MOST_EDGES:
        raise RefusedGraphError(f"its operations have more than {MOST_EDGES} inputs and outputs")
    plain = [_without_private_parts(node) for node in graph.node]
    return graph_pb2.GraphDef(node=_in_order(plain), versions=graph.versions)


def _check_node(node: node_def_pb2.NodeDef) -> None:
    if node.op not in ALLOWED_OPERATIONS:
        raise RefusedGraphError(f"it contains the operation {node.op[:40]!r}")
    if len(node.name) > LONGEST_NAME or not _NAME.fullmatch(node.name):
        raise RefusedGraphError(f"an operation {node.op} has the malformed name {node.name[:40]!r}")
    for name, attribute in node.attr.items():
        if not name.startswith("_") and not _is_allowed(node, name, attribute):
            raise RefusedGraphError(f"the operation {node.op} has a forbidden attribute {name[:40]!r}")


def _is_allowed(node: node_def_pb2.NodeDef, name: str, attribute: attr_value_pb2.AttrValue) -> bool:
    kind = attribute.WhichOneof("value")
    if kind in {"tensor", "shape"}:
        return (node.op, name, kind) in {("Const", "value", "tensor"), ("Placeholder", "shape", "shape")}
    values = attribute.list if kind == "list" else None
    if values is not None:
        if any((values.shape, values.tensor, values.func)) or values.ByteSize() > 16 * LONGEST_LIST:
            return False
        numbers, types, texts = list(values.i), list(values.type), list(values.s)
    else:
        numbers = [attribute.i] if kind == "i" else []
        types = [attribute.type] if kind == "type" else []
        texts = [attribute.s] if kind == "s" else []
    least = 1 if name in WINDOWS else -LARGEST_NUMBER
    most = MOST_PARTS if name in PARTS else LARGEST_NUMBER
    return (
        kind in {"s", "i", "f", "b", "type", "list"}
        and len(numbers) <= LONGEST_LIST
        and all(least <= number <= most for number in numbers)
        and set(types) <= ALLOWED_TYPES.keys()
        and all(len(text) <= LONGEST_NAME for text in texts)
    )


def constant_bytes(node: node_def_pb2.NodeDef) -> int:
    """Return how many bytes of memory a constant will take, however few bytes describe it."""
    if node.op != "Const":
        return 0
    tensor = node.attr["value"].tensor
    if tensor.dtype not in ALLOWED_TYPES:
        raise RefusedGraphError("it contains a constant that is no number")
    lengths: list[int] = [dimension.size for dimension in tensor.tensor_shape.dim]
    if any(length < 0 for length in lengths):
        raise RefusedGraphError("it contains a constant of negative length")
    if len(lengths) > HIGHEST_RANK or tensor.tensor_shape.unknown_rank:
        raise RefusedGraphError("it contains a constant of an impossible shape")
    return math.prod(lengths) * int(ALLOWED_TYPES[tensor.dtype])


def _outputs(node: node_def_pb2.NodeDef) -> int:
    if node.op == "IdentityN":
        return len(node.attr["T"].list.type)
    parts = [node.attr[name].i for name in PARTS[1:] if name in node.attr]
    return max(1, *parts) if parts else 1


def _without_private_parts(node: node_def_pb2.NodeDef) -> node_def_pb2.NodeDef:
    """Return a node without its device, its private attributes and its control inputs.

    One of the attributes names a custom gradient that only the student's process knows.
    """
    plain = node_def_pb2.NodeDef(name=node.name, op=node.op)
    plain.input.extend(name for name in node.input if not name.startswith("^"))
    for name, attribute in node.attr.items():
        if not name.startswith("_"):
            plain.attr[name].CopyFrom(attribute)
    return plain


def _in_order(nodes: list[node_def_pb2.NodeDef]) -> list[node_def_pb2.NodeDef]:
    """Return every node after its inputs."""
    by_name = {node.name: node for node in nodes}
    sources = {node.name: {_source(node, tensor, by_name): None for tensor in node.input} for node in nodes}
    try:
        return [by_name[name] for name in TopologicalSorter(sources).static_order()]
    except CycleError as error:
        raise RefusedGraphError("its operations form a cycle") from error


def _source(node: node_def_pb2.NodeDef, tensor: str, by_name: dict[str, Any]) -> str:
    found = _TENSOR.fullmatch(tensor)
    if found is None or found["node"] not in by_name:
        raise RefusedGraphError(f"the input {tensor[:60]!r} of {node.name[:60]!r} does not exist")
    return str(found["node"])
