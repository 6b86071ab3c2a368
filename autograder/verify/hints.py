"""What the errors of Python, NumPy, TensorFlow, Keras and Matplotlib mean for someone who does this exercise.

Each hint has a pattern of "Name: message", and the words that continue the sentence "the cell stopped with ...". They
say what went wrong and where to look, and never give a part of the solution.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_KERAS_BACKEND = r"module '[\w.]*keras[\w.]*backend' has no attribute"
_SUBPLOTS = (
    r"'numpy\.ndarray' object has no attribute '(imshow|set_title|axis|matshow|pcolormesh|plot|set_axis_off)'"
)


@dataclass(frozen=True)
class Hint:
    """An explanation of one kind of error."""

    pattern: str
    words: str  # groups of the pattern may stand in it
    only_in: frozenset[str] = frozenset()  # cells in which it fits; empty: in all


# The first that fits is used, so a special one stands before a general one.
HINTS: tuple[Hint, ...] = (
    # the tape
    Hint(
        r"A non-persistent GradientTape can only be used",
        "a tape gives its gradient only once: make a new one in every step",
    ),
    Hint(
        r"Attempt to convert a value \(None\)|unsupported operand type\(s\) for [^\n]*'NoneType'",
        "there is no value, only None. A gradient is None if the tape has seen no way from the image to the loss: the "
        "image has to be a variable or be watched (tape.watch), and the loss has to be computed from it by TensorFlow "
        "inside of the tape, without .numpy(), NumPy or model.predict",
    ),
    Hint(
        r"No gradients provided for any variable",
        "all gradients are None: the loss does not depend on the image as far as the tape can see",
    ),
    Hint(
        r"'numpy\.\w+' object has no attribute '_id'|`type_value`: -?[\d.]+(e-?\d+)? to a TensorFlow DType",
        "the tape was given a NumPy array or a plain number. Loss and image have to be TensorFlow's: .numpy(), "
        "float(), np.mean and model.predict leave TensorFlow, and the gradient is lost there",
    ),
    Hint(
        r"Passed in object ",
        "a tape can only watch a tensor or a variable, not a NumPy array",
    ),
    Hint(
        r"'str' object has no attribute 'base_dtype'|'KerasTensor' object has no attribute '_id'",
        "loss or image is a symbolic tensor of Keras, which only describes a layer and has no value: call a model on "
        "the image inside of the tape, and compute the loss from what it returns",
    ),
    Hint(
        r"`type_value`: '[^\n]*' to a TensorFlow DType",
        "the tape was given a text where it needs a tensor or a variable",
    ),
    Hint(
        r"tf\.gradients is not supported when eager execution",
        "K.gradients and tf.gradients belong to TensorFlow 1; today a tf.GradientTape takes the gradient",
    ),
    # symbolic tensors
    Hint(
        r"'KerasTensor' object has no attribute 'numpy'|KerasTensor is symbolic|symbolic KerasTensor cannot be used|"
        r"A KerasTensor cannot be used as input to a TensorFlow function",
        "layer.output and model.output are symbolic: they describe a layer and have no values. Values come from "
        "calling a model on an image",
    ),
    Hint(
        r"'KerasTensor' object is not callable",
        "a layer's output cannot be called; a model that ends there can, and keras.Model makes one",
    ),
    Hint(
        r"All `(?P<which>inputs|outputs)` values must be KerasTensors",
        "the {which} of keras.Model are symbolic tensors, such as model.inputs or the output of a layer, and neither "
        "layers nor names nor arrays",
    ),
    Hint(
        r"Output with path `[^`]*` is not connected to `inputs`",
        "this output cannot be reached from these inputs: both have to belong to the same network, input first",
    ),
    Hint(
        r"symbolic tf\.Tensor .* to a numpy array|numpy\(\) is only available when eager|not 'SymbolicTensor'|"
        r"'SymbolicTensor' object has no attribute 'numpy'",
        "inside of a tf.function tensors have no values yet: use TensorFlow's operations there, and .numpy(), float() "
        "or NumPy only outside",
    ),
    Hint(
        r"(Iterating over|Using) a symbolic `tf\.Tensor`",
        "inside of a tf.function a tensor has no value yet, so that Python cannot loop over it or decide by it",
    ),
    Hint(
        r"tf\.function only supports singleton tf\.Variables",
        "a tf.function may not make a new variable in every call: make the image outside, and pass it in",
    ),
    Hint(
        r"is out of scope and cannot be used here",
        "a tensor that was made inside of a tf.function was kept outside: return it instead",
    ),
    # layers and models
    Hint(
        r"No such layer: (?P<layer>conv2d\w*)\. Existing layers are: \[[^\]]*'conv2d_\d+'",
        "there is no layer called {layer}, and the convolutions have other numbers: Keras counts on when the cell that "
        "builds the network runs again. Give the layers their names yourself, by name=, or set layer_name to what "
        "model.summary() shows",
    ),
    Hint(
        r"No such layer: (?P<layer>[\w/.-]+)",
        "there is no layer called {layer} in your model: look at model.summary() and set layer_name to the "
        "name of your fourth convolution",
    ),
    Hint(
        r"Was asked to retrieve layer at index|Provide either a layer name or layer index",
        "model.get_layer needs the name of a layer that the model has; model.summary() lists them",
    ),
    Hint(
        r"Sequential model '[^']*' has no defined (inputs|outputs)",
        "a Sequential model knows its inputs and outputs only if it begins with layers.Input(shape=(28, 28, 1))",
    ),
    Hint(
        r"has never been called",
        "a Sequential model of Keras 3 knows model.inputs and model.outputs, and these only if it begins with "
        "layers.Input(shape=(28, 28, 1)); model.input and model.output it does not know",
    ),
    Hint(
        r"has no attribute '(output_shape|input_shape|get_output_at|get_input_at)'",
        "Keras 3 layers no longer have this; layer.output.shape says which shape a layer gives",
    ),
    Hint(
        r"expects \d+ input\(s\), but it received \d+ input tensors",
        "a layer or model got a list where it takes one array: pass the images alone, and give keras.Model "
        "model.inputs without brackets around it",
    ),
    Hint(
        r"expected min_ndim=4, found ndim=3|Negative dimension size caused by subtracting|"
        r"Computed output size would be negative",
        "a convolution takes a batch of images with a channel, (images, 28, 28, 1), and got other axes or a picture "
        "that is smaller than its kernel: print the shape",
    ),
    Hint(
        r"output size would be zero or negative",
        "nothing is left of the picture at this layer: each pooling halves it, and a convolution without padding makes "
        'it smaller; take fewer of them, or padding="same"',
    ),
    Hint(
        r"expected axis -1 of input shape to have value",
        "the last axis does not fit: images have the shape (images, 28, 28, 1), with one channel, and the sizes are "
        "those that the network was built for",
    ),
    Hint(
        r"Kernel shape must have the same length as input",
        "layers.Input takes the shape of one image, (28, 28, 1), without an axis for the batch",
    ),
    Hint(
        r"(layers|model|models).* (should have|must be) unique|is already the name of a layer",
        "two layers have the same name: every name may occur once",
    ),
    Hint(
        r"Conv2D\.__init__\(\) missing 1 required positional argument: 'kernel_size'",
        "a convolution needs the number of its filters and the size of its kernel",
    ),
    Hint(
        r"Could not interpret (?P<what>\w+)( function)? identifier: (?P<name>[\w ]+)",
        "Keras knows no {what} called {name}: compare the spelling with the documentation",
    ),
    Hint(
        r"(?:Unrecognized keyword arguments passed to|Conv2D|Dense)\b[^\n]*'(?P<name>input_dims?|input_shapes?)'",
        "Keras does not know the argument {name}; the shape of an image belongs into layers.Input(shape=...)",
    ),
    # training
    Hint(
        r"(not recognized|unexpected keyword argument)[^\n]*'lr'",
        "Keras 3 no longer knows the argument lr: the learning rate is called learning_rate, so write "
        "Adam(learning_rate=...) instead of Adam(lr=...)",
    ),
    Hint(
        r"(not recognized|unexpected keyword argument)[^\n]*'decay'",
        "Keras 3 no longer knows the argument decay: pass a learning rate schedule as learning_rate",
    ),
    Hint(
        r"object has no attribute 'lr'",
        "the learning rate of an optimizer is called learning_rate in Keras 3",
    ),
    Hint(
        r"`keras\.optimizers\.legacy` is not supported",
        "keras.optimizers.legacy is gone: use the optimizer of the same name in keras.optimizers",
    ),
    Hint(
        r"object has no attribute '(?P<old>minimize|get_updates)'",
        "optimizers of Keras 3 have no {old}: take the gradient with a tape, then call apply_gradients",
    ),
    Hint(
        r"Unknown variable: <",
        "an optimizer of Keras 3 only changes variables that it was built for: make a new optimizer for the image",
    ),
    Hint(
        r"has no attribute '(?P<old>fit|predict|evaluate)_generator'",
        "{old}_generator is gone: model.{old} takes generators as well",
    ),
    Hint(
        r"has no attribute 'predict_(classes|proba)'",
        "this is gone from Keras: model.predict gives the probabilities, and argmax over the last axis the digit",
    ),
    Hint(
        r"unexpected keyword argument 'nb_epoch'",
        "the argument is called epochs today",
    ),
    Hint(
        r"You must call `compile\(\)`",
        "call model.compile(...) before model.fit(...)",
    ),
    Hint(
        r"No loss to compute",
        "model.compile was given no loss",
    ),
    Hint(
        r"must have rank \(ndim\) `target\.ndim - 1`",
        "the sparse loss takes the digits themselves, 0 to 9; for one-hot labels there is categorical_crossentropy",
    ),
    Hint(
        r"must have the same (rank|shape)[^\n]*target\.shape=\(\w+,\)",
        "the labels are plain digits and the loss wants them one-hot: make them so with keras.utils.to_categorical, or "
        "take the sparse loss",
    ),
    Hint(
        r"must have the same (rank|shape)[^\n]*target\.shape",
        "the output of the network has not the shape of the labels, (images, 10): is the last layer a Dense layer of "
        "ten units behind a Flatten?",
    ),
    Hint(
        r"Data cardinality is ambiguous",
        "there are not as many labels as images: pass those that belong together",
    ),
    Hint(
        r"`validation_split` is only supported for",
        "validation_split works for arrays only; with a data set, pass another one as validation_data",
    ),
    Hint(
        r"KeyError: '(?P<key>(val_)?acc)'",
        "the history has no {key}: today the key is called accuracy, as the metric in model.compile",
    ),
    Hint(
        r"KeyError: '(?P<key>val_\w+)'",
        "the history has no {key}: it is there only if model.fit got validation_data or validation_split",
    ),
    Hint(
        r"'History' object is not subscriptable",
        "the numbers are in results.history, a dictionary",
    ),
    Hint(
        r"to_categorical\(\) got an unexpected keyword argument|is out of bounds for axis 1 with size \d+",
        "to_categorical takes the digits and the number of classes, ten, and adds the new axis at the end",
    ),
    Hint(
        r"filename must end in `\.weights\.h5`|Invalid filepath extension for saving",
        "Keras 3 wants other file names: .weights.h5 for weights and .keras for a model",
    ),
    # what is gone
    Hint(
        _KERAS_BACKEND + r" '(?P<name>function|gradients|placeholder|get_session|set_session|learning_phase|"
        r"set_learning_phase)'",
        "K.{name} belongs to TensorFlow 1 and is gone; today a model is called directly, and a tf.GradientTape takes "
        "the gradient",
    ),
    Hint(
        _KERAS_BACKEND + r" '(?P<name>\w+)'",
        "the keras.backend of the package keras has no {name}. Use KTF as in the first cell, or tf.{name} or "
        "keras.ops.{name} if there is one",
    ),
    Hint(
        r"module 'tensorflow' has no attribute '(?P<name>Session|placeholder|contrib|random_uniform|log|"
        r"global_variables_initializer|get_default_graph|ConfigProto|reset_default_graph|InteractiveSession|to_float)'",
        "tf.{name} belongs to TensorFlow 1: today tensors have values at once, and no session is needed",
    ),
    Hint(
        r"No module named '(tensorflow\.)?keras\.[\w.]+'|cannot import name '\w+' from '[\w.]*keras[\w.]*'",
        "Keras 3 has no such module or name: what it was for is in keras.layers, keras.utils or keras.optimizers now",
    ),
    Hint(
        r"module '[\w.]*keras[\w.]*' has no attribute '(?P<name>\w+)'",
        "Keras has no {name} there: compare spelling and capitals with the documentation",
    ),
    Hint(
        r"module 'numpy' has no attribute '(?P<name>\w+)'",
        "today's NumPy has no np.{name}; for a type, Python's own name will do",
    ),
    # tensors, variables and arrays
    Hint(
        r"Tensor' object has no attribute 'assign(_add|_sub)?'",
        "a tensor cannot be changed; make the image a variable, with tf.Variable or KTF.variable",
    ),
    Hint(
        r"'numpy\.ndarray' object has no attribute 'assign(_add|_sub)?'",
        "this is a NumPy array, which has no assign_add; make the image a variable, with tf.Variable or KTF.variable",
    ),
    Hint(
        r"(Tensor|Variable)' object does not support item assignment",
        "single elements of a tensor cannot be set: make a NumPy array of it first, or assign all of it",
    ),
    Hint(
        r"(Tensor|Variable)'? object has no attribute '(?P<name>mean|std|copy|astype|reshape|min|max|squeeze|sum)'",
        "a tensor has no {name}; .numpy() makes an array of it, which has",
    ),
    Hint(
        r"'(numpy\.ndarray|list)' object has no attribute 'numpy'",
        "this is no tensor any more, so .numpy() is not needed or comes too late",
    ),
    Hint(
        r"Tensor conversion requested dtype \w+ for Tensor with|expected to be a \w+ tensor but is a \w+ tensor",
        "two tensors have different types. NumPy's random numbers are float64 and networks compute with float32: "
        'convert them with .astype("float32") or dtype=',
    ),
    Hint(
        r"Cannot cast ufunc|to EagerTensor of dtype u?int",
        "whole numbers cannot take the result of this computation: convert to float32 first",
    ),
    Hint(
        r"output array is read-only",
        "the array belongs to a tensor and cannot be changed in place: work on a copy",
    ),
    Hint(
        r"slice index \d+ of dimension 3 out of bounds",
        "the layer has fewer filters than the index asks for: compare number_of_filters with model.summary()",
    ),
    Hint(
        r"slice index \d+ of dimension \d out of bounds|Attempting to slice scalar|invalid index to scalar variable",
        "the index points outside: feature maps have the axes image, row, column, filter; print the shape",
    ),
    Hint(
        r"too many indices for array",
        "the array has fewer axes than the index: print its shape",
    ),
    Hint(
        r"Invalid reduction dimension",
        "there is no such axis: feature maps have four, image, row, column, filter",
    ),
    Hint(
        r"cannot reshape array of size|Input to reshape is a tensor with",
        "the number of values does not fit the new shape: a picture of 28 x 28 has 784",
    ),
    Hint(
        r"Cannot (update variable with shape|assign value to variable)",
        "what is assigned has another shape than the variable, (1, 28, 28, 1)",
    ),
    Hint(
        r"inhomogeneous shape|all input arrays must have the same shape",
        "the arrays in this list have different shapes: print them",
    ),
    Hint(
        r"need at least one array to (concatenate|stack)",
        "the list is empty: was something appended to it?",
    ),
    # the plot
    Hint(
        r"Invalid shape \([\d, ]+\) for image data",
        "imshow takes a picture of 28 x 28: remove the axes of length one, with .squeeze() say",
    ),
    Hint(
        r"Image data of dtype object cannot be converted",
        "this is no picture but an object, such as None or a list of unequal arrays",
    ),
    Hint(
        r"num must be an integer with 1 <= num <= (?P<most>\d+), not (?P<given>-?\d+)",
        "panels are counted from 1 to {most}, and {given} is outside",
    ),
    Hint(
        _SUBPLOTS,
        "plt.subplots(8, 8) returns a two-dimensional array of panels: take one with two indices, or use axes.flat",
    ),
    # the skeleton, and Python
    Hint(
        r"ellipsis",
        "a '...' of the skeleton is still there, where your own code has to stand",
    ),
    Hint(
        r"NameError: name '(?P<name>\w+)' is not defined",
        "{name} is used before it exists: the cell that makes it failed, comes later, or is missing",
    ),
    Hint(
        r"'NoneType' object (is not (callable|subscriptable|iterable)|has no attribute)",
        "there is None instead of a value: model.summary(), model.add(...) and list.append(...) return nothing",
    ),
    Hint(
        r"SyntaxError: Missing parentheses in call to 'print'",
        "this is Python 2: print is a function today, and Python read nothing of this cell",
    ),
    Hint(
        r"SyntaxError|IndentationError",
        "Python cannot read this cell; nothing in it was run",
    ),
    Hint(
        r"UnboundLocalError",
        "a function changes a variable that it has not made itself: pass it in and return it",
    ),
    Hint(
        r"'float' object (is not iterable|cannot be interpreted as an integer)|indices must be integers[^\n]*not float",
        "a whole number is needed here: divide with //, or use int(...)",
    ),
    Hint(
        r"FileNotFoundError",
        "there is no such file where it is graded: only what was handed in with the notebook is there",
    ),
    Hint(
        r"StdinNotImplementedError|raw_input was called",
        "nobody is there to answer input(): leave it out",
    ),
    Hint(
        r"DeadKernelError",
        "the kernel stopped in this cell, most often because it ran out of memory or was told to exit",
    ),
    Hint(
        r"MemoryError|ResourceExhaustedError|OOM when allocating",
        "there was not enough memory for this array: work on smaller parts, one after another",
    ),
    Hint(
        r"IndexError.*(out of range|out of bounds)",
        "an index is larger than the list or array is long: compare it with the number of filters",
        only_in=frozenset({"ascent", "plot"}),
    ),
    Hint(
        r"Shapes? .*(incompatible)|expected shape|Incompatible shapes|could not be broadcast together",
        "two arrays do not fit together: compare the shapes of labels, model output and images",
    ),
)


def explain(name: str, message: str, cell: str = "") -> str:
    """Return what an error in a cell means for the student, or an empty string if there is nothing special to say."""
    text = f"{name}: {message}"
    for hint in HINTS:
        if (not hint.only_in or cell in hint.only_in) and (found := re.search(hint.pattern, text, re.DOTALL)):
            return hint.words.format(**found.groupdict())
    return ""
