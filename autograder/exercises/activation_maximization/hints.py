"""What errors mean in the terms of the exercise."""

from __future__ import annotations

# (pattern of "Name: message", hint); the first match is used, before those of `autograder.verify.diagnosis`.
HINTS: tuple[tuple[str, str], ...] = (
    (
        r"No such layer: (?P<layer>[\w/.-]+)",
        "there is no layer called {layer} in your model: look at model.summary() and set layer_name to the "
        "name of your fourth convolution",
    ),
    (
        r"has never been called",
        "a Sequential model of Keras 3 knows model.inputs and model.outputs, and these only if it begins with "
        "layers.Input(shape=(28, 28, 1)); model.input and model.output it does not know",
    ),
    (
        r"IndexError.*(out of range|out of bounds)",
        "an index is larger than the list or array is long: compare it with the number of filters",
    ),
    (
        r"Shapes? .*(incompatible)|expected shape",
        "two arrays do not fit together: compare the shapes of labels, model output and images",
    ),
)
