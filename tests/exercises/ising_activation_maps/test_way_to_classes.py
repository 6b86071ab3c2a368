"""The way from the last feature maps to the classes is found in the graph, or it is said that there is none."""

from __future__ import annotations

import keras
import pytest
import tensorflow as tf

from autograder.execute.inside.freezing import freeze
from autograder.exercises.ising_activation_maps.records import Head
from autograder.exercises.ising_activation_maps.verify.head import find_way
from autograder.verify.graph import read_graph

layers = keras.layers
ENDS = {
    "asked": ([layers.GlobalAveragePooling2D(), layers.Dense(2, "softmax")], Head("mean", 1, 2, (16, 16), 6)),
    "maximum": ([layers.GlobalMaxPooling2D(), layers.Dense(2, "softmax")], Head("max", 1, 2, (16, 16), 6)),
    "flattened": ([layers.Flatten(), layers.Dense(2, "softmax")], Head("none", 1, 2, (16, 16), 6)),
    "two Dense layers": (
        [layers.GlobalAveragePooling2D(), layers.Dense(5, "relu"), layers.Dense(2)],
        Head("mean", 2, 2, (16, 16), 6),
    ),
    "one sigmoid": (
        [layers.GlobalAveragePooling2D(), layers.Dense(1, "sigmoid")],
        Head("mean", 1, 1, (16, 16), 6),
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_the_end_of_a_network_is_found_by_what_it_computes(end: str) -> None:
    stack, head = ENDS[end]
    features = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")
    graph, facts = freeze(keras.Sequential([layers.Input((32, 32, 1)), features, *stack]))

    way = find_way(read_graph(graph, facts, side=32))

    assert way is not None
    assert way.head == head


def test_a_network_that_does_not_look_at_the_lattice_has_no_way_to_its_classes() -> None:
    with tf.Graph().as_default() as graph:
        tf.compat.v1.placeholder(tf.float32, (None, 32, 32, 1), name="spins")
        tf.nn.softmax(tf.constant([[0.0, 1.0]]), name="output")
    facts = {"input": "spins:0", "output": "output:0", "layers": []}

    assert find_way(read_graph(graph.as_graph_def().SerializeToString(), facts, side=32)) is None
