"""Films of the ascents: a few images of each, as recorded and as done again, and how strongly they excite the filter.

The verifier makes them and stores them beside its other pictures; the desk, the feedback and `grid.png` show them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from autograder.exercises.activation_maximization.constants import PANELS, SIDE
from autograder.pictures import Pictures

Grey = npt.NDArray[np.uint8]
Booleans = npt.NDArray[np.bool_]

# A film shows the image after about these numbers of steps, and the last image.
ABOUT = (0, 5, 15, 30)
FRAMES = len(ABOUT) + 1
LONGEST = 401


@dataclass(frozen=True, eq=False)
class Films:
    """The films of the first images, at most `PANELS`, in the order of the images.

    Attributes:
        filters: int16, (n,): the filter that each image is meant for; -1 where there is no film.
        steps: int16, (n, FRAMES): after how many steps each frame was; -1 for a film with fewer frames.
        recorded, again: uint8, (n, FRAMES, 28, 28): the frames, made visible by `deprocess`.
        is_recorded, is_again: (n, FRAMES): whether there is such a frame.
        right: uint8, (n, 28, 28): where the exercise's own ascent leads from the same start.
        is_right: (n,): whether it was made; it is not needed where the student's was that ascent.
        activations: float32, (n, 2, at most LONGEST): mean activation of the own feature map at every step, as
            recorded and as done again; NaN where it is not known.
    """

    filters: npt.NDArray[np.int16]
    steps: npt.NDArray[np.int16]
    recorded: Grey
    is_recorded: Booleans
    again: Grey
    is_again: Booleans
    right: Grey
    is_right: Booleans
    activations: npt.NDArray[np.float32]


def films_to_arrays(films: Films) -> dict[str, npt.NDArray[Any]]:
    """Return films as arrays that `Pictures` can hold."""
    return {f"film_{one.name}": getattr(films, one.name) for one in dataclasses.fields(Films)}


def films_in(pictures: Pictures) -> Films | None:
    """Return the films among pictures; None if there are none, as in results of older versions."""
    return _films(pictures.panels)


def _films(arrays: Mapping[str, npt.NDArray[Any]]) -> Films | None:
    """Return the films if every array is of the right kind and size: anything may have written the file."""
    found = {one.name: arrays.get(f"film_{one.name}") for one in dataclasses.fields(Films)}
    steps, values = found["steps"], found["activations"]
    if steps is None or values is None or steps.ndim != 2 or values.ndim != 3:
        return None
    n, length = len(steps), values.shape[2]
    image = (SIDE, SIDE)
    expected: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
        "filters": (np.int16, (n,)),
        "steps": (np.int16, (n, FRAMES)),
        "recorded": (np.uint8, (n, FRAMES, *image)),
        "is_recorded": (np.bool_, (n, FRAMES)),
        "again": (np.uint8, (n, FRAMES, *image)),
        "is_again": (np.bool_, (n, FRAMES)),
        "right": (np.uint8, (n, *image)),
        "is_right": (np.bool_, (n,)),
        "activations": (np.float32, (n, 2, length)),
    }
    for name, (kind, shape) in expected.items():
        array = found[name]
        if array is None or array.dtype != kind or array.shape != shape:
            return None
    if n > PANELS or not 0 < length <= LONGEST:
        return None
    return Films(**found)  # type: ignore[arg-type] # none is missing
