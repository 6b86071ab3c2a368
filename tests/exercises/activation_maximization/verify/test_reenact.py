"""Doing an ascent again: what was climbed is found, and the images come out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from student_ascents import FILTERS, STEPS, Loss, Student, own_mean

from autograder.exercises.activation_maximization.verify.hypotheses import mixed_up
from autograder.exercises.activation_maximization.verify.reenact import Reenacted
from autograder.measurements import Reenactment


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
        (
            lambda maps, _, i: tf.reduce_mean(tf.math.top_k(tf.reshape(maps[..., i], [-1]), 10).values),
            "strongest",
        ),
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


def test_one_filter_shows_no_rule_by_which_filters_were_mixed_up() -> None:
    assert mixed_up({5: 5}, 8) == ("own", 0)
    assert mixed_up({5: 4}, 8) == ("other", 0)
    assert mixed_up({5: 4, 6: 5}, 8) == ("shifted", -1)


def test_one_filter_that_seems_to_be_another_does_not_hide_that_the_others_are_their_own() -> None:
    assert mixed_up({0: 0, 1: 1, 2: 2, 3: 7, 4: 4}, 8) == ("own", 0)


def test_a_filter_that_answers_to_noise_nearly_as_strongly_rises_all_the_same(
    found_in: Callable[..., Reenactment],
) -> None:
    assert found_in(Student(), bias=1e4).rise > 0.5
