"""Finds the ascent that each handed-in image came out of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from autograder.evidence import Evidence
from autograder.execute.inside.ascents import MOST_ROWS, PROJECTIONS, SEED
from autograder.exercises.activation_maximization.verify.ascents import (
    FAR,
    PIXELS,
    RESTART,
    ROUGH,
    ROUNDING,
    Ascent,
    Floats,
    Indices,
    Steps,
    is_usual,
    way_along,
    ways_along,
)
from autograder.verify.arrays import read_array

# An image counts as the end of an ascent if it is this close to the line along the last gradient. Only this many
# ascents, the nearest, are tried.
CLOSE, MOST_TRIED = 0.02, 5
# The last step, which is not seen, is at most NEXT times as long as the usual step, and the ascent at least LONG_WAY
# times; from a shorter one, a usual step cannot be told.
NEXT, LONG_WAY = 1.5, 5.0
# An image that was changed after its ascent still looks like its end: correlation of the pixels' ranks.
ALIKE = 0.9


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


def link_replaced(images: npt.NDArray[np.float32], steps: Steps, ascents: list[Ascent]) -> list[Link | None]:
    """Find the ascent of every image, (n, 784), where each step takes the place of the image."""
    links: list[Link | None] = []
    ends = np.array([ascent.rows[-1] for ascent in ascents], np.intp)
    for image in projected(images):
        found = _gradient(image, steps, ascents, ends)
        if found is not None:
            along = steps.gradients[ends[found.ascent]]
            multiple = float(image @ along / np.square(along).sum())
            found = Link(found.ascent, len(ascents[found.ascent].rows), "end", multiple)
        links.append(found)
    return links


def link_images(
    images: npt.NDArray[np.float32], steps: Steps, ascents: list[Ascent], *, is_regular: bool = False
) -> list[Link | None]:
    """Find the ascent of every image, (n, 784): None for an image that no recorded step leads to.

    If ascents were told apart by their regular length alone, each leads to the image in its place.
    """
    seen = projected(images)
    ends = np.array([ascent.rows[-1] for ascent in ascents], np.intp)
    alike = _alike(images, steps, ends)
    links: list[Link | None] = []
    taken: set[int] = set()
    recorded = _Recorded(steps, ascents)
    lengths = np.array([_usual_length(ascent, steps) for ascent in ascents])
    for number, image in enumerate(seen):
        link = (
            recorded.link(image, taken)
            or _end(image, steps, ascents, ends, taken)
            or _gradient(image, steps, ascents, ends)
            or _next(image, steps, ascents, ends, lengths, taken)
            or _changed(image, alike[number], steps, ascents, ends, taken)
        )
        if link is not None:
            taken.add(link.ascent)
        links.append(link)
    if len(ascents) == len(links):  # one for each image, in order
        for index, ascent in enumerate(ascents):
            if links[index] is not None or index in taken:
                continue
            multiple, _, cosine = way_along(steps, ascent.rows[-1], seen[index])
            leads_on = abs(cosine) >= ROUGH and is_usual(ascent, steps, multiple)
            is_like = alike[index, index] >= ROUGH or _is_as_large(steps, ascent, seen[index])
            if is_regular or leads_on or is_like:
                links[index] = Link(
                    index, _all_updates(ascent, steps), "end", multiple or 1.0, is_clean=False
                )
    return links


class _Recorded:
    """Finds images among those of the recorded steps."""

    def __init__(self, steps: Steps, ascents: list[Ascent]) -> None:
        self._steps, self._ascents = steps, ascents
        self._places = {
            row: (index, number)
            for index, ascent in enumerate(ascents)
            for number, row in enumerate(ascent.rows)
        }
        self._lengths = np.linalg.norm(steps.images, axis=1)

    def link(self, image: Floats, taken: set[int]) -> Link | None:
        """Return the step that an image, (32,), was taken at: the latest, as before an update that changes nothing."""
        distances = np.linalg.norm(self._steps.images - image, axis=1)
        same = np.flatnonzero(
            distances <= ROUNDING * np.maximum(self._lengths, np.linalg.norm(image))
        ).tolist()
        if not same:
            return None
        fresh = [row for row in same if self._places[row][0] not in taken] or same
        index = self._places[fresh[0]][0]
        number = max(self._places[row][1] for row in fresh if self._places[row][0] == index)
        ascent = self._ascents[index]
        kept = _name(ascent, number)
        last = len(ascent.rows) - 1 if kept == "start" else number
        return Link(index, _updates(ascent, self._steps, last), kept)


def _is_as_large(steps: Steps, ascent: Ascent, image: Floats) -> bool:
    """Tell whether an image is as large as the end of an ascent that has left its start far behind."""
    start, last = (float(np.linalg.norm(steps.images[row])) for row in (ascent.rows[0], ascent.rows[-1]))
    return last > FAR * start and RESTART * last < float(np.linalg.norm(image)) < last / RESTART


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
    multiples, rests, _ = ways_along(steps, ends, np.broadcast_to(image, (len(ends), len(image))))
    order = np.argsort(rests + 10.0 * np.isin(np.arange(len(ends)), list(taken)))
    for index in order[:MOST_TRIED].tolist():
        ascent, multiple = ascents[index], float(multiples[index])
        if rests[index] <= CLOSE and multiple and is_usual(ascent, steps, multiple):
            return Link(index, _all_updates(ascent, steps), "end", multiple)
    return None


def _usual_length(ascent: Ascent, steps: Steps) -> float:
    """Return how long a step of an ascent is; 0 for one that hardly leaves its start."""
    path = steps.images[ascent.rows]
    if len(path) < 3:
        return 0.0
    usual = float(np.median(np.linalg.norm(np.diff(path, axis=0), axis=1)))
    return usual if np.linalg.norm(path[-1] - path[0]) >= LONG_WAY * usual else 0.0


def _next(
    image: Floats, steps: Steps, ascents: list[Ascent], ends: Indices, lengths: Floats, taken: set[int]
) -> Link | None:
    """Return the ascent that an image is one more step of, although that step is no multiple of the gradient.

    The steps may follow the gradient's sign, or be rounded.
    """
    distances = np.linalg.norm(steps.images[ends] - image, axis=1)
    distances[list(taken)] = np.inf
    best = int(distances.argmin())
    if not lengths[best] or distances[best] > NEXT * lengths[best]:
        return None
    multiple, _, _ = way_along(steps, int(ends[best]), image)
    return Link(best, _all_updates(ascents[best], steps), "end", multiple or 1.0, is_clean=False)


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
    multiple, _, cosine = way_along(steps, int(ends[best]), image)
    if abs(cosine) >= ROUGH and multiple and is_usual(ascents[best], steps, multiple):
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
