"""Computes only the map of each image's own filter, if a layer is a convolution plus elementwise steps.

The reference ascent needs nothing else, and the maps of all other filters would cost a third of its time.
Image k belongs to filter k modulo the number of filters. The maps of one round of images, one per filter, are
placed side by side as the channels of one image, so that each map gets the bias and the activation of its
filter.
"""

from __future__ import annotations

from dataclasses import replace

import tensorflow as tf
from tensorflow.core.framework import node_def_pb2

from autograder.verify.allowed import RefusedGraphError
from autograder.verify.importing import node_of
from autograder.verify.structure import Structure, varying_nodes
from solutions.own_maps import own_maps

# Operations that act on every number of a map alone, or add a bias for each filter.
_AFTER = frozenset("BiasAdd Elu Identity LeakyRelu Relu Relu6 Selu Sigmoid Softplus Softsign Tanh".split())


def only_own_filters(structure: Structure) -> Structure | None:
    """Return a structure that computes only each image's own map; None if its output is not such a layer."""
    by_name = {node.name: node for node in structure.nodes}
    varying = varying_nodes(structure.nodes)
    node = by_name.get(node_of(structure.output))
    while node is not None and node.op in _AFTER and varying.isdisjoint(map(node_of, node.input[1:])):
        node = by_name.get(node_of(node.input[0]))
    if node is None or node.op != "Conv2D" or node_of(node.input[1]) in varying or not _is_plain(node):
        return None
    return replace(structure, own_filters=node.name)


def _is_plain(convolution: node_def_pb2.NodeDef) -> bool:
    """Tell whether a depthwise convolution supports the same padding, strides and dilations."""
    (first, *strides, last), (_, *dilations, _) = (
        _window(convolution, "strides"),
        _window(convolution, "dilations"),
    )
    return (
        convolution.attr["data_format"].s in {b"", b"NHWC"}
        and convolution.attr["padding"].s in {b"SAME", b"VALID"}
        and first == last == 1
        and strides[0] == strides[1]
        and 1 in (strides[0], *dilations)
    )


def _window(convolution: node_def_pb2.NodeDef, name: str) -> list[int]:
    return list(convolution.attr[name].list.i) or [1, 1, 1, 1]


def convolve_own(node: node_def_pb2.NodeDef, inputs: list[tf.Tensor]) -> tf.Tensor:
    """Return each image's own map, (times, new height, new width, filters), in place of a Conv2D's output.

    `times` is the number of images divided by the number of filters.
    """
    features, kernels = inputs  # (n, height, width, channels), (rows, columns, channels, filters)
    filters = kernels.shape[3]
    times = features.shape[0] // filters
    if features.shape[0] != times * filters:
        raise RefusedGraphError("its number of filters depends on the number of images")
    padding = node.attr["padding"].s.decode()
    strides, dilations = _window(node, "strides")[1:3], _window(node, "dilations")[1:3]
    if features.shape[3] != kernels.shape[2]:  # a grouped convolution
        maps = tf.nn.conv2d(features, kernels, strides, padding, dilations=dilations)
        maps = tf.reshape(maps, (times, filters, *maps.shape[1:]))
        return tf.linalg.diag_part(tf.transpose(maps, (0, 2, 3, 1, 4)))
    maps = own_maps(features, tf.tile(kernels, [1, 1, 1, times]), strides, padding, dilations)
    return tf.transpose(tf.reshape(maps, (*maps.shape[:2], times, filters)), (2, 0, 1, 3))
