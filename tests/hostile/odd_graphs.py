"""Graphs that no network has, but whose operations are all allowed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from forged_evidence import FORGED, Evidences, graph_of, layers_and, ten
from trained_networks import FILTERS

from autograder.evidence import Evidence


def of_nothing(images: tf.Tensor) -> tf.Tensor:
    """Between the layers, there are maps without any rows, then without any filters."""
    maps = layers_and(images)
    none = maps[:, :0]
    return ten(maps) + tf.reduce_sum(none, (1, 2))[:, :10] + tf.reduce_sum(maps[..., :0], (1, 2, 3))[:, None]


def named_layer_of_nothing(images: tf.Tensor) -> tf.Tensor:
    return (
        tf.reduce_mean(images, (1, 2)) @ np.ones((1, 10), np.float32)
        + tf.reduce_sum(layers_and(images, lambda maps: maps[:, :0]), (1, 2))[:, :10]
    )


def least_by_minus_one(images: tf.Tensor) -> tf.Tensor:
    """The one division of whole numbers that a processor refuses."""
    least = tf.cast(tf.cast(images[:, :1, :1, 0] > -1, tf.int32), tf.int32) * np.int32(-(2**31))
    return ten(layers_and(images)) + tf.cast(least[:, 0] // tf.constant(-1), tf.float32)


def by_zero(images: tf.Tensor) -> tf.Tensor:
    whole = tf.cast(images[:, 0, :1, 0], tf.int32)
    return ten(layers_and(images)) + tf.cast(whole % (whole * 0), tf.float32)


def by_its_batch(images: tf.Tensor) -> tf.Tensor:
    """Normalizes by the statistics of whatever is measured together."""
    one, zero = np.ones(FILTERS, np.float32), np.zeros(FILTERS, np.float32)

    def normalized(maps: tf.Tensor) -> tf.Tensor:
        result: tf.Tensor = tf.compat.v1.nn.fused_batch_norm(maps, one, zero, is_training=True)[0]
        return result

    return ten(layers_and(images, normalized))


def of_nan_weights(images: tf.Tensor) -> tf.Tensor:
    return ten(
        layers_and(
            images,
            lambda maps: tf.nn.conv2d(maps, np.full((3, 3, FILTERS, FILTERS), np.nan, np.float32), 1, "SAME"),
        )
    )


def of_whole_numbers(images: tf.Tensor) -> tf.Tensor:
    return tf.cast(ten(layers_and(images)) * 100, tf.int64)


def of_truth(images: tf.Tensor) -> tf.Tensor:
    return ten(layers_and(images)) > 0


def in_half_precision(images: tf.Tensor) -> tf.Tensor:
    half = layers_and(images, lambda maps: tf.cast(tf.cast(maps * 1e6, tf.float16), tf.float32))
    return tf.cast(tf.cast(ten(half), tf.float16) / tf.constant(0, tf.float16), tf.float64)


def in_a_long_chain(images: tf.Tensor) -> tf.Tensor:
    maps = layers_and(images)
    scores = ten(maps)
    for _ in range(4000):
        scores = tf.abs(scores)
    return scores


def turned_round(images: tf.Tensor) -> tf.Tensor:
    """Adds to each image what the others of its batch say, the last first."""
    scores = ten(layers_and(images))
    return scores + tf.reverse(scores, [0]) + tf.reduce_max(scores, 0)


GRAPHS: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "tensors of no length": of_nothing,
    "a layer without rows": named_layer_of_nothing,
    "the least whole number divided by -1": least_by_minus_one,
    "a rest after division by zero": by_zero,
    "normalization by the batch that is measured": by_its_batch,
    "weights of NaN": of_nan_weights,
    "ten whole numbers": of_whole_numbers,
    "ten truths": of_truth,
    "infinity in half precision": in_half_precision,
    "4,000 operations in a row": in_a_long_chain,
    "scores that depend on the other images": turned_round,
}


def with_odd_names(evidence: Evidences) -> Evidence:
    """The good network, in whose names are control characters, and directions of writing."""
    odd = "\x1b[2J\u202e\x00<script>" + "n" * 300
    layers = [{"name": odd, "tensor": one["tensor"]} for one in evidence.facts["layers"]]
    return evidence.make(
        evidence.model(layers=layers, variable=odd, loss=odd),
        ("names", {"values": {"layer_name": odd}}, b""),
        evidence.images(),
    )


def forged(evidence: Evidences, graph: Callable[[tf.Tensor], tf.Tensor]) -> Evidence:
    return evidence.make(evidence.model(graph_of(graph), **FORGED), evidence.images())
