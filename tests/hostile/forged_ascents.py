"""Images from elsewhere, with records of ascents that did not make them, as student code can send them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from forged_evidence import Evidences, Images
from trained_networks import FILTERS, LAYER

from autograder.execute.inside.ascents import AscentWatch
from autograder.execute.inside.recorder import as_npy

Floats = npt.NDArray[np.float32]
Part = tuple[str, dict[str, Any], bytes]
# What a kernel sends of its ascents, and the images that are handed in.
Attack = Callable[[Evidences], tuple[list[Part], Images]]

WHOLE = (
    -1
)  # the column of a row that says where the step is kept whole, as counted from the recorder's numbers
PIXELS = 784


def flat(evidence: Evidences) -> Floats:
    """Good images that another person has made, (filters, 784)."""
    return evidence.correct.reshape(FILTERS, PIXELS)


def gradient(network: keras.Model, image: Floats, filter_index: int) -> tuple[Floats, float]:
    """The true gradient of one image, (784,), and the loss."""
    maps = keras.Model(network.inputs, network.get_layer(LAYER).output)
    with tf.GradientTape() as tape:
        pixels = tf.constant(image.reshape(1, 28, 28, 1))
        tape.watch(pixels)
        loss = tf.reduce_mean(maps(pixels)[..., filter_index])
    return tape.gradient(loss, pixels).numpy().reshape(PIXELS), float(loss)


def unit(gradient: Floats) -> Floats:
    result: Floats = gradient / np.sqrt(np.square(gradient).mean())
    return result


def sent(watch: AscentWatch, keeps: Callable[[int], bool] = lambda call: True) -> list[Part]:
    """The records of steps; of those that are kept whole, only the calls that are to be."""
    rows, wholes = watch.take()
    column, kept = 8, []
    for row in rows:
        place, row[column] = int(row[column]), WHOLE
        if place >= 0 and keeps(int(row[0])):
            row[column] = len(kept)
            kept.append(wholes[place])
    return [("steps", {}, as_npy(rows)), ("whole_steps", {}, as_npy(np.stack(kept)))]


def straight_way(evidence: Evidences) -> tuple[list[Part], Images]:
    """Fifty steps of the right size from noise to a pasted image; the gradient of the first is the true one."""
    watch, random, steps = AscentWatch(), np.random.default_rng(3), 50
    for i, pasted in enumerate(flat(evidence)):
        start = random.random(PIXELS, np.float32)
        slope, loss = gradient(evidence.network, start, i)
        watch.see(None, start[None], slope[None], loss)
        first = start + unit(slope)
        way = (pasted - first) / (steps - 1)
        for step in range(steps - 1):
            watch.see(None, (first + step * way)[None], 1e-3 * unit(way)[None], loss + step)
    return sent(watch, lambda call: call % steps == 0), evidence.correct


def gradient_kept(evidence: Evidences) -> tuple[list[Part], Images]:
    """A pasted image as the gradient of the last step, after a step whose gradient is the true one."""
    watch, random = AscentWatch(), np.random.default_rng(3)
    for i, pasted in enumerate(flat(evidence)):
        start = random.random(PIXELS, np.float32)
        slope, loss = gradient(evidence.network, start, i)
        watch.see(None, start[None], slope[None], loss)
        watch.see(None, (start + unit(slope))[None], 1e-3 * pasted[None], loss)
    return sent(watch, lambda call: call % 2 == 0), evidence.correct


def true_steps(evidence: Evidences, size: float, steps: int) -> tuple[list[Part], Floats]:
    """True steps from a pasted image, and the images on the way, (filters, steps + 1, 784)."""
    watch, paths = AscentWatch(), []
    for i, pasted in enumerate(flat(evidence)):
        path = [pasted]
        for _ in range(steps):
            slope, loss = gradient(evidence.network, path[-1], i)
            watch.see(None, path[-1][None], slope[None], loss)
            path.append(path[-1] + size * unit(slope))
        paths.append(path)
    return sent(watch), np.array(paths)


def one_before_the_last(evidence: Evidences) -> tuple[list[Part], Images]:
    parts, paths = true_steps(evidence, size=0.1, steps=6)
    return parts, paths[:, 4]


def picture_of_the_end(evidence: Evidences) -> tuple[list[Part], Images]:
    parts, paths = true_steps(evidence, size=0.1, steps=6)
    ends = paths[:, -1]
    scaled = (ends - ends.mean(axis=1, keepdims=True)) / ends.std(axis=1, keepdims=True)
    return parts, np.clip(64 * scaled + 128, 0, 255).astype(np.uint8).astype(np.float32)


def start_of_true_ascents(evidence: Evidences) -> tuple[list[Part], Images]:
    return true_steps(evidence, size=1.0, steps=20)[0], evidence.correct


def steps_of_nothing(images: Floats) -> list[Part]:
    watch, slope = AscentWatch(), np.random.default_rng(1).random((1, PIXELS), np.float32)
    for image in images:
        for share in (0.5, 0.0):
            watch.see(None, image[None] - share * slope, slope, 1.0)
    return sent(watch)


def each_image_twice(evidence: Evidences) -> tuple[list[Part], Images]:
    twice = np.repeat(flat(evidence)[::2], 2, axis=0)
    return steps_of_nothing(twice), twice


def one_image_for_all(evidence: Evidences) -> tuple[list[Part], Images]:
    one = np.repeat(flat(evidence)[3:4], FILTERS, axis=0)
    return steps_of_nothing(one[:1]), one


def out_of_a_compiled_function(evidence: Evidences) -> tuple[list[Part], Images]:
    """What the recorder says of images that came out of XLA, where it cannot look."""
    return [("outside", {}, as_npy(flat(evidence) @ AscentWatch().directions))], evidence.correct


def recorder_that_failed(evidence: Evidences) -> tuple[list[Part], Images]:
    return [("trouble", {"where": "gradient", "message": "MemoryError()"}, b"")], evidence.correct


def half_a_gradient(evidence: Evidences) -> tuple[list[Part], Images]:
    """A straight way again, whose first gradient is only like the true one."""
    watch, random, steps = AscentWatch(), np.random.default_rng(3), 50
    for i, pasted in enumerate(flat(evidence)):
        start = random.random(PIXELS, np.float32)
        slope, loss = gradient(evidence.network, start, i)
        watch.see(
            None, start[None], unit(slope)[None] + 9 * unit(random.random(PIXELS, np.float32) - 0.5), loss
        )
        way = (pasted - start) / steps
        for step in range(1, steps):
            watch.see(None, (start + step * way)[None], 1e-3 * unit(way)[None], loss + step)
    return sent(watch, lambda call: call % steps == 0), evidence.correct


def way_as_gradient(evidence: Evidences) -> tuple[list[Part], Images]:
    """A straight way that is its own gradient, as an `imperative_grad` of the student's would say."""
    watch, random, steps = AscentWatch(), np.random.default_rng(3), 50
    for pasted in flat(evidence):
        start = random.random(PIXELS, np.float32)
        way = (pasted - start) / steps
        for step in range(steps):
            watch.see(None, (start + step * way)[None], way[None], float(step))
    return sent(watch, lambda call: call % steps == 0), evidence.correct


ATTACKS: dict[str, Attack] = {
    "a straight way from noise, the first of 50 gradients true": straight_way,
    "a straight way from noise, no gradient true": half_a_gradient,
    "a straight way from noise that is its own gradient": way_as_gradient,
    "pasted images as gradients that were kept": gradient_kept,
    "true small steps from pasted images, the last but one kept": one_before_the_last,
    "true small steps from pasted images, a picture of the end kept": picture_of_the_end,
    "true ascents from pasted images, the start kept": start_of_true_ascents,
    "eight pasted images, each for two filters, and steps of nothing": each_image_twice,
    "one pasted image for all filters, and steps of nothing": one_image_for_all,
    "a record that the images came out of XLA": out_of_a_compiled_function,
    "a record that the recorder has failed": recorder_that_failed,
}
