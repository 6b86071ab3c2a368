"""Finds the figures that a notebook has drawn, except those of the exercise's own cells."""

from __future__ import annotations

import numpy as np

from autograder.evidence import Evidence, Record
from autograder.exercises.activation_maximization.constants import SIDE
from autograder.exercises.activation_maximization.verify.conditions import Floats
from autograder.verify.arrays import read_array

# Panels of a figure beyond this number are ignored.
MOST_PANELS = 512
# Cells of the exercise that draw something themselves.
GIVEN_PICTURES = frozenset({"look_at_data", "look_at_deprocess"})


def drawn(evidence: Evidence, kind: str = "figure") -> list[Record]:
    """Return the records of the student's own figures, or of the mosaics in them, in order."""
    cells = evidence.cells
    return [
        record
        for record in evidence.of_kind(kind)
        if not (0 <= record.run < len(cells) and cells[record.run].cell in GIVEN_PICTURES)
    ]


def panel_images(evidence: Evidence, record: Record) -> Floats:
    """Return the images in the panels of a figure, float32 (n, 28, 28)."""
    images = read_array(evidence.payload(record))
    if images is None or images.shape[1:] != (SIDE, SIDE):
        return np.zeros((0, SIDE, SIDE), np.float32)
    with np.errstate(over="ignore"):
        return images[:MOST_PANELS].astype(np.float32)
