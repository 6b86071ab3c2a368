"""Random and mutated arrays, graphs and facts through the verifier's readers.

A reader returns what it is for or refuses; what it lets through can be run, or TensorFlow says that it cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies as st
from tensorflow.core.framework import graph_pb2, node_def_pb2, types_pb2

from autograder.evidence import Evidence, Record, digest
from autograder.execute.inside.ascents import PROJECTIONS, AscentWatch
from autograder.execute.inside.freezing import freeze, training_facts
from autograder.execute.inside.recorder import as_npy
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.exercises.activation_maximization.verify.measure import measure
from autograder.measurements import measurements_from_json, measurements_to_json
from autograder.rubric.score import score
from autograder.verify.allowed import ALLOWED_OPERATIONS, RefusedGraphError
from autograder.verify.arrays import MOST_BYTES, read_array
from autograder.verify.graph import BATCH, FrozenModel, call, read_graph
from autograder.verify.held_out import HeldOut, held_out
from solutions.data import embedded_digits

Tell = Callable[[str, str], None]
Fuzz = Callable[[st.SearchStrategy[Any], int, Callable[[Any], None]], int]
layers = keras.layers


def mutated(original: bytes) -> st.SearchStrategy[bytes]:
    """Some bytes replaced by others, of other number; then perhaps cut off."""
    change = st.tuples(st.integers(0, len(original)), st.integers(0, 8), st.binary(max_size=8))

    def apply(changes: list[tuple[int, int, bytes]], length: int) -> bytes:
        data = original
        for start, count, new in changes:
            data = data[:start] + new + data[start + count :]
        return data[:length] if length < len(original) else data

    return st.builds(apply, st.lists(change, min_size=1, max_size=4), st.integers(0, 8 * len(original)))


NUMBERS = st.one_of(
    st.integers(-3, 40),
    st.sampled_from([-(1 << 63), (1 << 63) - 1, 1 << 31, 1 << 40, -(1 << 31), 784, 1 << 20]),
)


@st.composite
def array_files(draw: st.DrawFn) -> bytes:
    """Files that say of themselves that they are arrays of any kind and shape."""
    kind = draw(
        st.sampled_from(["<f4", "<f8", ">f4", "<i4", "|O", "|S5", "<f16", "<f2", "|V8", "<c8", "<M8[s]"])
    )
    order = draw(st.sampled_from(["False", "True", "0", "None", "[]"]))
    shape = draw(st.one_of(st.lists(NUMBERS, max_size=5).map(tuple).map(str), st.text(max_size=30)))
    text = f"{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}"
    head = text.encode("utf-8", "replace").ljust(draw(st.integers(0, 200))) + b"\n"
    version = draw(st.sampled_from([b"\x01\x00", b"\x02\x00", b"\x03\x00", b"\xff\xff"]))
    length = draw(st.one_of(st.just(len(head)), st.integers(0, 65535)))
    return b"\x93NUMPY" + version + length.to_bytes(2, "little") + head + draw(st.binary(max_size=400))


def reads_an_array_or_none(data: bytes) -> None:
    array = read_array(data)

    if array is not None:
        assert array.dtype.kind == "f"
        assert 0 < array.nbytes <= min(len(data), MOST_BYTES)


def test_any_bytes_are_an_array_of_floats_or_none(fuzz: Fuzz, tell: Tell) -> None:
    real = as_npy(np.random.default_rng(0).random((2, 3, 4), np.float32))

    tried = fuzz(
        st.one_of(mutated(real), array_files(), st.binary(max_size=200)), 400, reads_an_array_or_none
    )

    tell(f"{tried} random and mutated array files", "an array of floats or none, every time")


def networks() -> list[keras.Model]:
    """Small networks whose graphs hold operations of all kinds."""
    maps: list[list[keras.Layer]] = [
        [layers.Conv2D(2, 3, name="conv2d_3", activation="gelu"), layers.MaxPooling2D(4)],
        [
            layers.SeparableConv2D(2, 3),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.AveragePooling2D(4),
        ],
        [layers.Conv2D(2, 3, strides=2), layers.Conv2DTranspose(2, 3, strides=2), layers.Softmax()],
        [
            layers.Conv2D(4, 3, dilation_rate=2),
            layers.LayerNormalization(),
            layers.UpSampling2D(),
            layers.PReLU(),
        ],
    ]
    keras.utils.set_random_seed(0)
    return [
        keras.Sequential([layers.Input((28, 28, 1)), *inner, layers.Flatten(), layers.Dense(10)])
        for inner in maps
    ]


@pytest.fixture(scope="module")
def frozen() -> list[tuple[bytes, dict[str, Any]]]:
    return [freeze(model) for model in networks()]


Change = tuple[str, int, int, int, bytes]
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(
            "operation input more_inputs fewer_inputs remove repeat rename number list type shape text attribute "
            "length content new version insert insert insert insert insert insert insert insert insert".split()
        ),
        st.integers(0, 1 << 16),
        st.integers(0, 1 << 16),
        NUMBERS,
        st.binary(max_size=12),
    ),
    min_size=1,
    max_size=3,
)
# Operations on a tensor, alone, with itself, or with a few whole numbers, and the attributes that these need.
ALONE = "Abs Ceil Elu Erfc Exp Expm1 Log Neg Relu6 Round Rsqrt Selu Shape Sign Softmax Sqrt StopGradient Tanh".split()
TOGETHER = "AddV2 BatchMatMulV2 BiasAdd Div Equal FloorMod Greater MatMul Maximum Mul Pow SquaredDifference Sub".split()
WITH_NUMBERS = (
    "ArgMax BatchToSpaceND ExpandDims Fill GatherV2 Max Mean MirrorPad Pad Prod Range Reshape ResizeBilinear ReverseV2 "
    "SpaceToBatchND Sum Tile Transpose"
).split()
KEYS = {
    "Tidx": "ArgMax Max Mean Prod Range ReverseV2 Sum", "Tshape": "Reshape", "Tmultiples": "Tile", "Tperm": "Transpose",
    "Tpaddings": "MirrorPad Pad SpaceToBatchND", "Tdim": "ExpandDims", "index_type": "Fill", "Tindices": "GatherV2",
    "Taxis": "GatherV2", "Tcrops": "BatchToSpaceND", "Tblock_shape": "BatchToSpaceND SpaceToBatchND",
}  # fmt: skip


def insert(graph: graph_pb2.GraphDef, node: node_def_pb2.NodeDef, change: Change) -> None:
    """Put an operation between another operation and its first input."""
    _, where, other, number, _ = change
    operations = [*ALONE, *TOGETHER, *WITH_NUMBERS]
    name = f"{len(graph.node)}"
    new = graph.node.add(
        op=operations[other // 7 % len(operations)], name=f"new{name}", input=[node.input[0]]
    )
    key = {"GatherV2": "Tparams", "Range": ""}.get(new.op, "T")
    if key:
        new.attr[key].type = types_pb2.DT_FLOAT
    for key, users in KEYS.items():
        if new.op in users.split():
            new.attr[key].type = types_pb2.DT_INT32
    if new.op == "MirrorPad":
        new.attr["mode"].s = b"REFLECT"
    if new.op in TOGETHER:
        new.input.append(node.input[0])
    if new.op in WITH_NUMBERS:
        numbers = np.array([max(min(number, 1 << 20), -3)] * (where % 5) or number % 5, np.int32)
        if "ad" in new.op or new.op.endswith("ND"):
            numbers = np.array([[number % 3, where % 4]] * 4, np.int32)
        constant = graph.node.add(op="Const", name=f"numbers{name}")
        constant.attr["dtype"].type = types_pb2.DT_INT32
        constant.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(numbers))
        new.input[:] = {
            "Fill": [constant.name, node.input[0]],
            "Range": [constant.name] * 3,
            "GatherV2": [node.input[0], constant.name, constant.name],
        }.get(new.op, [node.input[0], constant.name])
    node.input[0] = new.name


def change_graph(graph: graph_pb2.GraphDef, change: Change) -> None:
    """Change one thing of one operation."""
    what, where, other, number, data = change
    nodes = graph.node
    if not nodes:
        return
    node, another = nodes[where % len(nodes)], nodes[other % len(nodes)]
    operations = sorted(ALLOWED_OPERATIONS)
    attributes = sorted(node.attr)
    name = attributes[other % len(attributes)] if attributes else "T"
    clamped = max(min(number, (1 << 63) - 1), -(1 << 63))
    if what == "operation":
        node.op = operations[other % len(operations)]
    elif what == "input" and node.input:
        node.input[other % len(node.input)] = f"{another.name}:{number}" if number > 0 else another.name
    elif what == "more_inputs":
        node.input.append(another.name)
    elif what == "fewer_inputs" and node.input:
        del node.input[other % len(node.input)]
    elif what == "remove":
        del nodes[where % len(nodes)]
    elif what == "repeat":
        nodes.add().CopyFrom(node)
        nodes[-1].name += data.hex()
    elif what == "rename":
        node.name = data.decode("latin1")
    elif what == "number":
        node.attr[name].i = clamped
    elif what == "list":
        node.attr[name].list.i[:] = [clamped] * (other % 6)
    elif what == "type":
        node.attr[name].type = other % 30
    elif what == "shape":
        node.attr[name].shape.dim.add(size=clamped)
    elif what == "text":
        node.attr[name].s = data
    elif what == "attribute":
        node.attr[name].CopyFrom(another.attr[name])
    elif what == "length" and node.attr["value"].tensor.tensor_shape.dim:
        dimensions = node.attr["value"].tensor.tensor_shape.dim
        dimensions[other % len(dimensions)].size = clamped
    elif what == "content":
        node.attr["value"].tensor.tensor_content = data
    elif what == "new":
        nodes.add(op=operations[other % len(operations)], name=f"new{other}", input=[node.name, another.name])
        for key in ("T", "Tidx", "Tshape", "Index", "dtype"):
            nodes[-1].attr[key].type = 1 + other % 3
    elif what == "insert" and node.input:
        insert(graph, node, change)
    elif what == "version":
        graph.versions.producer = graph.versions.min_consumer = max(min(number, 1 << 30), 0)


def reads_a_network_or_refuses(data: bytes, facts: dict[str, Any]) -> FrozenModel | None:
    model, refusal = None, "not refused"
    try:
        model = read_graph(data, facts)
    except RefusedGraphError as error:
        refusal = str(error)
    assert refusal
    assert refusal.isprintable()
    assert model is None or 1 <= model.batch <= BATCH
    return model


def runs_or_says_why(model: FrozenModel) -> None:
    function = model.function(model.output)
    try:
        call(model, function, np.random.default_rng(0).random((3, 28, 28, 1), np.float32))
    except (tf.errors.OpError, RefusedGraphError, ValueError, IndexError):
        return  # what depends on the number of images; the verifier notes it as trouble


def test_any_bytes_are_a_network_or_refused(
    fuzz: Fuzz, frozen: list[tuple[bytes, dict[str, Any]]], tell: Tell
) -> None:
    data, facts = frozen[0]

    tried = fuzz(
        st.one_of(mutated(data), st.binary(max_size=100)), 150, lambda data: reads_a_network_or_refuses(data, facts)
    )  # fmt: skip

    tell(f"{tried} graphs with random bytes in them", "a network or a refusal in one line, every time")


def test_any_operations_are_a_network_that_can_be_run_or_refused(
    fuzz: Fuzz, frozen: list[tuple[bytes, dict[str, Any]]], tell: Tell
) -> None:
    passed = 0

    def holds(value: tuple[int, list[Change]]) -> None:
        nonlocal passed
        which, changes = value
        data, facts = frozen[which]
        graph = graph_pb2.GraphDef.FromString(data)
        for change in changes:
            change_graph(graph, change)
        model = reads_a_network_or_refuses(graph.SerializeToString(), facts)
        if model is not None:
            passed += 1
            runs_or_says_why(model)

    tried = fuzz(st.tuples(st.integers(0, len(frozen) - 1), CHANGES), 300, holds)

    assert 0 < passed < tried
    tell(
        f"{tried} graphs with operations, inputs, attributes and constants changed",
        f"{tried - passed} refused in one line each; {passed} could be run, or TensorFlow said why not",
    )


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=12,
)
FACTS = "variable positions values panels shape history layers input output loss updates seen unseen where refused"


@pytest.fixture(scope="module")
def digits() -> HeldOut:
    return held_out(embedded_digits())


def watched_steps() -> tuple[np.ndarray, np.ndarray]:
    """The steps of a few ascents, and some of them whole."""
    watch, random = AscentWatch(), np.random.default_rng(0)
    for _ in range(4):
        image, gradient = random.random((2, 1, 784), np.float32)
        for step in range(3):
            watch.see(None, image + step * gradient, gradient, 1.0)
    return watch.take()


def test_any_evidence_is_measured_and_judged(
    fuzz: Fuzz, frozen: list[tuple[bytes, dict[str, Any]]], digits: HeldOut, tell: Tell
) -> None:
    graph, graph_facts = frozen[0]
    images = as_npy(np.random.default_rng(0).random((4, 28, 28), np.float32))
    real = {"model": graph, "images": images, "figure": images, "tape": as_npy(np.ones((8, 4), np.float32))}
    real |= dict(zip(("steps", "whole_steps"), map(as_npy, watched_steps()), strict=True))
    real["outside"] = as_npy(np.ones((4, PROJECTIONS), np.float32))
    honest = {"variable": "visualized_feature", **training_facts(networks()[0]), **graph_facts}
    kinds = st.sampled_from(
        "model images figure mosaic tape gradients trouble names other_images steps whole_steps outside".split()
    )
    changed = st.dictionaries(st.sampled_from(FACTS.split()), JSON, max_size=3)
    payload = st.one_of(st.none(), mutated(images), st.binary(max_size=50))
    record = st.tuples(kinds, st.integers(-2, 9), changed, payload)

    def holds(drawn: list[tuple[str, int, dict[str, Any], bytes | None]]) -> None:
        records, payloads = [], {}
        for kind, run, facts, data in drawn:
            content = real.get(kind, b"") if data is None else data
            payloads[digest(content)] = content
            records.append(Record(kind, run, {**honest, **facts}, digest(content)))
        measurements, _ = measure(Evidence("graded", (), tuple(records), payloads), digits, seed=7)
        assert measurements_from_json(measurements_to_json(measurements)) == measurements
        points = dict.fromkeys(["cnn", "training", "images", "ascent", "objective", "updates", "plot"], 10.0)
        earned = {
            name: result.score for name, result in score(EXERCISE, measurements, Thresholds(), points).items()
        }
        assert [earned[name] for name in ("training", "objective")] == [0, 0]

    tried = fuzz(st.lists(record, min_size=1, max_size=6), 30, holds)

    tell(f"{tried} times evidence of random facts and payloads", "measured and judged, nothing earned for it")
