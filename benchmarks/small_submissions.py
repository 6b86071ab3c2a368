"""Submissions that take a second each: four filters, 500 digits, one epoch, all filters in one batch.

Correct submissions and four mistakes alternate. Each has its own seed, so no two have the same weights. As in
a course, few have the same architecture: anything cached per architecture would grow with the submissions.
"""

from __future__ import annotations

from collections.abc import Mapping

import nbformat
from nbformat import NotebookNode

# Sizes of the hidden layer: all of nearly the same cost; the number of sizes is prime, so all of them occur.
HIDDEN_LEAST, HIDDEN_SIZES, HIDDEN_STEP = 16, 101, 37

CORRECT = {
    "imports": """import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from tensorflow import keras

layers = keras.layers
keras.utils.set_random_seed({seed})""",
    "data": """(x_train, y_train), _ = keras.datasets.mnist.load_data()
x_train = x_train[:500, ..., None].astype("float32") / 255
y_train = y_train[:500]""",
    "cnn": """model = keras.Sequential([layers.Input((28, 28, 1))])
for name, strides in [("conv2d", 2), ("conv2d_1", 1), ("conv2d_2", 2), ("conv2d_3", 1)]:
    model.add(layers.Conv2D(4, 3, strides=strides, padding="same", activation="elu", name=name))
model.add(layers.Flatten())
model.add(layers.Dense({hidden}, activation="elu"))
model.add(layers.Dense(10, activation="softmax"))""",
    "train": """model.compile("adam", "sparse_categorical_crossentropy")
results = model.fit(x_train, y_train, epochs=1, verbose=0)""",
    "ascent": """extractor = keras.Model(model.inputs, model.get_layer("conv2d_3").output)
images = tf.Variable(np.random.rand(4, 28, 28, 1).astype("float32"))
for update in range(50):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.linalg.diag_part(tf.reduce_mean(extractor(images), axis=(1, 2))))
    gradient = tape.gradient(loss, images)
    rms = tf.sqrt(tf.reduce_mean(gradient**2, axis=(1, 2, 3), keepdims=True))
    images.assign_add(gradient / (rms + 1e-7))
visualized_feature = list(images.numpy())""",
    "plot": """figure = plt.figure(figsize=(3, 3))
for i, image in enumerate(visualized_feature):
    panel = figure.add_subplot(2, 2, i + 1)
    panel.imshow(image.squeeze(), cmap="gray")
    panel.set_title(f"feature {{i}}")
    panel.axis("off")
plt.show()""",
}
# (cell, correct code, its replacement)
MISTAKES = (
    ("ascent", "assign_add", "assign_sub"),
    ("ascent", "range(50)", "range(20)"),
    ("train", "results = model.fit(x_train, y_train, epochs=1, verbose=0)", "results = None"),
    ("ascent", "list(images.numpy())", "[images.numpy()[0]] * 4"),
)
KINDS = 1 + len(MISTAKES)


def small_submissions(count: int) -> dict[str, NotebookNode]:
    """Return this many submissions by student."""
    return {f"student{number:05}": _notebook(_cells(number)) for number in range(count)}


def _cells(number: int) -> dict[str, str]:
    """Return the cells of one submission."""
    cells = dict(CORRECT)
    if kind := number % KINDS:
        name, right, wrong = MISTAKES[kind - 1]
        cells[name] = cells[name].replace(right, wrong)
    hidden = HIDDEN_LEAST + number * HIDDEN_STEP % HIDDEN_SIZES
    return {name: source.format(seed=number, hidden=hidden) for name, source in cells.items()}


def _notebook(cells: Mapping[str, str]) -> NotebookNode:
    """Return a notebook whose cells have these names in nbgrader."""
    notebook = nbformat.v4.new_notebook()
    for name, source in cells.items():
        nbgrader = {"grade_id": name, "schema_version": 3, "solution": False, "locked": True}
        nbgrader |= {"grade": False, "task": False}
        notebook.cells.append(nbformat.v4.new_code_cell(source, metadata={"nbgrader": nbgrader}))
    return notebook
