"""The digits on which a network's accuracy counts: those of the test set, whose labels are public, and moved ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import keras
import numpy as np

from autograder.verify.accuracy import COST_OF_MOVING, accuracy
from autograder.verify.graph import FrozenModel
from autograder.verify.held_out import HeldOut


def test_four_digits_of_five_are_moved_by_one_pixel_each_in_its_direction(digits: HeldOut) -> None:
    ways = [(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)]

    for number in range(10):
        moved = np.roll(digits.images[number], ways[number % 5], axis=(0, 1))
        assert (digits.moved[number] == moved).all()
        assert (digits.moved[number] == digits.images[number]).all() == (number % 5 == 0)


def test_digits_that_are_only_known_unshifted_count_little(
    digits: HeldOut, network: keras.Model, freeze_model: Callable[[keras.Model], FrozenModel]
) -> None:
    frozen = freeze_model(network)
    strange = replace(digits, moved=np.zeros_like(digits.moved))

    assert accuracy(frozen, digits) > 0.8
    assert accuracy(frozen, strange) <= 0.2 + COST_OF_MOVING
