"""The result images of a student, in a form that no stretching of grey values changes.

Of every pixel only stays whether it is brighter than the image's median: that is the same before and after
`deprocess_image`, and in floats and grey levels. Images that are still noise are left out, as with the seed fixed
everybody's noise is the same, and so are digits, which everybody has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from autograder.duplicates.sketch import Vector, sketch
from autograder.evidence import Evidence, Record
from autograder.plain.untrusted_files import sha256_of
from autograder.verify.arrays import read_array

NAME = "visualized_feature"
MOST_IMAGE_SETS, MOST_IMAGES_IN_A_SET = 48, 512
# Fewer images than these are not compared.
FEWEST = 3
# Of digits, more pixels than this are paper; of an image that an ascent has made, `deprocess_image` cuts off one in
# three.
PAPER_SHARE = 0.6
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
    for record in _records(evidence):
        stack = read_array(evidence.payload(record))
        if stack is None or stack.shape[1:] != (28, 28) or len(stack) > MOST_IMAGES_IN_A_SET:
            continue
        if _are_digits(stack):
            continue
        patterns = np.stack([_pattern(image) for image in stack[_order(record, len(stack))]])
        if best is None or _used(patterns) > _used(best):
            best, run = patterns, record.run
    if best is None or _used(best) < FEWEST:
        return None
    digest = sha256_of(sorted(pattern.tobytes() for pattern in best if pattern.any()))
    pixels = _used(best) * best[0].size
    return Images(digest, len(best), sketch(best.ravel()), 2 * math.sqrt(NEAR_SHARE * pixels), run)


def _records(evidence: Evidence) -> list[Record]:
    """Return what holds images under the name of the exercise; if nothing does, under any."""
    records = evidence.of_kind("images")
    named = [record for record in records if str(record.facts.get("variable")).startswith(NAME)]
    return (named or records)[:MOST_IMAGE_SETS]


def _order(record: Record, count: int) -> list[int]:
    """Return the order of the filters: as the kernel says, else that of the images."""
    said = record.facts.get("positions")
    if not isinstance(said, list) or len(said) != count or any(type(place) is not int for place in said):
        return list(range(count))
    return sorted(range(count), key=said.__getitem__)


def _are_digits(stack: npt.NDArray[np.floating]) -> bool:
    """Tell whether most of these images are mostly of their lowest or their highest value."""
    flat = stack.reshape(len(stack), -1)
    paper = [np.mean(flat == edge(axis=1, keepdims=True), axis=1) for edge in (flat.min, flat.max)]
    return bool(np.median(np.maximum(*paper)) > PAPER_SHARE)


def _pattern(image: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
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
