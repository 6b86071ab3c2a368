"""Reads the arrays in a frozen graph as plain data, without starting TensorFlow.

A student's graph may contain anything, so only the process in the sandbox calls this. It declares only the few
fields of TensorFlow's format that hold constants, and protobuf skips all others: that starts faster than TensorFlow.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

Array = npt.NDArray[np.floating]

# Smaller arrays are not weights, or say little.
FEWEST = 64
MOST_NODES, MOST_ATTRIBUTES, HIGHEST_RANK = 5000, 64, 8

# Field numbers from tensorflow/core/framework: graph.proto, node_def.proto, attr_value.proto, tensor.proto
# and tensor_shape.proto. A field is (name, number, type of its value, whether it is a list).
_NUMBER, _BYTES = "int64", "bytes"
_MESSAGES: Mapping[str, list[tuple[str, int, str, bool]]] = {
    "Graph": [("node", 1, "Node", True)],
    "Node": [("op", 2, _BYTES, False), ("attribute", 5, "Attribute", True)],
    "Attribute": [("name", 1, _BYTES, False), ("value", 2, "Value", False)],
    "Value": [("tensor", 8, "Tensor", False)],
    "Tensor": [("type", 1, _NUMBER, False), ("shape", 2, "Shape", False), ("content", 4, _BYTES, False)],
    "Shape": [("length", 2, "Length", True)],
    "Length": [("size", 1, _NUMBER, False)],
}
_TYPES: Mapping[int, type[np.floating]] = {1: np.float32, 2: np.float64, 19: np.float16}


def kernels(graph: bytes) -> list[Array]:
    """Return a network's matrices and filters in the order of its graph; empty if it is not a graph.

    An array whose numbers are all equal, or that contains NaN or infinity, does not come from training and is
    left out.
    """
    parsed = _graph_class()()
    try:
        parsed.ParseFromString(graph)
    except DecodeError:
        return []
    if len(parsed.node) > MOST_NODES:
        return []
    return [
        array
        for node in parsed.node
        if node.op == b"Const"
        for array in _arrays(node)
        if np.isfinite(array).all() and array.min() < array.max()
    ]


def _arrays(node: Any) -> Iterator[Array]:
    for attribute in node.attribute[:MOST_ATTRIBUTES]:
        tensor = attribute.value.tensor
        shape = tuple(length.size for length in tensor.shape.length[: HIGHEST_RANK + 1])
        kind = _TYPES.get(tensor.type)
        if (
            attribute.name != b"value"
            or kind is None
            or not 2 <= len(shape) <= HIGHEST_RANK
            or min(shape) < 1
        ):
            continue
        size = math.prod(shape)
        if size >= FEWEST and size * np.dtype(kind).itemsize == len(tensor.content):
            yield np.frombuffer(tensor.content, kind).reshape(shape)


@functools.cache
def _graph_class() -> Any:
    """Return the message class of graphs."""
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="constants", package="constants", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, holds, is_list in fields:
            added = message.field.add(name=field, number=number)
            added.label = kinds.LABEL_REPEATED if is_list else kinds.LABEL_OPTIONAL
            if holds == _NUMBER:
                added.type = kinds.TYPE_INT64
            elif holds == _BYTES:
                added.type = kinds.TYPE_BYTES
            else:
                added.type, added.type_name = kinds.TYPE_MESSAGE, f".constants.{holds}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("constants.Graph"))
