"""Watches gradient ascents: the image, the loss and the gradient of every step, thinned to a fixed budget.

Every step leaves one row of numbers, among them fixed random projections of its image and its gradient. From
these, the verifier can tell which step follows which. Starts and ends are kept whole, as is a sample of the steps.
Nothing of this is believed: it is what the verifier tries to reproduce.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .candidates import PIXELS, SIDE

PROJECTIONS, SEED = 32, 0
# Calls whose numbers are computed together, if they are of one image each.
AT_A_TIME = 64
# Steps in all; images of one batch; starts and ends, and sampled steps, that are kept whole in all.
MOST_ROWS, MOST_IN_A_BATCH = 20_000, 512
MOST_CALLS = 200_000
MOST_ENDS, MOST_SAMPLES = 1024, 512
# A step follows another if its image is the other's plus a multiple of its gradient: this much may be left over. A
# step back, or one that is this many times as long as the last, is the way to a new start.
LEFT_OVER, TOO_LONG = 0.2, 3.0
# What a row holds before the projections of image and gradient.
COLUMNS = (
    "call",  # index of the gradient, over the whole notebook
    "lane",  # index of the image in its batch
    "source",  # a number for the variable that holds the image; 0 if it is not a variable
    "loss",
    "root_mean_square",  # of the gradient
    "largest",  # absolute value of the gradient
    "deviation",  # of the gradient's values
    "batch_root_mean_square",  # of the gradients of the whole batch
    "whole",  # index of the step among those that are kept whole; -1 if it is not kept
)


class Seen(NamedTuple):
    """One call that was seen."""

    call: int
    projections: Any  # (n, 64): of its images, then of its gradients
    pair: Any  # images and gradients, (n, 784) each
    step: float  # how far it has moved from the call before; 0 if that is not known


class AscentWatch:
    """Collects the steps of one cell, and counts what the whole notebook may still use."""

    def __init__(self) -> None:
        import numpy as np

        generator = np.random.default_rng(SEED)
        self.directions = generator.standard_normal((PIXELS, PROJECTIONS)).astype("float32")
        self.calls = 0
        self.rows_left, self.ends_left, self.samples_left = MOST_ROWS, MOST_ENDS, MOST_SAMPLES
        self.sources: dict[int, int] = {}
        self.forget()

    def forget(self) -> None:
        """Begin a new cell."""
        self.waiting: list[Any] = []
        self.calls_counted: list[tuple[int, float, float, float]] = []
        self.outside: list[Any] = []
        self.rows: list[Any] = []
        self.ends: dict[int, Any] = {}  # by call: (n, 2, 784), images and gradients, of starts and ends
        self.samples: dict[int, Any] = {}
        self.every = 1  # one call in this many is a sample
        self.last: dict[int, Seen] = {}  # by source: the call before
        self.previous: Seen | None = None

    def see(self, source: Any, images: Any, gradients: Any, loss: float) -> None:
        """Note one gradient; the numbers are computed for many at a time, which is faster.

        Args:
            source: the object that the gradient is taken with respect to.
            images, gradients: float32, (n, 784).
            loss: what was differentiated; the mean if it has more than one value.
        """
        count = len(images)
        if count > min(self.rows_left, MOST_IN_A_BATCH):
            self.count(images, gradients, loss, count)
            return
        self.rows_left -= count
        self.waiting.append((self.calls, self.number_of(source), loss, images, gradients))
        self.calls += 1
        if len(self.waiting) >= AT_A_TIME or count > 1:
            self.work_off()

    def see_outside(self, images: Any) -> None:
        """Note images, (n, 784), whose steps cannot be seen."""
        if len(images) <= min(self.rows_left, MOST_IN_A_BATCH):
            self.rows_left -= len(images)
            self.outside.append(images @ self.directions)

    def take_outside(self) -> Any:
        """Return the projections of these images, (n, 32), or None."""
        import numpy as np

        outside, self.outside = self.outside, []
        return np.concatenate(outside) if outside else None

    def count(self, images: Any, gradients: Any, loss: float, count: int) -> None:
        """Note only the size of a call's gradient and the deviation of its pixels, in arrays of any shape."""
        import numpy as np

        if len(self.calls_counted) < MOST_CALLS:
            rms = float(np.sqrt(np.square(gradients).mean()))
            self.calls_counted.append((count, loss, rms, float(images.std())))

    def take_counted(self) -> Any:
        """Return for each call of this cell, (calls, 4): images, loss, RMS of gradient, deviation of the pixels."""
        import numpy as np

        self.work_off()
        counted, self.calls_counted = self.calls_counted, []
        return np.asarray(counted, "float32") if counted else None

    def work_off(self) -> None:
        """Compute the rows of the calls that wait."""
        import numpy as np

        waiting, self.waiting = self.waiting, []
        if not waiting:
            return
        images, gradients = (np.concatenate([one[part] for one in waiting]) for part in (3, 4))
        square = np.square(gradients).mean(axis=1)
        projections = np.hstack([images @ self.directions, gradients @ self.directions])
        largest = np.abs(gradients).max(axis=1)
        deviation = np.sqrt(np.maximum(square - gradients.mean(axis=1) ** 2, 0))
        exact = images.astype("float64")  # a small deviation beside a large mean
        means, mean_squares = exact.mean(axis=1), np.square(exact).mean(axis=1)
        first = 0
        for call, source, loss, batch, _ in waiting:
            after = first + len(batch)
            part = slice(first, after)
            row = np.empty((after - first, len(COLUMNS) + 2 * PROJECTIONS), "float32")
            row[:, :4] = (call, 0, source, loss)
            row[:, 1] = np.arange(after - first)
            row[:, 4] = np.sqrt(square[part])
            row[:, 5] = largest[part]
            row[:, 6] = deviation[part]
            row[:, 7] = np.sqrt(square[part].mean())
            row[:, 8] = -1
            variance = mean_squares[part].mean() - float(means[part].mean()) ** 2
            if len(self.calls_counted) < MOST_CALLS:
                deviation_of_pixels = float(np.sqrt(max(variance, 0.0)))
                self.calls_counted.append((after - first, loss, float(row[0, 7]), deviation_of_pixels))
            row[:, len(COLUMNS) :] = projections[part]
            self.rows.append(row)
            self.keep(call, source, projections[part], (images[part], gradients[part]))
            first = after

    def keep(self, call: int, source: int, projections: Any, pair: tuple[Any, Any]) -> None:
        """Keep a step whole if it is a start, or a sample."""
        import numpy as np

        before = self.previous
        step = step_from(before, projections)
        if step is None and self.last.get(source) is not before:
            step = step_from(self.last.get(source), projections)
        seen = Seen(call, projections, pair, step or 0.0)
        if step is None:
            self.keep_end(before)
            self.keep_end(seen)
        elif call % self.every == 0:
            self.sample(call, np.stack(pair, axis=1))
        self.previous = self.last[source] = seen

    def keep_end(self, seen: Seen | None) -> None:
        """Keep the start or the end of an ascent whole."""
        import numpy as np

        if seen is not None and seen.call not in self.ends and len(seen.projections) <= self.ends_left:
            self.ends_left -= len(seen.projections)
            self.ends[seen.call] = np.stack(seen.pair, axis=1)

    def sample(self, call: int, whole: Any) -> None:
        """Keep one step whole; if there are too many, keep every second one of them."""
        self.samples[call] = whole
        while sum(map(len, self.samples.values())) > self.samples_left // 2:
            if len(self.samples) == 1:
                self.samples.clear()
                return
            self.every *= 2
            self.samples = {kept: value for kept, value in self.samples.items() if kept % self.every == 0}

    def number_of(self, source: Any) -> int:
        """Return a number for a variable; a tensor is another object after every step and has none."""
        if not hasattr(source, "assign"):
            return 0
        return self.sources.setdefault(id(source), len(self.sources) + 1)

    def take(self) -> tuple[Any, Any]:
        """Return the rows of this cell, (m, columns), and the whole steps, (k, 2, 784); begin a new cell."""
        import numpy as np

        self.work_off()
        for seen in self.last.values():
            self.keep_end(seen)
        rows, wholes, place = self.rows, [], 0
        for row in rows:
            call = int(row[0, 0])
            whole = self.ends.get(call, self.samples.get(call))
            if whole is not None:
                row[:, 8] = place + np.arange(len(row))
                wholes.append(whole)
                place += len(row)
        self.samples_left -= sum(map(len, self.samples.values()))
        self.forget()
        nothing = np.zeros((0, 2, PIXELS), "float32")
        return np.concatenate(rows), np.concatenate(wholes) if wholes else nothing


def step_from(before: Seen | None, projections: Any) -> float | None:
    """Return how far a call, with projections (n, 64), has moved on; None if it does not follow the call before."""
    import numpy as np

    if before is None or len(before.projections) != len(projections):
        return None
    moved = projections[:, :PROJECTIONS] - before.projections[:, :PROJECTIONS]
    along = before.projections[:, PROJECTIONS:]
    lengths = np.sqrt(np.square(along).sum(axis=1)) + 1e-30
    way = (moved * along).sum(axis=1) / lengths  # with its sign
    rest = np.square(moved).sum(axis=1) - way**2
    if (rest > LEFT_OVER**2 * np.square(moved).sum(axis=1) + 1e-12).any():
        return None
    step = float(way[0])
    if before.step and (step * before.step < 0 or abs(step) > TOO_LONG * abs(before.step)):
        return None
    return step or before.step


def as_rows(value: Any, count: int) -> Any:
    """Return `count` images or gradients as float32, (count, 784); None if they are arranged otherwise.

    They may be stacked on the first or the last axis, as squares or as rows of pixels.
    """
    import numpy as np

    array = np.squeeze(np.asarray(value)).astype("float32")
    if array.size != count * PIXELS:
        return None
    if array.ndim == 3 and array.shape[:2] == (SIDE, SIDE) and array.shape[1:] != (SIDE, SIDE):
        array = np.moveaxis(array, -1, 0)
    fits = array.shape[-2:] == (SIDE, SIDE) or array.shape[-1:] == (PIXELS,)
    return array.reshape(count, PIXELS) if fits else None
