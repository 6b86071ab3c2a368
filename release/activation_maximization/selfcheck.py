"""Checks to run while you work on the exercise: each one looks at your results and says what it sees.

They help you on the way and give no marks: the grading measures more finely, after you have handed in.
A check changes nothing in your notebook, and none of them stops it. Only where `nbgrader validate` (or its button)
runs the notebook does a check with a ✗ end in an error, since that is how it knows what to list.
"""

import functools
import os

import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from tensorflow import keras

missing = []  # what the check that is running has found missing or wrong
GRID = 64  # panels of the 8 x 8 grid: more images than this are never needed

# What counts in the grading, as your course has set it: the value that earns all points, and the value that earns none.
# Empty in a file that no course has filled in; a course can also keep back all but the convolutions.
SCALES = {"convolutions": [0, 4], "accuracy": [0.5, 0.9], "filters": [0.1, 0.85], "steps": [0.3, 0.9]}


def good(text):
    """Print a line about something that is as it should be."""
    print(f" ✓ {text}")


def bad(text, hint):
    """Print what is missing or looks wrong, and one thing to try."""
    print(f" ✗ {text}\n   → {hint}")
    missing.append(text)


def note(text):
    """Print something worth knowing that is neither right nor wrong."""
    print(f" · {text}")


def note_scale(name, text):
    """Print from which value on nothing is lost, if the course says so."""
    if name in SCALES:
        none, full = SCALES[name]
        note(text.format(full=f"{100 * full:g} %", none=f"{100 * none:g} %"))


def check(title):
    """Make a check out of a function: a title above its lines, and no exception whatever happens."""

    def decorate(function):
        @functools.wraps(function)
        def run(notebook):
            print(title)
            missing.clear()
            try:
                function(notebook)
            except Exception as error:  # a check must never stop the student's notebook
                reason = (str(error).splitlines() or [""])[0][:200]
                bad(
                    f"This check could not finish ({type(error).__name__}: {reason}).",
                    "Run the notebook from the top (Restart and Run All) and look at the first ✗.",
                )
            if missing and os.environ.get("NBGRADER_VALIDATING"):
                raise AssertionError(" ".join(missing))

        return run

    return decorate


@check("The network")
def check_cnn(notebook):
    """Count the convolution layers and look at what comes out."""
    model = find_model(notebook)
    if model is None:
        return
    convolutions = [layer.name for layer in all_layers(model) if is_convolution(layer)]
    found = f"{plural(len(convolutions), 'convolution layer')}" + (
        f": {', '.join(convolutions)}" if convolutions else ""
    )
    asked = SCALES.get("convolutions", (0, 4))[1]
    if len(convolutions) >= asked:
        good(f"{found}.")
    else:
        bad(
            f"{found}. The exercise asks for at least {asked}.",
            "Add layers.Conv2D layers; `model.summary()` lists what is there.",
        )
    if not model.built:
        bad(
            "The model does not know the shape of its input yet.",
            "Begin it with layers.Input(shape=(28, 28, 1)), or train it: then it is built.",
        )
        return
    try:
        output = respond(model, np.zeros((1, 28, 28, 1), "float32"))
    except Exception as error:  # whatever a student's layers may raise
        bad(
            f"The model does not accept a digit of shape (28, 28, 1) ({type(error).__name__}).",
            "Check the input shape.",
        )
        return
    if output.shape == (1, 10):
        good("A digit of shape (28, 28, 1) goes in, ten numbers come out.")
    else:
        bad(
            f"For one digit, an array of shape {output.shape} comes out instead of (1, 10).",
            "There are ten classes: pool or flatten the feature maps, end with a Dense layer of ten units.",
        )
    name = layer_name(notebook)
    if name in convolutions:
        good(f'There is a convolution layer "{name}", the one that you look into later.')
    else:
        bad(
            f'No convolution layer is called "{name}".',
            "Give the layers their names yourself (name=...), or set `layer_name` to one of yours.",
        )


@check("The training")
def check_training(notebook):
    """Say whether the model was compiled and fitted, and how many digits it recognizes."""
    model = find_model(notebook)
    if model is None:
        return
    if getattr(model, "compiled", False) or getattr(model, "optimizer", None) is not None:
        good(f"The model is compiled (optimizer: {type(model.optimizer).__name__}).")
    else:
        bad(
            "The model is not compiled.",
            "model.compile(...) needs an optimizer and a loss; ask for the accuracy as a metric.",
        )
    results = notebook.get("results")
    history = getattr(results, "history", None)
    losses = np.ravel(history.get("loss", [])) if isinstance(history, dict) else np.array([])
    if len(losses) and np.all(np.isfinite(losses)):
        good(f"`results` holds {plural(len(losses), 'epoch')}: loss {losses[0]:.3f} → {losses[-1]:.3f}.")
    elif len(losses):
        bad(
            "The training loss is not a finite number.",
            "Is the learning rate too large? Are the images still in [0, 1]?",
        )
    else:
        bad(
            "`results` holds no training history.",
            "Keep what model.fit returns: results = model.fit(x_train, y_train, ...)",
        )
    digits, labels = test_digits(notebook)
    if digits is None or not model.built:
        bad(
            "The accuracy could not be measured.",
            "It needs a built model and the test digits: run the cells above, in order.",
        )
        return
    right = np.argmax(np.reshape(respond(model, digits), (len(digits), -1)), axis=1) == labels
    guessing = np.bincount(labels).max() / len(labels)
    measured = f"{right.sum()} of {len(labels)} test digits are recognized ({100 * right.mean():.1f} %)"
    if right.mean() > 2 * guessing:
        good(f"{measured}.")
    else:
        bad(
            f"{measured}: hardly more than by guessing.",
            "Does the loss fit one-hot labels? Was the fit run after the last change of the model?",
        )
    note_scale("accuracy", "What counts, on other digits: {full} earn all points, {none} none.")


@check("The images")
def check_images(notebook):
    """Look at the images as such: how many, which shape, finite, different, not blank."""
    images = find_images(notebook)
    if images is None:
        return
    count_images(notebook, images)
    usable = [image for image in images if image is not None]
    if len(usable) == len(images):
        good("Every image has 28 × 28 pixels.")
    else:
        bad(
            f"Not an image of 28 × 28 pixels: {len(images) - len(usable)} of {len(images)} entries.",
            "Append the image of one filter at a time, of shape (28, 28), (28, 28, 1) or (1, 28, 28, 1).",
        )
    if not usable:
        return
    finite = [image for image in usable if np.all(np.isfinite(image))]
    if len(finite) == len(usable):
        good("All pixels are finite numbers.")
    else:
        bad(
            f"{len(usable) - len(finite)} images contain NaN or infinity.",
            "Does `normalize` get the gradient, and nothing else? Print the loss while it runs.",
        )
    blank = sum(bool(np.ptp(image) == 0) for image in finite)
    if blank:
        bad(
            f"{blank} images are blank: all pixels are equal.",
            "Start from noise, and look at one image before the loop continues.",
        )
    elif finite:
        good("No image is blank.")
    different = len({image.tobytes() for image in finite})
    if finite and different == len(finite):
        good("All images are different.")
    elif finite:
        bad(
            f"Only {different} of {len(finite)} images are different from each other.",
            "A list that holds one variable many times shows its last value in all: append arrays.",
        )
    if finite and all(np.all(image == np.round(image)) for image in finite):
        note(
            "Whole numbers only, as after deprocess_image. It works in place: give it a copy, keep the original."
        )


@check("The ascent: does every image excite its filter?")
def check_ascent(notebook):
    """Compare the mean activation of filter i on image i with that on noise."""
    images, activation = activations_on_images(notebook)
    if images is None:
        return
    own = np.array([activation[i, i] for i in range(len(images))])
    noise = np.random.default_rng(0).uniform(size=(GRID, 28, 28, 1)).astype("float32")
    on_noise = feature_means(notebook, noise)[:, : len(images)]  # (noise images, filters)
    silent = (own == 0) & (np.median(on_noise, axis=0) == 0)
    raised = own > on_noise.max(axis=0)
    needed = max(len(images), min(activation.shape[1], GRID))
    text = f"{raised.sum()} of {plural(needed, 'filter')} are raised above what noise gives"
    if 2 * raised.sum() > needed - silent.sum():
        good(f"{text}.")
    else:
        bad(
            f"{text}.",
            "Uphill is along the gradient (assign_add); without `normalize` the steps are tiny.",
        )
    note_scale(
        "filters", "What counts: all points if {full} of the living filters are raised, none up to {none}."
    )
    note(f"Typical mean activation: {np.median(on_noise):.3g} on noise, {np.median(own):.3g} on your images.")
    lazy = [str(i) for i in np.flatnonzero(~raised & ~silent)]
    if lazy:
        note(f"Not raised: filter {', '.join(lazy[:10])}{' and more' if len(lazy) > 10 else ''}.")
    if silent.any():
        note(
            f"{plural(silent.sum(), 'filter')} gave nothing on your image and hardly on noise: dead, perhaps."
        )


@check("The objective: is image i the image of filter i?")
def check_objective(notebook):
    """Ask of every filter which of all images excites it most."""
    images, activation = activations_on_images(notebook)
    if images is None:
        return
    if len(images) == 1:
        bad("With one image there is nothing to compare.", "Let the loop run over all filters.")
        return
    alive = [i for i in range(len(images)) if activation[:, i].max() > 0]
    best = [
        i
        for i in alive
        if activation[:, i].argmax() == i and np.sum(activation[:, i] == activation[i, i]) == 1
    ]
    text = f"{len(best)} of {plural(len(alive), 'living filter')} answer most strongly to their own image"
    if 2 * len(best) > len(alive):
        good(f"{text}.")
        note_scale(
            "filters", "What counts: all points if {full} of the filters have their own image, none up to {none}."
        )
        if len(best) < len(alive):
            note("For the others another image is as good or better; a few similar filters are normal.")
    else:
        bad(
            f"{text}.",
            "Does the loss depend on `filter_index`? Feature maps have the axes image, row, column, filter.",
        )


@check("The updates")
def check_updates(notebook):
    """Compare gradient_updates, step_size and the number of images with the exercise."""
    for name, asked in (("gradient_updates", 50), ("step_size", 1.0)):
        value = scalar(notebook.get(name))
        if value is None:
            bad(
                f"`{name}` is not a number here.",
                "It is set in the cell that defines `normalize`: run that again.",
            )
        elif value == asked:
            good(f"{name} = {value:g}")
        else:
            bad(
                f"{name} = {value:g}, the exercise asks for {asked:g}.",
                "Trying other values is a good idea; hand in with this one.",
            )
    note_scale("steps", "What counts is how close the steps come to those asked: {full} earn all points, {none} none.")
    images = find_images(notebook)
    if images is not None:
        count_images(notebook, images)


@check("The plot")
def check_plot(notebook):
    """Look at the figure: panels, titles, and whether they show something."""
    figure = find_figure(notebook)
    if figure is None:
        bad("There is no figure yet.", "Keep the line `figure = plt.figure(...)` and draw into it.")
        return
    panels = [axes for axes in figure.axes if axes.images]
    images = look_for_images(notebook)
    needed = min(len(images), GRID) if images else GRID
    if len(panels) >= needed:
        good(f"{len(panels)} panels show an image.")
    else:
        bad(
            f"{plural(len(panels), 'panel')} with an image; {needed} are needed.",
            "figure.add_subplot(8, 8, i + 1) counts the panels from 1.",
        )
    if not panels:
        return
    untitled = sum(not axes.get_title().strip() for axes in panels)
    titles = {axes.get_title().strip() for axes in panels}
    if untitled:
        bad(
            f"{plural(untitled, 'panel')} without a title.", 'Write "feature i" above the panel of feature i.'
        )
    elif len(titles) < len(panels):
        bad("Some panels have the same title.", "Put the number of the feature into the title.")
    else:
        good(f'Every panel has its own title, from "{panels[0].get_title()}" to "{panels[-1].get_title()}".')
    blank = sum(is_blank(axes.images[0].get_array()) for axes in panels)
    if blank:
        bad(
            f"{plural(blank, 'panel')} without contrast.",
            "Look at the image before and after deprocess_image: was it deprocessed twice?",
        )
    else:
        good("No panel is blank.")


def find_model(notebook):
    """Return the notebook's `model`, or say what is there instead."""
    model = notebook.get("model")
    if isinstance(model, keras.Model):
        return model
    others = [
        name
        for name, value in list(notebook.items())
        if isinstance(value, keras.Model) and not name.startswith("_")
    ]
    if model is not None and not isinstance(model, type(...)):
        bad(
            f"`model` is a {type(model).__name__}, not a Keras model.", "Use keras.Sequential or keras.Model."
        )
    elif others:
        bad("There is no `model`.", f"There is a Keras model called `{others[0]}`: give it the name `model`.")
    else:
        bad("There is no `model` yet.", "Fill in the cell that builds the network, and run it.")
    return None


def find_images(notebook):
    """Return the visualised features as (28, 28) arrays, None for what is no image, or say why not."""
    images = look_for_images(notebook)
    if images:
        return images
    bad(
        "`visualized_feature` holds no images yet.",
        "Fill in the ascent: append the finished image of every filter to this list.",
    )
    return None


def look_for_images(notebook):
    """Return the visualised features as `find_images` does, an empty list if there are none."""
    value = notebook.get("visualized_feature")
    if isinstance(value, dict):
        entries = list(value.values())
    elif isinstance(value, (list, tuple)):
        entries = list(value)
    elif value is None:
        entries = []
    else:
        array = to_array(value)
        if array is not None and np.squeeze(array).ndim == 2:
            entries = [array]  # one image, whatever axes of length one it has
        else:
            entries = [] if array is None or array.ndim == 0 else list(array)
    return [to_image(entry) for entry in entries]


def find_figure(notebook):
    """Return `figure`, or else the figure with most images among all that the notebook knows."""
    candidates = []
    for value in [notebook.get("figure"), *list(notebook.values())]:
        first = (
            value.flat[0] if isinstance(value, np.ndarray) and value.dtype == object and value.size else value
        )
        if isinstance(first, Axes):
            first = first.figure
        if isinstance(first, Figure):
            candidates.append(first)
    return max(candidates, key=lambda figure: sum(bool(axes.images) for axes in figure.axes), default=None)


def layer_name(notebook):
    """Return the name of the layer whose filters are looked at."""
    name = notebook.get("layer_name")
    return name if isinstance(name, str) else "conv2d_3"


def find_layer(notebook, model):
    """Return the layer called `layer_name`, or None."""
    return next((layer for layer in all_layers(model) if layer.name == layer_name(notebook)), None)


def test_digits(notebook):
    """Return some test digits and their labels as numbers 0 to 9, or (None, None)."""
    digits, labels = to_array(notebook.get("x_test")), to_array(notebook.get("y_test"))
    if digits is None or labels is None or digits.ndim == 0 or len(digits) != len(np.atleast_1d(labels)):
        return None, None
    digits, labels = digits[:1000].reshape(-1, 28, 28, 1).astype("float32"), labels[:1000]
    return digits, (labels.argmax(axis=1) if labels.ndim == 2 else labels).astype(int)


def all_layers(model):
    """Return every layer of the model once, those of nested models included."""
    found, waiting = [], list(model.layers)
    while waiting:
        layer = waiting.pop(0)
        if not any(layer is other for other in found):
            found.append(layer)
            inner = getattr(layer, "layers", None)
            waiting = (list(inner) if isinstance(inner, (list, tuple)) else []) + waiting
    return [layer for layer in found if not isinstance(layer, keras.Model)]


def is_convolution(layer):
    """Say whether the layer convolves, also as a class of the student's own that is called so."""
    return isinstance(layer, keras.layers.Conv2D) or "Conv" in type(layer).__name__


def respond(model, images):
    """Return what the model says to the images, a hundred at a time, as outside of training."""
    parts = [model(tf.constant(images[i : i + 100]), training=False) for i in range(0, len(images), 100)]
    return np.concatenate([np.asarray(part) for part in parts])


def feature_means(notebook, images):
    """Return the mean activation of every filter of the layer on every image: (images, filters)."""
    model = notebook["model"]
    layer = find_layer(notebook, model)
    maps = respond(keras.Model(model.inputs, layer.output), images)
    return maps.mean(axis=tuple(range(1, maps.ndim - 1)))


def activations_on_images(notebook):
    """Return the usable images and (image, filter) mean activations, or (None, None) after saying why not."""
    nothing = (None, None)
    images = find_images(notebook)
    model = find_model(notebook) if images is not None else None
    if model is None:
        return nothing
    if any(image is None or not np.all(np.isfinite(image)) for image in images):
        bad(
            "Some entries of `visualized_feature` are no images with finite pixels.",
            "See what the check of the images says.",
        )
        return nothing
    layer = find_layer(notebook, model)
    if layer is None:
        names = ", ".join(layer.name for layer in all_layers(model) if is_convolution(layer))
        bad(
            f'The model has no layer "{layer_name(notebook)}".',
            f"Its convolution layers are: {names or 'none'}.",
        )
        return nothing
    batch = np.stack(images)[..., np.newaxis].astype("float32")  # (images, 28, 28, 1)
    try:
        activation = feature_means(notebook, batch)
    except Exception:  # layers of subclassed and nested models have no output of their own to connect to
        note("This check cannot look inside a model of this kind. That costs you nothing: the grading can.")
        return nothing
    if len(images) > activation.shape[1]:
        filters = activation.shape[1]
        note(f"There are {len(images)} images for {filters} filters: looking at the first {filters}.")
        images, activation = images[:filters], activation[:filters]
    return images, activation


def count_images(notebook, images):
    """Compare the number of images with the number of filters in the layer."""
    model = notebook.get("model")
    layer = find_layer(notebook, model) if isinstance(model, keras.Model) else None
    filters = getattr(layer, "filters", None)
    needed = min(filters, GRID) if isinstance(filters, int) else GRID
    have = plural(len(images), "image")
    if filters is not None:
        have += f', layer "{layer.name}" has {plural(filters, "filter")}'
    if len(images) == needed or len(images) == filters:
        good(f"{have}.")
    elif len(images) > needed:
        bad(f"{have}: more than are needed.", "Empty the list before the loop: visualized_feature = []")
    else:
        bad(f"{have}; {needed} images are needed.", "One image for every filter, filter 0 first.")


def is_blank(picture):
    """Say whether all visible pixels of a picture are equal or none is a number."""
    values = np.ma.masked_invalid(np.ma.asarray(picture, dtype="float64")).compressed()
    return values.size == 0 or bool(np.ptp(values) == 0)


def to_image(entry):
    """Return a new (28, 28) array of numbers, or None."""
    array = to_array(entry)
    if array is None or array.size != 28 * 28 or np.squeeze(array).shape != (28, 28):
        return None
    return np.squeeze(array).astype("float64")


def to_array(value):
    """Return a NumPy array of numbers made from a tensor, variable, list or array, or None."""
    try:
        array = np.asarray(value)
        return array if array.dtype.kind in "biuf" else None
    except Exception:  # ragged lists, foreign objects: no array of numbers
        return None


def scalar(value):
    """Return a single number as a float, or None."""
    array = to_array(value)
    return float(array.reshape(())) if array is not None and array.size == 1 else None


def plural(count, word, words=None):
    """Return the count and the word in the right form."""
    return f"{count} {word if count == 1 else words or word + 's'}"
