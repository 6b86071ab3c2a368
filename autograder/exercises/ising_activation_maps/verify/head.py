"""Finds in a frozen graph how a network comes from its last feature maps to its classes, and computes the maps again.

Nothing is found by name. From the output back, the way leads over softmax, Dense layers and pooling to the first
tensor with rows and columns: the features. If average pooling and one Dense layer follow them, the map of class c is
sum over k of w_kc F_k, with the layer's weights. For other networks, the mean derivative of the logit by the map F_k,
times the number of places, stands for w_kc (Selvaraju et al., Grad-CAM, ICCV 2017); for average pooling it is w_kc.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.core.framework import node_def_pb2

from autograder.exercises.ising_activation_maps.constants import CLASSES
from autograder.exercises.ising_activation_maps.records import Head
from autograder.verify.compiled import as_input
from autograder.verify.graph import FrozenModel
from autograder.verify.importing import import_graph, node_of

Floats = npt.NDArray[np.float32]

# Operations on the way back from the classes to the features that change no number, or each alone.
_PASSED = frozenset("Identity BiasAdd Add AddV2 Relu Tanh Elu Selu Squeeze Reshape Cast Mul".split())
_FINAL = frozenset({"Softmax", "Sigmoid"})
_POOLINGS = {"Mean": "mean", "AvgPool": "mean", "Sum": "mean", "Max": "max", "MaxPool": "max"}
# Other tensors with as many maps as the features, such as those before the activation.
MOST_OTHERS = 4


@dataclass(frozen=True)
class Ingredients:
    """What a network computes of some lattices, as far as maps could be made of it.

    Attributes:
        features: (n, height, width, filters).
        weights: (n, filters, 2); the same for all lattices if average pooling and one Dense layer follow.
        logits: (n, 2).
        gradients: (n, 2, 32, 32), of the logits by the spins.
        others: other maps with as many filters, (n, ..., ..., filters) each.
    """

    features: Floats
    weights: Floats
    logits: Floats
    gradients: Floats
    others: tuple[Floats, ...]

    @property
    def maps(self) -> Floats:
        """The class activation maps, (n, 2, height, width)."""
        found: Floats = np.einsum("nhwk,nkc->nchw", self.features, self.weights)
        return found


@dataclass(frozen=True)
class WayToClasses:
    """The way from the features to the classes, by the names of tensors."""

    head: Head
    features: str
    logits: str
    others: tuple[str, ...]


def find_way(model: FrozenModel) -> WayToClasses | None:
    """Return the way of a network; None if it has no feature maps, or not an output for each class."""
    shapes = _shapes(model)
    nodes = {node.name: node for node in model.graph.node}
    name, logits, pooling, dense = model.output, "", "none", 0
    while True:
        node, shape = nodes[node_of(name)], shapes.get(_full(name), ())
        if len(shape) == 4 and min(shape[1:3]) > 1:
            break
        varying = [one for one in node.input if len(shapes.get(_full(one), ())) and _varies(one, nodes)]
        if not varying:
            return None
        if node.op in _FINAL and not logits:
            name = varying[0]
            logits = _full(name)
            continue
        if node.op not in {*_PASSED, *_POOLINGS, "MatMul"}:
            return None
        if node.op == "MatMul":
            dense, logits = dense + 1, logits or _full(name)
        elif node.op in {"BiasAdd", "Add", "AddV2"}:
            logits = logits or _full(name)
        elif node.op in _POOLINGS:
            pooling = _POOLINGS[node.op]
        name = varying[0]
    shape = shapes[_full(name)]
    count = shapes.get(logits, (0, 0))[-1]
    if not logits or count not in {1, CLASSES}:
        return None
    others = [
        one
        for one, lengths in shapes.items()
        if len(lengths) == 4 and lengths[3] == shape[3] and min(lengths[1:3]) > 1
        if one != _full(name) and _varies(one, nodes)
    ]
    same_size = sorted(set(others), key=lambda one: shapes[one][1:3] != shape[1:3])
    head = Head(pooling, dense, count, (shape[1], shape[2]), shape[3])
    return WayToClasses(head, _full(name), logits, tuple(same_size[:MOST_OTHERS]))


def ingredients(model: FrozenModel, way: WayToClasses, lattices: Floats) -> Ingredients:
    """Compute everything of a few lattices, (n, 32, 32, 1)."""

    def run(spins: tf.Tensor) -> list[tf.Tensor]:
        nodes = model.graph.node
        tensors, _ = import_graph(nodes, model.graph.versions, as_input(nodes, spins))
        logits = tf.cast(tensors[way.logits], tf.float32)
        logits = tf.concat([-logits, logits], axis=1) if way.head.logits == 1 else logits
        features = tensors[way.features]
        per_class = [tf.unstack(logits, axis=1)[c] for c in range(CLASSES)]
        by_features = [_gradient(one, features) for one in per_class]
        by_spins = [_gradient(one, spins) for one in per_class]
        others = [tf.cast(tensors[name], tf.float32) for name in way.others]
        return [logits, tf.cast(features, tf.float32), *by_features, *by_spins, *others]

    function = tf.function(run, autograph=False)
    logits, features, *rest = (one.numpy() for one in function(tf.constant(lattices)))
    by_features, by_spins, others = rest[:CLASSES], rest[CLASSES : 2 * CLASSES], rest[2 * CLASSES :]
    weights = np.stack([one.sum(axis=(1, 2)) for one in by_features], axis=2)  # (n, filters, 2)
    return Ingredients(features, weights, logits, np.stack(by_spins, axis=1)[..., 0], tuple(others))


def _gradient(value: tf.Tensor, by: tf.Tensor) -> tf.Tensor:
    found = tf.gradients(value, by)[0]
    return tf.zeros(by.shape) if found is None else tf.cast(found, tf.float32)


def _full(name: str) -> str:
    return name if ":" in name else f"{name}:0"


def _shapes(model: FrozenModel) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all tensors, for two lattices."""
    with tf.Graph().as_default():
        nodes = model.graph.node
        side = _side(model)
        images = as_input(nodes, tf.compat.v1.placeholder(tf.float32, (2, side, side, 1)))
        tensors, _ = import_graph(nodes, model.graph.versions, images)
        return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def _side(model: FrozenModel) -> int:
    size = int(np.prod([length or 1 for length in model.shapes[model.input][1:]]))
    return int(np.sqrt(size))


def _varies(name: str, nodes: dict[str, node_def_pb2.NodeDef]) -> bool:
    """Tell whether a tensor is computed from the lattice."""
    waiting, seen = [node_of(name)], set()
    while waiting:
        one = waiting.pop()
        if one in seen or one not in nodes:
            continue
        seen.add(one)
        node = nodes[one]
        if node.op == "Placeholder":
            return True
        if node.op != "Shape":
            waiting += [node_of(inner) for inner in node.input]
    return False
