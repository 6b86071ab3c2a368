"""What the reader lets through computes what the model computes; everything else is refused."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import graph_pb2, types_pb2

from autograder.verify import allowed as reader
from autograder.verify.allowed import RefusedGraphError
from autograder.verify.graph import FrozenModel, call, read_graph
from solutions.gradient_ascent import gradient_ascent, uniform_noise

layers = keras.layers
FACTS = {"input": "images:0", "output": "output:0", "layers": []}


def small_graph() -> graph_pb2.GraphDef:
    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(tf.float32, (None, 28, 28, 1), name="images")
        tf.multiply(images, tf.constant(2.0, name="two"), name="output")
    return graph.as_graph_def()


def add(graph: graph_pb2.GraphDef, operation: str, name: str, *inputs: str) -> None:
    graph.node.add(op=operation, name=name, input=inputs)


def read_file(graph: graph_pb2.GraphDef) -> None:
    add(graph, "ReadFile", "steal", "two")


def write_file(graph: graph_pb2.GraphDef) -> None:
    add(graph, "WriteFile", "forge", "two", "two")


def python_function(graph: graph_pb2.GraphDef) -> None:
    add(graph, "PyFunc", "call", "two")


def loop(graph: graph_pb2.GraphDef) -> None:
    add(graph, "While", "forever", "two")


def variable(graph: graph_pb2.GraphDef) -> None:
    add(graph, "VarHandleOp", "state")


def library_function(graph: graph_pb2.GraphDef) -> None:
    graph.library.function.add().signature.name = "hidden"


def function_attribute(graph: graph_pb2.GraphDef) -> None:
    graph.node[0].attr["f"].func.name = "hidden"


def huge_constant(graph: graph_pb2.GraphDef) -> None:
    tensor = constant(graph)
    for length in (1 << 20, 1 << 20):
        tensor.tensor_shape.dim.add(size=length)


def negative_length(graph: graph_pb2.GraphDef) -> None:
    tensor = constant(graph)
    for length in (-1, -(1 << 40)):
        tensor.tensor_shape.dim.add(size=length)


def text_constant(graph: graph_pb2.GraphDef) -> None:
    constant(graph).dtype = types_pb2.DT_STRING


def constant(graph: graph_pb2.GraphDef):
    """Add a constant that is one number, repeated as often as its shape says."""
    node = graph.node.add(op="Const", name="bomb")
    node.attr["dtype"].type = types_pb2.DT_FLOAT
    tensor = node.attr["value"].tensor
    tensor.dtype = types_pb2.DT_FLOAT
    tensor.float_val.append(1.0)
    return tensor


def second_input(graph: graph_pb2.GraphDef) -> None:
    graph.node.add().CopyFrom(graph.node[0])
    graph.node[-1].name = "more"


def no_input(graph: graph_pb2.GraphDef) -> None:
    del graph.node[0]


def lost_output(graph: graph_pb2.GraphDef) -> None:
    graph.node[-1].name = "elsewhere"


def too_many(graph: graph_pb2.GraphDef) -> None:
    for index in range(reader.MOST_NODES):
        add(graph, "NoOp", f"nothing{index}")


def dangling(graph: graph_pb2.GraphDef) -> None:
    graph.node[-1].input[0] = "nowhere"


def other_size(graph: graph_pb2.GraphDef) -> None:
    graph.node[0].attr["shape"].shape.dim[1].size = 32


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (read_file, "operation 'ReadFile'"),
        (write_file, "operation 'WriteFile'"),
        (python_function, "operation 'PyFunc'"),
        (loop, "operation 'While'"),
        (variable, "operation 'VarHandleOp'"),
        (library_function, "functions"),
        (function_attribute, "forbidden attribute"),
        (huge_constant, "too large"),
        (negative_length, "negative length"),
        (text_constant, "no number|forbidden attribute"),
        (second_input, "exactly one input"),
        (no_input, "exactly one input"),
        (lost_output, "not in the graph"),
        (too_many, "operations, more than"),
        (dangling, "does not exist"),
        (other_size, "not that of a 28 x 28 image"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_graph_with_anything_but_arithmetic_is_refused(
    spoil: Callable[[graph_pb2.GraphDef], None], reason: str
) -> None:
    graph = small_graph()
    spoil(graph)

    with pytest.raises(RefusedGraphError, match=reason) as refused:
        read_graph(graph.SerializeToString(), FACTS)

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("data", [b"\xff garbage", b"\x00" * 100, b"PK\x03\x04", b""])
def test_bytes_that_are_no_graph_are_refused(data: bytes) -> None:
    with pytest.raises(RefusedGraphError):
        read_graph(data, FACTS)


@pytest.mark.parametrize("facts", [{}, {"input": 7, "output": None}, {**FACTS, "output": "two"}])
def test_facts_that_do_not_name_the_ends_are_refused(facts: dict[str, object]) -> None:
    with pytest.raises(RefusedGraphError, match="not in the graph"):
        read_graph(small_graph().SerializeToString(), facts)


@pytest.mark.parametrize("named", [None, 7, ["x"], [{"name": "a"}], [{"name": "a", "tensor": "nowhere:0"}]])
def test_layers_that_are_none_are_passed_over(named: object) -> None:
    assert read_graph(small_graph().SerializeToString(), {**FACTS, "layers": named}).layers == ()


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.convolution = layers.Conv2D(4, 3, activation="relu")
        self.head = keras.Sequential([layers.Flatten(), layers.Dense(10)])

    def call(self, images: tf.Tensor) -> tf.Tensor:
        return self.head(self.convolution(images))


def sequential(*inner: keras.Layer) -> keras.Model:
    return keras.Sequential([layers.Input((28, 28, 1)), *inner, layers.Flatten(), layers.Dense(10)])


def skip_connection() -> keras.Model:
    images = layers.Input((28, 28, 1))
    first = layers.Conv2D(4, 3, padding="same", activation="relu")(images)
    second = layers.Conv2D(4, 3, padding="same", activation="relu")(first)
    joined = layers.Concatenate()([layers.Add()([first, second]), images])
    return keras.Model(
        images, layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(joined))
    )


def subclassed() -> keras.Model:
    model = Subclassed()
    model(np.zeros((1, 28, 28, 1), np.float32))
    return model


MODELS: dict[str, Callable[[], keras.Model]] = {
    "plain": lambda: sequential(layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D()),
    "skip connection": skip_connection,
    "batch normalization": lambda: sequential(layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU()),
    "separable": lambda: sequential(layers.SeparableConv2D(4, 3, activation="relu")),
    "strides": lambda: sequential(layers.Conv2D(4, 3, strides=2, activation="tanh")),
    "dilation": lambda: sequential(layers.Conv2D(4, 3, dilation_rate=2, activation="relu")),
    "grouped": lambda: sequential(layers.Conv2D(4, 3), layers.Conv2D(4, 3, groups=2, activation="relu")),
    "leaky": lambda: sequential(layers.Conv2D(4, 3), layers.LeakyReLU()),
    "elu": lambda: sequential(layers.Conv2D(4, 3, activation="elu")),
    "prelu": lambda: sequential(layers.Conv2D(4, 3), layers.PReLU()),
    "swish": lambda: sequential(layers.Conv2D(4, 3, activation="swish")),
    "gelu": lambda: sequential(layers.Conv2D(4, 3, activation="gelu")),
    "transposed": lambda: sequential(layers.Conv2D(4, 3, strides=2), layers.Conv2DTranspose(4, 3, strides=2)),
    "rescaling": lambda: sequential(layers.Rescaling(2.0, offset=-1.0), layers.Conv2D(4, 3)),
    "augmented": lambda: sequential(layers.GaussianNoise(0.1), layers.Conv2D(4, 3), layers.SpatialDropout2D(0.5)),
    "flat input": lambda: keras.Sequential(
        [layers.Input((784,)), layers.Reshape((28, 28, 1)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(10)]
    ),
    "nested": lambda: sequential(sequential(layers.Conv2D(4, 3)), layers.Reshape((2, 5))),
    "subclassed": subclassed,
    "normalization": lambda: sequential(layers.Conv2D(4, 3), layers.LayerNormalization(), layers.Softmax()),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_a_frozen_model_computes_what_the_model_computes(
    name: str, freeze_model: Callable[[keras.Model], FrozenModel]
) -> None:
    keras.utils.set_random_seed(1)
    model = MODELS[name]()
    images = uniform_noise(5, seed=2)
    shaped = images.reshape(5, 784) if name == "flat input" else images

    frozen = freeze_model(model)
    outputs = call(frozen, frozen.function(frozen.output), images)

    np.testing.assert_allclose(outputs, model(shaped, training=False), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["swish", "gelu", "prelu", "batch normalization", "separable", "subclassed"])
def test_a_frozen_model_still_has_gradients(
    name: str, freeze_model: Callable[[keras.Model], FrozenModel]
) -> None:
    keras.utils.set_random_seed(1)
    frozen = freeze_model(MODELS[name]())
    output = frozen.function(frozen.output)

    ascent = gradient_ascent(lambda images: output(images)[:, 0], uniform_noise(2, seed=0), steps=5)

    assert (ascent.activations[-1] > ascent.activations[0]).all()
