"""Checks to run while you work on the exercise: each one looks at your results and says what it sees.

They help you on the way and give no marks: the grading measures more finely, after you have handed in.
A check changes nothing in your notebook, and none of them stops it. Only where `nbgrader validate` (or its button)
runs the notebook does a check with a ✗ end in an error, since that is how it knows what to list.
"""

import functools
import os

import numpy as np
from matplotlib.figure import Figure
from tensorflow import keras

missing = []  # what the check that is running has found missing or wrong
LATTICES, CLASSES, SIDE = 4, 2, 32

# What counts in the grading, as your course has set it: the value that earns all points, and the value that earns none.
# Empty if the course does not say.
SCALES = {"accuracy": [0.8, 0.95]}


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
    """Look for convolutions, global average pooling and one Dense layer of two units."""
    model = find_model(notebook)
    if model is None:
        return
    kinds = [type(layer).__name__ for layer in model.layers]
    convolutions = sum("Conv" in kind for kind in kinds)
    if convolutions >= 2:
        good(f"{convolutions} convolution layers.")
    else:
        bad(f"{convolutions} convolution layers; the exercise asks for at least two.", "Add layers.Conv2D layers.")
    if kinds.count("Dense") == 1:
        good("One Dense layer.")
    else:
        bad(f"{kinds.count('Dense')} Dense layers.", "The formula of the maps holds for exactly one, at the end.")
    if any(kind in {"GlobalAveragePooling2D", "AveragePooling2D"} for kind in kinds):
        good("There is average pooling.")
    else:
        note("There is no layer called GlobalAveragePooling2D. If you average in another way, that is as good.")
    answer = np.asarray(model(np.ones((1, SIDE, SIDE, 1), "float32"), training=False))
    if answer.shape == (1, CLASSES):
        good("A lattice of shape (32, 32, 1) goes in, two numbers come out.")
    else:
        bad(f"For one lattice, an array of shape {answer.shape} comes out, not (1, 2).", "There are two phases.")


@check("The training")
def check_training(notebook):
    """Say whether the model was fitted, and how many test lattices it classifies correctly."""
    model = find_model(notebook)
    if model is None:
        return
    history = getattr(notebook.get("results"), "history", None)
    losses = np.ravel(history.get("loss", [])) if isinstance(history, dict) else np.array([])
    if len(losses) and np.all(np.isfinite(losses)):
        good(f"`results` holds {len(losses)} epochs: loss {losses[0]:.3f} → {losses[-1]:.3f}.")
    else:
        bad("`results` holds no training history.", "Keep what model.fit returns: results = model.fit(...)")
    share = float(np.mean(says(model, notebook).argmax(axis=1) == truth(notebook)))
    measured = f"{100 * share:.1f} % of the test lattices are classified correctly"
    if share > 0.75:
        good(f"{measured}.")
    else:
        bad(f"{measured}: little more than by guessing.", "Does the loss fit one-hot labels? Train a little longer.")
    if "accuracy" in SCALES:
        none, full = SCALES["accuracy"]
        note(f"What counts, on other lattices: {100 * full:g} % earn all points, {100 * none:g} % none.")


@check("The choice: two right, two wrong")
def check_choice(notebook):
    """Ask the network about the chosen lattices."""
    chosen, model = find_chosen(notebook), find_model(notebook)
    if chosen is None or model is None:
        return
    if len(set(chosen)) < LATTICES:
        bad(f"`chosen` names {len(set(chosen))} different lattices.", "The exercise asks for four.")
    wrong = says(model, notebook).argmax(axis=1) != truth(notebook)
    found, there = int(wrong[list(set(chosen))].sum()), int(wrong.sum())
    said = f"Your network classifies {found} of the chosen lattices wrongly, and {there} of all {len(wrong)}"
    if found == min(2, there):
        good(f"{said}.")
    else:
        bad(f"{said}.", "Compare what the model predicts for x_test with y_test. Was it trained again since?")


@check("The maps: do they add up to what the network says?")
def check_maps(notebook):
    """Compare the means of the maps, with the bias of the Dense layer, with the network's logits."""
    maps = find_maps(notebook)
    logits = None if maps is None else logits_of(notebook)
    if logits is None:
        return
    if maps.shape[2:] == (SIDE, SIDE):
        note("The maps are as large as the lattices. If you have enlarged them: that is for the plot.")
    added = sums_of(maps, notebook)
    if np.allclose(np.sort(added), np.sort(logits), rtol=1e-3, atol=1e-3 * np.abs(maps).max()):
        good("The means of both maps and the biases are the logits of every lattice.")
    else:
        bad(
            f"For the first lattice, the means of the maps and the biases are {np.round(added[0], 3)}, and the logits "
            f"of your network {np.round(logits[0], 3)}.",
            "Print the shapes of features and weights. Which index is summed over, and of which lattices are they?",
        )


@check("The alignment: which map is which?")
def check_alignment(notebook):
    """Ask whether the class with the larger sum is the one that the network names."""
    maps = find_maps(notebook)
    logits = None if maps is None else logits_of(notebook)
    if logits is None:
        return
    added = sums_of(maps, notebook)
    agree = int(np.sum(added.argmax(axis=1) == logits.argmax(axis=1)))
    if agree == len(maps):
        good("In every row, the map of the class that the network names says the most for it.")
    else:
        bad(f"That holds for {agree} of {len(maps)} lattices.", "maps[i, c] is the map of lattice i for class c.")
    note("Rows and columns cannot be told from sums: draw a map over its lattice and compare where things are.")


@check("The plot")
def check_plot(notebook):
    """Look at the figure: panels and titles."""
    figures = [value for value in notebook.values() if isinstance(value, Figure)]
    panels = [axes for axes in max(figures, key=lambda one: len(one.axes)).axes if axes.images] if figures else []
    if not panels:
        bad("There is no figure with pictures.", "Keep what plt.figure(...) returns as `figure`, and draw into it.")
        return
    if len(panels) >= LATTICES:
        good(f"{len(panels)} panels show a picture.")
    else:
        bad(f"{len(panels)} panels show a picture.", "Every lattice needs one, and so do its maps.")
    titles = [title for axes in panels if (title := axes.get_title().strip())]
    if len(titles) >= LATTICES and all(any(sign.isdigit() for sign in title) for title in titles[:1]):
        good(f'There are {len(titles)} titles, the first is "{titles[0]}".')
    else:
        bad(f"There are {len(titles)} titles with numbers.", "Say temperature, class and probability of every lattice.")


def find_model(notebook):
    """Return the notebook's `model`, or say what is there instead."""
    model = notebook.get("model")
    if isinstance(model, keras.Model) and model.built:
        return model
    bad("There is no built Keras model called `model` yet.", "Fill in the cell that builds the network, and run it.")
    return None


def find_chosen(notebook):
    """Return the places of the chosen lattices, or say what is wrong with them."""
    try:
        chosen = [int(one) for one in np.ravel(notebook.get("chosen"))]
    except (TypeError, ValueError):
        chosen = []
    if len(chosen) == LATTICES and all(0 <= one < len(notebook["x_test"]) for one in chosen):
        return chosen
    bad("`chosen` is not a list of four places in x_test.", "They are whole numbers from 0 to 999.")
    return None


def find_maps(notebook):
    """Return the maps as an array, (4, 2, rows, columns), or say what is wrong with them."""
    try:
        maps = np.asarray(notebook.get("maps"), "float64")
    except (TypeError, ValueError):
        maps = np.zeros(0)
    if maps.ndim != 4 or maps.shape[:2] != (LATTICES, CLASSES):
        bad(f"`maps` has the shape {maps.shape}, not (4, 2, rows, columns).", "One map for each lattice and class.")
        return None
    if not np.all(np.isfinite(maps)):
        bad("`maps` contains NaN or infinity.", "Print the feature maps and the weights.")
        return None
    good(f"`maps` has the shape {maps.shape}.")
    return maps


def says(model, notebook):
    """Return the network's answers to all test lattices, (n, 2)."""
    lattices = np.asarray(notebook["x_test"], "float32").reshape(-1, SIDE, SIDE, 1)
    parts = [model(lattices[i : i + 100], training=False) for i in range(0, len(lattices), 100)]
    return np.concatenate([np.asarray(part) for part in parts])


def truth(notebook):
    """Return the class of every test lattice, (n,)."""
    return np.asarray(notebook["y_test"]).argmax(axis=1)


def sums_of(maps, notebook):
    """Return what the means of the maps and the biases of the Dense layer add up to, (4, 2)."""
    return maps.mean(axis=(2, 3)) + np.asarray(find_model(notebook).layers[-1].bias)


def logits_of(notebook):
    """Return the logits of the chosen lattices, (4, 2), or None after saying what is missing."""
    chosen, model = find_chosen(notebook), find_model(notebook)
    if chosen is None or model is None:
        return None
    inner = keras.Model(model.inputs, model.layers[-1].input)
    lattices = np.asarray(notebook["x_test"], "float32")[chosen]
    last = model.layers[-1]
    return np.asarray(inner(lattices, training=False)) @ np.asarray(last.kernel) + np.asarray(last.bias)
