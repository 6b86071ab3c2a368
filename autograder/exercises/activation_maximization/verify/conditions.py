"""The conditions of an ascent: the noise that it starts from, and the values that a pixel may take.

The exercise starts from noise in [0, 1] and sets no bounds. Other starts, or clipping pixels after every
step, lead to other images of the same filter that are just as correct. For such images, the reference ascends
under the same conditions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solutions.gradient_ascent import uniform_noise

Floats = npt.NDArray[np.float32]

UNBOUNDED = (-np.inf, np.inf)
# Images at least this bright on average did not start from noise in [0, 1].
BRIGHT = 60.0
# If pixels were clipped after every step, at least this share of them is at a common bound.
CUT_OFF_SHARE = 0.15


@dataclass(frozen=True)
class Conditions:
    """The start of an ascent, uniform noise between `low` and `high`, and the bounds of its pixels."""

    low: float = 0.0
    high: float = 1.0
    bounds: tuple[float, float] = UNBOUNDED

    def noise(self, count: int, *, seed: int) -> Floats:
        """Return noise images, float32 (count, 28, 28, 1)."""
        images: Floats = self.low + np.float32(self.high - self.low) * uniform_noise(count, seed=seed)
        return images.astype(np.float32)


AS_ASKED = Conditions()
# Grey as in many tutorials, grey with strong noise, and noise over the whole range of grey levels.
BRIGHT_STARTS = (Conditions(118, 138), Conditions(64, 192), Conditions(0, 255))


def other_conditions(stack: Floats, *, is_deprocessed: bool) -> list[Conditions]:
    """Return conditions other than the exercise's under which images, (n, 28, 28), may have been made."""
    finite = stack[np.isfinite(stack).all(axis=(1, 2))]
    if not len(finite):
        return []
    found = []
    low, high = float(finite.min()), float(finite.max())
    if low < high and np.mean((finite == low) | (finite == high)) >= CUT_OFF_SHARE:
        found.append(Conditions(bounds=(low, high)))
    if is_deprocessed or np.median(finite) >= BRIGHT:
        found += BRIGHT_STARTS
    return found
