"""Ascents in a variable that a function squashes into an image, so that its pixels stay within bounds.

Such notebooks climb in z and hand in f(z), with a sigmoid or a hyperbolic tangent for f, as is usual where images of
filters are to look natural (Olah et al., Feature Visualization, Distill 2017, doi:10.23915/distill.00007). The recorder
sees z. What f is follows from the ends: pixel for pixel, one increasing function leads from all z to all images.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from autograder.exercises.activation_maximization.verify.climbing import scaled
from autograder.exercises.activation_maximization.verify.hypotheses import sampled_rows
from autograder.exercises.activation_maximization.verify.objectives import Maps, Objective, cosines
from autograder.exercises.activation_maximization.verify.watched import Rule, Watched
from autograder.verify.graph import FrozenModel, LayerOutput

Floats = npt.NDArray[np.float32]

# The values between which the function is interpolated, and how closely all pixels must follow it, relative to the
# spread of the images.
KNOTS, EXACT = 512, 0.02
# Half the distance over which its slope is taken, relative to the spread of z.
HALF_WAY = 0.02
# A true ascent has a likeness of 0.9, a variable that is drawn to a given picture one of 0.3.
LEAST_LIKENESS = 0.6


def squashed_likeness(
    watched: Watched, rule: Rule, images: Floats, model: FrozenModel, layer: LayerOutput
) -> float:
    """Return the median cosine of recorded gradients with those of the own filters through the squashing function.

    It is -1 if no increasing function leads from the ends of the ascents to the images, (n, 784), or if the gradients
    are too unlike: weighted by slopes, even a wrong one may have some likeness.
    """
    knots = _function(watched, rule, images)
    rows, meant = sampled_rows(watched)
    if knots is None or not len(rows):
        return -1.0
    z, gradients = (watched.steps.wholes[watched.steps.whole[rows], part] for part in (0, 1))
    half = HALF_WAY * float(np.ptp(knots[0]))
    slopes = (np.interp(z + half, *knots) - np.interp(z - half, *knots)) / (2 * half)
    maps, objective = Maps(model, layer), Objective("mean")
    shown = np.interp(z, *knots).astype(np.float32)
    own = meant % maps.filters
    wanted = maps.gradients(shown, objective.derivative(maps.of(shown), own)) * slopes
    likeness = float(np.median(np.abs(cosines(wanted.astype(np.float32), gradients))))
    return likeness if likeness >= LEAST_LIKENESS else -1.0


def _function(watched: Watched, rule: Rule, images: Floats) -> tuple[Floats, Floats] | None:
    """Return values of z, increasing, and those of the images; None if these are no function of z."""
    steps = watched.steps
    last = [(one.place, watched.rows_of(one)[-1]) for one in watched.alive if one.link.kept == "picture"]
    known = [(place, row) for place, row in last if steps.whole[row] >= 0]
    if not known:
        return None
    before, gradients = (steps.wholes[steps.whole[[row for _, row in known]], part] for part in (0, 1))
    z = (before + rule.size * scaled(gradients, rule.scaling)).ravel()
    pixels = images[[place for place, _ in known]].ravel()
    order = np.argsort(z, kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, KNOTS).astype(int)]
    at, values = z[chosen], np.maximum.accumulate(pixels[chosen])
    off = np.abs(np.interp(z, at, values) - pixels)
    if values[0] == values[-1] or np.quantile(off, 0.95) > EXACT * np.ptp(pixels):
        return None
    return at, values
