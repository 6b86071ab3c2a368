"""The result images of a student, in a form that no stretching of grey values changes.

Of every pixel only stays whether it is brighter than the image's median: that is the same before and after
`deprocess_image`, and in floats and grey levels. Images that are still noise are left out: with the seed fixed,
everybody's noise is the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from autograder.evidence import Evidence
from autograder.plain_files import sha256_of
from autograder.record.duplicates.sketch import Vector, sketch
from autograder.verify.images import image_sets, looks_like_digits

# Fewer images than these are not compared.
FEWEST = 3
# In noise, neighbours have nothing in common: the correlation of 28 x 28 pixels is off by 0.04 at most times.
NOISE_CORRELATION = 0.2
_SHIFTS = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (2, 2))
# Nearly equal: at most this share of pixels is on the other side of the median.
NEAR_SHARE = 0.04


@dataclass(frozen=True, eq=False)
class Images:
    """The result images of one student.

    Attributes:
        digest: equal for equal images, in whatever order they are.
        count: how many there are; only sketches of as many can be compared.
        sketch: of all pixels, the images in the order of their filters.
        near: the distance from which others are other images.
        run: the cell after which they were there, as records count.
    """

    digest: str
    count: int
    sketch: Vector | None
    near: float
    run: int


def images_of(evidence: Evidence) -> Images | None:
    """Return the fullest set of result images, the first of equals; None if nothing can be compared."""
    best: npt.NDArray[np.float64] | None = None
    run = 0
    for record, stack, positions in image_sets(evidence):
        if looks_like_digits(stack):
            continue
        patterns = np.stack([_pattern(image) for image in stack[np.argsort(positions, kind="stable")]])
        if best is None or _used(patterns) > _used(best):
            best, run = patterns, record.run
    if best is None or _used(best) < FEWEST:
        return None
    digest = sha256_of(sorted(pattern.tobytes() for pattern in best if pattern.any()))
    pixels = _used(best) * best[0].size
    return Images(digest, len(best), sketch(best.ravel()), 2 * math.sqrt(NEAR_SHARE * pixels), run)


def _pattern(image: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return 1 for pixels above the median and -1 for the others; only zeros for noise and the like."""
    exact = image.astype(np.float64)
    if not np.isfinite(exact).all() or exact.min() == exact.max():
        return np.zeros(exact.shape)
    signs = np.where(exact > np.median(exact), 1.0, -1.0)
    return signs if _is_structured(signs) else np.zeros(exact.shape)


def _is_structured(signs: npt.NDArray[np.float64]) -> bool:
    height, width = signs.shape
    return any(
        abs(float(np.mean(signs[down:, right:] * signs[: height - down, : width - right])))
        > NOISE_CORRELATION
        for down, right in _SHIFTS
    )


def _used(patterns: npt.NDArray[np.float64]) -> int:
    return int(patterns.any(axis=(1, 2)).sum())
