"""Finds the convolutions of a frozen graph from its computation, not by name."""

from __future__ import annotations

from collections.abc import Iterable

from tensorflow.core.framework import graph_pb2, node_def_pb2

CONVOLUTIONS = frozenset({"Conv2D", "Conv2DBackpropInput", "Conv3D", "DepthwiseConv2dNative"})
# Operations that act on every number alone, so that a feature map stays the feature map of its filter.
ELEMENTWISE = frozenset(
    "Abs Add AddV2 BatchToSpaceND BiasAdd Cast Div Elu Erf Erfc Exp Expm1 FusedBatchNormV3 Greater Identity "
    "IdentityN LeakyRelu Log Log1p Maximum Minimum Mul Neg Pow RealDiv Reciprocal Relu Relu6 Rsqrt Select "
    "SelectV2 Selu Sigmoid Softplus Softsign Sqrt Square StopGradient Sub Tanh".split()
)
# Operations that add a bias to a convolution's maps.
BIASES = frozenset({"Add", "AddV2", "BiasAdd"})
# The input of a convolution that carries its weights, also where its first input is a shape.
KERNEL_INPUT = 1


class Network:
    """A graph with its edges, to answer questions about paths."""

    def __init__(self, graph: graph_pb2.GraphDef) -> None:
        self.nodes = {node.name: node for node in graph.node}
        self.users: dict[str, list[str]] = {}
        for node in graph.node:
            for name in dict.fromkeys(self._inputs(node)):
                self.users.setdefault(name, []).append(node.name)

    def convolutions_between(self, source: str, target: str) -> set[str]:
        """Return the convolutions on paths from one tensor to another, each by its kernel.

        A kernel that is applied twice counts once. So does a separable convolution, which is a depthwise
        convolution followed by a 1 x 1 convolution.
        """
        on_path = self._below(source) & self._above(target)
        return {
            self._kernel(node)
            for node in map(self.nodes.__getitem__, on_path)
            if node.op in CONVOLUTIONS and not self._is_pointwise_half(node)
        }

    def all_convolutions(self) -> set[str]:
        """Return all convolutions of the graph, each by its kernel."""
        return {
            self._kernel(node)
            for node in self.nodes.values()
            if node.op in CONVOLUTIONS and not self._is_pointwise_half(node)
        }

    def convolution_nodes(self) -> list[str]:
        """Return the names of all convolutions."""
        return [node.name for node in self.nodes.values() if node.op in CONVOLUTIONS]

    def convolution_of(self, tensor: str) -> str | None:
        """Return the convolution whose feature maps a tensor holds, or None.

        Operations that act on every number alone may come between the two: bias, normalization, activation.
        """
        waiting, seen = [_node(tensor)], set()
        while waiting:
            name = waiting.pop(0)
            if name in seen or name not in self.nodes:
                continue
            seen.add(name)
            node = self.nodes[name]
            if node.op in CONVOLUTIONS:
                return name
            if node.op in ELEMENTWISE:
                waiting += self._inputs(node)
        return None

    def before_activation(self, convolution: str) -> str:
        """Return the node with a convolution's maps before its activation, after the bias if there is one."""
        users = self.users.get(convolution, [])
        if len(users) == 1 and self.nodes[users[0]].op in BIASES:
            return users[0]
        return convolution

    def activation_of(self, tensor: str) -> str:
        """Return the node of the activation that was applied to feature maps; empty if there is none."""
        name = _node(tensor)
        while name in self.nodes and self.nodes[name].op in {"Identity", "IdentityN", "Cast"}:
            name = self._inputs(self.nodes[name])[0]
        return "" if name not in self.nodes or self.nodes[name].op in CONVOLUTIONS | BIASES else name

    def _above(self, tensor: str) -> set[str]:
        """Return all nodes that a tensor is computed from, except those of which only the shape is used."""
        waiting, seen = [_node(tensor)], set()
        while waiting:
            name = waiting.pop()
            if name in seen or name not in self.nodes or self.nodes[name].op == "Shape":
                continue
            seen.add(name)
            waiting += self._inputs(self.nodes[name])
        return seen

    def _below(self, tensor: str) -> set[str]:
        """Return all nodes that depend on the values of a tensor."""
        waiting, seen = [_node(tensor)], set()
        while waiting:
            name = waiting.pop()
            if name in seen or self.nodes[name].op == "Shape":
                continue
            seen.add(name)
            waiting += self.users.get(name, [])
        return seen

    def _inputs(self, node: node_def_pb2.NodeDef) -> list[str]:
        return [_node(name) for name in node.input if not name.startswith("^")]

    def _kernel(self, node: node_def_pb2.NodeDef) -> str:
        """Return the name of the constant with a convolution's weights, otherwise the convolution's name."""
        name = self._inputs(node)[KERNEL_INPUT]
        while name in self.nodes and self.nodes[name].op in {"Identity", "ExpandDims", "Reshape", "Cast"}:
            name = self._inputs(self.nodes[name])[0]
        return name if name in self.nodes and self.nodes[name].op == "Const" else node.name

    def _is_pointwise_half(self, node: node_def_pb2.NodeDef) -> bool:
        if node.op != "Conv2D":
            return False
        before = self.nodes.get(self._inputs(node)[0])
        while before is not None and before.op in {"Identity", "BatchToSpaceND"}:
            before = self.nodes.get(self._inputs(before)[0])
        kernel = self.nodes.get(self._kernel(node))
        if before is None or before.op != "DepthwiseConv2dNative" or kernel is None or kernel.op != "Const":
            return False
        lengths: Iterable[int] = [
            dimension.size for dimension in kernel.attr["value"].tensor.tensor_shape.dim
        ]
        return list(lengths)[:2] == [1, 1]


def _node(tensor: str) -> str:
    return tensor.split(":")[0].lstrip("^")
