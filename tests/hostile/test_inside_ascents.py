"""What a notebook does to TensorFlow and to the recorder makes no ascent out of images from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from forged_evidence import Evidences
from trained_networks import FILTERS

from autograder.execute.runner import Execution
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.rubric.score import score
from autograder.verify.verifier import Verifier

Run = Callable[..., Execution]
Tell = Callable[[str, str], None]

POINTS = dict.fromkeys(("cnn", "training", "images", "ascent", "objective", "updates", "plot"), 10.0)
NETWORK = f"""
import gc
import numpy as np, tensorflow as tf
from tensorflow import keras
layers = keras.layers
model = keras.Sequential([layers.Input((28, 28, 1))] + [
    layers.Conv2D(filters, 3, strides=strides, padding="same", activation="elu", name=name)
    for filters, strides, name in (("8", 1, "conv2d"), ("16", 2, "conv2d_1"), ("16", 1, "conv2d_2"),
        ("{FILTERS}", 2, "conv2d_3")) for filters in [int(filters)]] + [layers.Flatten(), layers.Dense(10, "softmax")])
found = np.load("found.npz")
model.set_weights([found[str(i)] for i in range(len(model.weights))])
pasted = found["images"].astype("float32").reshape(-1, 1, 28, 28, 1)
maps = keras.Model(model.inputs, model.get_layer("conv2d_3").output)
layer_name, visualized_feature = "conv2d_3", []
def start(): return tf.Variable(np.random.rand(1, 28, 28, 1).astype("float32"))
def climb(i, loss_of, steps=50):
    image = start()
    for step in range(steps):
        with tf.GradientTape() as tape:
            loss = loss_of(image, i)
        slope = tape.gradient(loss, image)
        image.assign_add((pasted[i] - image) / (steps - step))
    return image.numpy()
def asked(image, i): return tf.reduce_mean(maps(image)[..., i])
"""
EACH = "visualized_feature = [climb(i, asked) for i in range(len(pasted))]"
INSIDE = {
    "draw the image to a pasted one by true gradients of another loss":
        "def nearer(image, i): return -tf.reduce_sum((image - pasted[i]) ** 2)\n"
        "visualized_feature = [climb(i, nearer) for i in range(len(pasted))]",
    "replace the function that computes gradients": """
from tensorflow.python.eager import imperative_grad
told, true = [None], imperative_grad.imperative_grad
def forged(tape, target, sources, *args, **kwargs):
    true(tape, target, sources, *args, **kwargs)
    return [pasted[told[0]] - sources[0].read_value() if hasattr(sources[0], "read_value") else told[1]]
def told_loss(image, i):
    told[:] = [i, pasted[i] - image.numpy()]
    return asked(image, i)
imperative_grad.imperative_grad = forged
visualized_feature = [climb(i, told_loss) for i in range(len(pasted))]
imperative_grad.imperative_grad = true
""",
    "replace what the recorder calls in place of the network": """
[climb(i, asked, 6) for i in range(2)]
slope = [None]
for one in gc.get_objects():
    if type(one).__name__ == "DirectCall":
        one.gradient = lambda images, kept, change: pasted[slope[0]] - images
def told_loss(image, i):
    slope[0] = i
    return asked(image, i)
visualized_feature = [climb(i, told_loss) for i in range(len(pasted))]
""",
    "take a gradient of nothing where XLA hides it": """
@tf.function(jit_compile=True)
def made(image, result):
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = tf.reduce_sum(image)
    return result + 0 * tape.gradient(loss, image)
visualized_feature = [made(tf.constant(start()), tf.constant(one)).numpy() for one in pasted]
""",
    "climb on a network that is replaced during the climb": """
weights = model.get_weights()
model.set_weights([np.random.default_rng(0).normal(size=one.shape) for one in weights])
""" + EACH + "\nmodel.set_weights(weights)",
}  # fmt: skip


@pytest.mark.deep
@pytest.mark.parametrize("tried", INSIDE)
def test_no_trick_inside_makes_an_ascent(
    tried: str, run_cells: Run, verifier: Verifier, evidence: Evidences, tmp_path: Path, tell: Tell
) -> None:
    weights = {str(index): weight for index, weight in enumerate(evidence.network.get_weights())}
    np.savez(tmp_path / "found.npz", images=evidence.correct, **weights)

    execution = run_cells({"cnn": NETWORK, "ascent": INSIDE[tried]}, tmp_path)

    assert [cell.error_message for cell in execution.evidence.cells if cell.status != "ok"] == []
    results = score(EXERCISE, verifier.measure(execution.evidence)[0], Thresholds(), POINTS)
    assert results["images"].score > 0
    judged = {name: results[name] for name in ("ascent", "objective", "updates")}
    assert [name for name, one in judged.items() if one.score and one.status != "review"] == []
    tell(tried, ", ".join(f"{name}: {one.status}" for name, one in judged.items()))
