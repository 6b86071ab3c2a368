"""No forged evidence earns a point that measuring did not confirm, nor does it harm the process that measures.

Each case is evidence as a capable student could make the kernel send it. It goes through the real verifier in its
sandbox and through the rubric. The same process must be there afterwards, and measure honest work as before.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from forged_evidence import (
    FORGED,
    Evidences,
    Images,
    a_million,
    as_object,
    beyond_the_end,
    call_python,
    changed,
    climbing,
    doubled,
    enormous,
    excited_by_place,
    go_round,
    graph_of,
    hidden_bomb,
    hide_a_function,
    labels_by_heart,
    negative,
    noise,
    not_a_number,
    of_wrong_types,
    read_a_file,
    with_shape,
)
from trained_networks import FILTERS, LAYER, small_network

from autograder.evidence import Evidence
from autograder.execute.inside.ascents import AscentWatch
from autograder.execute.inside.freezing import freeze
from autograder.execute.inside.recorder import as_npy
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.measurements import Measurements
from autograder.report import Result
from autograder.rubric.score import score
from autograder.verify.verifier import Verifier

Tell = Callable[[str, str], None]


POINTS = {
    "cnn": 20.0, "training": 15.0, "images": 10.0, "ascent": 20.0, "objective": 15.0, "updates": 5.0, "plot": 5.0,
}  # fmt: skip


EVERYTHING = frozenset(POINTS)


NETWORK = frozenset({"cnn", "training"})


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
