"""Weights and images that students share, and how much each says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from alike import build, copy_of, findings, gratings, shown, trained

from autograder.course.folder import Course
from autograder.evidence import Evidence, Record, digest
from autograder.execute.inside.freezing import freeze
from autograder.record.files import (
    EVIDENCE,
)
from solutions.data import embedded_digits, prepare


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return trained()


@pytest.fixture(scope="module")
def other_network() -> keras.Model:
    return trained(epochs=2)


@pytest.mark.deep
def test_weights_that_equal_code_explains_say_nothing_more(
    hand_in: Callable[..., Path], store: Callable[..., None], found: Callable[..., Any], network: keras.Model
) -> None:
    for student in ("ada", "bert"):
        hand_in(student, cnn="model = make_it(deep=4)")
        store(student, shown(build(), network))
    hand_in("cleo", cnn="model = make_it(4)")
    store("cleo", shown(build(), network))
    assert ("weights", "ada bert cleo", "some", False) in findings(found(0))
    hand_in("cleo", cnn="mine = make_it(deep=4)  # mine")
    store("cleo", shown(build(), network))
    assert ("weights", "ada bert cleo", "weak", False) in findings(found(0))


def test_weights_that_no_training_made_are_strong(
    hand_in: Callable[..., Path], store: Callable[..., None], found: Callable[..., Any], network: keras.Model
) -> None:
    store("ada", shown(build(), network))
    hand_in("bert", cnn="model = keras.models.load_model('mine.keras')")
    store("bert", shown(copy_of(network)))
    store("cleo", shown(copy_of(network, noise=0.002)))
    assert findings(found(0)) == {
        ("weights", "ada bert", "strong", False),
        ("weights", "ada bert cleo", "strong", True),
    }


def test_a_training_loop_of_ones_own_is_a_training(
    store: Callable[..., None], hand_in: Callable[..., Path], found: Callable[..., Any], network: keras.Model
) -> None:
    for student in ("ada", "bert"):
        hand_in(student, train=f"by_hand({student!r})")
        store(student, shown(build(), copy_of(network)))  # neither is compiled
    assert findings(found(0)) == {("weights", "ada bert", "some", False)}


@pytest.mark.deep
def test_the_same_start_makes_no_two_networks_equal(
    store: Callable[..., None], found: Callable[..., Any], network: keras.Model, other_network: keras.Model
) -> None:
    store("ada", shown(build(), network))
    store("bert", shown(build(), other_network))
    store("cleo", shown(build(), trained(rate=8e-4)))
    store("dora", shown(build()), accuracy=0.1)
    store("emil", shown(build()), accuracy=0.1)
    assert findings(found(0)) == set()


def test_equal_images_from_different_networks_are_strong(
    store: Callable[..., None], found: Callable[..., Any], network: keras.Model, other_network: keras.Model
) -> None:
    images = gratings(0)
    deprocessed = np.clip((images - images.mean((1, 2), keepdims=True)) * 9 + 128, 0, 255).astype(np.uint8)
    store("ada", shown(build(), network, images=images))
    store("bert", shown(build(), other_network, images=deprocessed))
    store("cleo", shown(build(), trained(rate=8e-4), images=gratings(1)))
    assert {one[:3] for one in findings(found(0))} == {("images", "ada bert", "strong")}


def test_equal_images_follow_from_equal_networks(
    store: Callable[..., None],
    hand_in: Callable[..., Path],
    found: Callable[..., Any],
    network: keras.Model,
) -> None:
    for student in ("ada", "bert"):
        hand_in(student, cnn=f"model = made_by({student!r})")
        store(student, shown(build(), network, images=gratings(0)))
    assert findings(found(0)) == {
        ("weights", "ada bert", "some", False),
        ("images", "ada bert", "weak", False),
    }


@pytest.mark.deep
def test_noise_of_the_same_seed_and_digits_are_no_equal_images(
    store: Callable[..., None], found: Callable[..., Any], network: keras.Model, other_network: keras.Model
) -> None:
    noise = np.random.default_rng(1).uniform(size=(64, 28, 28))
    digits = prepare(embedded_digits()).x_train[:64]
    store("ada", shown(build(), network, images=noise))
    store("bert", shown(build(), other_network, images=noise))
    store("cleo", shown(build(), trained(rate=8e-4), images=digits))
    store("dora", shown(build(), trained(rate=5e-4), images=digits))
    assert findings(found(0)) == set()


def test_hostile_evidence_costs_no_other_student_the_comparison(
    store: Callable[..., None], found: Callable[..., Any], course: Course, network: keras.Model
) -> None:
    broken = copy_of(network)
    broken.set_weights([np.full_like(w, np.nan) for w in broken.get_weights()])
    huge = copy_of(network)
    huge.set_weights([np.full_like(w, 3e38) * np.sign(w) for w in huge.get_weights()])
    graph, facts = freeze(network)
    half = graph[: len(graph) // 2]
    for number in "12":
        store(f"nan{number}", shown(broken, images=np.full((8, 28, 28), np.nan)))
        store(f"huge{number}", shown(huge, images=1e37 * gratings(int(number))))
        record = Record("model", 0, {"variable": "model", "updates": "many", **facts}, digest(half))
        store(f"half{number}", Evidence("graded", (), (record,), {digest(half): half}))
    store("ada", shown(build(), network))
    store("bert", shown(build(), network))
    (course.result_folder("nan1") / EVIDENCE / "evidence.json").write_text("{")
    result = found()
    assert {one["student"] for one in result["left_out"]} == {"nan1"}
    shared = {one[1] for one in findings(result)}
    assert "ada bert" in shared
    assert not any("nan" in students or "half" in students for students in shared)


def test_what_stops_the_process_that_reads_it_costs_only_its_own_comparison(
    store: Callable[..., None], found: Callable[..., Any], course: Course, network: keras.Model
) -> None:
    (course.root / "gradeascent.toml").write_text("[limits]\nverify_seconds = 0.001\n")
    store("ada", shown(build(), network))
    store("bert", shown(build(), network))
    result = found()
    assert [one["student"] for one in result["left_out"]] == ["ada", "bert"]
    assert all("took more than 0.001 seconds" in one["why"] for one in result["left_out"])


def test_this_process_reads_no_network_and_no_image(
    store: Callable[..., None],
    found: Callable[..., Any],
    network: keras.Model,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(data: bytes) -> None:
        raise AssertionError("read outside the sandbox")

    monkeypatch.setattr("autograder.duplicates.weights.kernels", refuse)
    monkeypatch.setattr("autograder.duplicates.images.read_array", refuse)
    store("ada", shown(build(), network, images=gratings(0)))
    store("bert", shown(copy_of(network), images=gratings(0)))
    assert {one[0] for one in findings(found(0))} == {"weights", "images"}
