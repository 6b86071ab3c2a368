"""What errors of notebooks mean in the words of this exercise."""

from __future__ import annotations

from autograder.exercise import Hint

# The first that fits is used, so a special one stands before a general one.
HINTS: tuple[Hint, ...] = (
    Hint(
        r"No module named 'ising'",
        "the module ising was not found: put ising.py and ising.npz into the folder of the notebook",
    ),
    Hint(
        r"has never been called|Sequential model '[^']*' has no defined (inputs|outputs)",
        "in Keras 3, use model.inputs and model.outputs; a Sequential model has them only if it begins with "
        "layers.Input(shape=(32, 32, 1))",
    ),
    Hint(
        r"No such layer: (?P<layer>[\w/.-]*[\w/-])",
        "there is no layer called {layer} in your model: give the last convolution this name, by name=, or look at "
        "model.summary()",
    ),
    Hint(
        r"expected min_ndim=4, found ndim=3",
        "a convolution takes a batch of lattices with a channel, (lattices, 32, 32, 1): one lattice alone is "
        "x_test[k : k + 1]",
    ),
    Hint(
        r"expected axis -1 of input shape to have value",
        "the last axis has the wrong length: lattices have the shape (lattices, 32, 32, 1)",
    ),
    Hint(
        r"must have the same (rank|shape)[^\n]*target\.shape",
        "the output of the network does not have the shape of the labels, (lattices, 2): is the last layer a Dense "
        "layer of two units behind global pooling?",
    ),
    Hint(
        r"must have rank \(ndim\) `target\.ndim - 1`",
        "the sparse loss takes the classes themselves; for one-hot labels there is categorical_crossentropy",
    ),
    Hint(
        r"subscripts|operands could not be broadcast together|matmul: Input operand|Incompatible shapes|"
        r"shapes .* not aligned",
        "two arrays do not fit together: features have the axes lattice, row, column, filter, and the weights of the "
        "Dense layer filter, class",
        only_in=frozenset({"maps"}),
    ),
    Hint(
        r"Invalid shape \([\d, ]+\) for image data",
        "imshow takes a picture with two axes: take one lattice or one map, and remove the axis of length one",
    ),
    Hint(
        r"IndexError.*(out of range|out of bounds)",
        "an index is outside the list or array: places in x_test go from 0 to 999",
    ),
    Hint(
        r"ellipsis",
        "a '...' of the skeleton is still there, where your code belongs",
    ),
)
