"""No forged evidence earns a point that measuring did not confirm, nor does it harm the process that measures.

Each case is evidence as a capable student could make the kernel send it. It goes through the real verifier in its
sandbox and through the rubric. The same process must be there afterwards, and measure honest work as before.
"""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf
from nbgrader.utils import determine_grade
from tensorflow.core.framework import graph_pb2, types_pb2
from trained_networks import FILTERS, LAYER, small_network, trained_small

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.notebooks import read_notebook
from autograder.evidence import Evidence, Record, digest, read_evidence
from autograder.execute.inside.ascents import AscentWatch
from autograder.execute.inside.freezing import freeze, training_facts
from autograder.execute.inside.recorder import as_npy
from autograder.execute.sandbox import Sandbox
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.grading.course import grade_course
from autograder.grading.grader import Grader
from autograder.measurements import Measurements
from autograder.report import Report, Result
from autograder.rubric.score import score
from autograder.settings import Limits
from autograder.verify.verifier import Verifier
from solutions.data import embedded_digits
from solutions.gradient_ascent import visualize_filters

Tell = Callable[[str, str], None]
Images = npt.NDArray[np.float32]
POINTS = {
    "cnn": 20.0, "training": 15.0, "images": 10.0, "ascent": 20.0, "objective": 15.0, "updates": 5.0, "plot": 5.0,
}  # fmt: skip
EVERYTHING = frozenset(POINTS)
NETWORK = frozenset({"cnn", "training"})


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """A trained network of the exercise's form, but small."""
    return trained_small()


@pytest.fixture(scope="module")
def correct(network: keras.Model) -> Images:
    images: Images = visualize_filters(network, LAYER, seed=5).images
    return images


class Evidences:
    """Makes evidence: of the trained network and correct images unless something else is given."""

    def __init__(self, network: keras.Model, correct: Images) -> None:
        graph, facts = freeze(network)
        self.network = network
        self.graph = graph
        named = [
            layer for layer in facts["layers"] if layer["name"] == LAYER
        ]  # others would be tried for noise, too
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


@pytest.fixture(scope="module")
def evidence(network: keras.Model, correct: Images) -> Evidences:
    return Evidences(network, correct)


@pytest.fixture(scope="module")
def verifier(sandbox: Sandbox, digits_file: Path) -> Iterator[Verifier]:
    with Verifier(EXERCISE, sandbox, digits_file, limits=Limits(), seed=7, threads=1) as started:
        yield started


def judged(measurements: Measurements) -> dict[str, Result]:
    return score(EXERCISE, measurements, Thresholds(), POINTS)


def process_of(verifier: Verifier) -> int:
    assert verifier.worker.process is not None
    return verifier.worker.process.pid


@pytest.fixture(scope="module")
def honest(verifier: Verifier, evidence: Evidences) -> Iterator[Measurements]:
    """Honest work, measured before all forgeries; and after them, it must measure just so."""
    work = evidence.make(evidence.model(), evidence.images())
    before, _ = verifier.measure(work)
    process = process_of(verifier)
    yield before
    after, _ = verifier.measure(work)
    assert after == before
    assert process_of(verifier) == process


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
    """Filter i is excited by whatever stands at place i of a batch."""
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


Forge = Callable[[Evidences], Evidence]
# What is tried: how it is forged, and for which criteria there is something to be earned.
CASES: dict[str, tuple[Forge, frozenset[str]]] = {
    # images
    "noise": (lambda e: e.make(e.model(), e.images(noise())), NETWORK | {"images"}),
    "noise times a million, with a tape that has seen 50 steps": (
        lambda e: e.make(e.model(), e.tape(climbing()), e.images(noise() * 1e6)), NETWORK | {"images"},
    ),
    "images of NaN": (lambda e: e.make(e.model(), e.images(noise() * np.nan)), NETWORK),
    "images of infinity": (lambda e: e.make(e.model(), e.images(noise() + np.inf)), NETWORK),
    "images of 1e38": (lambda e: e.make(e.model(), e.images(noise() * 1e38)), NETWORK | {"images"}),
    "images of 1e300 in double precision": (
        lambda e: e.make(e.model(), e.images(noise().astype(np.float64) * 1e300)), NETWORK,
    ),
    "images of one grey": (lambda e: e.make(e.model(), e.images(noise() * 0 + 7)), NETWORK),
    "one good image 16 times": (
        lambda e: e.make(e.model(), e.images(np.repeat(e.correct[3:4], FILTERS, axis=0))),
        NETWORK | {"ascent", "updates"},
    ),
    "a pickled command in place of images": (lambda e: e.make(e.model(), e.images(as_object(e))), NETWORK),
    "a plain pickle in place of images": (
        lambda e: e.make(e.model(), e.images(pickle.dumps(e.correct))), NETWORK,
    ),
    "an array of records": (
        lambda e: e.make(e.model(), ("images", {"variable": "visualized_feature"}, as_npy(np.zeros(9, "f4,f4")))),
        NETWORK,
    ),
    "a few bytes that claim to be 4 terabytes": (
        lambda e: e.make(e.model(), e.images(with_shape(e, "(1000000, 1000, 1000)"))), NETWORK,
    ),
    "a negative length": (lambda e: e.make(e.model(), e.images(with_shape(e, "(-1, 28, 28)"))), NETWORK),
    "no image at all": (
        lambda e: e.make(e.model(), ("images", {"variable": "visualized_feature"}, as_npy(noise()[:0]))), NETWORK,
    ),
    "images of 27 x 29": (
        lambda e: e.make(e.model(), ("images", {"variable": "visualized_feature"}, as_npy(np.ones((16, 27, 29))))),
        NETWORK,
    ),
    "20,000 images": (lambda e: e.make(e.model(), e.images(np.ones((20_000, 784), np.float32))), NETWORK),
    "noise for filters that do not exist": (
        lambda e: e.make(e.model(), e.images(noise(), positions=list(range(900, 900 + FILTERS)))),
        NETWORK | {"images"},
    ),
    "noise with forged places": (
        lambda e: e.make(*[e.model()] + [e.images(noise(), positions=value) for value in (
            [10**30] * FILTERS, [-1] * FILTERS, list("abcdefghijklmnop"), [[]] * FILTERS, 7, {"0": 1})]),
        NETWORK | {"images"},
    ),
    "48 sets of 512 images": (
        lambda e: e.make(e.model(), *[
            e.images(np.random.default_rng(seed).random((512, 784), np.float32)) for seed in range(48)]),
        NETWORK | {"images"},
    ),
    # tapes
    "a tape of NaN": (
        lambda e: e.make(e.model(), e.tape(climbing() * np.nan), e.images(noise())), NETWORK | {"images"},
    ),
    "a tape of 10^9 images, fewer than none, and ten columns": (
        lambda e: e.make(
            e.model(), e.tape(climbing() * 1e9), e.tape(-climbing()), e.tape(np.ones((5, 10))), e.images(noise()),
        ),
        NETWORK | {"images"},
    ),
    # networks
    "an untrained network that claims to be trained": (
        lambda e: e.make(e.model(
            freeze(small_network(seed=9))[0], accuracy=1.0, updates=10**6, compiled=True,
            history={"accuracy": [1.0] * 1000}), e.images(noise())),
        frozenset({"cnn", "images"}),
    ),
    "a graph that knows the labels by heart, in their order": (
        lambda e: e.make(e.model(graph_of(labels_by_heart), **FORGED)), frozenset({"cnn"}),
    ),
    "filters that are excited by the place of an image, and noise": (
        lambda e: e.make(e.model(graph_of(excited_by_place), **FORGED), e.images(noise())),
        frozenset({"cnn", "images"}),
    ),
    "layers that name the input and the output": (
        lambda e: e.make(e.model(layers=[
            {"name": LAYER, "tensor": tensor} for tensor in (e.facts["input"], e.facts["output"], "nowhere:0", "^a")
        ]), e.images(noise())),
        NETWORK | {"images"},
    ),
    "100,000 layers": (
        lambda e: e.make(e.model(layers=e.facts["layers"] * 20_000), e.images(noise())), NETWORK | {"images"},
    ),
    "a graph of NaN": (
        lambda e: e.make(e.model(graph_of(not_a_number), **FORGED), e.images(noise())), frozenset({"cnn", "images"}),
    ),
    "a graph that reads a file": (
        lambda e: e.make(e.model(changed(e, read_a_file)), e.images()), frozenset({"images"}),
    ),
    "a graph that calls Python": (
        lambda e: e.make(e.model(changed(e, call_python)), e.images()), frozenset({"images"}),
    ),
    "a graph with a hidden function": (
        lambda e: e.make(e.model(changed(e, hide_a_function)), e.images()), frozenset({"images"}),
    ),
    "a graph that goes round in a circle": (
        lambda e: e.make(e.model(changed(e, go_round)), e.images()), frozenset({"images"}),
    ),
    "a graph of a million operations": (
        lambda e: e.make(e.model(changed(e, a_million)), e.images()), frozenset({"images"}),
    ),
    "weights of negative length": (
        lambda e: e.make(e.model(changed(e, negative)), e.images()), frozenset({"images"}),
    ),
    "weights of 10^12 numbers each": (
        lambda e: e.make(e.model(changed(e, enormous)), e.images()), frozenset({"images"}),
    ),
    "a graph that doubles its images forty times": (
        lambda e: e.make(e.model(graph_of(doubled), **FORGED), e.images()), frozenset({"images"}),
    ),
    "a graph that asks for too much, but not of 500 images": (
        lambda e: e.make(e.model(graph_of(hidden_bomb), **FORGED), e.images()), frozenset(),
    ),
    "a graph that reaches beyond its end": (
        lambda e: e.make(e.model(graph_of(beyond_the_end), **FORGED), e.images()), frozenset(),
    ),
    "random bytes as a graph": (
        lambda e: e.make(e.model(np.random.default_rng(0).bytes(100_000)), e.images()), frozenset({"images"}),
    ),
    "a pickle as a graph": (
        lambda e: e.make(e.model(pickle.dumps([1, 2])), e.images()), frozenset({"images"}),
    ),
    # facts
    "facts of wrong types everywhere": (of_wrong_types, EVERYTHING - {"ascent", "objective", "updates"}),
    "measurements and results among the records": (
        lambda e: e.make(
            ("measurements", {"model": {"accuracy": 1.0}, "images": {"usable": 64}}, b""),
            ("result", {"criteria": {name: {"status": "pass", "score": 20} for name in POINTS}}, b""),
            ("report", {"score": 90, "outcome": "graded"}, b'{"score": 90}'),
        ),
        frozenset(),
    ),
    "the name of a layer as a book": (
        lambda e: e.make(e.model(), ("names", {"values": {"layer_name": "x" * 900_000}}, b""), e.images(noise())),
        NETWORK | {"images"},
    ),
    "a figure of noise with a thousand titles": (
        lambda e: e.make(
            e.model(), e.images(noise()),
            ("figure", {"panels": [{"title": f"feature {i}", "shapes": [[28, 28]]} for i in range(1000)]},
             as_npy(noise(9))),
            ("mosaic", {}, as_npy(np.random.default_rng(0).random((1792, 1792)))),
        ),
        NETWORK | {"images"},
    ),
}  # fmt: skip


# One of each kind is tried in every run.
OF_EACH_KIND = {
    "noise times a million, with a tape that has seen 50 steps",
    "a pickled command in place of images",
    "images of 27 x 29",
    "an untrained network that claims to be trained",
    "a graph that knows the labels by heart, in their order",
    "a graph that reads a file",
    "a graph that doubles its images forty times",
    "random bytes as a graph",
    "measurements and results among the records",
}
TRIED = [tried if tried in OF_EACH_KIND else pytest.param(tried, marks=pytest.mark.deep) for tried in CASES]


@pytest.mark.parametrize("tried", TRIED)
def test_a_forgery_earns_only_what_measuring_confirms(
    tried: str, verifier: Verifier, honest: Measurements, evidence: Evidences, tell: Tell
) -> None:
    forge, to_be_earned = CASES[tried]
    process = process_of(verifier)

    measurements, _ = verifier.measure(forge(evidence))

    results = judged(measurements)
    earned = {name for name, result in results.items() if result.score > 0}
    assert earned <= to_be_earned
    assert process_of(verifier) == process
    assert not any("\n" in text for text in (measurements.trouble, measurements.refused_model))
    assert json.loads(json.dumps([result.model_dump() for result in results.values()], allow_nan=False))
    reason = measurements.trouble or measurements.refused_model
    points = ", ".join(f"{name} {results[name].score:g}" for name in sorted(earned)) or "nothing earned"
    tell(tried, f"{points}{f'; for review: {reason}' if reason else ''}")


def test_honest_work_earns_its_points(honest: Measurements) -> None:
    results = judged(honest)

    assert {name for name, result in results.items() if result.status == "pass"} >= EVERYTHING - {"plot"}


def test_pasted_results_are_for_a_person_however_good_they_are(
    verifier: Verifier, evidence: Evidences, tell: Tell
) -> None:
    pasted = evidence.make(evidence.model(), evidence.images(), ascent=False)

    results = judged(verifier.measure(pasted)[0])

    assert [results[name].status for name in ("images", "ascent", "objective", "updates")] == [
        "pass", "review", "review", "review",
    ]  # fmt: skip
    assert results["updates"].score == 0
    tell("correct images that no ascent has made", "images measured; ascent, objective, updates for review")


def forged_steps(images: Images, *, whole: bool) -> list[tuple[str, dict[str, Any], bytes]]:
    """Records of one step of each image, with gradients of nothing, as student code may send them."""
    watch, gradient = AscentWatch(), np.random.default_rng(1).random((1, 784), np.float32)
    for image in images.reshape(-1, 1, 784):
        for share in (0.5, 0.0):
            watch.see(None, image - share * gradient, gradient, 1.0)
    steps, wholes = watch.take()
    kinds = {"steps": steps, "whole_steps": wholes if whole else wholes[:0]}
    return [(kind, {}, as_npy(array)) for kind, array in kinds.items()]


@pytest.mark.parametrize("whole", [True, False])
def test_steps_that_student_code_has_sent_explain_nothing(
    verifier: Verifier, evidence: Evidences, whole: bool, tell: Tell
) -> None:
    pasted = evidence.make(
        evidence.model(), *forged_steps(evidence.correct, whole=whole), evidence.images(), is_watched=True
    )
    pasted = replace(pasted, records=tuple(replace(one, run=0) for one in pasted.records))

    results = judged(verifier.measure(pasted)[0])

    assert [results[name].status for name in ("ascent", "objective")] == ["review", "review"]
    tell("correct images, and steps that never were", "ascent and objective for review")


@pytest.mark.deep
def test_the_order_in_memory_of_good_images_costs_nothing(
    verifier: Verifier, honest: Measurements, evidence: Evidences, tell: Tell
) -> None:
    images = as_npy(np.asfortranarray(evidence.correct.reshape(-1, 28, 28)))

    measurements, _ = verifier.measure(evidence.make(evidence.model(), evidence.images(images)))

    assert measurements.images == honest.images
    tell("images in Fortran's order", "the same points as in the usual order")


@pytest.mark.deep
def test_a_forgery_beside_good_work_takes_nothing_away(
    verifier: Verifier, honest: Measurements, evidence: Evidences, tell: Tell
) -> None:
    forged = of_wrong_types(evidence)
    work = evidence.make(evidence.model(), evidence.images())
    later = tuple(replace(record, run=record.run + 10) for record in forged.records if record.kind != "model")
    both = replace(work, records=work.records + later, payloads={**work.payloads, **forged.payloads})

    results = judged(verifier.measure(both)[0])

    expected = judged(honest)
    assert {name: results[name].score for name in EVERYTHING - {"plot"}} == {
        name: expected[name].score for name in EVERYTHING - {"plot"}
    }
    tell("good work, and forged records of every kind after it", "the same points as without them")


NOISE_AND_A_NETWORK = {
    "imports": "import builtins, gc, hashlib, io, json, pickle, socket, time\n"
    "import numpy as np, tensorflow as tf\nfrom tensorflow import keras\nlayers = keras.layers",
    "cnn": "model = keras.Sequential([layers.Input((28, 28, 1))] + [\n"
    "    layers.Conv2D(8, 3, strides=2, padding='same', activation='elu', name=name)\n"
    "    for name in ('conv2d', 'conv2d_1', 'conv2d_2', 'conv2d_3')] + [\n"
    "    layers.Flatten(), layers.Dense(10, 'softmax')])\n"
    "model.compile('adam', 'categorical_crossentropy', metrics=['accuracy'])",
    "ascent": "layer_name = 'conv2d_3'\nvisualized_feature = [np.random.rand(1, 28, 28, 1) for _ in range(8)]",
}
RECORDER = "recorder = next(one for one in gc.get_objects() if type(one).__name__ == 'Recorder')\n"
# What is tried from inside, one cell each: none of it may fail, else it would not have been tried.
INSIDE = {
    "an object that lies about its class, its shape and its numbers": "class Liar:\n"
    "    __class__ = keras.Model\n    built, compiled, weights = True, True, []\n"
    "    @property\n    def shape(self):\n        raise RuntimeError('no shape')\n"
    "    def numpy(self):\n        return np.random.rand(64, 28, 28) * time.time()\n"
    "    def __array__(self, *_, **__):\n        raise MemoryError\n"
    "liar, liars = Liar(), [Liar() for _ in range(64)]",
    "a number that is equal to everything": "class Any(int):\n    def __eq__(self, other):\n        return True\n"
    "    def __lt__(self, other):\n        return True\n    __hash__, __gt__, __ge__ = int.__hash__, __lt__, __lt__\n"
    "gradient_updates = step_size = Any(50)",
    "a training that is none": "def fit(self, *_, **__):\n    self.optimizer.iterations.assign(10**6)\n"
    "    self.history = keras.callbacks.History()\n    self.history.history = {'accuracy': [1.0] * 50}\n"
    "    return self.history\nkeras.Model.fit = fit\nresults = model.fit(0, 0)",
    "metrics that are always one": "keras.metrics.CategoricalAccuracy.result = lambda self: 1.0\n"
    "keras.Model.evaluate = lambda *_, **__: (0.0, 1.0)\nprint(model.evaluate())",
    "a network that knows what it is asked": "call = keras.Model.__call__\ndef forged(self, images, **how):\n"
    "    return call(self, images, **how) * 1e6\nkeras.Model.__call__ = forged\nkeras.layers.Layer.__call__ = forged\n"
    "del keras.layers.Layer.__call__, keras.Model.__call__\nkeras.layers.Layer.__call__ = call",
    "a tape that has seen an ascent": RECORDER
    + "recorder.ascents.calls_counted += [(1, i % 50, 1.0, 0.3 + i % 50) for i in range(400)]\n"
    "recorder.gradients['seen'] = 400",
    "a gradient that is none": "tf.GradientTape.gradient = lambda self, target, sources, **_: tf.ones_like(sources)\n"
    "with tf.GradientTape() as tape:\n    pass\ntape.gradient(0, tf.Variable(tf.zeros((8, 28, 28, 1))))",
    "builtins that make exceptions": "real_len, real_kind = builtins.len, builtins.isinstance\n"
    "builtins.len = lambda value: 64 if value is visualized_feature else real_len(value)\n"
    "builtins.isinstance = lambda value, of: True if type(value) is Liar else real_kind(value, of)",
    "names that shadow those of the recorder": RECORDER + "shadows = type(recorder).send.__globals__\n"
    "shadows['float'], shadows['hasattr'], shadows['models'] = (lambda _: 1e9), (lambda *_: True), (lambda *_: [])",
    "a digest that is always the same": "sha256 = hashlib.sha256\nhashlib.sha256 = lambda *_: sha256(b'')",
    "arrays that are pickled": "save = np.save\n"
    "np.save = lambda file, array, **_: save(file, np.array([array], object))",
    "JSON with more in it": "dumps = json.dumps\n"
    "more = lambda what: {**what, 'accuracy': 1.0, 'score': 20} if type(what) is dict and 'kind' in what else what\n"
    "json.dumps = lambda what, **how: dumps(more(what), **how)",
    "records of the recorder's own": RECORDER + "for kind in ('measurements', 'result', 'report', 'score'):\n"
    "    recorder.send({'kind': kind, 'criteria': {'training': {'status': 'pass', 'score': 15}}, 'accuracy': 1.0})\n"
    "recorder.send({'kind': 'gradients', 'seen': 400, 'unseen': 0, 'lost': 0})\n"
    "recorder.send({'kind': 'trouble', 'where': 'gradient'})",
    "another connection to the grader": RECORDER + "path = recorder.channel.socket.getpeername()\n"
    "line = socket.socket(socket.AF_UNIX); line.connect(path)\n"
    "line.sendall(b'{\"kind\": \"names\", \"cell\": -5, \"bytes\": 0, \"values\": {\"layer_name\": \"conv2d\"}}\\n')\n"
    "line.sendall(b'{\"kind\": \"images\", \"cell\": 1, \"bytes\": 10}\\n0123456789\\xff\\xfe{]'); line.close()",
    "a recorder that says something else": RECORDER + "def nothing(*_):\n    raise MemoryError\n"
    "recorder.look_at_names = recorder.look_at_models = recorder.saw_gradient = nothing",
    "outputs and metadata of a check": "from IPython.display import publish_display_data\n"
    "about = {'nbgrader': {'grade': True, 'points': 20, 'grade_id': 'check_ascent'}}\n"
    "publish_display_data({'text/plain': '20'}, about)\n20",
    "no recorder any more": "for name in ('pre_run_cell', 'post_run_cell'):\n"
    "    get_ipython().events.callbacks[name].clear()\nrecorder.channel.socket.close()",
}  # fmt: skip
EDITED_CHECKS = {
    f"check_{criterion}": "print('passed, 20 of 20 points')\n20.0"
    for criterion in ("training", "ascent", "updates")
}

# The results of an ascent that somebody else has made, on the same network.
PASTED = {
    "imports": "import numpy as np\nfrom tensorflow import keras\nlayers = keras.layers",
    "cnn": "model = keras.Sequential([layers.Input((28, 28, 1))] + [\n"
    "    layers.Conv2D(filters, 3, strides=strides, padding='same', activation='elu', name=name)\n"
    "    for filters, strides, name in ((8, 1, 'conv2d'), (16, 2, 'conv2d_1'), (16, 1, 'conv2d_2'),\n"
    f"        ({FILTERS}, 2, 'conv2d_3'))] + [layers.Flatten(), layers.Dense(10, 'softmax')])\n"
    "found = np.load('found.npz')\nmodel.set_weights([found[str(i)] for i in range(len(model.weights))])",
    "train": "model.compile('adam', 'categorical_crossentropy')",
    "ascent": "visualized_feature = list(found['images'])",
}  # fmt: skip


@pytest.fixture(scope="module")
def graded(
    grader: Grader,
    make_course: Callable[..., Course],
    quiet: Callable[[], Any],
    network: keras.Model,
    correct: Images,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Course, dict[str, Report]]:
    """Two students who know the kit, graded at the same time: one forges from inside, one pastes results."""
    course = make_course(
        tmp_path_factory.mktemp("forgers") / "course",
        {"forger": {**NOISE_AND_A_NETWORK, **INSIDE, **EDITED_CHECKS}, "paster": PASTED},
    )
    weights = {str(index): weight for index, weight in enumerate(network.get_weights())}
    np.savez(course.submission_folder("paster") / "found.npz", images=correct, **weights)
    progress = quiet()
    reports = grade_course(course, ["forger", "paster"], grader, progress)
    assert progress.failures == {}
    return course, reports


@pytest.mark.deep
def test_what_a_notebook_forges_inside_its_kernel_earns_nothing(
    graded: tuple[Course, dict[str, Report]], tell: Tell
) -> None:
    course, reports = graded
    report = reports["forger"]
    cells = {run.cell: run for run in read_evidence(course.result_folder("forger") / "evidence").cells}

    assert {name: cells[name].error_message for name in INSIDE if cells[name].status != "ok"} == {}
    assert not EDITED_CHECKS.keys() & cells.keys()
    assert {name: report.criteria[name].score for name in ("training", "ascent", "objective", "updates", "plot")} == {
        "training": 0, "ascent": 0, "objective": 0, "updates": 0, "plot": 0,
    }  # fmt: skip
    assert report.criteria["cnn"].measured["conv_layers"] == 4
    assert {flag.code for flag in report.flags if flag.for_staff} >= {
        "library_replaced", "reaches_beyond", "recorder_named", "functions_replaced",
    }  # fmt: skip
    for cell in read_notebook(course.result_folder("forger") / f"{ASSIGNMENT}.ipynb").cells:
        if cell.metadata.nbgrader.grade:
            criterion = cell.metadata.nbgrader.grade_id.removeprefix("check_")
            assert determine_grade(cell)[0] == report.criteria[criterion].score
    for tried in [*INSIDE, "edited check cells"]:
        tell(f"from inside: {tried}", "what is there was measured: an untrained network and noise")


@pytest.mark.deep
def test_results_that_were_pasted_are_for_a_person(
    graded: tuple[Course, dict[str, Report]], tell: Tell
) -> None:
    _, reports = graded
    criteria = reports["paster"].criteria

    assert {name: criteria[name].status for name in ("cnn", "training", "images")} == {
        "cnn": "pass", "training": "review", "images": "pass",
    }  # fmt: skip
    assert "before any training was seen" in criteria["training"].feedback
    for name, points in (("ascent", 20), ("objective", 15), ("updates", 0)):
        assert (criteria[name].status, criteria[name].score) == ("review", points)
        assert "recorded gradient step leads" in criteria[name].feedback
    assert reports["paster"].needs_review
    tell(
        "images of another's ascent, read from a file beside the notebook",
        "measured well, and for a person to judge",
    )
