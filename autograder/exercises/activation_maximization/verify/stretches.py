"""Does the recorded way lead to the images piece by piece, where it cannot be made again in one go?

Where maps are saturated, as those of tanh, an ascent swings to and fro, and rounding alone leads it elsewhere after
some dozen steps. From one step that was kept whole to the next it comes out again all the same. Each stretch begins
where the one before ended, so no image from elsewhere can be put at the end of such a way.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from autograder.exercises.activation_maximization.verify.climbing import MOST_STEPS, climb
from autograder.exercises.activation_maximization.verify.hypotheses import Hypothesis
from autograder.exercises.activation_maximization.verify.objectives import cosines
from autograder.exercises.activation_maximization.verify.watched import Rule, Watched, WatchedImage

Floats = npt.NDArray[np.float32]

# How many images' ways are tried, and the least cosine of a stretch with the one that was made again.
MOST_IMAGES, SAME_WAY = 16, 0.95


def followed_share(watched: Watched, hypothesis: Hypothesis, rule: Rule, images: Floats) -> float:
    """Return the share of images, (n, 784), to which every stretch of the way comes out again."""
    alive = [one for one in watched.alive if one.link.kept == "end" and one.link.steps <= MOST_STEPS]
    some = alive[:: max(len(alive) // MOST_IMAGES, 1)][:MOST_IMAGES]
    stretches = [
        (place, chosen, *stretch)
        for place, one in enumerate(some)
        if (chosen := hypothesis.filter_for(one.filter)) is not None
        for stretch in _stretches(watched, one, images[one.place])
    ]
    if not stretches:
        return 0.0
    places, filters, updates = (np.array([stretch[part] for stretch in stretches]) for part in (0, 1, 4))
    starts, ends = (np.stack([stretch[part] for stretch in stretches]) for part in (2, 3))
    path = climb(hypothesis.maps, hypothesis.objective, starts, filters, updates, rule)
    same = cosines(ends - starts, path[max(path)] - starts) >= SAME_WAY
    steps = np.array([one.link.steps for one in some])
    return float(np.mean(np.bincount(places, updates * same, len(some)) == steps))


def _stretches(watched: Watched, one: WatchedImage, image: Floats) -> list[tuple[Floats, Floats, int]]:
    """Return where stretches of a way begin and end, each (784,), and of how many steps they are."""
    steps = watched.steps
    kept = [
        (number, steps.wholes[steps.whole[row], 0])
        for number, row in enumerate(watched.rows_of(one))
        if steps.whole[row] >= 0
    ]
    if one.link.steps > len(watched.rows_of(one)) - 1:  # the last step is not recorded, only where it led
        kept.append((one.link.steps, image))
    return [(start, end, after - before) for (before, start), (after, end) in itertools.pairwise(kept)]
