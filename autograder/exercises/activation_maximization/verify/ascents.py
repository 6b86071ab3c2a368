"""Reads the recorded steps of gradient ascents, and finds the ascent that each handed-in image came out of.

The recorder notes every gradient in one row: what was differentiated, how large the gradient was, and random
projections of image and gradient. A step follows another if its image is the other's plus a multiple of the
other's gradient. Recorded steps are claims. They choose what the verifier tries to reproduce.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from autograder.evidence import Evidence
from autograder.verify.arrays import read_array

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

PIXELS = 28 * 28
# As the recorder draws and arranges them.
PROJECTIONS, SEED = 32, 0
CALL, LANE, SOURCE, LOSS, FIRST_SCALE, WHOLE = 0, 1, 2, 3, 4, 8
COLUMNS = 9
MOST_ROWS, MOST_WHOLES, LARGEST = 20_000, 2_000, 1e30

# How far from a straight line along the gradient a step may end, relative to its length: for a clean step, and
# cosine of the angle for one after which something else changed the image, too.
CLEAN, ROUGH = 0.2, 0.5
# A step this short, relative to the whole way from the start, leads to no new start. Nor does one after which an image
# that was this many times as large as the start keeps this share of its size.
NEAR, FAR, RESTART = 0.3, 1.5, 0.75
# A step longer than this many usual ones is a new start.
TOO_LONG = 5.0
# Two projections of the same image differ by less than this, relative to their length.
ROUNDING = 3e-5
# An image counts as the end of an ascent if it is this close to the line along the last gradient.
# If so many of the steps follow no other, each of them began anew.
ANEW = 0.9
CLOSE, MOST_TRIED = 0.02, 5
# An image that was changed after its ascent still looks like its end: correlation of the pixels' ranks.
ALIKE = 0.9


@dataclass(frozen=True, eq=False)
class Steps:
    """The steps that one cell recorded, in order.

    Shapes: (m,) for each row's numbers; `scales` is (m, 4): root mean square, largest absolute value and standard
    deviation of the gradient, and the root mean square over its batch; `images` and `gradients` are (m, 32)
    projections; `wholes` is float32 (k, 2, 784), images and gradients.
    """

    calls: Indices
    lanes: Indices
    sources: Indices
    losses: Floats
    scales: Floats
    whole: Indices
    images: Floats
    gradients: Floats
    wholes: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Ascent:
    """The rows of one ascent, first to last, and how far each step went as a multiple of its gradient."""

    rows: list[int] = field(default_factory=list)
    multiples: list[float] = field(default_factory=list)  # one fewer than rows
    is_clean: list[bool] = field(default_factory=list)  # was the step a multiple of the gradient?

    @property
    def direction(self) -> float:
        """1 up the gradient, -1 down, 0 as long as nothing has moved."""
        return float(np.sign(sum(np.sign(self.multiples))))


@dataclass(frozen=True)
class Link:
    """The ascent that an image came out of.

    Attributes:
        ascent: its index.
        steps: the number of updates before the image was kept; of the whole ascent if its start or gradient was kept.
        kept: "end" for the image after the last update, "earlier" or "start" for one before, "gradient" for that of the
            last step, and "picture" for an end that was changed since.
        multiple: of the last gradient, for the update after the last recorded step; 0 if there was none.
        is_clean: whether that update is exactly a multiple of the gradient.
    """

    ascent: int
    steps: int
    kept: str
    multiple: float = 0.0
    is_clean: bool = True


def recorded_steps(evidence: Evidence, run: int) -> Iterator[Steps]:
    """Yield the steps that were recorded up to an executed cell, those of the last cell first."""
    rows = [record for record in evidence.of_kind("steps") if record.run <= run]
    for record in reversed(rows):
        wholes = [one for one in evidence.of_kind("whole_steps") if one.run == record.run]
        steps = _read(
            read_array(evidence.payload(record)), read_array(evidence.payload(wholes[-1])) if wholes else None
        )
        if steps is not None:
            yield steps


def _read(rows: npt.NDArray[np.generic] | None, wholes: npt.NDArray[np.generic] | None) -> Steps | None:
    """Return the steps that arrays hold; None if no recorder has written them."""
    if rows is None or rows.ndim != 2 or rows.shape[1] != COLUMNS + 2 * PROJECTIONS:
        return None
    if not 0 < len(rows) <= MOST_ROWS:
        return None
    if wholes is None or wholes.shape[1:] != (2, PIXELS) or len(wholes) > MOST_WHOLES:
        wholes = np.zeros((0, 2, PIXELS), np.float32)
    numbers = rows.astype(np.float64)
    if not (np.abs(numbers) < LARGEST).all():
        return None
    kept = numbers[:, WHOLE].astype(np.intp)
    with np.errstate(over="ignore", invalid="ignore"):
        exact = np.nan_to_num(wholes.astype(np.float32), posinf=0.0, neginf=0.0)
    return Steps(
        calls=numbers[:, CALL].astype(np.intp),
        lanes=numbers[:, LANE].astype(np.intp),
        sources=numbers[:, SOURCE].astype(np.intp),
        losses=numbers[:, LOSS],
        scales=np.abs(numbers[:, FIRST_SCALE:WHOLE]),
        whole=np.where((kept >= 0) & (kept < len(exact)), kept, -1),
        images=numbers[:, COLUMNS : COLUMNS + PROJECTIONS],
        gradients=numbers[:, COLUMNS + PROJECTIONS :],
        wholes=exact,
    )


def seen_outside(evidence: Evidence, run: int, images: npt.NDArray[np.float32]) -> int:
    """Return how many images, (n, 784), came out of functions that take gradients where nothing can be seen."""
    parts = [read_array(evidence.payload(one)) for one in evidence.of_kind("outside") if one.run <= run]
    fitting = [part for part in parts if part is not None and part.shape[1:] == (PROJECTIONS,)]
    if not fitting:
        return 0
    outside = np.concatenate(fitting)[-MOST_ROWS:].astype(np.float64)
    seen = projected(images)
    return sum(
        bool((np.linalg.norm(outside - one, axis=1) <= ROUNDING * np.linalg.norm(one)).any()) for one in seen
    )


def projected(images: npt.NDArray[np.generic]) -> Floats:
    """Return the recorder's projections, (n, 32), of images, (n, 784)."""
    generator = np.random.default_rng(SEED)
    directions = generator.standard_normal((PIXELS, PROJECTIONS)).astype(np.float32)
    result: Floats = images.astype(np.float32).astype(np.float64) @ directions.astype(np.float64)
    return result


def ascents_in(steps: Steps) -> list[Ascent]:
    """Sort steps into ascents: each row follows the last row of one, or begins a new one."""
    ascents: list[Ascent] = []
    before: dict[int, int] = {}  # the ascents that the call before belongs to, by lane
    bounds = [0, *(np.flatnonzero(np.diff(steps.calls)) + 1).tolist(), len(steps.calls)]
    for first, after in itertools.pairwise(bounds):
        now: dict[int, int] = {}
        for row in range(first, after):
            lane = int(steps.lanes[row])
            found = _followed(steps, row, ascents, before.get(lane), set(now.values()))
            if found is None:
                ascents.append(Ascent([row]))
                now[lane] = len(ascents) - 1
                continue
            index, multiple, is_clean = found
            ascents[index].rows.append(row)
            ascents[index].multiples.append(multiple)
            ascents[index].is_clean.append(is_clean)
            now[lane] = index
        before = now
    return ascents


def _followed(
    steps: Steps, row: int, ascents: list[Ascent], before: int | None, taken: set[int]
) -> tuple[int, float, bool] | None:
    """Return the ascent that a row continues, its last step's multiple, and whether the step is clean."""
    rough: tuple[int, float, bool] | None = None
    if before is not None and before not in taken:
        multiple, rest, cosine = _move(steps, ascents[before].rows[-1], steps.images[row])
        if rest <= CLEAN and _is_usual(ascents[before], steps, multiple):
            return before, multiple, True
        is_near = _is_near(steps, ascents[before], row)
        if is_near or (abs(cosine) >= ROUGH and _is_usual(ascents[before], steps, multiple)):
            rough = (before, multiple, False)
    open_ones = [index for index in range(len(ascents)) if index not in taken]
    if open_ones:
        last = np.array([ascents[index].rows[-1] for index in open_ones])
        multiples, rests, _ = _moves(steps, last, steps.images[row][np.newaxis])
        for place in np.argsort(rests)[:3]:
            index = open_ones[place]
            if rests[place] <= CLEAN and _is_usual(ascents[index], steps, float(multiples[place])):
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


def _move(steps: Steps, last: int, image: Floats) -> tuple[float, float, float]:
    multiples, rests, cosines = _moves(steps, np.array([last]), image[np.newaxis])
    return float(multiples[0]), float(rests[0]), float(cosines[0])


def _moves(steps: Steps, last: Indices, images: Floats) -> tuple[Floats, Floats, Floats]:
    """Return how images, (n, 32), lie to the lines along the gradients of rows, (n,).

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


def _is_usual(ascent: Ascent, steps: Steps, multiple: float) -> bool:
    """Tell whether a step goes in the direction of an ascent and not much farther than its others."""
    if not multiple or not ascent.direction:
        return True
    if np.sign(multiple) != ascent.direction:
        return False
    moves = [m * steps.scales[r, 0] for m, r in zip(ascent.multiples, ascent.rows, strict=False) if m]
    length = abs(multiple) * steps.scales[ascent.rows[-1], 0]
    return bool(length <= TOO_LONG * np.median(np.abs(moves)))


def link_images(
    images: npt.NDArray[np.float32], steps: Steps, ascents: list[Ascent], *, is_regular: bool = False
) -> list[Link | None]:
    """Find the ascent of every image, (n, 784): None for an image that no recorded step leads to.

    If ascents were told apart by their regular length alone, each leads to the image in its place.
    """
    seen = projected(images)
    ends = np.array([ascent.rows[-1] for ascent in ascents], np.intp)
    place = {
        row: (index, number) for index, ascent in enumerate(ascents) for number, row in enumerate(ascent.rows)
    }
    rows = np.array(sorted(place), np.intp)
    lengths = np.linalg.norm(steps.images[rows], axis=1)
    links: list[Link | None] = []
    taken: set[int] = set()
    alike = _alike(images, steps, ends)
    for number_of_image, image in enumerate(seen):
        distances = np.linalg.norm(steps.images[rows] - image, axis=1)
        same = rows[distances <= ROUNDING * np.maximum(lengths, np.linalg.norm(image))]
        link: Link | None = None
        if len(
            same
        ):  # it is the image at a recorded step, the latest if there are several, as before an update of 0
            fresh = [row for row in same.tolist() if place[row][0] not in taken] or same.tolist()
            index = place[fresh[0]][0]
            number = max(place[row][1] for row in fresh if place[row][0] == index)
            kept = _name(ascents[index], number)
            last = len(ascents[index].rows) - 1 if kept == "start" else number
            link = Link(index, _updates(ascents[index], steps, last), kept)
        else:
            link = (
                _end(image, steps, ascents, ends, taken)
                or _gradient(image, steps, ascents, ends)
                or _changed(image, alike[number_of_image], steps, ascents, ends, taken)
            )
        if link is not None:
            taken.add(link.ascent)
        links.append(link)
    if len(ascents) == len(links):  # one for each image, in order
        for index, ascent in enumerate(ascents):
            if links[index] is not None or index in taken:
                continue
            multiple, _, cosine = _move(steps, ascent.rows[-1], seen[index])
            leads_on = abs(cosine) >= ROUGH and _is_usual(ascent, steps, multiple)
            is_like = alike[index, index] >= ROUGH or _is_as_large(steps, ascent, seen[index])
            if is_regular or leads_on or is_like:
                links[index] = Link(
                    index, _all_updates(ascent, steps), "end", multiple or 1.0, is_clean=False
                )
    return links


def _is_as_large(steps: Steps, ascent: Ascent, image: Floats) -> bool:
    """Tell whether an image is as large as the end of an ascent that has left its start far behind."""
    start, last = (float(np.linalg.norm(steps.images[row])) for row in (ascent.rows[0], ascent.rows[-1]))
    return last > FAR * start and RESTART * last < float(np.linalg.norm(image)) < last / RESTART


def regular(steps: Steps, ascents: list[Ascent], count: int) -> list[Ascent]:
    """Return ascents of equal length, one for each of `count` images, if steps fit together in nothing but number.

    Where every step ends in a clipping or a shift of the image, nothing else tells where an ascent begins.
    """
    each, rest = divmod(len(steps.calls), count)
    begins_anew = len(ascents) > ANEW * len(steps.calls)
    if rest or each < 2 or len(ascents) < 2 * count or steps.lanes.any() or begins_anew:
        return ascents
    found = []
    for first in range(0, len(steps.calls), each):
        rows = list(range(first, first + each))
        multiples, rests, _ = _moves(steps, np.array(rows[:-1]), steps.images[rows[1:]])
        found.append(Ascent(rows, multiples.tolist(), (rests <= CLEAN).tolist()))
    return found


def _name(ascent: Ascent, number: int) -> str:
    if number == 0 and len(ascent.rows) > 1:
        return "start"
    return "end" if number == len(ascent.rows) - 1 else "earlier"


def _updates(ascent: Ascent, steps: Steps, number: int) -> int:
    """Return how many of the first steps were updates: those after which the image moved, or could not move."""
    return sum(
        multiple != 0 or steps.scales[row, 0] == 0
        for multiple, row in zip(ascent.multiples[:number], ascent.rows, strict=False)
    )


def _end(image: Floats, steps: Steps, ascents: list[Ascent], ends: Indices, taken: set[int]) -> Link | None:
    """Return the ascent whose last gradient leads to an image."""
    multiples, rests, _ = _moves(steps, ends, np.broadcast_to(image, (len(ends), len(image))))
    order = np.argsort(rests + 10.0 * np.isin(np.arange(len(ends)), list(taken)))
    for index in order[:MOST_TRIED].tolist():
        ascent, multiple = ascents[index], float(multiples[index])
        if rests[index] <= CLOSE and multiple and _is_usual(ascent, steps, multiple):
            return Link(index, _all_updates(ascent, steps), "end", multiple)
    return None


def _changed(
    image: Floats,
    alike: Floats,
    steps: Steps,
    ascents: list[Ascent],
    ends: Indices,
    taken: set[int],
) -> Link | None:
    """Return the ascent whose last image looks like one that was changed after the last step."""
    free = np.array([index not in taken for index in range(len(ascents))])
    best = int(np.where(free, alike, -1.0).argmax())
    if alike[best] < ALIKE or not free[best]:
        return None
    multiple, _, cosine = _move(steps, int(ends[best]), image)
    if abs(cosine) >= ROUGH and multiple and _is_usual(ascents[best], steps, multiple):
        return Link(best, _all_updates(ascents[best], steps), "end", multiple, is_clean=False)
    return Link(best, _all_updates(ascents[best], steps), "picture")


def _all_updates(ascent: Ascent, steps: Steps) -> int:
    """Return the number of updates, that after the last recorded step included."""
    return _updates(ascent, steps, len(ascent.rows) - 1) + 1


def _alike(images: npt.NDArray[np.float32], steps: Steps, ends: Indices) -> Floats:
    """Return how much images, (n, 784), look like the last recorded ones, (n, ascents): the correlation of ranks.

    It does not change if an image was scaled, squashed or made a picture of, and hardly if it was clipped or rounded.
    """
    whole = steps.whole[ends]
    last = steps.wholes[np.maximum(whole, 0), 0] if len(steps.wholes) else np.zeros((len(ends), PIXELS))
    one, other = (_ranks(part) for part in (images, last))
    result: Floats = np.where(whole >= 0, one @ other.T, 0.0)
    return result


def _ranks(images: npt.NDArray[np.generic]) -> Floats:
    """Return the ranks of pixels, (n, 784), with mean 0 and length 1; equal pixels share the mean of their ranks."""
    ranks = rankdata(images, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    result: Floats = ranks / np.maximum(np.linalg.norm(ranks, axis=1, keepdims=True), 1e-12)
    return result


def _gradient(image: Floats, steps: Steps, ascents: list[Ascent], ends: Indices) -> Link | None:
    """Return the ascent whose last gradient an image is a multiple of."""
    along = steps.gradients[ends]
    product = np.linalg.norm(along, axis=1) * np.linalg.norm(image)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosines = np.nan_to_num(np.abs(along @ image) / product)
    best = int(cosines.argmax())
    if cosines[best] < 1 - ROUNDING:
        return None
    return Link(best, _updates(ascents[best], steps, len(ascents[best].rows) - 1), "gradient")
