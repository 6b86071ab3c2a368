"""Imports a graph into TensorFlow piece by piece, and stops if it needs more than any real network does.

While TensorFlow imports a graph, it already computes the values that shapes depend on. So an operation whose
shape may depend on computed values is imported only after everything before it has turned out to be of
bounded size. All lengths must be known in advance. They may depend on the number of images, so this is
repeated for every number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import tensorflow as tf
from tensorflow.core.framework import graph_pb2, node_def_pb2, versions_pb2

from autograder.plain.text import plain_text
from autograder.verify.allowed import RefusedGraphError

# For each image: numbers in one tensor, numbers in all tensors, products of two numbers. The network of the solution
# takes 9.4 million products and 180,000 numbers, and measuring it takes a few seconds. A network of five layers like
# those of VGG, without any pooling, takes eleven times as many products; all ten of VGG, with pooling, 25 times.
# Where images fit no filter, so that all layers are tried, 19 times takes three minutes on two cores; the limit is
# about half of `verify_seconds`. With 128 filters in several large layers, the limit of memory may come first.
MOST_IN_A_TENSOR = 1 << 20
MOST_IN_ALL = 1 << 22
REFERENCE_PRODUCTS, MOST_TIMES = 9_400_000, 30
MOST_PRODUCTS = MOST_TIMES * REFERENCE_PRODUCTS
# What does not depend on the images may be computed during the import: numbers and products in total, plus an
# allowance for each image.
MOST_FIXED = 1 << 26
MOST_FIXED_PER_IMAGE = 1 << 18

LONGEST_REASON = 200

# An operation and its inputs -> its one output
Replacement = Callable[[node_def_pb2.NodeDef, list[tf.Tensor]], tf.Tensor]

# Operations whose result is only another view of their input.
VIEWS = frozenset("Const ExpandDims Identity IdentityN NoOp Reshape Squeeze StopGradient".split())
# Operations whose output shape depends only on input shapes, never on values.
BLIND = frozenset(
    "Abs Add AddN AddV2 AvgPool BiasAdd Cast Ceil Const Conv2D Cos DepthwiseConv2dNative Elu Equal Erf Erfc Exp Expm1 "
    "Floor FloorDiv FloorMod FusedBatchNormV3 Greater GreaterEqual Identity IdentityN LeakyRelu Less LessEqual Log "
    "Log1p LogSoftmax LogicalAnd LogicalNot LogicalOr MatMul MaxPool Maximum Minimum Mul Neg NoOp NotEqual Pow RealDiv "
    "Reciprocal Relu Relu6 Round Rsqrt Select SelectV2 Selu Shape Sigmoid Sign Sin Softmax Softplus Softsign Sqrt "
    "Square SquaredDifference Squeeze StopGradient Sub Tanh".split()
)


@dataclass
class Load:
    """What a graph needs for this many images: numbers and products.

    `fixed` counts both for the operations that do not depend on the images.
    """

    images: int
    numbers: int = 0
    products: int = 0
    fixed: int = 0
    varying: set[str] = field(default_factory=set)  # the nodes whose values depend on the images

    def add(self, operation: tf.Operation, node: node_def_pb2.NodeDef) -> None:
        """Add one imported operation of the graph.

        Raises:
            RefusedGraphError: the total is too large.
        """
        sizes = [_size(tensor, node) for tensor in operation.outputs]
        varies = node.op != "Shape" and not self.varying.isdisjoint(map(node_of, node.input))
        if varies:
            self.varying.add(node.name)
        if node.op in VIEWS:
            return
        effort = sum(sizes) + _products(operation)
        if not varies:
            self.fixed += effort
            if self.fixed > MOST_FIXED + self.images * MOST_FIXED_PER_IMAGE:
                raise RefusedGraphError(f"its constants take {self.fixed:.2g} steps to compute")
            return
        self.numbers += sum(sizes)
        self.products += effort
        if max(sizes, default=0) > self.images * MOST_IN_A_TENSOR:
            raise RefusedGraphError(
                f"{_named(node)} has {max(sizes) / self.images:.2g} numbers for each image"
            )
        if self.numbers > self.images * MOST_IN_ALL:
            raise RefusedGraphError(f"it has {self.numbers / self.images:.2g} numbers for each image")
        if self.products > self.images * MOST_PRODUCTS:
            raise RefusedGraphError(
                f"it takes {self.products / self.images:.2g} products for each image, more than {MOST_TIMES} times as "
                "many as the solution"
            )


def import_graph(
    nodes: Iterable[node_def_pb2.NodeDef],
    versions: versions_pb2.VersionDef,
    images: tf.Tensor,
    weights: Mapping[str, tf.Tensor] = MappingProxyType({}),
    replaced: Mapping[str, Replacement] = MappingProxyType({}),
) -> tuple[dict[str, tf.Tensor], Load]:
    """Import operations into the current graph.

    Args:
        nodes: the nodes of an allowed graph, each after its inputs.
        versions: the versions of the graph.
        images: the value of its placeholder; the number of images is known.
        weights: tensors of known shape in place of constants that are not among the nodes.
        replaced: operations that are computed in another way, which needs no more.

    Returns:
        All tensors by name, and what they need.

    Raises:
        RefusedGraphError: TensorFlow does not accept the graph, or it needs too much.
    """
    load = Load(images=images.shape[0])
    tensors = {f"{name}:0": tensor for name, tensor in weights.items()}
    for piece in _pieces(nodes, replaced):
        first = piece[0]
        if first.op == "Placeholder":
            tensors[f"{first.name}:0"] = images
            load.varying.add(first.name)
            continue
        if first.name in replaced:
            inputs = [tensors[name if ":" in name else f"{name}:0"] for name in first.input]
            tensors[f"{first.name}:0"] = replaced[first.name](first, inputs)
            load.varying.add(first.name)
            continue
        for node, operation in zip(piece, _import(piece, versions, tensors), strict=True):
            load.add(operation, node)
            tensors |= {f"{node.name}:{index}": tensor for index, tensor in enumerate(operation.outputs)}
    return tensors, load


def node_of(tensor: str) -> str:
    """Return the name of the node that a tensor is an output of."""
    return tensor.split(":")[0]


def _pieces(
    nodes: Iterable[node_def_pb2.NodeDef], alone: Container[str]
) -> Iterator[list[node_def_pb2.NodeDef]]:
    """Yield operations in groups; an operation whose shape may depend on values starts a new group.

    Placeholders and the operations in `alone` form a group by themselves.
    """
    piece: list[node_def_pb2.NodeDef] = []
    for node in nodes:
        stands_alone = node.op == "Placeholder" or node.name in alone
        if piece and (stands_alone or node.op not in BLIND):
            yield piece
            piece = []
        piece.append(node)
        if stands_alone:
            yield piece
            piece = []
    if piece:
        yield piece


def _import(
    piece: list[node_def_pb2.NodeDef], versions: versions_pb2.VersionDef, tensors: dict[str, tf.Tensor]
) -> list[tf.Operation]:
    own = {node.name for node in piece}
    before = {tensor for node in piece for tensor in node.input if node_of(tensor) not in own}
    try:
        operations: list[tf.Operation] = tf.graph_util.import_graph_def(
            graph_pb2.GraphDef(node=piece, versions=versions),
            input_map={name: tensors[name if ":" in name else f"{name}:0"] for name in before},
            return_elements=[node.name for node in piece],
        )
    except (ValueError, KeyError, TypeError, tf.errors.OpError) as error:
        reason = plain_text(f"{error} ".splitlines()[0].strip(), at_most=LONGEST_REASON)
        raise RefusedGraphError(f"TensorFlow does not accept it: {reason}") from error
    return operations


def _size(tensor: tf.Tensor, node: node_def_pb2.NodeDef) -> int:
    if not tensor.shape.is_fully_defined():
        raise RefusedGraphError(f"{_named(node)} has a length that only shows when it is computed")
    size: int = math.prod(tensor.shape)
    return size


def _named(node: node_def_pb2.NodeDef) -> str:
    return f"the operation {node.op} called {node.name[:60]!r}"


def _products(operation: tf.Operation) -> int:
    """Return about how many products of two numbers an operation takes, not counting one for each result."""
    kind = operation.type
    shapes: list[list[int]] = [list(tensor.shape) for tensor in operation.inputs]
    results: int = sum(math.prod(tensor.shape) for tensor in operation.outputs)
    if kind in {"Conv2D", "Conv3D"}:
        return results * math.prod(shapes[1][:-1])
    if kind == "DepthwiseConv2dNative":
        return results * math.prod(shapes[1][:2])
    if kind == "Conv2DBackpropInput":
        return math.prod(shapes[2]) * math.prod(shapes[1][:-1])
    if kind in {"MatMul", "BatchMatMulV2"}:
        is_transposed = operation.get_attr("transpose_a" if kind == "MatMul" else "adj_x")
        return results * shapes[0][-2 if is_transposed else -1]
    if kind == "Einsum":  # exact if every letter is in two of the three
        return math.isqrt(results * math.prod(map(math.prod, shapes))) + sum(map(math.prod, shapes))
    if kind in {"AvgPool", "MaxPool", "MaxPool3D"}:
        windows = zip(operation.get_attr("ksize"), shapes[0], strict=True)
        return results * math.prod(max(1, min(window, length)) for window, length in windows)
    if kind == "LRN":
        return results * (2 * int(operation.get_attr("depth_radius")) + 1)
    return 0
