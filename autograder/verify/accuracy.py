"""Measures accuracy on digits that the notebook did not see."""

from __future__ import annotations

import numpy as np

from autograder.verify.graph import FrozenModel, call
from autograder.verify.held_out import HeldOut

# The accuracy that a network trained on unmoved digits may lose if digits move by one pixel.
COST_OF_MOVING = 0.05


def accuracy(model: FrozenModel, digits: HeldOut) -> float:
    """Return the share of digits whose class is the largest output; 0 if the outputs are not classes.

    The result is the accuracy on unmoved digits, but at most the accuracy on moved digits plus
    `COST_OF_MOVING`. A network that has memorized the public test digits fails when they are moved by one
    pixel.
    """
    shape = model.shapes[model.output]
    if len(shape) != 2 or (shape[1] or 0) < 2:
        return 0.0
    function = model.function(model.output)
    plain, moved = (
        float(np.mean(call(model, function, images).argmax(axis=1) == digits.labels))  # of outputs (n, 10)
        for images in (digits.images, digits.moved)
    )
    return min(plain, moved + COST_OF_MOVING)
