"""Reads the recorded steps of gradient ascents, and sorts them into ascents.

The recorder notes every gradient in one row: what was differentiated, how large the gradient was, and random
projections of image and gradient. A step follows another if its image is the other's plus a multiple of the
other's gradient. Recorded steps are claims. They choose what the verifier tries to reproduce.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from autograder.evidence import Evidence
from autograder.execute.inside.ascents import (
    COLUMNS,
    MOST_ENDS,
    MOST_ROWS,
    MOST_SAMPLES,
    PROJECTIONS,
)
from autograder.exercises.activation_maximization.constants import SIDE
from autograder.verify.arrays import read_array

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

PIXELS = SIDE * SIDE
# Where a row has its numbers, before the projections.
CALL, LANE, LOSS, FIRST_SCALE, WHOLE = (
    COLUMNS.index(name) for name in ("call", "lane", "loss", "root_mean_square", "whole")
)
MOST_WHOLES, LARGEST = MOST_ENDS + MOST_SAMPLES, 1e30
# Cells whose steps are read, the last ones.
MOST_CELLS = 4
# How many ascents may be under way at once, and how many of the last steps of an ascent tell its usual step.
MOST_OPEN, LOOK_BACK = 128, 50

# A clean step ends this close to the line along its gradient, relative to its length. If something else changed the
# image as well, the cosine of the angle between step and gradient is at least the second number.
CLEAN, ROUGH = 0.2, 0.5
# With a step this short, relative to the whole way from the start, an ascent continues. It also continues if its image
# was FAR times as large as the start, and keeps the share RESTART of its size.
NEAR, FAR, RESTART = 0.3, 1.5, 0.75
# A step longer than this many usual steps begins a new ascent.
TOO_LONG = 5.0
# Two projections of the same image differ by less than this, relative to their length.
ROUNDING = 3e-5
# Only this many ascents, the nearest, are tried as those that a step continues.
MOST_TRIED = 5
# Every step began with a new start if hardly an image is nearer to the one before than this share of its distance from
# one of another ascent. Shifting an image at every step may move most of them farther than that, and never all.
ANEW, HARDLY_ANY = 0.7, 0.1
# Steps replace images if this share of the images are multiples of the gradients before them.
REPLACED_SHARE = 0.75
# After this many steps along their gradients and nothing else, an image elsewhere is a new start.
SURELY_CLEAN = 10


@dataclass(frozen=True, eq=False)
class Steps:
    """The steps that one cell recorded, in order.

    Shapes: (m,) for each row's numbers; `scales` is (m, 4): root mean square, largest absolute value and standard
    deviation of the gradient, and the root mean square over its batch; `images` and `gradients` are (m, 32)
    projections; `wholes` is float32 (k, 2, 784), images and gradients.
    """

    calls: Indices
    lanes: Indices
    losses: Floats
    scales: Floats
    whole: Indices
    images: Floats
    gradients: Floats
    wholes: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Ascent:
    """The rows of one ascent, first to last, and how far each step went as a multiple of its gradient.

    There is one multiple fewer than rows; `is_clean` tells of each whether the step was just that multiple.
    """

    rows: list[int] = field(default_factory=list)
    multiples: list[float] = field(default_factory=list)
    is_clean: list[bool] = field(default_factory=list)


def recorded_steps(evidence: Evidence, run: int) -> Iterator[Steps]:
    """Yield the steps that were recorded up to an executed cell, those of the last cell first."""
    rows = [record for record in evidence.of_kind("steps") if record.run <= run]
    for record in reversed(rows[-MOST_CELLS:]):
        wholes = [one for one in evidence.of_kind("whole_steps") if one.run == record.run]
        steps = _read(
            read_array(evidence.payload(record)), read_array(evidence.payload(wholes[-1])) if wholes else None
        )
        if steps is not None:
            yield steps


def _read(rows: npt.NDArray[np.generic] | None, wholes: npt.NDArray[np.generic] | None) -> Steps | None:
    """Return the steps that arrays hold; None if no recorder has written them."""
    if rows is None or rows.ndim != 2 or rows.shape[1] != len(COLUMNS) + 2 * PROJECTIONS:
        return None
    if not 0 < len(rows) <= MOST_ROWS:
        return None
    if wholes is None or wholes.shape[1:] != (2, PIXELS) or len(wholes) > MOST_WHOLES:
        wholes = np.zeros((0, 2, PIXELS), np.float32)
    numbers = rows.astype(np.float64)
    # a dead filter may leave NaN, and only for itself
    numbers = numbers[(np.abs(numbers) < LARGEST).all(axis=1)]
    if not len(numbers):
        return None
    kept = numbers[:, WHOLE].astype(np.intp)
    with np.errstate(over="ignore", invalid="ignore"):
        exact = np.nan_to_num(wholes.astype(np.float32), posinf=0.0, neginf=0.0)
    return Steps(
        calls=numbers[:, CALL].astype(np.intp),
        lanes=numbers[:, LANE].astype(np.intp),
        losses=numbers[:, LOSS],
        scales=np.abs(numbers[:, FIRST_SCALE:WHOLE]),
        whole=np.where((kept >= 0) & (kept < len(exact)), kept, -1),
        images=numbers[:, len(COLUMNS) : -PROJECTIONS],
        gradients=numbers[:, -PROJECTIONS:],
        wholes=exact,
    )


def ascents_in(steps: Steps) -> list[Ascent]:
    """Sort steps into ascents: each row follows the last row of one, or begins a new one."""
    ascents: list[Ascent] = []
    recent: dict[int, None] = {}  # the ascents that may continue, the latest last
    before: dict[int, int] = {}  # the ascents that the call before belongs to, by lane
    bounds = [0, *(np.flatnonzero(np.diff(steps.calls)) + 1).tolist(), len(steps.calls)]
    for first, after in itertools.pairwise(bounds):
        now: dict[int, int] = {}
        for row in range(first, after):
            lane = int(steps.lanes[row])
            found = _followed(steps, row, ascents, before.get(lane), recent, set(now.values()))
            if found is None:
                index = len(ascents)
                ascents.append(Ascent([row]))
            else:
                index, multiple, is_clean = found
                ascents[index].rows.append(row)
                ascents[index].multiples.append(multiple)
                ascents[index].is_clean.append(is_clean)
            now[lane] = index
            recent.pop(index, None)
            recent[index] = None
            if len(recent) > MOST_OPEN:
                del recent[next(iter(recent))]
        before = now
    return ascents


def _followed(
    steps: Steps,
    row: int,
    ascents: list[Ascent],
    before: int | None,
    recent: Iterable[int],
    taken: set[int],
) -> tuple[int, float, bool] | None:
    """Return the ascent that a row continues, its last step's multiple, and whether the step is clean."""
    rough: tuple[int, float, bool] | None = None
    if before is not None and before not in taken:
        multiple, rest, cosine = way_along(steps, ascents[before].rows[-1], steps.images[row])
        if rest <= CLEAN and is_usual(ascents[before], steps, multiple):
            return before, multiple, True
        is_near = _is_near(steps, ascents[before], row)
        leads_on = cosine >= ROUGH or (cosine <= -ROUGH and any(ascents[before].multiples))
        clean = ascents[before].is_clean
        may_be_rough = len(clean) < SURELY_CLEAN or not all(clean)
        if is_near or (may_be_rough and leads_on and is_usual(ascents[before], steps, multiple)):
            rough = (before, multiple, False)
    others = [index for index in recent if index not in taken]
    if others:
        last = np.array([ascents[index].rows[-1] for index in others])
        multiples, rests, _ = ways_along(steps, last, steps.images[row][np.newaxis])
        for place in np.argsort(rests)[:MOST_TRIED]:
            index = others[place]
            if rests[place] <= CLEAN and is_usual(ascents[index], steps, float(multiples[place])):
                return index, float(multiples[place]), True
    return rough


def _is_near(steps: Steps, ascent: Ascent, row: int) -> bool:
    """Tell whether an image is nearer to the last one of an ascent than a new start would be.

    That is so if the step is short beside the whole way from the start, or if the ascent has left the start far behind
    and this image is about as large as the last.
    """
    start, last, image = (steps.images[one] for one in (ascent.rows[0], ascent.rows[-1], row))
    first, before, now = (float(np.linalg.norm(one)) for one in (start, last, image))
    is_short = np.linalg.norm(image - last) <= NEAR * np.linalg.norm(last - start)
    return bool(is_short or (before > FAR * first and now > RESTART * before))


def way_along(steps: Steps, last: int, image: Floats) -> tuple[float, float, float]:
    """Return what `ways_along` returns, of one image, (32,), and one row."""
    multiples, rests, cosines = ways_along(steps, np.array([last]), image[np.newaxis])
    return float(multiples[0]), float(rests[0]), float(cosines[0])


def ways_along(steps: Steps, last: Indices, images: Floats) -> tuple[Floats, Floats, Floats]:
    """Return how images, (n, 32), are placed relative to the lines along the gradients of rows, (n,).

    Returns:
        The multiple of the gradient that leads nearest, what is left over relative to the whole way, and the cosine
        between the way and the gradient. All are 0 for an image that has not moved.
    """
    moved, along = images - steps.images[last], steps.gradients[last]
    moved = np.where(
        np.linalg.norm(moved, axis=1, keepdims=True)
        <= ROUNDING * np.linalg.norm(steps.images[last], axis=1, keepdims=True),
        0.0,
        moved,
    )
    square, way = np.square(along).sum(axis=1), np.linalg.norm(moved, axis=1)
    product = (moved * along).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        multiples = np.where(square > 0, product / square, 0.0)
        rests = np.linalg.norm(moved - multiples[:, np.newaxis] * along, axis=1) / way
        cosines = product / np.sqrt(square) / way
    still = way == 0
    return (
        np.where(still, 0.0, multiples),
        np.where(still, 0.0, rests),
        np.where(still | (square == 0), 0.0, cosines),
    )


def is_usual(ascent: Ascent, steps: Steps, multiple: float) -> bool:
    """Tell whether a step goes in the direction of an ascent's last ones, and not much farther."""
    pairs = zip(ascent.multiples[-LOOK_BACK:], ascent.rows[:-1][-LOOK_BACK:], strict=True)
    moves = np.array([multiple * steps.scales[row, 0] for multiple, row in pairs if multiple])
    direction = np.sign(np.sign(moves).sum())
    if not multiple or not direction:
        return True
    length = direction * multiple * steps.scales[ascent.rows[-1], 0]
    return bool(0 < length <= TOO_LONG * np.median(np.abs(moves)))


def replacing(steps: Steps) -> list[Ascent]:
    """Return the ascents in which every step takes the place of the image; none if steps are added, as asked.

    An image then is a multiple of the gradient before it, and does not lie where adding the multiple would lead.
    """
    ascents: list[Ascent] = []
    replaced = []
    for lane in np.unique(steps.lanes).tolist():
        rows = np.flatnonzero(steps.lanes == lane)
        before, images = rows[:-1], steps.images[rows[1:]]
        along = steps.gradients[before]
        square, length = np.square(along).sum(axis=1), np.linalg.norm(images, axis=1)
        product = (images * along).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            multiples = np.nan_to_num(product / square)
            is_multiple = np.nan_to_num(np.abs(product) / np.sqrt(square) / length) >= 1 - ROUNDING
        added, rests, _ = ways_along(steps, before, images)
        is_new = is_multiple & ((added == 0) | (rests > CLEAN))
        replaced.append(is_new[square > 0])
        bounds = [0, *(np.flatnonzero(~is_new) + 1).tolist(), len(rows)]
        for first, after in itertools.pairwise(bounds):
            moves = multiples[first : after - 1].tolist()
            ascents.append(Ascent(rows[first:after].tolist(), moves, [True] * len(moves)))
    together = np.concatenate(replaced)
    if not len(together) or together.mean() < REPLACED_SHARE:
        return []
    return sorted(ascents, key=lambda ascent: ascent.rows[0])


def regular(steps: Steps, ascents: list[Ascent], count: int) -> list[Ascent]:
    """Return ascents of equal length, one for each of `count` images, if steps fit together in nothing but number.

    Where every step ends in a clipping or a shift of the image, nothing else tells where an ascent begins.
    """
    each, rest = divmod(len(steps.calls), count)
    if rest or each < 2 or len(ascents) < 2 * count or steps.lanes.any() or _begin_anew(steps, each):
        return ascents
    found = []
    for first in range(0, len(steps.calls), each):
        rows = list(range(first, first + each))
        multiples, rests, _ = ways_along(steps, np.array(rows[:-1]), steps.images[rows[1:]])
        found.append(Ascent(rows, multiples.tolist(), (rests <= CLEAN).tolist()))
    return found


def _begin_anew(steps: Steps, each: int) -> bool:
    """Tell whether every image is a new start: about as far from the one before as from one of another ascent."""
    near = np.linalg.norm(np.diff(steps.images, axis=0), axis=1)
    far = np.linalg.norm(steps.images[each:] - steps.images[:-each], axis=1)
    return len(far) > 0 and bool(np.quantile(near, HARDLY_ANY) > ANEW * np.median(far))
