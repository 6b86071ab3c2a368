"""How many gradient steps were taken, and how large they were."""

from __future__ import annotations

from statistics import median

from autograder.measurements import ImagesMeasurement, Measurements
from autograder.settings import Thresholds

STEPS = 50


def steps_per_image(measured: Measurements) -> float | None:
    """How many steps were taken for an image, or how many of size 1 its distance from noise is worth.

    None where it cannot be told.
    """
    images, steps = measured.images, measured.steps
    if steps is not None:
        return steps.per_image
    return images.movement * STEPS if images is not None and images.scale_known else None


def step_size(images: ImagesMeasurement, steps: float) -> float | None:
    """How far a step went, as measured by where the images are; None where that says nothing."""
    return images.movement * STEPS / steps if images.scale_known and steps > 0 else None


def closeness_to_asked(steps: float) -> float:
    """How near a number of steps is to the 50 asked for, 0...1."""
    return min(steps / STEPS, STEPS / steps) if steps > 0 else 0.0


def share_of_short_ascents(images: ImagesMeasurement, thresholds: Thresholds) -> float:
    """The share of images that climbed, but less than half as far as the usual one.

    Images that did not climb at all are no matter of the number of steps.
    """
    climbed = [one.spread for one in images.filters if one.live and one.image > one.noise and one.gain > 0]
    if not climbed or not images.scale_known:
        return 0.0
    usual = median(climbed)
    moved = [spread for spread in climbed if spread > thresholds.movement_small]
    return sum(spread < usual / 2 for spread in moved) / len(moved) if moved else 0.0
