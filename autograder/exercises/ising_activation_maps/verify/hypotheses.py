"""What handed-in maps may be: the maps asked for, or those that a mistake leads to, computed from the same network.

A mistake is named only if the maps that it leads to are the ones that were handed in. Maps are compared by their
correlation, each on its own, because a factor and a constant are only units. The right maps of both classes are nearly
opposite, and so some wrong maps look like right ones on single lattices. But not on all, and never as closely.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from scipy.ndimage import zoom

from autograder.exercises.ising_activation_maps.verify.head import Ingredients
from autograder.exercises.ising_activation_maps.verify.names import ASKED, MISALIGNED

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

# Maps are the same if 1 minus their correlation is below this: eight bits for a number leave about 1e-5. Surely the
# same, so that nothing closer needs to be looked for, below the other.
SAME, SURE = 1e-4, 2e-6
# Maps have the units of the formula if they differ from it by less than this, relative to their root mean square.
EXACT = 1e-3


@dataclass(frozen=True)
class PossibleMaps:
    """Maps under a name: float (n, 2, height, width)."""

    name: str
    maps: Floats


@dataclass(frozen=True)
class Fit:
    """How well a hypothesis explains the maps that were handed in.

    Attributes:
        name: of the hypothesis.
        fitting: how many maps it explains.
        deficit: 1 minus the correlation, the mean over these.
        resized: were its maps enlarged before?
    """

    name: str
    fitting: int
    deficit: float
    resized: bool = False

    @property
    def order(self) -> tuple[int, float]:
        """What makes one fit better than another: it explains more maps, then closer."""
        return self.fitting, -self.deficit


def best_fit(handed_in: Floats, found: Ingredients) -> Fit:
    """Return the hypothesis that explains most of the maps, (n, 2, height, width); the name is empty if none does."""
    fits: list[Fit] = []
    for hypothesis in hypotheses(found):
        for maps, resized in _of_size(hypothesis, handed_in.shape[2:]):
            fit = _fit(hypothesis.name, handed_in, maps, resized=resized)
            fits.append(fit)
            if fit.name == ASKED and fit.fitting == handed_in.shape[0] * 2 and fit.deficit < SURE:
                return fit
    best = max(fits, key=lambda fit: fit.order, default=Fit("", 0, 1.0))
    return best if best.fitting else Fit("", 0, 1.0)


def hypotheses(found: Ingredients) -> Iterator[PossibleMaps]:
    """Yield what the maps may be, the right ones first."""
    maps = found.maps
    yield PossibleMaps(ASKED, maps)
    yield PossibleMaps("other_class", maps[:, ::-1])
    yield PossibleMaps("other_sign", -maps)
    yield PossibleMaps("minus_other_class", -maps[:, ::-1])
    for one in (maps, maps[:, ::-1], -maps, -maps[:, ::-1]):
        turned = one.swapaxes(2, 3)
        for other in (turned, turned[:, :, ::-1], turned[:, :, :, ::-1]):
            yield PossibleMaps("transposed", other)
        for other in (one[:, :, ::-1], one[:, :, :, ::-1], one[:, :, ::-1, ::-1]):
            yield PossibleMaps("mirrored", other)
    for order in permutations(range(len(maps))):
        if order != tuple(range(len(maps))) and len(maps) <= 4:
            yield PossibleMaps("other_order", maps[list(order)])
    yield from _other_sums(found)
    yield from _by_gradients(found)
    for other in found.others:
        other_maps = np.einsum("nhwk,nkc->nchw", other, found.weights)
        yield PossibleMaps("other_features", other_maps)
        yield PossibleMaps("unweighted_features", _twice(other.sum(axis=3)))


def _other_sums(found: Ingredients) -> Iterator[PossibleMaps]:
    """Yield what other sums over the filters lead to, or another end of the right one."""
    maps, features, weights = found.maps, found.features, found.weights
    yield PossibleMaps("positive_part", np.maximum(maps, 0))
    yield PossibleMaps("absolute_value", np.abs(maps))
    difference = maps - maps[:, ::-1]
    yield PossibleMaps("difference", difference)
    yield PossibleMaps("positive_part", np.maximum(difference, 0))
    for c in range(maps.shape[1]):
        yield PossibleMaps("one_class_twice", _twice(maps[:, c]))
    named = np.take_along_axis(maps, found.logits.argmax(axis=1)[:, None, None, None], axis=1)
    yield PossibleMaps("one_class_twice", _twice(named[:, 0]))
    yield PossibleMaps("unweighted_features", _twice(features.sum(axis=3)))
    yield PossibleMaps("absolute_weights", np.einsum("nhwk,nkc->nchw", features, np.abs(weights)))
    positive = np.einsum("nhwk,nkc->nchw", features, np.maximum(weights, 0))
    yield PossibleMaps("positive_weights", positive)
    yield PossibleMaps("largest_feature", _twice(features.max(axis=3)))
    for k in range(features.shape[3]):
        yield PossibleMaps("one_feature", _twice(features[..., k]))
    heaviest = weights.argmax(axis=1)  # (n, 2)
    yield PossibleMaps(
        "one_feature",
        np.stack([features[i][..., heaviest[i]] for i in range(len(maps))]).transpose(0, 3, 1, 2),
    )


def _by_gradients(found: Ingredients) -> Iterator[PossibleMaps]:
    """Yield gradients by the spins, which say what a change would do, and not what is there."""
    gradients = found.gradients
    difference = gradients - gradients[:, ::-1]
    for one in (gradients, np.abs(gradients), difference, np.abs(difference), np.maximum(gradients, 0)):
        yield PossibleMaps("gradient", one)


def _twice(maps: Floats) -> Floats:
    return np.stack([maps, maps], axis=1)


def _of_size(hypothesis: PossibleMaps, size: tuple[int, ...]) -> Iterator[tuple[Floats, bool]]:
    """Yield the maps as they are if they have this size, else as the usual ways enlarge them."""
    maps = hypothesis.maps
    height, width = maps.shape[2:]
    if (height, width) == size:
        yield maps, False
        return
    if hypothesis.name not in {ASKED, *MISALIGNED, "positive_part"} or min(size) < 2:
        return
    if size[0] % height == 0 and size[1] % width == 0:
        yield maps.repeat(size[0] // height, axis=2).repeat(size[1] // width, axis=3), True
    for method in ("bilinear", "bicubic"):
        last = tf.image.resize(maps.transpose(0, 2, 3, 1), size, method=method).numpy()
        yield last.transpose(0, 3, 1, 2), True
    for order in (1, 3):
        enlarged = zoom(maps, (1, 1, size[0] / height, size[1] / width), order=order)
        if enlarged.shape[2:] == size:
            yield enlarged, True


def _fit(name: str, handed_in: Floats, maps: Floats, *, resized: bool) -> Fit:
    deficits = 1 - correlations(handed_in, maps)
    same = deficits < SAME
    return Fit(name, int(same.sum()), float(deficits[same].mean()) if same.any() else 1.0, resized)


def correlations(first: Floats, second: Floats) -> Doubles:
    """Return the correlation of each map with its other, (n, 2); maps of one value each correlate with each other."""
    one, other = _centred(first), _centred(second)
    lengths = [np.linalg.norm(part, axis=2) for part in (one, other)]
    flat = [
        length < 1e-9 * (1 + np.abs(part).max())
        for length, part in zip(lengths, (first, second), strict=True)
    ]
    product = (one * other).sum(axis=2)
    found: Doubles = np.divide(
        product, lengths[0] * lengths[1], out=np.zeros_like(product), where=~(flat[0] | flat[1])
    )
    return np.where(flat[0] & flat[1], 1.0, found)


def _centred(maps: Floats) -> Doubles:
    rows = maps.reshape(*maps.shape[:2], -1).astype(np.float64)
    centred: Doubles = rows - rows.mean(axis=2, keepdims=True)
    return centred


def relative_errors(handed_in: Floats, right: Floats) -> Doubles:
    """Return the distance of each map from the right one, relative to the root mean square of that one, (n, 2)."""
    difference = handed_in.astype(np.float64) - right
    size = np.sqrt(np.square(right.astype(np.float64)).mean(axis=(2, 3))) + 1e-30
    errors: Doubles = np.sqrt(np.square(difference).mean(axis=(2, 3))) / size
    return errors
