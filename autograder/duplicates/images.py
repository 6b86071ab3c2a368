"""A student's result images, in a form that no stretching of grey values changes.

Of every pixel, it keeps only whether the pixel is brighter than the image's median. That is the same before
and after `deprocess_image`, and for floats and grey levels. Images that are still noise are left out, because
the fixed seed gives all students the same noise; so are digits, which all students have.
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

MOST_IMAGE_SETS, MOST_IMAGES_IN_A_SET = 48, 512
# Fewer images than these are not compared.
FEWEST = 3
# In a digit, more than this share of pixels is paper; in an image from gradient ascent, `deprocess_image`
# clips one pixel in three.
PAPER_SHARE = 0.6
# In noise, neighbours are independent: for 28 x 28 pixels the correlation is mostly within 0.04 of zero.
NOISE_CORRELATION = 0.2
_SHIFTS = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (2, 2))
# Nearly equal: at most this share of pixels differs in its side of the median.
NEAR_SHARE = 0.04


@dataclass(frozen=True, eq=False)
class Images:
    """The result images of one student.

    Attributes:
        digest: equal for equal images, in any order.
        count: the number of images; only sketches of the same number can be compared.
        sketch: of all pixels, with the images in the order of their filters.
        near: images closer than this distance are nearly equal.
        run: the cell after which the images existed, in the records' numbering.
    """

    digest: str
    count: int
    sketch: Vector | None
    near: float
    run: int


def images_of(evidence: Evidence, name: str) -> Images | None:
    """Return the largest set of result images, the first of equals; None if nothing can be compared.

    Args:
        evidence: of one submission.
        name: what the exercise calls these images.
    """
    best: npt.NDArray[np.float64] | None = None
    run = 0
    for record in _records(evidence, name):
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


def _records(evidence: Evidence, name: str) -> list[Record]:
    """Return the records with images under this name; if there are none, under any name."""
    records = evidence.of_kind("images")
    named = [record for record in records if str(record.facts.get("variable")).startswith(name)]
    return (named or records)[:MOST_IMAGE_SETS]


def _order(record: Record, count: int) -> list[int]:
    """Return the order of the filters: from the kernel if known, else the order of the images."""
    said = record.facts.get("positions")
    if not isinstance(said, list) or len(said) != count or any(type(place) is not int for place in said):
        return list(range(count))
    return sorted(range(count), key=said.__getitem__)


def _are_digits(stack: npt.NDArray[np.floating]) -> bool:
    """Tell whether most of these images consist mostly of their lowest or highest value."""
    flat = stack.reshape(len(stack), -1)
    paper = [np.mean(flat == edge(axis=1, keepdims=True), axis=1) for edge in (flat.min, flat.max)]
    return bool(np.median(np.maximum(*paper)) > PAPER_SHARE)


def _pattern(image: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return 1 for pixels above the median and -1 for the others; all zeros for noise and the like."""
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
