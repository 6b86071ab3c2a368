"""Every hint is provoked, also those for any exercise: code as students write it, and the words that it needs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras as plain_keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from autograder.exercise import Hint
from autograder.exercises.activation_maximization.hints import HINTS
from autograder.verify import hints as general

ALL = (*HINTS, *general.HINTS)
MEASURED = Path(__file__).parents[2] / "measured"
WATCHED = "with tf.GradientTape() as tape:\n    loss = {loss}\n"
IN_TF_FUNCTION = "@tf.function(autograph=False)\ndef f(a):\n    {line}\nf(tf.ones(3))"
FRESH = "new = keras.Sequential([layers.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)])\n"
NETWORK = "keras.Sequential([layers.Input((28, 28, 1)), {layers}])"

# (code, words of the hint)
PROVOKED = [
    # the tape
    (WATCHED.format(loss="tf.reduce_mean(up_to(img))") + "tape.gradient(loss, img)\ntape.gradient(loss, img)",
     "new one"),
    ("noise = tf.constant(x[:1])\n" + WATCHED.format(loss="tf.reduce_mean(up_to(noise))")
     + "normalize(tape.gradient(loss, noise))", "tape.watch"),
    ("noise = tf.constant(x[:1])\n" + WATCHED.format(loss="tf.reduce_mean(up_to(noise))")
     + "1. * tape.gradient(loss, noise)", "tape.watch"),
    (WATCHED.format(loss="tf.reduce_mean(up_to.predict(img, verbose=0))")
     + "normalize(tape.gradient(loss, img))", "model.predict"),
    ("loss = tf.reduce_mean(up_to(img))\nwith tf.GradientTape() as tape:\n    pass\n"
     "normalize(tape.gradient(loss, img))", "inside of the tape"),
    ("img.assign_add(None)", "None"),
    ("keras.optimizers.SGD().apply_gradients([(None, img)])", "all gradients are None"),
    (WATCHED.format(loss="np.mean(up_to(img).numpy())") + "tape.gradient(loss, img)", ".numpy()"),
    (WATCHED.format(loss="up_to.predict(img, verbose=0).mean()") + "tape.gradient(loss, img)", "model.predict"),
    (WATCHED.format(loss="float(tf.reduce_mean(up_to(img)))") + "tape.gradient(loss, img)", "float()"),
    (WATCHED.format(loss="tf.reduce_mean(up_to(x[:1]))") + "tape.gradient(loss, x[:1])", "NumPy array"),
    ("with tf.GradientTape() as tape:\n    tape.watch(x[:1])", "can only watch"),
    (WATCHED.format(loss="keras.ops.mean(up_to.output[..., 0])") + "tape.gradient(loss, img)", "symbolic"),
    (WATCHED.format(loss="tf.reduce_mean(up_to(img))") + "tape.gradient(loss, up_to.inputs[0])", "symbolic"),
    (WATCHED.format(loss="tf.reduce_mean(up_to(img))") + "tape.gradient(loss, 'img')", "a text"),
    ("KTF.gradients(tf.reduce_mean(up_to(img)), img)", "GradientTape"),
    # symbolic tensors
    ("up_to.output.numpy()", "symbolic"),
    ("np.mean(up_to.output)", "symbolic"),
    ("float(keras.ops.mean(up_to.output))", "symbolic"),
    ("tf.reduce_mean(up_to.output)", "symbolic"),
    ("assert up_to.output", "symbolic"),
    ("up_to.output(x)", "cannot be called"),
    ("keras.Model(inputs=model.inputs, outputs='conv2d')", "the outputs of keras.Model"),
    ("keras.Model(inputs=model.inputs, outputs=model.get_layer('conv2d'))", "the outputs of keras.Model"),
    ("keras.Model(x, model.outputs)", "the inputs of keras.Model"),
    ("keras.Model(model.get_layer('conv2d').output, model.inputs)", "same network"),
    (IN_TF_FUNCTION.format(line="np.mean(a)"), "no values yet"),
    (IN_TF_FUNCTION.format(line="a.numpy()"), "no values yet"),
    (IN_TF_FUNCTION.format(line="float(tf.reduce_mean(a))"), "no values yet"),
    (IN_TF_FUNCTION.format(line="[one for one in a]"), "cannot loop"),
    (IN_TF_FUNCTION.format(line="return 1 if a[0] > 0 else 2"), "use it in an if"),
    (IN_TF_FUNCTION.format(line="return tf.Variable(1.)"), "make the image outside"),
    ("kept = []\n" + IN_TF_FUNCTION.format(line="kept.append(a * 2)") + "\nkept[0] + 1", "return it"),
    # layers and models
    ("model.get_layer('conv2d_3')", "Keras continues counting"),
    ("model.get_layer('fourth')", "called fourth"),
    ("model.get_layer(index=77)", "model.summary()"),
    ("up_to(img)[0][:, :, :, 0]", "only 3 axes"),
    ("keras.Model(keras.Sequential([layers.Conv2D(4, 3)]).inputs, model.outputs)", "begins with"),
    ("keras.Sequential([layers.Conv2D(4, 3)]).input", "model.inputs"),
    ("model.layers[0].output_shape", "layer.output.shape"),
    ("layers.Dense(3)([tf.ones((1, 2)), tf.ones((1, 2))])", "without brackets"),
    ("layers.Conv2D(4, 3)(layers.Input((28, 28)))", "(images, 28, 28, 1)"),
    ("model.predict(x[0])", "print the shape"),
    (NETWORK.format(layers="layers.Conv2D(4, 3), layers.MaxPooling2D(8), layers.Conv2D(4, 5)"), "nothing is left"),
    (NETWORK.format(layers="*[layers.MaxPooling2D() for _ in range(6)]"), "nothing is left"),
    ("model(tf.ones((1, 28, 28, 3)))", "one channel"),
    ("layers.Conv2D(4, 3)(layers.Input((1, 28, 28, 1)))", "without an axis for the batch"),
    (NETWORK.format(layers="layers.ReLU(name='a'), layers.ReLU(name='a')"), "same name"),
    ("layers.Conv2D(64)", "kernel"),
    ("layers.Dense(10, activation='sofmax')", "called sofmax"),
    ("model.compile('adam', 'categorical_cross_entropy')\nmodel.fit(x, y, verbose=0)", "no loss called"),
    ("model.compile('adamm', 'mse')", "no optimizer called adamm"),
    ("layers.Dense(10, input_dims=784)", "layers.Input"),
    # training
    ("keras.optimizers.Adam(lr=1e-3)", "learning_rate"),
    ("keras.optimizers.Adam(0.1).lr", "learning_rate"),
    ("keras.optimizers.legacy.Adam()", "is gone"),
    ("keras.optimizers.SGD().minimize(lambda: 1, [img])", "no minimize"),
    ("model.compile('adam', 'mse')\nmodel.fit(x, y, verbose=0)\n"
     "model.optimizer.apply_gradients([(tf.ones((1, 28, 28, 1)), img)])", "new optimizer"),
    ("model.fit_generator(None)", "model.fit takes"),
    ("model.predict_classes(x)", "argmax"),
    ("model.fit(x, y, nb_epoch=2)", "epochs"),
    (FRESH + "new.fit(x, y)", "before model.fit"),
    (FRESH + "new.compile('adam', None)\nnew.fit(x, y, verbose=0)", "no loss"),
    ("model.compile('adam', 'sparse_categorical_crossentropy')\nmodel.fit(x, y, verbose=0)", "the digits themselves"),
    ("model.compile('adam', 'categorical_crossentropy')\nmodel.fit(x, y.argmax(1), verbose=0)", "to_categorical"),
    ("short = keras.Sequential([layers.Input((28, 28, 1)), layers.Dense(10)])\n"
     "short.compile('adam', 'categorical_crossentropy')\nshort.fit(x, y, verbose=0)", "Flatten"),
    ("model.compile('adam', 'mse')\nmodel.fit(x, y[:10], verbose=0)", "labels and images differ"),
    ("model.compile('adam', 'mse')\n"
     "model.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(8), validation_split=0.1)", "validation_data"),
    ("model.compile('adam', 'mse')\nmodel.fit(x, y, verbose=0).history['acc']", "called accuracy"),
    ("model.compile('adam', 'mse')\nmodel.fit(x, y, verbose=0).history['val_loss']", "validation_split"),
    ("model.compile('adam', 'mse')\nmodel.fit(x, y, verbose=0)['loss']", "results.history"),
    ("keras.utils.to_categorical(np.arange(10), 10, axis=1)", "at the end"),
    ("keras.utils.to_categorical(np.arange(10), 5)", "ten"),
    ("model.save_weights('weights.h5')", ".weights.h5"),
    ("model.save('folder')", ".keras"),
    # what is gone
    ("KTF.function(model.inputs, model.outputs)", "K.function"),
    ("KTF.get_session()", "K.get_session"),
    ("plain_keras.backend.mean(img)", "no mean"),
    ("plain_keras.backend.variable(x)", "no variable"),
    ("tf.Session()", "tf.Session"),
    ("tf.placeholder(tf.float32)", "tf.placeholder"),
    ("from tensorflow.keras.utils import np_utils", "keras.utils"),
    ("from keras.layers.core import Dense", "keras.layers"),
    ("layers.conv2D(4, 3)", "no conv2D"),
    ("np.float(3)", "np.float"),
    # tensors, variables and arrays
    ("tf.ones(3).assign_add(tf.ones(3))", "make the image a variable"),
    ("x.assign_add(1)", "make the image a variable"),
    ("tf.ones(3)[0] = 1", "assign all of it"),
    ("img[0] = 1", "assign all of it"),
    ("img.mean()", "no mean"),
    ("tf.ones(3).astype('uint8')", "no astype"),
    ("x.numpy()", "remove .numpy()"),
    ("tf.Variable(np.random.rand(3)).assign_add(tf.ones(3))", "float64"),
    ("tf.Variable(np.random.rand(3)) + tf.ones(3)", "float64"),
    ("image = np.ones(3, 'uint8')\nimage -= image.mean()", "float32"),
    ("KTF.sqrt(tf.ones(3, 'int32'))", "float32"),
    ("image = np.asarray(tf.ones(3))\nimage -= 1", "copy"),
    ("up_to(img)[..., 9]", "fewer filters"),
    ("up_to(img)[0, 99]", "image, row, column, filter"),
    ("tf.constant(3.)[0]", "points outside"),
    ("x[0, 0, 0, 0, 0]", "fewer axes"),
    ("tf.reduce_mean(up_to(img), axis=7)", "no such axis"),
    ("np.ones(10).reshape(28, 28)", "784"),
    ("tf.reshape(tf.ones(10), (28, 28))", "784"),
    ("img.assign(tf.ones((28, 28, 1)))", "(1, 28, 28, 1)"),
    ("img.assign_add(tf.ones((1, 27, 28, 1)))", "(1, 28, 28, 1)"),
    ("np.array([np.ones(3), np.ones(4)])", "different shapes"),
    ("np.concatenate([])", "the list is empty"),
    ("np.ones(3) + np.ones(4)", "do not fit together"),
    ("tf.ones(3) + tf.ones(4)", "do not fit together"),
    # the plot
    ("plt.imshow(x[:1])", ".squeeze()"),
    ("plt.imshow(None)", "None"),
    ("plt.subplot(8, 8, 0)", "from 1 to 64"),
    ("figure, axes = plt.subplots(2, 2)\naxes[0].imshow(x[0, ..., 0])", "axes.flat"),
    # the skeleton, and Python
    ("grads = ...\nimg.assign_add(1. * grads)", "skeleton"),
    ("input_img = ...\ninput_img.assign_add(1.)", "skeleton"),
    ("normalize(...)", "skeleton"),
    ("print(visualised_feature)", "visualised_feature is used"),
    ("model.summary(print_fn=str).layers", "return nothing"),
    ("print 'loss'", "Python 2"),
    ("print(", "cannot read"),
    ("def f():\nreturn 1", "cannot read"),
    ("def f():\n    total += 1\ntotal = 0\nf()", "pass it in"),
    ("for i in range(64 / 8): pass", "divide with //"),
    ("np.load('images.npy')", "does not exist"),
    ("from ipykernel.jsonutil import json_clean\nfrom IPython.core.error import StdinNotImplementedError\n"
     "raise StdinNotImplementedError('raw_input was called')", "input()"),
    ("np.ones((10**7, 10**6))", "memory"),
    ("from nbclient.exceptions import DeadKernelError\nraise DeadKernelError", "ran out of memory"),
    ("[1, 2][2]", "number of filters"),
]  # fmt: skip
# Older releases of Keras and TensorFlow raise these; the words are those of their messages.
FORMER = [("ValueError", "Argument(s) not recognized: {'decay': 1e-06}", "learning rate schedule")]


# Stops where the layer has no more filters, as its hint says; all that is needed had been done before.
STOPS_AT_THE_END = {"asks_for_64_of_32_filters"}


def raised(code: str, namespace: dict[str, Any]) -> tuple[str, str]:
    """Return name and message of the error that some code stops with."""
    try:
        exec(compile(code, "cell", "exec"), dict(namespace))
    except Exception as error:  # noqa: BLE001 (whatever a notebook could raise)
        return type(error).__name__, re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", str(error))[:2000]
    return "", ""


def explain(name: str, message: str, cell: str = "") -> str:
    return general.explain(name, message, cell, HINTS)


def hint_for(name: str, message: str) -> Hint:
    return next(hint for hint in ALL if re.search(hint.pattern, f"{name}: {message}", re.DOTALL))


@pytest.fixture(scope="module")
def namespace() -> Iterator[dict[str, Any]]:
    layers, digits = keras.layers, np.random.rand(32, 28, 28, 1).astype("float32")
    model = keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(4, 3, name="conv2d"),
            layers.Conv2D(4, 3, name="conv2d_1"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )

    def normalize(x: Any) -> Any:
        return x / (tf.sqrt(tf.reduce_mean(tf.square(x))) + 1e-7)

    yield {
        "tf": tf,
        "keras": keras,
        "plain_keras": plain_keras,
        "np": np,
        "plt": plt,
        "layers": layers,
        "KTF": keras.backend,
        "model": model,
        "x": digits,
        "y": np.eye(10)[np.arange(32) % 10],
        "up_to": keras.Model(model.inputs, model.get_layer("conv2d_1").output),
        "img": tf.Variable(digits[:1]),
        "normalize": normalize,
    }
    plt.close("all")


@pytest.mark.parametrize(("code", "words"), PROVOKED, ids=[code for code, _ in PROVOKED])
def test_an_error_is_explained(code: str, words: str, namespace: dict[str, Any]) -> None:
    name, message = raised(code, namespace)
    assert name
    assert words in explain(name, message, "ascent"), f"{name}: {message}"


@pytest.mark.parametrize(("name", "message", "words"), FORMER)
def test_an_error_of_earlier_releases_is_explained(name: str, message: str, words: str) -> None:
    assert words in explain(name, message)


def test_every_hint_is_provoked(namespace: dict[str, Any]) -> None:
    provoked = [hint_for(*raised(code, namespace)) for code, _ in PROVOKED]
    provoked += [hint_for(name, message) for name, message, _ in FORMER]
    assert [hint.pattern for hint in ALL if hint not in provoked] == []
    assert len(ALL) >= 40


def test_hints_about_filters_are_given_only_where_filters_are_counted() -> None:
    assert explain("IndexError", "list index out of range", "gpu") == ""


def test_no_hint_fires_on_a_correct_notebook_of_the_corpus() -> None:
    verdicts = json.loads((MEASURED / "result.json").read_text())["profiles"]["quick"]["verdicts"]
    correct = {name for name, given in verdicts.items() if set(given.values()) == {"pass"}} - STOPS_AT_THE_END
    lines = (MEASURED / "quick.jsonl").read_text().splitlines()
    errors = [
        (one["submission"], error["cell"], *error["error"].partition(": ")[::2])
        for one in map(json.loads, lines)
        if one["submission"] in correct
        for error in one["measurements"]["errors"]
        if not error["missing_module"]
    ]
    assert [one for one in errors if explain(one[2], one[3], one[1])] == []
