"""A graph is refused before it runs if it asks for more than any network needs, or if its cost cannot be known."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import graph_pb2, types_pb2

from autograder.evidence import Evidence, Record, digest
from autograder.verify.allowed import RefusedGraphError
from autograder.verify.graph import FrozenModel, call, read_graph
from autograder.verify.held_out import HeldOut
from autograder.verify.importing import REFERENCE_PRODUCTS
from autograder.verify.models import TooCostlyError, read_models

layers = keras.layers
FACTS = {"input": "images:0", "output": "output:0", "layers": []}
Build = Callable[[tf.Tensor], tf.Tensor]
Spoil = Callable[[graph_pb2.GraphDef], None]


def graph_of(build: Build) -> graph_pb2.GraphDef:
    """A graph that computes what a function of the images returns."""
    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(tf.float32, (None, 28, 28, 1), name="images")
        tf.identity(build(images), name="output")
    return graph.as_graph_def()


def many(*lengths: int) -> tf.Tensor:
    """A large constant described by few bytes."""
    return tf.constant(1.0, shape=lengths)


def one(images: tf.Tensor) -> tf.Tensor:
    return images[:, :10, 0, 0]


def number(images: tf.Tensor) -> tf.Tensor:
    return tf.shape(images)[0]


def convolved(images: tf.Tensor, *channels: int, size: int = 3) -> tf.Tensor:
    maps = images
    for before, after in zip((1, *channels), channels, strict=False):
        maps = tf.nn.conv2d(maps, many(size, size, before, after), 1, "SAME")
    return maps


def doubled(images: tf.Tensor) -> tf.Tensor:
    for _ in range(40):
        images = tf.concat([images, images], 0)
    return images


def powers_of_the_batch(images: tf.Tensor) -> tf.Tensor:
    return tf.einsum("a,b,c,d->abcd", *[tf.reduce_sum(images, (1, 2, 3))] * 4)


def computed_fill(images: tf.Tensor) -> tf.Tensor:
    side = tf.constant(1000) * tf.constant(1000)
    return one(images) + tf.reduce_sum(tf.fill(tf.stack([side, side]), 1.0))


def range_of_values(images: tf.Tensor) -> tf.Tensor:
    return one(images) + tf.reduce_sum(tf.range(tf.reduce_sum(images)))


def fill_by_values(images: tf.Tensor) -> tf.Tensor:
    return one(images) + tf.reduce_sum(tf.fill([tf.cast(tf.reduce_max(images), tf.int32)], 1.0))


def padded(images: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.pad(images, [[0, 0], [40_000, 0], [40_000, 0], [0, 0]]), (1, 2))


LOADS: dict[str, tuple[Build, str]] = {
    "a constant repeated": (lambda x: one(x) + tf.reduce_sum(tf.fill([1 << 20, 1 << 20], 1.0)), "constants take"),
    "repeated by a computed number": (computed_fill, "constants take"),
    "a long range": (lambda x: one(x) + tf.cast(tf.reduce_sum(tf.range(1 << 30)), tf.float32), "constants take"),
    "large constants multiplied": (lambda x: one(x) + tf.reduce_sum(many(4096, 4096) @ many(4096, 4096)), "constants"),
    "images repeated": (lambda x: tf.reduce_sum(tf.tile(x, [1, 1000, 1000, 1]), (1, 2)), "numbers for each image"),
    "images padded": (padded, "numbers for each image"),
    "images enlarged": (lambda x: tf.image.resize(x, (9000, 9000), "nearest")[:, :10, 0, 0], "numbers for each image"),
    "forty times doubled": (doubled, "numbers for each image"),
    "powers of the batch": (powers_of_the_batch, "numbers for each image"),
    "a wide outer product": (lambda x: tf.reshape(x, (-1, 784, 1)) @ many(1, 10_000), "numbers for each image"),
    "many large layers": (lambda x: tf.add_n([tf.exp(convolved(x, 1024)) for _ in range(30)]), "numbers for each"),
    "huge kernels": (lambda x: convolved(x, 512, 512, 512, 512, size=7), "products for each image"),
    "a branch that is not read": (
        lambda x: one(x) + tf.reduce_mean(convolved(x, 64, 128, 256)), "more than 30 times as many as the solution"
    ),
    "a length from the pixels": (range_of_values, "only shows when it is computed"),
    "a number of copies from the pixels": (fill_by_values, "only shows when it is computed"),
}  # fmt: skip


@pytest.mark.parametrize("load", LOADS)
def test_a_graph_that_asks_for_too_much_is_refused(load: str) -> None:
    build, reason = LOADS[load]

    with pytest.raises(RefusedGraphError, match=reason) as refused:
        read_graph(graph_of(build).SerializeToString(), FACTS)

    assert "\n" not in str(refused.value)


def large_network(images: tf.Tensor, *, number: int) -> tf.Tensor:
    """Without any pooling, and nine times as costly as the network of the solution."""
    return tf.reduce_sum(convolved(images, 64, 64, 128), (1, 2)) + float(number)


def test_a_large_network_is_read() -> None:
    frozen = read_graph(graph_of(lambda x: large_network(x, number=0)).SerializeToString(), FACTS)

    assert 9 * REFERENCE_PRODUCTS < frozen.products < 10 * REFERENCE_PRODUCTS


def test_many_large_networks_together_take_too_long(digits: HeldOut) -> None:
    def submitted(count: int) -> Evidence:
        graphs = [
            graph_of(partial(large_network, number=number)).SerializeToString() for number in range(count)
        ]
        records = [Record("model", 0, {"variable": "model", **FACTS}, digest(graph)) for graph in graphs]
        return Evidence("graded", (), tuple(records), {digest(graph): graph for graph in graphs})

    few, _ = read_models(submitted(3), digits)

    assert len(few) == 3
    with pytest.raises(TooCostlyError, match="times as long to measure"):
        read_models(submitted(17), digits)


def test_nothing_large_is_computed_while_a_graph_is_imported() -> None:
    def build(images: tf.Tensor) -> tf.Tensor:
        filled = tf.fill(tf.constant([1, 1], name="sides"), 1.0)
        return one(images) + tf.reduce_sum(tf.fill([tf.cast(tf.reduce_sum(filled), tf.int32)], 1.0))

    graph = graph_of(build)
    # to know the last shape, TensorFlow would compute this sum of 64 GiB when the graph is imported as a whole
    named(graph, "sides").attr["value"].tensor.CopyFrom(tf.make_tensor_proto([1 << 17, 1 << 17]))

    with pytest.raises(RefusedGraphError, match="constants take"):
        read_graph(graph.SerializeToString(), FACTS)


def hidden_from_one_batch_size(images: tf.Tensor) -> tf.Tensor:
    """Nothing for 500 images at once, the number that is looked at first; much too much for any other number."""
    return one(images) + tf.reduce_sum(tf.fill([(500 - number(images)) ** 2 * 4096, 1024], 1.0))


def test_what_a_graph_asks_for_is_bounded_anew_for_every_number_of_images() -> None:
    frozen = read_graph(graph_of(hidden_from_one_batch_size).SerializeToString(), FACTS)
    function = frozen.function(frozen.output)

    with pytest.raises(RefusedGraphError, match="constants take"):
        function(tf.zeros((24, 28, 28, 1)))


def test_a_graph_does_not_learn_the_place_of_an_image_among_the_others() -> None:
    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(tf.float32, (None, 28, 28, 1), name="images")
        places = tf.cast(tf.range(number(images))[:, tf.newaxis], tf.float32)
        tf.add(places, 0 * one(images), name="output")
    frozen = read_graph(graph.as_graph_def().SerializeToString(), FACTS)

    found = call(frozen, frozen.function(frozen.output), np.zeros((100, 28, 28, 1), np.float32))

    assert sorted(found[:, 0]) == list(range(100))
    assert np.mean(found[:, 0] == np.arange(100)) < 0.2


def named(graph: graph_pb2.GraphDef, name: str):
    return next(node for node in graph.node if node.name == name)


def circle(graph: graph_pb2.GraphDef) -> None:
    for name, source in (("round", "about"), ("about", "round")):
        node = graph.node.add(op="Relu", name=name, input=[source])
        node.attr["T"].type = types_pb2.DT_FLOAT


def itself(graph: graph_pb2.GraphDef) -> None:
    named(graph, "output").input[0] = "output"


def twice(graph: graph_pb2.GraphDef) -> None:
    graph.node.add().CopyFrom(named(graph, "output"))


def missing_output(graph: graph_pb2.GraphDef) -> None:
    named(graph, "output").input[0] = "images:3"


def malformed_input(graph: graph_pb2.GraphDef) -> None:
    named(graph, "output").input[0] = "images:-1"


def malformed_name(graph: graph_pb2.GraphDef) -> None:
    graph.node.add(op="NoOp", name="a:0\nb")


def no_name(graph: graph_pb2.GraphDef) -> None:
    graph.node.add(op="NoOp")


def lying_placeholder(graph: graph_pb2.GraphDef) -> None:
    named(graph, "images").attr["shape"].shape.dim[1].size = -28


def placeholder_without_shape(graph: graph_pb2.GraphDef) -> None:
    del named(graph, "images").attr["shape"]


def placeholder_of_unknown_rank(graph: graph_pb2.GraphDef) -> None:
    shape = named(graph, "images").attr["shape"].shape
    shape.Clear()
    shape.unknown_rank = True


def placeholder_of_any_type(graph: graph_pb2.GraphDef) -> None:
    del named(graph, "images").attr["dtype"]


def shape_elsewhere(graph: graph_pb2.GraphDef) -> None:
    named(graph, "output").attr["shape"].shape.dim.add(size=1 << 40)


def tensor_elsewhere(graph: graph_pb2.GraphDef) -> None:
    named(graph, "output").attr["hidden"].tensor.dtype = types_pb2.DT_FLOAT


def list_of_functions(graph: graph_pb2.GraphDef) -> None:
    named(graph, "output").attr["f"].list.func.add().name = "hidden"


def list_of_shapes(graph: graph_pb2.GraphDef) -> None:
    named(graph, "output").attr["f"].list.shape.add().dim.add(size=-5)


def huge_number(graph: graph_pb2.GraphDef) -> None:
    named(graph, "output").attr["axis"].i = -(1 << 62)


def long_list(graph: graph_pb2.GraphDef) -> None:
    named(graph, "output").attr["squeeze_dims"].list.i.extend(range(100_000))


def long_text(graph: graph_pb2.GraphDef) -> None:
    named(graph, "output").attr["equation"].s = b"a" * 100_000


def many_parts(graph: graph_pb2.GraphDef) -> None:
    graph.node.add(op="Unpack", name="parts", input=["images"]).attr["num"].i = 50_000


def too_many_inputs(graph: graph_pb2.GraphDef) -> None:
    graph.node.add(op="AddN", name="sum", input=["images"] * 30_000)


def from_the_future(graph: graph_pb2.GraphDef) -> None:
    graph.versions.producer = graph.versions.min_consumer = 1 << 30


def odd_constant(graph: graph_pb2.GraphDef) -> None:
    node = graph.node.add(op="Const", name="odd")
    node.attr["dtype"].type = types_pb2.DT_FLOAT
    node.attr["value"].tensor.dtype = types_pb2.DT_FLOAT
    for _ in range(300):
        node.attr["value"].tensor.tensor_shape.dim.add(size=1)


def library_of_gradients(graph: graph_pb2.GraphDef) -> None:
    graph.library.gradient.add(function_name="Relu", gradient_func="hidden")


def window(name: str, *values: int) -> Spoil:
    """Give a pooling another list of numbers."""

    def spoil(graph: graph_pb2.GraphDef) -> None:
        node = graph.node.add(op="MaxPool", name="pool", input=["images"])
        node.attr["T"].type = types_pb2.DT_FLOAT
        node.attr["padding"].s = b"VALID"
        for list_name in ("ksize", "strides"):
            node.attr[list_name].list.i.extend((1, 2, 2, 1))
        del node.attr[name].list.i[:]
        node.attr[name].list.i.extend(values)

    spoil.__name__ = f"{name} {values}"
    return spoil


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (circle, "form a cycle"),
        (itself, "form a cycle"),
        (twice, "same name"),
        (missing_output, "does not accept it"),
        (malformed_input, "does not exist"),
        (malformed_name, "malformed name"),
        (no_name, "malformed name"),
        (lying_placeholder, "not that of a 28 x 28 image"),
        (placeholder_without_shape, "not that of a 28 x 28 image"),
        (placeholder_of_unknown_rank, "not that of a 28 x 28 image"),
        (placeholder_of_any_type, "no known type"),
        (shape_elsewhere, "forbidden attribute"),
        (tensor_elsewhere, "forbidden attribute"),
        (list_of_functions, "forbidden attribute"),
        (list_of_shapes, "forbidden attribute"),
        (huge_number, "forbidden attribute"),
        (long_list, "forbidden attribute"),
        (long_text, "forbidden attribute"),
        (many_parts, "forbidden attribute"),
        (too_many_inputs, "inputs and outputs"),
        (from_the_future, "does not accept it"),
        (odd_constant, "impossible shape"),
        (library_of_gradients, "contains functions"),
        (window("ksize", 1, -2, 2, 1), "forbidden attribute"),
        (window("ksize", 1, 1 << 40, 2, 1), "forbidden attribute"),
        (window("strides", 1, 0, 2, 1), "forbidden attribute"),
        (window("strides", 1, 1 << 40, 2, 1), "forbidden attribute"),
        (window("ksize"), "does not accept it"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_graph_that_is_none_is_refused_in_one_line(spoil: Spoil, reason: str) -> None:
    graph = graph_of(one)
    spoil(graph)

    with pytest.raises(RefusedGraphError, match=reason) as refused:
        read_graph(graph.SerializeToString(), FACTS)

    assert "\n" not in str(refused.value)


def test_an_order_of_side_effects_is_no_matter_of_the_computation() -> None:
    graph = graph_of(one)
    named(graph, "output").input.append("^after")
    graph.node.add(op="NoOp", name="after", input=["^output"])

    frozen = read_graph(graph.SerializeToString(), FACTS)

    assert frozen.shapes["output:0"] == (None, 10)


def eight_layers_of_64_filters() -> list[keras.Layer]:
    return [layers.Conv2D(64, 3, padding="same", activation="relu") for _ in range(8)]


def vgg_like() -> list[keras.Layer]:
    blocks = [(64, 2), (128, 2), (256, 3), (512, 3)]
    found: list[keras.Layer] = []
    for filters, count in blocks:
        for _ in range(count):
            found += [layers.Conv2D(filters, 3, padding="same"), layers.BatchNormalization(), layers.ReLU()]
        found.append(layers.MaxPooling2D(padding="same"))
    return [*found, layers.Flatten(), layers.Dense(1024, activation="relu"), layers.Dropout(0.5)]


def hundred_small_layers() -> list[keras.Layer]:
    return [layers.Conv2D(16, 3, padding="same", activation="elu") for _ in range(100)]


def there_and_back() -> list[keras.Layer]:
    return [
        layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2D(64, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2DTranspose(64, 3, strides=2, padding="same", activation="relu"),
        layers.UpSampling2D(),
        layers.ZeroPadding2D(2),
        layers.Cropping2D(2),
        layers.LayerNormalization(),
        layers.Conv2D(64, 3, groups=8),
    ]


@pytest.mark.parametrize(
    "make",
    [eight_layers_of_64_filters, vgg_like, hundred_small_layers, there_and_back],
    ids=lambda f: f.__name__,
)
def test_large_networks_of_honest_students_are_read(
    make: Callable[[], list[keras.Layer]], freeze_model: Callable[[keras.Model], FrozenModel]
) -> None:
    model = keras.Sequential([layers.Input((28, 28, 1)), *make(), layers.Flatten(), layers.Dense(10)])

    frozen = freeze_model(model)

    assert frozen.shapes[frozen.output] == (None, 10)
