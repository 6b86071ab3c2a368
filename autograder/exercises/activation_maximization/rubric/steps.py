"""Measures how many gradient steps were taken, and how large they were."""

from __future__ import annotations

from statistics import median

from autograder.exercises.activation_maximization.constants import STEPS
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.measurements import ImagesMeasurement, Measurements


def steps_per_image(measured: Measurements) -> float | None:
    """Return the steps per image, as seen or else estimated from the distance from noise.

    The estimate is the number of steps of size 1 that lead as far. None if neither is known.
    """
    images, steps = measured.images, measured.steps
    if steps is not None:
        return steps.per_image
    return images.movement * STEPS if images is not None and images.scale_known else None


def apparent_step_size(images: ImagesMeasurement, steps: float) -> float | None:
    """Return the size that a step seems to have had, from how far the images moved; None if that cannot be told."""
    return images.movement * STEPS / steps if images.scale_known and steps > 0 else None


def closeness_to_asked(steps: float) -> float:
    """Return how close a number of steps is to the required 50, 0...1."""
    return min(steps / STEPS, STEPS / steps) if steps > 0 else 0.0


def share_of_short_ascents(images: ImagesMeasurement, thresholds: Thresholds) -> float:
    """Return the share of images that climbed, but less than half as far as the median image.

    Images that did not climb at all do not count, since the number of steps is not their problem.
    """
    climbed = [one.spread for one in images.filters if one.live and one.image > one.noise and one.gain > 0]
    if not climbed or not images.scale_known:
        return 0.0
    usual = median(climbed)
    moved = [spread for spread in climbed if spread > thresholds.movement_small]
    return sum(spread < usual / 2 for spread in moved) / len(moved) if moved else 0.0
