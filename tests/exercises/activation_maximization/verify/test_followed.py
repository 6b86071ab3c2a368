"""Which ascent an image came out of, and what was kept of it, whatever happened between the steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from student_ascents import FILTERS, STEPS, Freeze, Student, evidence_of, network, rms

from autograder.execute.inside.ascents import AscentWatch
from autograder.exercises.activation_maximization.verify.ascents import (
    Ascent,
    ascents_in,
    recorded_steps,
    regular,
)
from autograder.exercises.activation_maximization.verify.hypotheses import Hypothesis
from autograder.exercises.activation_maximization.verify.links import link_images
from autograder.exercises.activation_maximization.verify.objectives import Maps, Objective
from autograder.exercises.activation_maximization.verify.stretches import followed_share
from autograder.exercises.activation_maximization.verify.watched import rule_of, watched_images
from autograder.measurements import Reenactment


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        (lambda path, _: path[0], "start"),
        (lambda _, gradient: rms(gradient), "gradient"),
    ],
)
def test_what_was_kept_is_found(
    found_in: Callable[..., Reenactment], keep: Callable[..., Any], kept: str
) -> None:
    found = found_in(Student(keep=keep))

    assert found.kept == kept
    assert found.steps >= STEPS - 1
    assert found.is_shown == (
        kept == "gradient"
    )  # a gradient comes out again, and of a start there is nothing to make
    assert not found.is_as_asked


def test_one_variable_for_all_is_known_if_its_last_ascent_comes_out_again(
    found_in: Callable[..., Reenactment],
) -> None:
    def last_for_all(images: Any) -> Any:
        return np.repeat(images[-1:], FILTERS, axis=0)

    found, forged = (
        found_in(Student(), last_for_all),
        found_in(Student(loss_of_variable=to_a_picture), last_for_all),
    )

    assert (found.kept, found.watched) == ("same", 1)
    assert (forged.kept, forged.watched) == ("same", 0)


def to_a_picture(image: Any, _i: int) -> Any:
    return -tf.reduce_sum(tf.square(image - np.random.default_rng(8).random((1, 28, 28, 1), np.float32) * 40))


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (lambda i: np.zeros((1, 28, 28, 1), np.float32), "black"),
        (lambda i: np.full((1, 28, 28, 1), 0.5, np.float32), "one_grey"),
        (lambda i: np.random.default_rng(i).normal(size=(1, 28, 28, 1)).astype(np.float32), "other_noise"),
        (lambda i: np.random.default_rng(0).random((1, 28, 28, 1), np.float32), "same_noise"),
    ],
)
def test_another_start_is_found_and_proves_the_same(
    found_in: Callable[..., Reenactment], start: Callable[[int], Any], name: str
) -> None:
    found = found_in(Student(start=start))

    assert found.start == name
    assert found.is_as_asked


def test_ascents_that_continue_from_the_previous_image_are_separated(
    found_in: Callable[..., Reenactment],
) -> None:
    found = found_in(Student(goes_on=True))

    assert found.start == "previous_image"
    assert [one.steps for one in found.images] == [STEPS] * FILTERS
    assert found.is_as_asked


def test_images_kept_after_every_step_are_found_to_be_of_one_ascent(
    found_in: Callable[..., Reenactment],
) -> None:
    kept: list[Any] = []

    def keep_all(path: list[Any], _gradient: Any) -> Any:
        kept.extend(np.asarray(image).reshape(28, 28) for image in path[1:])
        return path[-1]

    found = found_in(Student(keep=keep_all), lambda _: np.stack(kept[:FILTERS]))

    assert (found.kept, found.filters, found.by, found.start) == ("every_step", "constant", 0, "uniform")
    assert found.steps == STEPS
    assert found.is_shown
    assert not found.is_as_asked


def test_steps_that_take_the_place_of_the_image_are_found(found_in: Callable[..., Reenactment]) -> None:
    found = found_in(Student(adds=False, size=2.0))

    assert (found.kept, found.objective, found.filters) == ("step", "mean", "own")
    assert (found.scaling, found.step_size, found.steps) == (
        "root_mean_square",
        pytest.approx(2, abs=0.01),
        STEPS,
    )
    assert found.is_shown
    assert not found.is_as_asked


def test_steps_along_a_gradient_that_never_changes_are_added_also_from_a_black_start(
    found_in: Callable[..., Reenactment],
) -> None:
    """Every image then is a multiple of the gradient before it."""

    def linear(image: Any, i: int) -> Any:
        return tf.reduce_sum(image * np.random.default_rng(i).random((1, 28, 28, 1), np.float32))

    found = found_in(Student(start=lambda i: np.zeros((1, 28, 28, 1), np.float32), loss_of_variable=linear))

    assert found.kept == "end"


def test_a_few_images_for_all_filters_are_known_if_their_ascents_come_out_again(
    found_in: Callable[..., Reenactment],
) -> None:
    """As where the first image of every batch is kept for the whole batch."""
    found = found_in(Student(), lambda images: np.repeat(images[:: FILTERS // 2], FILTERS // 2, axis=0))

    assert (found.kept, found.watched) == ("same", 2)


def test_groups_of_filters_that_go_on_from_one_another_climb_their_own_maps(
    found_in: Callable[..., Reenactment],
) -> None:
    """As where the variable is made once, before the loop over two halves of the filters."""
    images = [Student.start(i) for i in range(FILTERS // 2)]
    ends: list[Any] = []

    def start(i: int) -> Any:
        return images[i] if i < FILTERS // 2 else ends[i - FILTERS // 2]

    def keep(path: list[Any], _gradient: Any) -> Any:
        ends.append(path[-1].numpy())
        return path[-1]

    found = found_in(Student(start=start, keep=keep))

    assert (found.start, found.filters) == ("previous_image", "own")
    assert [one.steps for one in found.images] == [STEPS] * FILTERS
    assert found.is_as_asked


@pytest.mark.parametrize(
    "between",
    [
        lambda image, _: tf.clip_by_value(image, -2.0, 2.0),
        lambda image, step: image * 0.7 if step % 3 == 0 else image,
    ],
)
def test_changes_between_steps_are_noticed(
    found_in: Callable[..., Reenactment], between: Callable[[Any, int], Any]
) -> None:
    found = found_in(Student(between=between))

    assert found.watched == FILTERS
    assert (found.objective, found.filters) == ("mean", "own")
    assert not found.is_steady


@pytest.mark.parametrize(
    "student", [Student(scale=tf.sign), Student(between=lambda image, _: tf.round(image), size=2.0)]
)
def test_steps_that_are_no_multiple_of_the_gradient_lead_to_their_images(student: Student) -> None:
    images, watch = student.climb()
    evidence = evidence_of(watch)
    numbers_only = replace(evidence, records=evidence.records[:1])  # as of most ascents of a large layer
    (steps,) = recorded_steps(numbers_only, 0)

    ascents = [*ascents_in(steps), Ascent([0])]  # so that images cannot be told by their order

    links = link_images(images.reshape(FILTERS, -1), steps, ascents)

    assert [(link.kept, link.steps) for link in links if link is not None] == [("end", STEPS)] * FILTERS


@pytest.mark.parametrize("shown", [tf.sigmoid, lambda z: 0.5 * (1 + tf.tanh(z))])
def test_an_ascent_in_a_variable_that_is_squashed_into_the_image_follows_its_gradient(
    found_in: Callable[..., Reenactment], shown: Callable[[Any], Any]
) -> None:
    found = found_in(Student(shown=shown))

    assert (found.watched, found.kept) == (FILTERS, "picture")
    assert found.likeness > 0.8


def test_a_variable_that_is_drawn_to_a_picture_follows_no_gradient_of_the_network(
    found_in: Callable[..., Reenactment],
) -> None:
    picture = np.random.default_rng(8).random((1, 28, 28, 1), np.float32) * 8 - 4
    pictures = [np.roll(picture, i * 7, axis=1) for i in range(FILTERS)]

    def nearer(z: Any, i: int) -> Any:
        return -tf.reduce_sum(tf.square(z - pictures[i]))

    found = found_in(Student(loss_of_variable=nearer, shown=tf.sigmoid, size=0.3))

    assert found.watched == FILTERS
    assert found.likeness < 0.5


def test_pictures_are_linked_to_their_ascents(found_in: Callable[..., Reenactment]) -> None:
    def deprocess(images: Any) -> Any:
        scaled = (images - images.mean(axis=(1, 2), keepdims=True)) / images.std(axis=(1, 2), keepdims=True)
        return np.clip(scaled * 64 + 128, 0, 255).astype(np.uint8)

    found = found_in(Student(), deprocess)

    assert found.kept == "picture"
    assert found.is_as_asked


def test_pasted_images_come_out_of_no_recorded_step(found_in: Callable[..., Reenactment]) -> None:
    pasted = np.random.default_rng(9).normal(size=(FILTERS, 28, 28)).astype(np.float32)

    found = found_in(Student(), lambda _: pasted)

    assert found.watched == 0
    assert not found.is_explained


def test_one_step_at_the_end_of_images_from_elsewhere_is_no_rise(
    found_in: Callable[..., Reenactment],
) -> None:
    finished, _ = Student(steps=40).climb()

    found = found_in(Student(steps=1, start=lambda i: finished[i].reshape(1, 28, 28, 1)))

    assert found.is_shown
    assert found.rise < 0.2


def test_an_image_that_is_never_moved_is_explained_by_nothing(found_in: Callable[..., Reenactment]) -> None:
    found = found_in(Student(size=0.0))

    assert (found.direction, found.scaling, found.moved) == (0, "", 0.0)
    assert not found.is_explained


def test_what_is_no_number_in_one_ascent_costs_no_other(found_in: Callable[..., Reenactment]) -> None:
    found = found_in(
        Student(start=lambda i: Student.start(i) if i else np.full((1, 28, 28, 1), np.nan, np.float32))
    )

    assert found.is_as_asked
    assert [one.index for one in found.images] == list(range(1, FILTERS))


@pytest.mark.parametrize(
    ("student", "is_followed"),
    [(Student(), True), (Student(loss_of_variable=to_a_picture), False)],
    ids=["an ascent", "steps to a picture"],
)
def test_only_a_true_way_is_followed_from_one_kept_step_to_the_next(
    student: Student, is_followed: bool, freeze_model: Freeze
) -> None:
    images, watch = student.climb()
    flat = images.reshape(FILTERS, -1)
    watched = watched_images(evidence_of(watch), 0, flat, range(FILTERS))
    assert watched is not None
    rule = rule_of(watched)
    assert rule is not None
    model = freeze_model(network())
    layer = next(layer for layer in model.layers if layer.name == "second")
    asked = Hypothesis(Maps(model, layer), Objective("mean"), {i: i for i in range(FILTERS)})

    share = followed_share(watched, asked, rule, flat)

    assert share == 1 if is_followed else share < 0.2


def lengths_of(watch: AscentWatch, *, count: int) -> list[int]:
    """The number of steps of each ascent, of which there should be one for each of `count` images."""
    steps = next(recorded_steps(evidence_of(watch), 0))
    return [len(one.rows) for one in regular(steps, ascents_in(steps), count)]


def test_a_new_start_is_one_although_it_happens_to_lie_along_the_last_gradient() -> None:
    """As after the ascent of a filter that answers hardly anything, which turns back and forth about its start."""
    random, watch = np.random.default_rng(3), AscentWatch()
    image = random.random((1, 784), np.float32)
    along, other = random.standard_normal((2, 1, 784)).astype(np.float32)
    for step in range(20):
        gradient = 0.1 * along if step % 2 else -0.1 * along
        watch.see(None, image, gradient, 1.0)
        image = image + gradient
    watch.see(None, image + 0.06 * along + 0.06 * other, other, 1.0)
    steps = next(recorded_steps(evidence_of(watch), 0))

    assert [len(one.rows) for one in ascents_in(steps)] == [20, 1]


def clipped(image: Any, random: np.random.Generator) -> Any:
    return np.clip(image + 0.1 * random.standard_normal(image.shape, np.float32), 0, 1)


def shifted(image: Any, random: np.random.Generator) -> Any:
    """Shift an image by at most a pixel; neighbours have nothing in common, so that a shifted one is far away."""
    return np.roll(image, random.integers(-1, 2), axis=1) + np.float32(0.001)


@pytest.mark.parametrize("change", [clipped, shifted])
def test_steps_after_which_every_image_is_changed_belong_together(change: Callable[..., Any]) -> None:
    random, watch = np.random.default_rng(3), AscentWatch()
    for _ in range(8):
        image = random.random((1, 784), np.float32)
        for _ in range(40):
            watch.see(None, image, 0.1 * random.standard_normal((1, 784), np.float32), 1.0)
            image = change(image, random)

    assert lengths_of(watch, count=8) == [40] * 8


def test_steps_that_all_begin_with_new_noise_are_no_ascents() -> None:
    random, watch = np.random.default_rng(3), AscentWatch()
    for _ in range(160):
        watch.see(None, *random.random((2, 1, 784), np.float32), 1.0)

    assert len(lengths_of(watch, count=8)) == 160


@pytest.mark.deep
def test_many_starts_and_long_ascents_are_sorted_in_bounded_time() -> None:
    random, watch = np.random.default_rng(0), AscentWatch()
    noise, gradient = random.random((1, 784), np.float32), random.random((1, 784), np.float32)
    for step in range(6000):
        watch.see(None, noise + step * gradient, gradient, 1.0)
    for _ in range(6000):
        watch.see(None, *random.random((2, 1, 784), np.float32), 1.0)
    steps = next(recorded_steps(evidence_of(watch), 0))

    lengths = [len(one.rows) for one in ascents_in(steps)]

    assert (lengths[0], sum(lengths)) == (6000, 12000)
