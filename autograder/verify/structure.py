"""Splits a part of a network into its structure and its weights.

Most networks of a course share their structure with others, and so do all versions of one network. What is
compiled for a structure works for all of them; only the weights change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tensorflow.core.framework import graph_pb2, node_def_pb2, types_pb2, versions_pb2

from autograder.verify.allowed import constant_bytes
from autograder.verify.importing import BLIND, node_of

# For operations whose output shape depends on input values: the inputs whose values do not matter for it.
_NEVER_A_LENGTH: Mapping[str, tuple[int, ...]] = {
    "Conv2DBackpropInput": (1, 2),
    "Conv3D": (0, 1),
    "Mean": (0,),
    "Reshape": (0,),
    "Sum": (0,),
    "Transpose": (0,),
}


@dataclass(frozen=True, eq=False)
class Structure:
    """Operations that compute one tensor from images and weights, under neutral names.

    Two structures are equal if they can differ only in the values of the weights.
    """

    # each after its inputs, without the weights
    nodes: tuple[node_def_pb2.NodeDef, ...] = field(repr=False)
    versions: versions_pb2.VersionDef
    weights: tuple[tuple[str, tuple[int, ...]], ...]  # name and shape of each
    output: str  # the tensor
    # a convolution that computes only the map of each image's own filter
    own_filters: str = ""

    @cached_property
    def key(self) -> bytes:
        """A hash that identifies the structure."""
        graph = graph_pb2.GraphDef(node=self.nodes, versions=self.versions)
        content = graph.SerializeToString(deterministic=True)
        return hashlib.sha256(content + repr((self.weights, self.output, self.own_filters)).encode()).digest()

    @cached_property
    def size(self) -> int:
        """The approximate size in memory, in bytes."""
        return sum(node.ByteSize() + constant_bytes(node) for node in self.nodes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Structure) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def take_apart(graph: graph_pb2.GraphDef, tensor: str) -> tuple[Structure, tuple[str, ...]]:
    """Return the structure that computes one tensor, and the names of the constants that are its weights."""
    nodes = list(_above(graph, node_of(tensor)))
    names = {node.name: f"n{number}" for number, node in enumerate(nodes)}
    taken = _weights(nodes)
    weights = [node for node in nodes if node.name in taken]
    structure = Structure(
        nodes=tuple(_renamed(node, names) for node in nodes if node.name not in taken),
        versions=graph.versions,
        weights=tuple((names[node.name], _lengths(node)) for node in weights),
        output=_renamed_tensor(tensor, names),
    )
    return structure, tuple(node.name for node in weights)


def _above(graph: graph_pb2.GraphDef, target: str) -> Iterator[node_def_pb2.NodeDef]:
    """Yield a node and all nodes it is computed from, in an order that depends only on the computation."""
    by_name = {node.name: node for node in graph.node}
    waiting, seen = [(target, False)], set()
    while waiting:
        name, is_ready = waiting.pop()
        if is_ready:
            yield by_name[name]
        elif name not in seen:
            seen.add(name)
            waiting.append((name, True))
            waiting += [(node_of(tensor), False) for tensor in reversed(by_name[name].input)]


def _weights(nodes: Sequence[node_def_pb2.NodeDef]) -> set[str]:
    """Return the constants whose values may differ between networks of the same structure.

    These are single-precision arrays that no shape depends on. Values computed from the images are not
    lengths either: a graph that uses them as lengths is refused.
    """
    varying = varying_nodes(nodes)
    lengths: set[str] = set()
    for node in reversed(nodes):
        if node.name in lengths:
            passed = () if node.op == "Shape" else tuple(node.input)
        elif node.op in BLIND:
            passed = ()
        else:
            harmless = _NEVER_A_LENGTH.get(node.op, ())
            passed = tuple(tensor for place, tensor in enumerate(node.input) if place not in harmless)
        lengths |= {node_of(tensor) for tensor in passed} - varying
    return {
        node.name
        for node in nodes
        if node.op == "Const"
        and node.name not in lengths
        and node.attr["dtype"].type == node.attr["value"].tensor.dtype == types_pb2.DT_FLOAT
        and _lengths(node)
    }


def varying_nodes(nodes: Sequence[node_def_pb2.NodeDef]) -> set[str]:
    """Return the names of the nodes whose values depend on the images; `nodes` come after their inputs."""
    varying: set[str] = set()
    for node in nodes:
        sources = map(node_of, node.input)
        if node.op == "Placeholder" or (node.op != "Shape" and not varying.isdisjoint(sources)):
            varying.add(node.name)
    return varying


def _lengths(node: node_def_pb2.NodeDef) -> tuple[int, ...]:
    return tuple(dimension.size for dimension in node.attr["value"].tensor.tensor_shape.dim)


def _renamed(node: node_def_pb2.NodeDef, names: Mapping[str, str]) -> node_def_pb2.NodeDef:
    renamed = node_def_pb2.NodeDef()
    renamed.CopyFrom(node)
    renamed.name = names[node.name]
    del renamed.input[:]
    renamed.input.extend(_renamed_tensor(tensor, names) for tensor in node.input)
    return renamed


def _renamed_tensor(tensor: str, names: Mapping[str, str]) -> str:
    name, *output = tensor.split(":")
    return ":".join([names[name], *output])
