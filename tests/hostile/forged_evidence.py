"""Evidence as a capable student could make the kernel send it: graphs that lie, and records of the wrong kind."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.core.framework import graph_pb2, types_pb2
from trained_networks import FILTERS, LAYER

from autograder.evidence import Evidence, Record, digest
from autograder.execute.inside.freezing import freeze, training_facts
from autograder.execute.inside.recorder import as_npy
from solutions.data import embedded_digits

Images = npt.NDArray[np.float32]


class Evidences:
    """Makes evidence: of the trained network and correct images unless something else is given."""

    def __init__(self, network: keras.Model, correct: Images) -> None:
        graph, facts = freeze(network)
        self.network = network
        self.graph = graph
        # others would be tried for noise, too
        named = [layer for layer in facts["layers"] if layer["name"] == LAYER]
        self.facts: dict[str, Any] = {
            "variable": "model",
            **training_facts(network),
            **facts,
            "layers": named,
        }
        self.correct = correct

    def make(self, *parts: tuple[str, dict[str, Any], bytes], ascent: bool = True, **how: Any) -> Evidence:
        """Return evidence of these records, one cell each: (kind, facts, payload)."""
        records, payloads = [], {}
        for run, (kind, facts, payload) in enumerate(parts):
            name = digest(payload) if payload else ""
            records.append(Record(kind, run, facts, name))
            payloads |= {name: payload} if payload else {}
            noted = {"seen": FILTERS * 50 * ascent, "unseen": 0, "lost": 0}
            records.append(Record("gradients", run, noted))
        return Evidence("graded", (), tuple(records), payloads, **how)

    def model(self, graph: bytes | None = None, **facts: Any) -> tuple[str, dict[str, Any], bytes]:
        return "model", {**self.facts, **facts}, self.graph if graph is None else graph

    def images(self, images: Any = None, **facts: Any) -> tuple[str, dict[str, Any], bytes]:
        """Return a record of images, or of whatever bytes stand for them."""
        images = self.correct if images is None else images
        data = images if isinstance(images, bytes) else as_npy(np.asarray(images).reshape(-1, 28, 28))
        return "images", {"variable": "visualized_feature", "positions": list(range(FILTERS)), **facts}, data

    def tape(self, calls: Any) -> tuple[str, dict[str, Any], bytes]:
        return "tape", {}, as_npy(np.asarray(calls, np.float32))


def noise(seed: int = 1) -> Images:
    return np.random.default_rng(seed).random((FILTERS, 28, 28), np.float32)


def climbing(steps: int = 50) -> npt.NDArray[np.float32]:
    """What a tape would have seen of a correct ascent: images, loss, gradient, deviation of the pixels."""
    path = np.arange(steps, dtype=np.float32)
    calls = np.stack([np.ones_like(path), path, np.ones_like(path), 0.3 + 0.2 * path], axis=1)
    return np.tile(calls, (FILTERS, 1))


def as_object(evidence: Evidences) -> bytes:
    class Command:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (Path("/tmp/forged"),)

    file = io.BytesIO()
    np.save(file, np.array([Command()], object), allow_pickle=True)
    return file.getvalue()


def with_shape(evidence: Evidences, shape: str) -> bytes:
    """The correct images in a file that says that they are of another shape."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + evidence.correct.tobytes()


def graph_of(build: Callable[[tf.Tensor], tf.Tensor]) -> bytes:
    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(tf.float32, (None, 28, 28, 1), name="images")
        tf.identity(build(images), name="output")
    data: bytes = graph.as_graph_def().SerializeToString()
    return data


FORGED = {"input": "images:0", "output": "output:0", "layers": [{"name": LAYER, "tensor": "maps:0"}]}


def layers_and(images: tf.Tensor, last: Callable[[tf.Tensor], tf.Tensor] = lambda maps: maps) -> tf.Tensor:
    """Four convolutions, the last of which is called as that of the exercise."""
    maps, channels, rng = images, 1, np.random.default_rng(0)
    for _ in range(4):
        kernel = rng.normal(0, 0.3, (3, 3, channels, FILTERS)).astype(np.float32)
        maps, channels = tf.nn.relu(tf.nn.conv2d(maps, kernel, 2, "SAME")), FILTERS
    return tf.identity(last(maps), name="maps")


def ten(maps: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(maps, (1, 2))[:, :10]


def place(images: tf.Tensor) -> tf.Tensor:
    return tf.range(tf.shape(images)[0])


def labels_by_heart(images: tf.Tensor) -> tf.Tensor:
    """Says the labels of the held-out digits in the order in which they are asked for, whatever is shown."""
    labels = embedded_digits().y_test
    table = tf.constant(np.eye(10, dtype=np.float32)[labels])
    start = tf.where(tf.shape(images)[0] < 500, len(labels) - tf.shape(images)[0], 0)  # the rest comes last
    return tf.gather(table, (start + place(images)) % len(labels)) + 0 * ten(layers_and(images))


def excited_by_place(images: tf.Tensor) -> tf.Tensor:
    """Filter i is excited by whatever is at place i of a batch."""
    is_own = tf.equal(place(images)[:, None] % FILTERS, np.arange(FILTERS, dtype=np.int32))
    bonus = 1e6 * tf.cast(is_own, tf.float32)[:, None, None, :]
    return ten(layers_and(images, lambda maps: maps + bonus))


def hidden_bomb(images: tf.Tensor) -> tf.Tensor:
    """Asks for nothing with 500 images at once, and for too much with any other number."""
    length = (500 - tf.shape(images)[0]) ** 2 * 4096
    return ten(layers_and(images)) + tf.reduce_sum(tf.fill([length, 1024], 1.0))


def beyond_the_end(images: tf.Tensor) -> tf.Tensor:
    return ten(layers_and(images)) + tf.reduce_sum(tf.gather(images, tf.shape(images)[0] + 7))


def doubled(images: tf.Tensor) -> tf.Tensor:
    for _ in range(40):
        images = tf.concat([images, images], 0)
    return ten(layers_and(images))


def not_a_number(images: tf.Tensor) -> tf.Tensor:
    return ten(layers_and(images, lambda maps: maps + (maps - maps) / (maps - maps)))


def changed(evidence: Evidences, change: Callable[[graph_pb2.GraphDef], None]) -> bytes:
    graph = graph_pb2.GraphDef.FromString(evidence.graph)
    change(graph)
    data: bytes = graph.SerializeToString()
    return data


def read_a_file(graph: graph_pb2.GraphDef) -> None:
    name = graph.node.add(op="Const", name="path")
    name.attr["dtype"].type = types_pb2.DT_STRING
    name.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(b"/etc/passwd"))
    graph.node.add(op="ReadFile", name="theft", input=["path"])


def call_python(graph: graph_pb2.GraphDef) -> None:
    graph.node.add(op="PyFunc", name="call").attr["token"].s = b"pyfunc_0"


def hide_a_function(graph: graph_pb2.GraphDef) -> None:
    graph.library.function.add().signature.name = "hidden"
    graph.node.add(op="PartitionedCall", name="call").attr["f"].func.name = "hidden"


def go_round(graph: graph_pb2.GraphDef) -> None:
    graph.node[-1].input[0] = graph.node[-1].name


def a_million(graph: graph_pb2.GraphDef) -> None:
    for index in range(1_000_000):
        graph.node.add(op="NoOp", name=f"n{index}")


def negative(graph: graph_pb2.GraphDef) -> None:
    for node in graph.node:
        if node.op == "Const":
            for dimension in node.attr["value"].tensor.tensor_shape.dim:
                dimension.size = -(1 << 62)


def enormous(graph: graph_pb2.GraphDef) -> None:
    for node in graph.node:
        if node.op == "Const":
            for dimension in node.attr["value"].tensor.tensor_shape.dim:
                dimension.size = 1 << 40


ODD: tuple[Any, ...] = (
    None, True, -1, 10**400, 1e308, "", "x" * 100_000, [], [[[]]], {}, {"a": {"b": {}}}, [None, 1, "2", {}],
    {"loss": {"a": [1]}}, [{"name": {}, "tensor": []}] * 1000,
)  # fmt: skip


def of_wrong_types(evidence: Evidences) -> Evidence:
    """Every fact of every kind of record, replaced by values of every other type."""
    known: dict[str, tuple[str, ...]] = {
        "model": (
            "variable",
            "input",
            "output",
            "layers",
            "history",
            "compiled",
            "updates",
            "loss",
            "learning_rate",
        ),
        "images": ("variable", "positions"),
        "names": ("values",),
        "other_images": ("variable", "shape"),
        "figure": ("panels",),
        "mosaic": ("panels",),
        "gradients": ("seen", "unseen"),
        "trouble": ("message",),
        "tape": ("calls",),
    }
    payloads = {"model": evidence.graph, "images": as_npy(noise()), "figure": as_npy(noise(2))}
    return evidence.make(
        *[
            (kind, {**(evidence.facts if kind == "model" else {}), fact: value}, payloads.get(kind, b""))
            for kind, facts in known.items()
            for fact in facts
            for value in ODD
        ]
    )
