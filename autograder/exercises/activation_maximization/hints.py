"""What the errors of Python, NumPy, TensorFlow, Keras and Matplotlib mean for someone who does this exercise.

They are looked at before those of `autograder.verify.hints`. They say what went wrong and where to look, and never
give a part of the solution.
"""

from __future__ import annotations

from autograder.exercise import Hint

_KERAS_BACKEND = r"module '[\w.]*keras[\w.]*backend' has no attribute"
_SUBPLOTS = (
    r"'numpy\.ndarray' object has no attribute '(imshow|set_title|axis|matshow|pcolormesh|plot|set_axis_off)'"
)

# The first that fits is used, so a special hint comes before a general one.
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
        r"tf\.function only supports singleton tf\.Variables",
        "a tf.function may not make a new variable in every call: make the image outside, and pass it in",
    ),
    # layers and models
    Hint(
        r"No such layer: (?P<layer>conv2d\w*)\. Existing layers are: \[[^\]]*'conv2d_\d+'",
        "there is no layer called {layer}, and the convolutions have other numbers: Keras continues counting when the "
        "cell that builds the network runs again. Give the layers their names yourself, by name=, or set layer_name to "
        "what model.summary() shows",
    ),
    Hint(
        r"No such layer: (?P<layer>[\w/.-]*[\w/-])",
        "there is no layer called {layer} in your model: look at model.summary() and set layer_name to the "
        "name of your fourth convolution",
    ),
    Hint(
        r"Sequential model '[^']*' has no defined (inputs|outputs)",
        "a Sequential model knows its inputs and outputs only if it begins with layers.Input(shape=(28, 28, 1))",
    ),
    Hint(
        r"has never been called",
        "in Keras 3, use model.inputs and model.outputs; a Sequential model has them only if it begins with "
        "layers.Input(shape=(28, 28, 1))",
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
        r"Conv2D\.__init__\(\) missing 1 required positional argument: 'kernel_size'",
        "a convolution needs the number of its filters and the size of its kernel",
    ),
    Hint(
        r"(?:Unrecognized keyword arguments passed to|Conv2D|Dense)\b[^\n]*'(?P<name>input_dims?|input_shapes?)'",
        "Keras does not know the argument {name}; the shape of an image belongs in layers.Input(shape=...)",
    ),
    # training
    Hint(
        r"object has no attribute '(?P<old>minimize|get_updates)'",
        "optimizers of Keras 3 have no {old}: take the gradient with a tape, then call apply_gradients",
    ),
    Hint(
        r"Unknown variable: <",
        "an optimizer of Keras 3 only changes variables that it was built for: make a new optimizer for the image",
    ),
    Hint(
        r"has no attribute 'predict_(classes|proba)'",
        "this is gone from Keras: model.predict gives the probabilities, and argmax over the last axis the digit",
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
        "the output of the network does not have the shape of the labels, (images, 10): is the last layer a Dense "
        "layer of ten units behind a Flatten?",
    ),
    Hint(
        r"Data cardinality is ambiguous",
        "the numbers of labels and images differ: pass those that belong together",
    ),
    Hint(
        r"to_categorical\(\) got an unexpected keyword argument|is out of bounds for axis 1 with size \d+",
        "to_categorical takes the digits and the number of classes, ten, and adds the new axis at the end",
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
        r"slice index \d+ of dimension 3 out of bounds",
        "the layer has fewer filters than the index asks for: compare number_of_filters with model.summary()",
    ),
    Hint(
        r"Index out of range using input dim \d; input has only (?P<axes>\d) dims",
        "the tensor has only {axes} axes, fewer than the index names. Feature maps have four, image, row, column, "
        "filter, and [0] leaves three",
    ),
    Hint(
        r"slice index \d+ of dimension \d out of bounds|Attempting to slice scalar|invalid index to scalar variable",
        "the index points outside: feature maps have the axes image, row, column, filter; print the shape",
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
        "the assigned value does not have the shape of the variable, (1, 28, 28, 1)",
    ),
    # the plot
    Hint(
        r"Invalid shape \([\d, ]+\) for image data",
        "imshow takes a picture of 28 x 28: remove the axes of length one, for example with .squeeze()",
    ),
    Hint(
        r"Image data of dtype object cannot be converted",
        "this is not a picture but an object such as None or a list of unequal arrays",
    ),
    Hint(
        _SUBPLOTS,
        "plt.subplots(8, 8) returns a two-dimensional array of panels: take one with two indices, or use axes.flat",
    ),
    # the skeleton, and Python
    Hint(
        r"ellipsis",
        "a '...' of the skeleton is still there, where your code belongs",
    ),
    Hint(
        r"IndexError.*(out of range|out of bounds)",
        "an index is outside the list or array: compare it with the number of filters",
        only_in=frozenset({"ascent", "plot"}),
    ),
    Hint(
        r"Shapes? .*(incompatible)|expected shape|Incompatible shapes|could not be broadcast together",
        "two arrays do not fit together: compare the shapes of labels, model output and images",
    ),
)
