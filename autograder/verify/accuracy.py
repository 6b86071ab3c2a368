"""Accuracy on digits that the notebook did not see."""

from __future__ import annotations

import numpy as np

from autograder.verify.graph import FrozenModel, call
from autograder.verify.held_out import HeldOut

# What moving a digit by one pixel may cost a network that has learned to read digits as they are.
COST_OF_MOVING = 0.05


def accuracy(model: FrozenModel, digits: HeldOut) -> float:
    """Return the share of digits whose class is the largest output; 0 if the outputs are no classes.

    Counted are digits as they are, but no more than digits moved by one pixel allow for: a network that has
    learned the public test digits by heart does not read them any more when they are moved.
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
