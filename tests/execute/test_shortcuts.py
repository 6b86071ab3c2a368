"""The profile `quick` in a real kernel: the same numbers and the same verdict, sooner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from nbformat import NotebookNode

from autograder.evidence import Evidence
from autograder.execute.inside.shortcuts import holds_an_image
from autograder.execute.kernel import KernelOptions, ShortcutOptions
from autograder.execute.runner import Execution, execute
from autograder.execute.sandbox import Sandbox
from autograder.execute.warm import Template
from autograder.settings import Limits
from autograder.verify.held_out import held_out
from solutions.data import embedded_digits

IMPORTS = (
    "import numpy as np, tensorflow as tf\nfrom tensorflow import keras\nlayers = keras.layers\n"
    "(x, y), _ = keras.datasets.mnist.load_data()\nx = x[..., None].astype('float32') / 255"
)
NETWORK = (
    "model = keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(8, 3, activation='relu', name='maps'),\n"
    "    layers.BatchNormalization(), layers.MaxPooling2D(4), layers.Flatten(), layers.Dense(10, 'softmax')])\n"
    "model.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])"
)
ASCENT = (
    "extractor = keras.Model(model.inputs, [model.get_layer('maps').output])\n"
    "visualized_feature = []\n"
    "for index in range(8):\n"
    "    image = tf.Variable(np.random.rand(1, 28, 28, 1).astype('float32'))\n"
    "    for update in range(10):\n"
    "        with tf.GradientTape() as tape:\n"
    "            loss = tf.reduce_mean(extractor(image)[0][..., index])\n"
    "        gradient = tape.gradient(loss, image)\n"
    "        image.assign_add(gradient / (tf.sqrt(tf.reduce_mean(gradient ** 2)) + 1e-7))\n"
    "    visualized_feature.append(image.numpy())"
)


@pytest.fixture(scope="module")
def options(sandbox: Sandbox, digits_file: Path, template: Template) -> KernelOptions:
    return KernelOptions(sandbox, digits_file, Limits(), seed=7, threads=1, template=template)


@pytest.fixture(scope="module")
def quick(options: KernelOptions, tmp_path_factory: pytest.TempPathFactory) -> KernelOptions:
    known = held_out(embedded_digits())
    file = tmp_path_factory.mktemp("held_out") / "held_out.npz"
    np.savez(file, images=known.moved, labels=known.labels)
    return replace(options, shortcuts=ShortcutOptions(file, 0.85))


@pytest.fixture(scope="module")
def run(make_notebook: Callable[[Mapping[str, str]], NotebookNode]) -> Callable[..., Execution]:
    return lambda options, cells: execute(make_notebook(cells), None, options)


Run = Callable[[KernelOptions, Mapping[str, str]], Execution]


def printed(execution: Execution, name: str) -> str:
    cell = next(cell for cell in execution.notebook.cells if cell.metadata.nbgrader.grade_id == name)
    return "".join(out.get("text", "") or out.get("evalue", "") for out in cell.outputs).strip()


def updates(evidence: Evidence) -> int:
    return max(int(one.facts.get("updates", 0)) for one in evidence.of_kind("model"))


def test_an_eager_ascent_gives_the_same_images_to_the_last_bit(
    run: Run, options: KernelOptions, quick: KernelOptions
) -> None:
    cells = {
        "imports": IMPORTS,
        "cnn": NETWORK,
        "ascent": ASCENT,
        "own": ASCENT.replace("extractor = ", "class Own(layers.Layer):\n    def call(self, x):\n        return x\n"
                              "out = Own()(model.get_layer('maps').output)\nextractor = ")
        .replace("[model.get_layer('maps').output]", "[out]"),
    }  # fmt: skip

    full, short = (run(one, cells) for one in (options, quick))

    assert [cell.status for cell in full.evidence.cells] == [cell.status for cell in short.evidence.cells]
    images = [[one.payload for one in run.evidence.of_kind("images")] for run in (full, short)]
    assert len(images[0]) == 2
    assert images[0] == images[1]


def test_a_training_ends_when_it_is_good_enough_and_the_notebook_does_not_notice(
    run: Run, quick: KernelOptions
) -> None:
    fit = "results = model.fit(x, y, epochs=12, batch_size=32, verbose=0)\n"
    cells = {
        "imports": IMPORTS,
        "cnn": NETWORK,
        "train": fit + "print(len(results.history['loss']), len(results.epoch))",
    }

    execution = run(quick, cells)

    assert printed(execution, "train") == "12 12"
    assert 40 < updates(execution.evidence) < 12 * 193


@pytest.mark.deep
def test_a_training_that_does_not_get_there_or_is_watched_runs_to_its_end(
    run: Run, quick: KernelOptions
) -> None:
    stuck = "model.fit(x, y * 0, epochs=2, batch_size=64, verbose=0)"
    watched = (
        "class Watch(keras.callbacks.Callback):\n    epochs = 0\n"
        "    def on_epoch_end(self, epoch, logs=None):\n        Watch.epochs += 1\n"
        "model.fit(x, y, epochs=8, batch_size=64, verbose=0, callbacks=[Watch()])\nprint(Watch.epochs)"
    )

    execution = run(
        quick, {"imports": IMPORTS, "cnn": NETWORK, "train": stuck, "again": NETWORK + "\n" + watched}
    )

    trained = [
        int(one.facts["updates"]) for one in execution.evidence.of_kind("model") if "updates" in one.facts
    ]
    assert 2 * 97 in trained
    assert printed(execution, "again") == "8"


@pytest.mark.deep
def test_a_training_is_validated_on_the_first_of_many_digits_and_on_all_of_few(
    run: Run, quick: KernelOptions
) -> None:
    many = "x4, y4 = np.tile(x[:1000], (4, 1, 1, 1)), np.tile(y[:1000], 4) * 0\n"
    fit = "r = model.fit({}, epochs=2, batch_size=100, verbose=0, {})\nprint(*map(len, r.history.values()), steps)\n"
    watch = (
        "steps = []\nevaluate = keras.Model.evaluate\n"
        "def counted(self, *args, **kwargs):\n"
        "    steps.append(kwargs.get('steps'))\n    return evaluate(self, *args, **kwargs)\n"
        "keras.Model.evaluate = counted\n"
    )
    cells = {
        "imports": IMPORTS,
        "cnn": NETWORK + "\n" + many + watch,
        "tuple": fit.format("x[:200], y[:200] * 0", "validation_data=(x4, y4)"),
        "share": "steps = []\n" + fit.format("x4, y4", "validation_split=0.5"),
        "few": "steps = []\n" + fit.format("x4, y4", "validation_data=(x[:50], y[:50])"),
        "own": "steps = []\n" + fit.format("x4, y4", "validation_data=(x4, y4), validation_steps=3"),
    }

    execution = run(quick, cells)

    told = {name: printed(execution, name) for name in ("tuple", "share", "few", "own")}
    assert told == {
        "tuple": "2 2 2 2 [10, 10]",
        "share": "2 2 2 2 [10, 10]",
        "few": "2 2 2 2 [None, None]",
        "own": "2 2 2 2 [3, 3]",
    }


def test_what_trains_an_image_is_known() -> None:
    holder = keras.Sequential([keras.Input((1,)), keras.layers.Dense(784, use_bias=False)])
    digits = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Conv2D(8, 3), keras.layers.Dense(784)])

    class Canvas(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.image = self.add_weight(shape=(1, 28, 28, 1), name="image")

    class OwnVariable(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.pixels = tf.Variable(tf.zeros((1, 28, 28, 1)))

    assert [holds_an_image(model) for model in (holder, Canvas(), OwnVariable(), digits, object())] == [
        True, True, True, False, False,
    ]  # fmt: skip
