"""What an ascent may climb: the mean of a feature map, as asked, or what students take in its place.

An objective is described by its value and by its derivative with respect to the maps of a layer. So one compiled
function per layer, from that derivative to the gradient with respect to the images, serves all objectives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from autograder.verify.compiled import Computation
from autograder.verify.graph import FrozenModel, LayerOutput

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

# Images that are computed together.
TOGETHER = 64

Kind = Literal[
    "mean", "border_left_out", "maximum", "mean_square", "place", "row", "column",
    "row_of_all", "column_of_all", "layer", "unit", "log_unit", "strongest",
]  # fmt: skip


class Maps:
    """The maps of one layer, (n, height, width, filters), or its units, as (n, 1, 1, units)."""

    def __init__(self, model: FrozenModel, layer: LayerOutput) -> None:
        self.layer = layer
        self.is_flat = len(model.shapes[layer.tensor]) == 2
        self.filters = model.shapes[layer.tensor][-1] or 0
        self._function = model.function(layer.tensor)

    def of(self, images: Floats) -> Floats:
        """Return the maps of images, (n, 784)."""
        computed = [self._function(tf.constant(part)).numpy()[:count] for part, count in _batches(images)]
        maps: Floats = np.concatenate(computed)
        return maps[:, np.newaxis, np.newaxis] if self.is_flat else maps

    def gradients(self, images: Floats, derivative: Floats) -> Floats:
        """Return the gradients with respect to images, (n, 784), of what has this derivative with respect to maps."""
        pull_back = _pull_back(self._function.computation)
        parts = []
        for start, (part, count) in zip(range(0, len(images), TOGETHER), _batches(images), strict=True):
            above = np.zeros((TOGETHER, *derivative.shape[1:]), np.float32)
            above[:count] = derivative[start : start + count]
            above = above[:, 0, 0] if self.is_flat else above
            found = pull_back(tf.constant(part), tf.constant(above), *self._function.weights)
            parts.append(found.numpy()[:count].reshape(count, -1))
        return np.concatenate(parts)


def _batches(images: Floats) -> Iterable[tuple[Floats, int]]:
    for start in range(0, len(images), TOGETHER):
        part = images[start : start + TOGETHER]
        batch = np.zeros((TOGETHER, 28, 28, 1), np.float32)
        batch[: len(part)] = part.reshape(-1, 28, 28, 1)
        yield batch, len(part)


@lru_cache(maxsize=16)
def _pull_back(computation: Computation) -> Callable[..., tf.Tensor]:
    def pull_back(images: tf.Tensor, derivative: tf.Tensor, *weights: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(images)
            maps = computation(images, *weights)
        return tape.gradient(
            maps, images, output_gradients=derivative, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )

    return tf.function(pull_back, autograph=False)  # type: ignore[no-any-return]


def forget_objectives() -> None:
    """Free all compiled functions."""
    _pull_back.cache_clear()


@dataclass(frozen=True)
class Objective:
    """What an ascent climbs, for maps of one layer.

    Attributes:
        kind: the functional.
        place: where it is taken, as far as that is the same for all filters: row and column, the width of a border
            that is left out, or how many of the largest values count.
    """

    kind: Kind
    place: tuple[int, ...] = ()

    @property
    def is_linear(self) -> bool:
        """Whether its derivative is the same for all maps."""
        return self.kind not in {"maximum", "mean_square", "log_unit", "strongest"}

    def value(self, maps: Floats, filters: Indices) -> Floats:
        """Return the value for each image, (n,), from its maps, (n, height, width, filters)."""
        own = maps[np.arange(len(maps)), :, :, filters % maps.shape[3]]
        match self.kind:
            case "mean":
                result = own.mean(axis=(1, 2))
            case "border_left_out":
                result = self._inside(own).mean(axis=(1, 2))
            case "maximum":
                result = own.max(axis=(1, 2))
            case "strongest":
                result = means_of_the_largest(own)[:, self.place[0] - 1]
            case "mean_square":
                result = np.square(own).mean(axis=(1, 2))
            case "place":
                result = own[:, self.place[0], self.place[1]]
            case "row":
                result = own[:, self.place[0]].mean(axis=1)
            case "column":
                result = own[:, :, self.place[0]].mean(axis=1)
            case "row_of_all":
                result = maps[np.arange(len(maps)), filters % maps.shape[1]].mean(axis=(1, 2))
            case "column_of_all":
                result = maps[np.arange(len(maps)), :, filters % maps.shape[2]].mean(axis=(1, 2))
            case "layer":
                result = maps.mean(axis=(1, 2, 3))
            case "unit":
                result = own[:, 0, 0]
            case "log_unit":
                result = np.log(np.maximum(own[:, 0, 0], 1e-12))
        value: Floats = result
        return value

    def derivative(self, maps: Floats, filters: Indices) -> Floats:
        """Return the derivative of the value with respect to the maps, (n, height, width, filters)."""
        n = np.arange(len(maps))
        own = maps[n, :, :, filters % maps.shape[3]]  # (n, height, width)
        slope, whole = np.zeros_like(own), np.zeros_like(maps)
        if self.kind == "mean":
            slope += 1 / (own.shape[1] * own.shape[2])
        elif self.kind == "border_left_out":
            inside = self._inside(slope)
            inside += 1 / max(inside.shape[1] * inside.shape[2], 1)
        elif self.kind == "maximum":
            top = own == own.max(axis=(1, 2), keepdims=True)
            slope += top / top.sum(axis=(1, 2), keepdims=True)
        elif self.kind == "strongest":
            count = self.place[0]
            largest = np.argsort(-own.reshape(len(own), -1), axis=1, kind="stable")[:, :count]
            np.put_along_axis(slope.reshape(len(own), -1), largest, 1 / count, axis=1)
        elif self.kind == "mean_square":
            slope += 2 * own / (own.shape[1] * own.shape[2])
        elif self.kind in {"place", "unit"}:
            slope[:, self.place[0] if self.place else 0, self.place[1] if self.place else 0] = 1
        elif self.kind == "row":
            slope[:, self.place[0]] = 1 / own.shape[2]
        elif self.kind == "column":
            slope[:, :, self.place[0]] = 1 / own.shape[1]
        elif self.kind == "log_unit":
            slope[:, 0, 0] = 1 / np.maximum(own[:, 0, 0], 1e-12)
        elif self.kind == "row_of_all":
            whole[n, filters % maps.shape[1]] = 1 / (maps.shape[2] * maps.shape[3])
            return whole
        elif self.kind == "column_of_all":
            whole[n, :, filters % maps.shape[2]] = 1 / (maps.shape[1] * maps.shape[3])
            return whole
        else:
            return whole + np.float32(1 / whole[0].size)
        whole[n, :, :, filters % maps.shape[3]] = slope
        return whole

    def _inside(self, own: Floats) -> Floats:
        width = self.place[0]
        return own[:, width:-width, width:-width]


def means_of_the_largest(own: Floats) -> Floats:
    """Return the means of the largest value, of the two largest, and so on, of maps, (n, height, width)."""
    ranked = -np.sort(-own.reshape(len(own), -1).astype(np.float64), axis=1)
    means: Floats = (ranked.cumsum(axis=1) / np.arange(1, ranked.shape[1] + 1)).astype(np.float32)
    return means


def cosines(one: Floats, other: Floats) -> npt.NDArray[np.float64]:
    """Return the cosine between each two rows, (n,); 0 where one of them is 0."""
    a, b = one.astype(np.float64), other.astype(np.float64)
    length = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    result: npt.NDArray[np.float64] = np.where(
        length > 0, (a * b).sum(axis=1) / np.maximum(length, 1e-300), 0.0
    )
    return result
