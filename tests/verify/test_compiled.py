"""What is compiled for one network serves the next one of the same structure, and nothing else is carried over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import graph_pb2

from autograder.exercises.activation_maximization.verify.conditions import AS_ASKED
from autograder.exercises.activation_maximization.verify.filters import look_at_layer
from autograder.exercises.activation_maximization.verify.measure import forget_models
from autograder.verify import compiled
from autograder.verify.allowed import RefusedGraphError
from autograder.verify.graph import FrozenModel, call, mean_of_own, read_graph
from autograder.verify.structure import Structure, take_apart
from solutions.gradient_ascent import gradient_ascent, uniform_noise

layers = keras.layers
Freeze = Callable[[keras.Model], FrozenModel]
FACTS = {"input": "images:0", "output": "output:0", "layers": []}


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    compiled.forget_compiled()
    yield
    compiled.forget_compiled()


def network(seed: int, *inner: keras.Layer, filters: int = 6) -> keras.Model:
    keras.utils.set_random_seed(seed)
    below = layers.Conv2D(5, 3, activation="elu", name="conv2d")
    maps = layers.Conv2D(filters, 3, activation="relu", bias_initializer="random_normal", name="conv2d_3")
    return classifier(*inner, below, maps)


def classifier(*inner: keras.Layer) -> keras.Model:
    head = (layers.Flatten(), layers.Dense(10, activation="softmax"))
    return keras.Sequential([layers.Input((28, 28, 1)), *inner, *head])


def structure_of(model: FrozenModel) -> Structure:
    return take_apart(model.graph, model.output)[0]


def maps_of(model: FrozenModel) -> str:
    return next(layer.tensor for layer in model.layers if layer.name == "conv2d_3")


def test_a_second_network_of_the_same_structure_is_measured_with_its_own_weights(
    freeze_model: Freeze,
) -> None:
    images = uniform_noise(5, seed=1)
    first, second = network(1), network(2)
    frozen = [freeze_model(first), freeze_model(second)]

    found = [call(model, model.function(model.output), images) for model in frozen]

    assert structure_of(frozen[0]) == structure_of(frozen[1])
    assert len(compiled._kept) == 1
    for outputs, model in zip(found, (first, second), strict=True):
        np.testing.assert_allclose(outputs, model(images, training=False), rtol=1e-5, atol=1e-6)


def test_the_ascent_of_a_second_network_climbs_its_own_filters(freeze_model: Freeze) -> None:
    alone = _reference(freeze_model(network(2)))
    compiled.forget_compiled()

    _reference(freeze_model(network(1)))
    after_another = _reference(freeze_model(network(2)))

    np.testing.assert_array_equal(after_another, alone)


def _reference(model: FrozenModel) -> np.ndarray:
    layer = next(one for one in model.layers if one.name == "conv2d_3")
    return look_at_layer(model, layer, AS_ASKED, seed=7).ascent.images


@pytest.mark.parametrize(
    "other",
    [
        lambda: network(1, filters=7),
        lambda: network(1, layers.Rescaling(2.0)),
        lambda: network(1, layers.LeakyReLU(0.1)),
    ],
)
def test_another_structure_is_compiled_anew(other: Callable[[], keras.Model], freeze_model: Freeze) -> None:
    assert structure_of(freeze_model(network(1))) != structure_of(freeze_model(other()))


def test_networks_that_differ_in_a_number_that_is_no_weight_are_kept_apart(freeze_model: Freeze) -> None:
    images = uniform_noise(3, seed=1)

    for factor in (2.0, 3.0):
        model = network(1, layers.Rescaling(factor))
        frozen = freeze_model(model)
        outputs = call(frozen, frozen.function(frozen.output), images)
        np.testing.assert_allclose(outputs, model(images, training=False), rtol=1e-5, atol=1e-6)


def graph_of(build: Callable[[tf.Tensor], tf.Tensor]) -> graph_pb2.GraphDef:
    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(tf.float32, (None, 28, 28, 1), name="images")
        tf.identity(build(images), name="output")
    return graph.as_graph_def()


def a_shape(images: tf.Tensor) -> tf.Tensor:
    lengths = tf.cast(tf.constant([3.0, 5.0], name="weights"), tf.int32)
    return images[:, :10, 0, 0] + tf.reduce_sum(tf.fill(lengths, 1.0))


def an_axis(images: tf.Tensor) -> tf.Tensor:
    axes = tf.cast(tf.nn.relu(tf.constant([1.0, 2.0], name="weights")), tf.int32)
    return tf.reduce_sum(images, axes) * tf.ones((1, 10))


def a_shape_of_a_product(images: tf.Tensor) -> tf.Tensor:
    product = tf.constant([[2.0, 3.0]], name="weights") @ tf.constant([[2.0], [3.0]])  # 13
    return images[:, :10, 0, 0] + tf.reduce_sum(tf.fill(tf.cast(product[0], tf.int32), 1.0))


@pytest.mark.parametrize(
    ("build", "result"),
    [(a_shape, 15.0), (an_axis, 0.0), (a_shape_of_a_product, 13.0)],
    ids=["shape", "axis", "product"],
)
def test_a_constant_that_a_shape_depends_on_is_no_weight(
    build: Callable[[tf.Tensor], tf.Tensor], result: float
) -> None:
    frozen = read_graph(graph_of(build).SerializeToString(), FACTS)

    _, weights = take_apart(frozen.graph, frozen.output)
    outputs = call(frozen, frozen.function(frozen.output), np.zeros((4, 28, 28, 1), np.float32))

    assert "weights" not in weights
    np.testing.assert_array_equal(outputs, np.full((4, 10), result))


def test_a_huge_shape_in_place_of_weights_is_refused_after_a_harmless_one() -> None:
    harmless = graph_of(a_shape)
    frozen = read_graph(harmless.SerializeToString(), FACTS)
    call(frozen, frozen.function(frozen.output), np.zeros((4, 28, 28, 1), np.float32))
    constant = next(node for node in harmless.node if node.name == "weights")
    constant.attr["value"].tensor.CopyFrom(tf.make_tensor_proto([65536.0, 65536.0]))

    with pytest.raises(RefusedGraphError, match="constants take"):
        read_graph(harmless.SerializeToString(), FACTS)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.Conv2D(6, 3, activation="relu", name="conv2d_3"),
        lambda: layers.Conv2D(6, 3, strides=2, padding="same", activation="elu", name="conv2d_3"),
        lambda: layers.Conv2D(6, 3, dilation_rate=2, use_bias=False, name="conv2d_3"),
        lambda: layers.Conv2D(6, 3, groups=2, activation="tanh", name="conv2d_3"),
        lambda: layers.Conv2D(6, (1, 3), activation="gelu", name="conv2d_3"),
        lambda: layers.SeparableConv2D(6, 3, activation="relu", name="conv2d_3"),
    ],
    ids=["plain", "strides", "dilation", "groups", "gelu", "separable"],
)
@pytest.mark.parametrize("times", [1, 2])
def test_of_every_image_the_map_of_its_own_filter_is_the_one_among_all_maps(
    layer: Callable[[], keras.Layer], times: int, freeze_model: Freeze
) -> None:
    keras.utils.set_random_seed(3)
    model = freeze_model(classifier(layers.Conv2D(4, 3, activation="relu", name="conv2d"), layer()))
    images = tf.constant(uniform_noise(6 * times, seed=1))

    own = model.own_means(maps_of(model))(images)

    np.testing.assert_allclose(own, model.function(maps_of(model), mean_of_own)(images), rtol=1e-4, atol=1e-6)


def test_of_a_plain_convolution_no_other_map_is_computed(freeze_model: Freeze) -> None:
    model = freeze_model(network(1))

    assert model.own_means(maps_of(model)).computation.structure.own_filters


def test_what_is_kept_is_bounded(freeze_model: Freeze, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MOST_FUNCTIONS", 3)
    model = freeze_model(network(1))

    for count in range(1, 5):
        call(model, model.function(model.output), uniform_noise(count, seed=0))
        forget_models()

    assert len(compiled._kept) == 0


def test_large_constants_of_a_hostile_graph_are_not_kept() -> None:
    def build(images: tf.Tensor) -> tf.Tensor:
        return images[:, :10, 0, 0] + tf.cast(tf.reduce_sum(tf.constant(1, shape=(4096, 1024))), tf.float32)

    frozen = read_graph(graph_of(build).SerializeToString(), FACTS)
    call(frozen, frozen.function(frozen.output), np.zeros((1, 28, 28, 1), np.float32))

    forget_models()

    assert len(compiled._kept) == 0


def test_one_compilation_of_an_ascent_serves_other_weights() -> None:
    traced = []

    def activations(images: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
        traced.append(weight)
        return weight * tf.reduce_mean(images, axis=(1, 2, 3))

    up, down = (
        gradient_ascent(activations, uniform_noise(2, seed=0), steps=3, weights=[tf.constant(sign)])
        for sign in (1.0, -1.0)
    )
    compilations = len(traced)
    gradient_ascent(activations, uniform_noise(2, seed=0), steps=3, weights=[tf.constant(2.0)])

    assert (up.images > down.images).all()
    assert len(traced) == compilations
