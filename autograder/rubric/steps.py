"""How many gradient steps were taken, and how large they were."""

from __future__ import annotations

from autograder.measurements import ImagesMeasurement, Measurements

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
