"""Films of ascents as the verifier makes them, without having ascended."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autograder.exercises.activation_maximization.films import FRAMES, Films, films_to_arrays
from autograder.measurements import Measurements, ReenactedImage, Reenactment
from autograder.pictures import Pictures
from solutions.deprocess import deprocess

STEPS = (0, 4, 16, 32, 50)
# The filter whose image does not come out, and the one whose early step was not kept.
LOST, GAP = 2, 1


def made_films(count: int = 64, *, with_right: bool = False) -> Films:
    """Films in which stripes grow out of noise, the more frames the clearer; of one, other stripes come out."""
    random = np.random.default_rng(4)
    across = np.linspace(0, 6, 28)
    recorded = np.zeros((count, FRAMES, 28, 28), np.uint8)
    again, right = recorded.copy(), np.zeros((count, 28, 28), np.uint8)
    values = np.full((count, 2, STEPS[-1] + 1), np.nan, np.float32)
    for place in range(count):
        noise = random.random((28, 28))
        stripes = np.sin((1 + place % 5) * across)[:, np.newaxis] + np.cos((place % 3) * across)
        for frame, step in enumerate(STEPS):
            recorded[place, frame] = deprocess(noise + step / 25 * stripes)
            again[place, frame] = deprocess(noise + step / 25 * (stripes.T if place == LOST else stripes))
        right[place] = deprocess(stripes.T)
        values[place, 0] = np.linspace(0.1, 3 + place % 4, STEPS[-1] + 1)
        values[place, 1, list(STEPS)] = values[place, 0, list(STEPS)] * (0.5 if place == LOST else 1)
    there = np.ones((count, FRAMES), np.bool_)
    kept = there.copy()
    kept[GAP, 1] = False
    return Films(
        filters=np.arange(count, dtype=np.int16),
        steps=np.tile(np.array(STEPS, np.int16), (count, 1)),
        recorded=recorded,
        is_recorded=kept,
        again=again,
        is_again=there,
        right=right,
        is_right=np.full(count, with_right),
        activations=values,
    )


def made_reenactment(count: int = 64) -> Reenactment:
    images = tuple(
        ReenactedImage(i, 50, "end", 0.412 if i == LOST else 0.9997, reproduced=i != LOST)
        for i in range(count)
    )
    return Reenactment(
        count, objective="mean", filters="own", agreeing=1.0, likeness=1.0, direction=1,
        scaling="root_mean_square", step_size=1.0, steps=50.0, start="uniform", kept="end", images=images,
    )  # fmt: skip


def with_films(
    measurements: Measurements, pictures: Pictures, *, with_right: bool = False
) -> tuple[Measurements, Pictures]:
    """Measurements and pictures of which the verifier has made films."""
    films = made_films(min(64, len(pictures.student)), with_right=with_right)
    return (
        replace(measurements, reenactment=made_reenactment(len(films.steps))),
        replace(pictures, panels=films_to_arrays(films)),
    )
