"""The images that came out of recorded steps: where each ascent began, and how its gradients became steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from autograder.evidence import Evidence
from autograder.execute.inside.ascents import PROJECTIONS
from autograder.exercises.activation_maximization.constants import NOISE_DEVIATION, SIDE
from autograder.exercises.activation_maximization.verify.ascents import (
    Ascent,
    Steps,
    ascents_in,
    recorded_steps,
    regular,
    replacing,
)
from autograder.exercises.activation_maximization.verify.links import Link, link_images, link_replaced

Floats = npt.NDArray[np.float32]

PIXELS = SIDE * SIDE
SCALINGS = ("root_mean_square", "maximum", "deviation", "batch")  # as in `Steps.scales`
# A rule for the size of steps holds if half of the steps differ from it by less than this, and this share is clean.
STEADY, CLEAN_SHARE = 0.02, 0.9
# What the exercise's normalization adds to the root mean square; and the smallest step size that is taken for one where
# gradients are so faint that this alone decides how far they lead.
EPSILON, LEAST_SIZE = 1e-7, 0.01
# A start is of one kind if most are: without contrast, mostly of the lowest value, or as uniform noise spreads.
MOST_OF_THEM, NO_CONTRAST, BACKGROUND = 0.75, 1e-6, 0.4
ABOUT_NOISE = 0.03
# One ascent goes on for the next filters if at least this share of the images begin at another; of two groups, one
# does.
GOES_ON = 0.5


@dataclass(frozen=True, eq=False)
class WatchedImage:
    """An image with the ascent that it came out of.

    Attributes:
        place: the index of the image.
        filter: the filter that it is meant for.
        link: its ascent.
        start: where the ascent began, (784,); None if that is not known.
        first: how many steps of that ascent came before, if it has led to another image already.
    """

    place: int
    filter: int
    link: Link
    start: Floats | None
    first: int


@dataclass(frozen=True)
class Rule:
    """How gradients became steps.

    Attributes:
        scaling: what a gradient was divided by, one of `SCALINGS`, or "none".
        size: the step size after that; negative down the gradient.
        is_steady: whether all steps were made so.
        replaces: whether each step took the place of the image, and was not added to it.
    """

    scaling: str
    size: float
    is_steady: bool
    replaces: bool = False


@dataclass(frozen=True, eq=False)
class Watched:
    """The recorded steps that lead to the most images, their ascents, and the images that they lead to.

    In `replaces` is whether each step took the place of the image.
    """

    steps: Steps
    ascents: list[Ascent]
    images: list[WatchedImage]
    replaces: bool = False

    @cached_property
    def alive(self) -> list[WatchedImage]:
        """The images of filters that had a gradient at all."""
        return [one for one in self.images if (self.steps.scales[self.rows_of(one), 0] > 0).any()]

    def rows_of(self, image: WatchedImage) -> list[int]:
        """Return the rows of the ascent of an image."""
        return self.ascents[image.link.ascent].rows

    def own_rows_of(self, image: WatchedImage) -> list[int]:
        """Return the rows of the steps that led to an image from its start, or from the image before it."""
        return self.rows_of(image)[image.first : image.first + max(image.link.steps, 1)]

    @cached_property
    def used(self) -> list[Ascent]:
        """The ascents that lead to living images, each once."""
        return [self.ascents[index] for index in dict.fromkeys(one.link.ascent for one in self.alive)]


def watched_images(evidence: Evidence, run: int, images: Floats, positions: Sequence[int]) -> Watched | None:
    """Return what was watched of images, (n, 784), made up to an executed cell; None if no step was recorded.

    Args:
        evidence: the evidence of the submission.
        run: the executed cell after which the images were seen.
        images: the images.
        positions: the filter of each.
    """
    best: Watched | None = None
    for steps in recorded_steps(evidence, run):
        ascents = replacing(steps)
        replaces = bool(ascents)
        if replaces:
            links = link_replaced(images, steps, ascents)
        else:
            found = ascents_in(steps)
            ascents = regular(steps, found, len(images))
            links = link_images(images, steps, ascents, is_regular=ascents is not found)
        linked = list(_with_starts(steps, ascents, links, images, positions))
        watched = Watched(steps, ascents, linked, replaces)
        if replaces:
            watched = replace(watched, images=[_from_the_last_whole(one, watched) for one in linked])
        if best is None or len(watched.images) > len(best.images):
            best = watched
        if len(best.images) == len(images):
            break
    return best


def _with_starts(
    steps: Steps,
    ascents: list[Ascent],
    links: Sequence[Link | None],
    flat: Floats,
    positions: Sequence[int],
) -> Iterator[WatchedImage]:
    """Yield the watched images. One ascent may continue from image to image; each then starts at the last one."""
    last: dict[int, tuple[int, int]] = {}  # by ascent: the image before, and its steps
    for place, link in enumerate(links):
        if link is None:
            continue
        before, first = last.get(link.ascent), 0
        start: Floats | None
        if before is not None and link.steps > before[1] and link.kept != "gradient":
            last[link.ascent] = (place, link.steps)
            start, first = flat[before[0]], before[1]
            kept = "every_step" if link.steps - before[1] == 1 else link.kept
            link = replace(link, steps=link.steps - before[1], kept=kept)
        else:
            last[link.ascent] = (place, link.steps)
            whole = steps.whole[ascents[link.ascent].rows[0]]
            start = steps.wholes[whole, 0] if whole >= 0 else None
        yield WatchedImage(place, int(positions[place]), link, start, first)


def _from_the_last_whole(one: WatchedImage, watched: Watched) -> WatchedImage:
    """Let an image start at the last image that is kept whole, as a step that replaces one forgets all before it."""
    whole = watched.steps.whole[watched.rows_of(one)]
    kept = np.flatnonzero(whole >= 0)
    if not len(kept):
        return one
    return replace(one, start=watched.steps.wholes[whole[kept[-1]], 0], first=int(kept[-1]))


def rule_of(watched: Watched) -> Rule | None:
    """Return how gradients became steps; None if nothing moved."""
    steps = watched.steps
    moves: list[
        tuple[float, int, bool]
    ] = []  # multiple of the gradient, its row, and whether it was just that
    for ascent in watched.used:
        moves += zip(ascent.multiples, ascent.rows[:-1], ascent.is_clean, strict=True)
    for one in watched.alive:
        if one.link.multiple:
            moves.append((one.link.multiple, watched.rows_of(one)[-1], one.link.is_clean))
    moves = [
        (multiple, row, clean) for multiple, row, clean in moves if multiple and steps.scales[row, 0] > 0
    ]
    if not moves:
        return None
    sure = [move for move in moves if move[2]] or moves
    multiples = np.array([multiple for multiple, *_ in sure])
    scales = steps.scales[[row for _, row, _ in sure]]
    sizes = np.column_stack([multiples[:, np.newaxis] * (scales + EPSILON), multiples])
    usual = np.median(sizes, axis=0)
    spread = np.median(np.abs(sizes - usual), axis=0) / np.maximum(np.abs(usual), 1e-30)
    # Where gradients vanish beside the epsilon, both a normalized and a bare one are followed in steady multiples.
    is_normalized = spread[0] <= STEADY and (spread[-1] > STEADY or abs(usual[0]) >= LEAST_SIZE)
    best = 0 if is_normalized else int(spread.argmin())
    is_steady = spread[best] <= STEADY and np.mean([clean for *_, clean in moves]) >= CLEAN_SHARE
    return Rule((*SCALINGS, "none")[best], float(usual[best]), bool(is_steady), watched.replaces)


def usual_steps(watched: Watched) -> float:
    """Return the median number of steps; 0 if no image is alive.

    An image that was kept on the way is one step from the one before it; the ascents are those that were made.
    """
    if keeps_every_step(watched):
        return float(np.median([len(ascent.rows) for ascent in watched.used]))
    return float(np.median([float(one.link.steps) for one in watched.alive] or [0.0]))


def keeps_every_step(watched: Watched) -> bool:
    """Tell whether most images were kept one after the other on the way of an ascent."""
    return sum(one.link.kept == "every_step" for one in watched.alive) > len(watched.alive) / 2


def step_length(watched: Watched) -> float:
    """Return the root mean square of the median step, estimated from its projections; 0 if there is none."""
    moves = [np.diff(watched.steps.images[one.rows], axis=0) for one in watched.used if len(one.rows) > 1]
    if not moves:
        return 0.0
    lengths = np.linalg.norm(np.concatenate(moves), axis=1) / np.sqrt(PROJECTIONS * PIXELS)
    return float(f"{np.median(lengths):.3g}")


def moved(watched: Watched, images: Floats) -> float:
    """Return the root mean square of the median way from a start to its image; 0 if no start is known."""
    ways = [images[one.place] - one.start for one in watched.alive if one.start is not None]
    return float(f"{np.median([np.sqrt(np.square(way).mean()) for way in ways]):.4g}") if ways else 0.0


def kind_of_start(watched: Watched) -> str:
    """Return what the ascents began with; empty if no start is known."""
    began = [one for one in watched.images if one.start is not None and one.link.kept != "every_step"]
    starts = [one.start for one in began if one.start is not None]
    if not starts or watched.replaces:
        return ""
    stack = np.stack(starts)
    deviations = stack.std(axis=1)
    if (deviations < NO_CONTRAST).mean() > MOST_OF_THEM:
        return "black" if np.median(stack) == 0 else "one_grey"
    if np.mean([one.first > 0 for one in began]) >= GOES_ON:
        return "previous_image"
    lowest = (stack == stack.min(axis=1, keepdims=True)).mean(axis=1)
    if np.median(lowest) > BACKGROUND:
        return "digit"
    if len(stack) > 1 and len(np.unique(stack, axis=0)) == 1:
        return "same_noise"
    spreads_so = abs(float(np.median(deviations)) - NOISE_DEVIATION) < ABOUT_NOISE
    return "uniform" if stack.min() >= 0 and stack.max() <= 1 and spreads_so else "other_noise"
