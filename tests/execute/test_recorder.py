"""What the recorder writes down of a small version of the exercise."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest

from autograder.evidence import Evidence, Record
from autograder.execute.inside.candidates import as_image, image_sets
from autograder.execute.runner import Execution
from autograder.verify.graph import read_graph

FILTERS, STEPS = 3, 4

CELLS = {
    "imports": "import numpy as np, tensorflow as tf, matplotlib.pyplot as plt\n"
    "from tensorflow import keras\nlayers = keras.layers",
    "cnn": "model = keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(3, 3), layers.Flatten(),\n"
    "    layers.Dense(10, activation='softmax')])",
    "train": "model.compile('adam', 'sparse_categorical_crossentropy')\n"
    "results = model.fit(np.random.rand(20, 28, 28, 1), np.arange(20) % 10, epochs=2, verbose=0)",
    "ascent": f"layer_name, gradient_updates, step_size = 'conv2d', {STEPS}, 1.\n"
    "extractor = keras.Model(model.inputs, model.get_layer(layer_name).output)\n"
    "visualized_feature = []\n"
    f"for filter_index in range({FILTERS}):\n"
    "    input_img = tf.Variable(np.random.rand(1, 28, 28, 1).astype('float32'))\n"
    "    for update in range(gradient_updates):\n"
    "        with tf.GradientTape() as tape:\n"
    "            loss = tf.reduce_mean(extractor(input_img)[..., filter_index])\n"
    "        grads = tape.gradient(loss, input_img)\n"
    "        input_img.assign_add(grads)\n"
    "    visualized_feature.append(input_img.numpy())",
    "deprocess": "for image in visualized_feature:\n"
    "    image -= image.mean(); image /= image.std(); image += 0.5; image *= 255",
    "plot": "figure = plt.figure()\n"
    "for i, image in enumerate(visualized_feature):\n"
    "    panel = figure.add_subplot(1, 3, i + 1)\n"
    "    panel.imshow(image.squeeze()); panel.set_title(f'feature {i}')\n"
    "plt.show()",
    "functional": "x = layers.Input((28, 28, 1))\n"
    "functional = keras.Model(x, layers.Dense(10)(layers.Flatten()(layers.Conv2D(4, 3)(x))))",
    "nested": "inner = keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(4, 3, name='inside')])\n"
    "nested = keras.Sequential([layers.Input((28, 28, 1)), inner, layers.Flatten(), layers.Dense(10)])",
    "subclassed": "class Net(keras.Model):\n"
    "    def __init__(self):\n"
    "        super().__init__()\n"
    "        self.first, self.flat, self.last = layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(10)\n"
    "    def call(self, x):\n"
    "        return self.last(self.flat(self.first(x)))\n"
    "subclassed = Net()\nsubclassed(np.zeros((1, 28, 28, 1), 'float32'))",
    "grouped": "grouped = keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(4, 3),\n"
    "    layers.Conv2D(8, 3, groups=2), layers.Flatten(), layers.Dense(10)])",
}  # fmt: skip


@pytest.fixture(scope="module")
def exercise(run_cells: Callable[..., Execution]) -> Evidence:
    evidence = run_cells(CELLS).evidence
    assert [run.cell for run in evidence.cells if run.status != "ok"] == []
    return evidence


def array(evidence: Evidence, record: Record) -> np.ndarray:
    return np.load(io.BytesIO(evidence.payload(record)), allow_pickle=False)


def run_of(cell: str) -> int:
    return list(CELLS).index(cell)


def test_images_are_seen_before_and_after_they_are_deprocessed_in_place(exercise: Evidence) -> None:
    seen = [one for one in exercise.of_kind("images") if one.facts["variable"] == "visualized_feature"]

    assert [one.run for one in seen] == [run_of("ascent"), run_of("deprocess")]
    before, after = (array(exercise, one) for one in seen)
    assert before.shape == after.shape == (FILTERS, 28, 28)
    assert before.max() < 10
    assert after.std() == pytest.approx(255, rel=0.01)


def test_every_gradient_of_the_ascent_is_counted_and_none_of_the_training(exercise: Evidence) -> None:
    (tape,) = exercise.of_kind("tape")
    calls = array(exercise, tape)  # (calls, 4): images, loss, RMS of gradient, deviation of the pixels

    assert tape.run == run_of("ascent")
    assert len(calls) == FILTERS * STEPS
    assert (calls[:, 0] == 1).all()
    assert np.isfinite(calls).all()


def test_the_panels_of_a_figure_come_with_titles_and_images(exercise: Evidence) -> None:
    (figure,) = exercise.of_kind("figure")

    assert figure.run == run_of("plot")
    assert [panel["title"] for panel in figure.facts["panels"]] == ["feature 0", "feature 1", "feature 2"]
    assert array(exercise, figure).shape == (FILTERS, 28, 28)


def test_the_history_of_the_training_is_noted(exercise: Evidence) -> None:
    trained = [one for one in exercise.of_kind("model") if one.run == run_of("train")]

    assert {one.facts["variable"] for one in trained} == {"model"}
    assert len(trained[-1].facts["history"]["loss"]) == 2
    assert trained[-1].facts["compiled"] is True


@pytest.mark.parametrize("kind", ["model", "functional", "nested", "subclassed", "grouped"])
def test_a_model_of_any_kind_crosses_the_border_as_a_graph(exercise: Evidence, kind: str) -> None:
    record = next(one for one in exercise.of_kind("model") if one.facts["variable"] == kind)

    frozen = read_graph(exercise.payload(record), record.facts)

    assert "refused" not in record.facts
    assert frozen.shapes[frozen.output][-1] == 10


def test_layers_of_nested_and_subclassed_models_are_named(exercise: Evidence) -> None:
    layers = {
        one.facts["variable"]: [layer["name"].rstrip("_0123456789") for layer in one.facts["layers"]]
        for one in exercise.of_kind("model")
    }

    assert "inside" in layers["nested"]
    assert layers["subclassed"] == ["conv2d", "flatten", "dense"]


def test_nothing_went_wrong_while_recording(exercise: Evidence) -> None:
    assert exercise.of_kind("trouble") == []


@pytest.mark.parametrize(
    "value",
    [
        [np.zeros((1, 28, 28, 1))] * 3,
        [np.zeros((28, 28))] * 3,
        tuple(np.zeros((28, 28, 1), np.uint8) for _ in range(3)),
        {index: np.zeros((28, 28)) for index in range(3)},
        np.zeros((3, 28, 28, 1)),
        np.zeros((3, 1, 28, 28, 1)),
        np.zeros((28, 28, 28))[:3],
        np.zeros((3, 784)),
        np.zeros((28, 28, 3)),
        [(index, np.zeros((28, 28)), 0.5) for index in range(3)],
        [{"loss": 0.5, "image": np.zeros((28, 28))} for _ in range(3)],
    ],
    ids=[
        "batches of one",
        "plain",
        "tuple of uint8",
        "dictionary",
        "array",
        "odd axes",
        "slice",
        "flattened",
        "stacked on the last axis",
        "with number and loss",
        "with a name",
    ],
)
def test_images_are_understood_in_every_usual_form(value: object) -> None:
    (found,) = image_sets("images", value)

    assert found.images.shape == (3, 28, 28)
    assert found.positions == [0, 1, 2]


@pytest.mark.parametrize(
    "value",
    [[], "text", [1, 2, 3], np.zeros((60, 60)), np.zeros((1000, 28, 28, 1)), [None], np.array(["a"] * 784)],
    ids=["empty", "text", "numbers", "other size", "training data", "nothing", "letters"],
)
def test_what_holds_no_features_is_not_taken_for_them(value: object) -> None:
    assert list(image_sets("images", value)) == []


def test_one_image_keeps_its_values() -> None:
    image = np.arange(784).reshape(1, 28, 28, 1)

    assert (as_image(image) == image.squeeze()).all()


# Cells that take gradients with respect to images, and whether their values can be seen.
WAYS = {
    "eager tape": "with tf.GradientTape() as tape:\n    loss = level(image)\ntape.gradient(loss, image)",
    "two images": "a, b = tf.Variable(noise), tf.Variable(noise)\nwith tf.GradientTape() as tape:\n"
    "    loss = level(a) + level(b)\ntape.gradient(loss, [a, b])",
    "tape in a tf.function": "@tf.function\ndef slope(x):\n    with tf.GradientTape() as tape:\n"
    "        tape.watch(x)\n        loss = level(x)\n    return tape.gradient(loss, x)\nslope(image.value())",
    "any number of images": "@tf.function(input_signature=[tf.TensorSpec((None, 28, 28, 1))])\ndef slope(x):\n"
    "    with tf.GradientTape() as tape:\n        tape.watch(x)\n        loss = level(x)\n"
    "    return tape.gradient(loss, x)\nslope(noise)",
    "Keras variable": "picture = keras.Variable(noise)\nwith tf.GradientTape() as tape:\n"
    "    loss = keras.ops.mean(model(picture))\ntape.gradient(loss, picture)",
    "flat image": "flat = tf.Variable(noise.reshape(784))\nwith tf.GradientTape() as tape:\n"
    "    loss = level(tf.reshape(flat, (1, 28, 28, 1)))\ntape.gradient(loss, flat)",
    "jacobian": "with tf.GradientTape() as tape:\n    out = model(image)\ntape.jacobian(out, image)",
    "batch jacobian": "with tf.GradientTape() as tape:\n    out = model(image)\ntape.batch_jacobian(out, image)",
    "tf.gradients": "@tf.function\ndef slope(x):\n    return tf.gradients(level(x), x)[0]\nslope(image)",
    "old tf.gradients": "@tf.function\ndef slope(x):\n    return tf.compat.v1.gradients([level(x)], [x])[0]\n"
    "slope(image)",
    "forward mode": "with tf.autodiff.ForwardAccumulator(image, tf.ones_like(image)) as accumulator:\n"
    "    loss = level(image)\naccumulator.jvp(loss)",
    "old optimizer": "climber = tf.compat.v1.train.GradientDescentOptimizer(0.1)\n"
    "climber.minimize(lambda: -level(image), var_list=[image])",
    "optimizer": "keras.optimizers.SGD(1.0).apply_gradients([(tf.ones_like(image), image)])",
    "image as the weight of a layer": "class Held(layers.Layer):\n    def build(self, shape):\n"
    "        self.held = self.add_weight(shape=(1, 28, 28, 1), initializer='random_uniform')\n"
    "    def call(self, x):\n        return 0 * keras.ops.mean(x) + self.held\nmodel.trainable = False\n"
    "climber = keras.Sequential([layers.Input((1,)), Held(), model])\n"
    "climber.compile(keras.optimizers.SGD(1.0), loss=lambda _, y: -keras.ops.mean(y))\n"
    "climber.fit(np.zeros((2, 1)), np.zeros((2, 1)), batch_size=1, verbose=0)",
}  # fmt: skip
# Cells that take none, or others.
OTHER_CELLS = {
    "training": "model.trainable = True\nmodel.compile('adam', 'sparse_categorical_crossentropy')\n"
    "model.fit(np.random.rand(8, 28, 28, 1), np.arange(8), verbose=0)",
    "training by hand": "optimizer = keras.optimizers.Adam()\nwith tf.GradientTape() as tape:\n"
    "    loss = level(noise)\nslopes = tape.gradient(loss, model.trainable_variables)\n"
    "optimizer.apply_gradients(zip(slopes, model.trainable_variables))\n"
    "with tf.GradientTape() as tape:\n    loss = level(noise)\ntape.gradient(loss, model.layers[2].kernel)",
    "no connection": "with tf.GradientTape() as tape:\n    loss = tf.constant(1.0)\ntape.gradient(loss, image)",
    "only forwards": "model.predict(noise, verbose=0); model(image)",
}
SETUP = {
    "imports": "import numpy as np, tensorflow as tf\nfrom tensorflow import keras\nlayers = keras.layers",
    # a dense layer of 3136 x 784 weights: as many numbers as 3136 images have
    "cnn": "model = keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(4, 3, padding='same'),\n"
    "    layers.Flatten(), layers.Dense(784), layers.Dense(10, 'softmax')])\n"
    "noise = np.random.rand(1, 28, 28, 1).astype('float32')\nimage = tf.Variable(noise)\n"
    "def level(x):\n    return tf.reduce_mean(model(x)[:, 3])",
}  # fmt: skip


@pytest.fixture(scope="module")
def noted(run_cells: Callable[..., Execution]) -> dict[str, dict[str, int]]:
    """What the recorder says of the gradients in each cell."""
    cells = {**SETUP, **WAYS, **OTHER_CELLS}
    evidence = run_cells(cells).evidence
    assert [(run.cell, run.error_message) for run in evidence.cells if run.status != "ok"] == []
    assert evidence.of_kind("trouble") == evidence.of_kind("replaced") == []
    return {list(cells)[one.run]: one.facts for one in evidence.of_kind("gradients")}


@pytest.mark.parametrize("way", WAYS)
def test_gradients_with_respect_to_images_are_noticed_however_they_are_taken(
    way: str, noted: dict[str, dict[str, int]]
) -> None:
    assert noted[way]["seen"] + noted[way]["unseen"] > 0


@pytest.mark.parametrize("other", [*SETUP, *OTHER_CELLS])
def test_gradients_of_a_training_are_not_taken_for_an_ascent(
    other: str, noted: dict[str, dict[str, int]]
) -> None:
    assert [noted[other][how] for how in ("seen", "unseen", "lost")] == [0, 0, 0]
    assert (noted[other]["others"] > 0) == (other in {"training", "training by hand"})
