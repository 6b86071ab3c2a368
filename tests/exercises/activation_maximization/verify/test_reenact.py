"""Doing an ascent again: what was climbed is found, and the images come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from autograder.evidence import Evidence, Record, digest
from autograder.execute.inside.ascents import AscentWatch
from autograder.execute.inside.recorder import as_npy
from autograder.exercises.activation_maximization.verify.ascents import Ascent, ascents_in, recorded_steps
from autograder.exercises.activation_maximization.verify.hypotheses import mixed_up
from autograder.exercises.activation_maximization.verify.links import link_images
from autograder.exercises.activation_maximization.verify.reenact import Reenacted, reenact
from autograder.measurements import Reenactment
from autograder.verify.graph import FrozenModel, LayerOutput, call, mean_of_all

FILTERS, STEPS = 6, 12

Freeze = Callable[[keras.Model], FrozenModel]
Loss = Callable[[Any, Any, int], Any]


@cache
def network() -> keras.Model:
    keras.utils.set_random_seed(3)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(4, 3, activation="elu", padding="same", name="first"),
            layers.MaxPooling2D(),
            layers.Conv2D(FILTERS, 3, activation="elu", padding="same", name="second"),
            layers.Flatten(),
            layers.Dense(10, name="scores"),
        ]
    )


@cache
def up_to(name: str) -> Callable[[Any], Any]:
    return tf.function(keras.Model(network().inputs, network().get_layer(name).output))


def rms(gradient: Any) -> Any:
    return gradient / (tf.sqrt(tf.reduce_mean(tf.square(gradient))) + 1e-7)


def own_mean(maps: Any, _scores: Any, i: int) -> Any:
    return tf.reduce_mean(maps[..., i])


@dataclass
class Student:
    """An ascent as a student may write it; by default as asked."""

    loss: Loss = own_mean
    scale: Callable[[Any], Any] = rms
    size: float = 1.0
    steps: int = STEPS
    between: Callable[[Any, int], Any] = lambda image, _step: image
    start: Callable[[int], Any] = lambda i: np.random.default_rng(i).random((1, 28, 28, 1), np.float32)
    keep: Callable[[list[Any], Any], Any] = lambda path, _gradient: path[-1]
    goes_on: bool = False
    shown: Callable[[Any], Any] = lambda image: image
    loss_of_variable: Callable[[Any, int], Any] | None = None

    def climb(self) -> tuple[Any, AscentWatch]:
        """Return the images that are kept, (filters, 28, 28), and what was watched."""
        watch, kept, image = AscentWatch(), [], None
        maps_of, scores_of = up_to("second"), up_to("scores")
        for i in range(FILTERS):
            if image is None or not self.goes_on:
                image = tf.constant(self.start(i))
            path, gradient = [image], None
            for step in range(self.steps):
                with tf.GradientTape() as tape:
                    tape.watch(image)
                    if self.loss_of_variable is not None:
                        loss = self.loss_of_variable(image, i)
                    else:
                        shown = self.shown(image)
                        loss = self.loss(maps_of(shown), scores_of(shown), i)
                gradient = tape.gradient(loss, image)
                rows = (one.numpy().reshape(1, 784) for one in (image, gradient))
                watch.see(image, *rows, float(loss))
                image = self.between(image + self.size * self.scale(gradient), step)
                path.append(image)
            kept.append(np.asarray(self.shown(self.keep(path, gradient))).reshape(28, 28))
        return np.stack(kept), watch


def evidence_of(watch: AscentWatch) -> Evidence:
    payloads = [as_npy(array) for array in watch.take()]
    kinds = ("steps", "whole_steps")
    records = tuple(Record(kind, 0, {}, digest(one)) for kind, one in zip(kinds, payloads, strict=True))
    return Evidence("graded", (), records, {digest(one): one for one in payloads})


@pytest.fixture(scope="module")
def again(freeze_model: Freeze) -> Callable[..., Reenacted]:
    model = freeze_model(network())
    by_name = {layer.name: layer for layer in model.layers}
    means = partial(call, model, model.function(by_name["second"].tensor, mean_of_all))
    layers = [by_name["second"], by_name["first"], LayerOutput("output", model.output)]

    def again(
        student: Student, change: Callable[[Any], Any] = lambda images: images, bias: float = 0.0
    ) -> Reenacted:
        images, watch = student.climb()
        evidence = evidence_of(watch)
        found = reenact(
            evidence, 0, change(images), range(FILTERS), model, layers, lambda some: means(some) + bias
        )
        assert found is not None
        return found

    return again


@pytest.fixture(scope="module")
def found_in(again: Callable[..., Reenacted]) -> Callable[..., Reenactment]:
    return lambda *student, **how: again(*student, **how).measurement


def test_an_ascent_as_asked_comes_out_again(found_in: Callable[..., Reenactment]) -> None:
    found = found_in(Student())

    assert found.is_as_asked
    assert (found.watched, found.reproduced) == (FILTERS, FILTERS)
    assert min(one.correlation or 0 for one in found.images) > 0.95
    assert (found.scaling, found.step_size, found.steps) == (
        "root_mean_square",
        pytest.approx(1, abs=0.01),
        STEPS,
    )
    assert (found.start, found.kept, found.direction, found.is_steady) == ("uniform", "end", 1, True)
    assert found.rise > 0.5


def test_the_film_of_an_ascent_as_asked_is_the_same_twice(again: Callable[..., Reenacted]) -> None:
    films = again(Student()).films

    assert films is not None
    assert films.filters.tolist() == list(range(FILTERS))
    assert (films.steps[:, 0] == 0).all()
    assert (films.steps[:, 2] == STEPS).all()
    assert (films.steps[:, 3:] == -1).all()  # too short an ascent for more frames
    both = films.is_recorded & films.is_again
    assert both[:, [0, 2]].all()
    assert np.abs(films.recorded[both].astype(int) - films.again[both]).mean() < 2
    assert films.activations.shape == (FILTERS, 2, STEPS + 1)
    assert np.allclose(films.activations[:, 0], films.activations[:, 1], rtol=0.02)


def test_after_a_mistake_there_is_what_was_asked_for_from_the_same_start(
    again: Callable[..., Reenacted],
) -> None:
    wrong = again(Student(loss=lambda maps, _, i: tf.reduce_max(maps[..., i]), steps=50)).films
    right = again(Student(steps=50)).films

    assert wrong is not None
    assert right is not None
    assert wrong.is_right.all()
    assert not right.is_right.any()  # its own images are what was asked for
    assert np.abs(wrong.right.astype(int) - right.recorded[:, -1]).mean() < 5
    assert np.abs(wrong.right.astype(int) - wrong.recorded[:, -1]).mean() > 20


def test_without_images_of_their_own_there_is_no_film(again: Callable[..., Reenacted]) -> None:
    assert again(Student(), lambda images: np.repeat(images[:1], FILTERS, axis=0)).films is None


@pytest.mark.parametrize(
    ("loss", "objective"),
    [
        (lambda maps, _, i: tf.reduce_sum(maps[..., i]), "mean"),  # points the same way
        (lambda maps, _, i: tf.reduce_max(maps[..., i]), "maximum"),
        (lambda maps, _, i: tf.reduce_mean(tf.square(maps[..., i])), "mean_square"),
        (lambda maps, _, i: tf.norm(maps[..., i]), "mean_square"),
        (lambda maps, _, i: maps[0, 7, 5, i], "place"),
        (lambda maps, _, i: tf.reduce_mean(maps[0, 4, :, i]), "row"),
        (lambda maps, _, i: tf.reduce_mean(maps[0, :, 9, i]), "column"),
        (lambda maps, _, i: tf.reduce_mean(maps[:, i]), "row_of_all"),
        (lambda maps, _, i: tf.reduce_mean(maps[:, :, i]), "column_of_all"),
        (lambda maps, _, i: tf.reduce_mean(maps[:, 2:-2, 2:-2, i]), "border_left_out"),
        (lambda maps, _, i: tf.reduce_mean(maps), "layer"),
        (lambda _, scores, i: scores[0, i], "unit"),
    ],
)
def test_what_was_climbed_is_found(found_in: Callable[..., Reenactment], loss: Loss, objective: str) -> None:
    found = found_in(Student(loss=loss))

    assert found.objective == objective
    assert found.is_shown
    assert found.is_as_asked == (objective in {"mean", "border_left_out"})


@pytest.mark.parametrize(
    ("index", "kind", "by"),
    [
        (lambda i: (i + 1) % FILTERS, "shifted", 1),
        (lambda i: 2, "constant", 2),
        (lambda i: FILTERS - 1 - i, "reversed", FILTERS - 1),
    ],
)
def test_mixed_up_filters_are_found(
    found_in: Callable[..., Reenactment], index: Callable[[int], int], kind: str, by: int
) -> None:
    found = found_in(Student(loss=lambda maps, _, i: tf.reduce_mean(maps[..., index(i)])))

    assert (found.filters, found.by) == (kind, by)
    assert found.is_shown
    assert not found.is_as_asked


@pytest.mark.parametrize(
    ("scale", "name"),
    [
        (lambda g: g / tf.norm(g), "norm"),
        (lambda g: g / tf.reduce_max(tf.abs(g)), "maximum"),
        (lambda g: 1.0 * g, "none"),
    ],
)
def test_how_the_gradient_was_scaled_is_found(
    found_in: Callable[..., Reenactment], scale: Callable[[Any], Any], name: str
) -> None:
    found = found_in(Student(scale=scale))

    assert (found.scaling, found.step_size) == (name, pytest.approx(1, rel=0.02))
    assert found.is_shown


def test_a_normalized_gradient_that_the_epsilon_outweighs_is_normalized_all_the_same(
    found_in: Callable[..., Reenactment],
) -> None:
    """As that of a probability close to 1: it says little about a climb, but the student did normalize it."""
    found = found_in(Student(loss=lambda maps, _scores, i: 1e-8 * tf.reduce_mean(maps[..., i])))
    assert (found.scaling, found.step_size) == ("root_mean_square", pytest.approx(1, rel=0.02))


def test_a_bare_gradient_is_not_taken_for_a_normalized_one_however_faint(
    found_in: Callable[..., Reenactment],
) -> None:
    loss: Loss = lambda maps, _scores, i: 1e-5 * tf.reduce_mean(maps[..., i])  # noqa: E731
    found = found_in(Student(loss=loss, scale=lambda gradient: gradient, size=1e4))
    assert (found.scaling, found.step_size) == ("none", pytest.approx(1e4, rel=0.02))


@pytest.mark.parametrize("size", [0.01, 10.0])
def test_another_step_size_is_found(found_in: Callable[..., Reenactment], size: float) -> None:
    found = found_in(Student(size=size))

    assert found.step_size == pytest.approx(size, rel=0.02)
    assert found.is_as_asked


def test_a_negated_loss_that_is_subtracted_is_an_ascent(found_in: Callable[..., Reenactment]) -> None:
    found = found_in(Student(loss=lambda *at: -own_mean(*at), size=-1.0))

    assert found.direction == 1
    assert found.is_as_asked


def test_a_descent_is_found(found_in: Callable[..., Reenactment]) -> None:
    found = found_in(Student(size=-1.0))

    assert found.direction == -1
    assert found.is_explained
    assert not found.is_as_asked


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
    assert not found.is_as_asked


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


def test_ascents_that_go_on_from_the_image_before_are_told_apart(
    found_in: Callable[..., Reenactment],
) -> None:
    found = found_in(Student(goes_on=True))

    assert found.start == "previous_image"
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


def test_one_filter_shows_no_rule_by_which_filters_were_mixed_up() -> None:
    assert mixed_up({5: 5}, 8) == ("own", 0)
    assert mixed_up({5: 4}, 8) == ("other", 0)
    assert mixed_up({5: 4, 6: 5}, 8) == ("shifted", -1)


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


def test_a_filter_that_answers_to_noise_nearly_as_strongly_rises_all_the_same(
    found_in: Callable[..., Reenactment],
) -> None:
    assert found_in(Student(), bias=1e4).rise > 0.5


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
