"""Reads the traces of the ascent other than its images: the recorded gradients and the recorded steps."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from autograder.evidence import Evidence
from autograder.exercises.activation_maximization.constants import STEPS
from autograder.measurements import ImagesMeasurement, StepsMeasurement
from autograder.verify.arrays import read_array

# As an image moves away from noise, its pixels spread. A new ascent begins where the spread falls to this
# share of its last value, and to about its value at the very start.
RESTART, ABOUT = 0.75, 1.5
# If an image moves, the spread of its pixels grows by more than this factor.
MOVED = 1.1
# The recorder sends no more calls than this, and no network produces larger numbers.
MOST_CALLS, LARGEST = 200_000, 1e30
# The parts of the recorder that detect gradients.
WATCHING = ("gradient", "look_at_tape")
WAYS_TO_SEE = ("seen", "unseen", "lost")


def measure_steps(evidence: Evidence, images: ImagesMeasurement, run: int) -> StepsMeasurement | None:
    """Count the gradient steps per image that were seen in the cell that made the images.

    One estimate divides all steps seen by the number of images. It is too high if the cell also runs ascents
    for other layers, and too low if some images had no ascent. The other estimate counts the steps from one
    start to the next. It is too high if the image of a dead filter does not spread. The estimate that better
    fits how far the images moved is used.

    Args:
        evidence: the evidence of the submission.
        images: the measurement of the images.
        run: the executed cell in which they were seen.
    """
    tapes = [record for record in evidence.of_kind("tape") if record.run <= run]
    calls = read_array(evidence.payload(tapes[-1])) if tapes else None
    if calls is None or calls.ndim != 2 or calls.shape[1] != 4 or not _is_possible(calls.astype(np.float64)):
        return None
    losses, deviations = calls[:, 1].astype(np.float64), calls[:, 3].astype(np.float64)
    shared, lengths = float(calls[:, 0].sum()) / images.count, ascent_lengths(deviations)
    counted = float(np.median(lengths)) if len(lengths) > 1 else shared
    if images.scale_known and images.movement > 0:
        gone = images.movement * STEPS
        per_image = min(shared, counted, key=lambda steps: max(steps / gone, gone / steps))
    else:
        per_image = min(shared, counted)
    curves: tuple[tuple[float, ...], ...] = ()
    if (calls[:, 0] == 1).all() and len(losses) % images.count == 0:
        steps = len(losses) // images.count
        curves = tuple(
            tuple(round(float(loss), 5) for loss in curve) for curve in losses.reshape(images.count, steps)
        )
    return StepsMeasurement(per_image, bool(deviations.max() > MOVED * deviations.min()), curves)


def _is_possible(calls: npt.NDArray[np.float64]) -> bool:
    """Tell whether a tape can have recorded these numbers of images, losses, gradients and deviations."""
    images = calls[:, 0]
    return bool(
        len(calls) <= MOST_CALLS
        and (np.abs(calls) < LARGEST).all()
        and (calls[:, 2:] >= 0).all()
        and (images >= 1).all()
        and (images == np.round(images)).all()
    )


def ascent_seen(evidence: Evidence, run: int) -> bool:
    """Tell whether any gradient with respect to images was recorded before the images were seen.

    Also True if this cannot be known, because evidence is missing or recording failed.

    Args:
        evidence: the evidence of the submission.
        run: the executed cell in which the images were seen.
    """
    notes = [record for record in evidence.of_kind("gradients") if record.run <= run]
    tapes = [record for record in evidence.of_kind("tape") if record.run <= run]
    is_known = not is_incomplete(evidence) and any(record.run == run for record in notes)
    counts = [record.facts.get(how) for record in notes for how in WAYS_TO_SEE]
    return not is_known or bool(tapes) or any(type(count) is int and count > 0 for count in counts)


def is_incomplete(evidence: Evidence) -> bool:
    """Tell whether gradients may be missing, because evidence was cut off or recording failed."""
    troubles = [record for record in evidence.of_kind("trouble") if record.facts.get("where") in WATCHING]
    return evidence.is_cut_off or bool(troubles)


def ascent_lengths(deviations: npt.NDArray[np.float64]) -> list[int]:
    """Return how many steps each ascent took, from the deviation of the pixels at every step, in order."""
    falls = (deviations[1:] < RESTART * deviations[:-1]) & (deviations[1:] < ABOUT * deviations[0])
    starts = [0, *(np.flatnonzero(falls) + 1).tolist(), len(deviations)]
    return [after - before for before, after in itertools.pairwise(starts)]
