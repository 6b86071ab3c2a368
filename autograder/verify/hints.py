"""What the errors of Python, NumPy, TensorFlow, Keras and Matplotlib mean, whatever the exercise."""

from __future__ import annotations

import re
from collections.abc import Iterable

from autograder.exercise import Hint

# The first that fits is used, so a special hint comes before a general one; the exercise's hints come before all these.
HINTS: tuple[Hint, ...] = (
    # symbolic tensors
    Hint(
        r"'KerasTensor' object is not callable",
        "the output of a layer cannot be called: make a model that ends there with keras.Model, and call that",
    ),
    Hint(
        r"All `(?P<which>inputs|outputs)` values must be KerasTensors",
        "the {which} of keras.Model must be symbolic tensors, such as model.inputs or the output of a layer, not "
        "layers, names or arrays",
    ),
    Hint(
        r"Output with path `[^`]*` is not connected to `inputs`",
        "this output cannot be reached from these inputs: both have to belong to the same network, input first",
    ),
    Hint(
        r"symbolic tf\.Tensor .* to a numpy array|numpy\(\) is only available when eager|not 'SymbolicTensor'|"
        r"'SymbolicTensor' object has no attribute 'numpy'",
        "inside a tf.function, tensors have no values yet: use TensorFlow's operations there, and .numpy(), float() "
        "and NumPy only outside",
    ),
    Hint(
        r"(Iterating over|Using) a symbolic `tf\.Tensor`",
        "inside a tf.function, a tensor has no value yet, so Python cannot loop over it or use it in an if",
    ),
    Hint(
        r"is out of scope and cannot be used here",
        "a tensor that was made inside a tf.function was used outside: return it from the function instead",
    ),
    # layers and models
    Hint(
        r"Was asked to retrieve layer at index|Provide either a layer name or layer index",
        "model.get_layer needs the name of a layer that the model has; model.summary() lists them",
    ),
    Hint(
        r"has no attribute '(output_shape|input_shape|get_output_at|get_input_at)'",
        "Keras 3 layers no longer have this; layer.output.shape says which shape a layer gives",
    ),
    Hint(
        r"(layers|model|models).* (should have|must be) unique|is already the name of a layer",
        "two layers have the same name: give every layer a different one",
    ),
    Hint(
        r"Could not interpret (?P<what>\w+)( function)? identifier: (?P<name>[\w ]+)",
        "Keras knows no {what} called {name}: compare the spelling with the documentation",
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
        r"has no attribute '(?P<old>fit|predict|evaluate)_generator'",
        "{old}_generator is gone: model.{old} takes generators as well",
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
        r"`validation_split` is only supported for",
        "validation_split works for arrays only; with a data set, pass a second data set as validation_data",
    ),
    Hint(
        r"KeyError: '(?P<key>(val_)?acc)'",
        "the history has no {key}: today the key is called accuracy, as the metric in model.compile",
    ),
    Hint(
        r"KeyError: '(?P<key>val_\w+)'",
        "the history has no {key}: model.fit needs validation_data or validation_split for it",
    ),
    Hint(
        r"'History' object is not subscriptable",
        "the numbers are in results.history, a dictionary",
    ),
    Hint(
        r"filename must end in `\.weights\.h5`|Invalid filepath extension for saving",
        "Keras 3 wants other file names: .weights.h5 for weights and .keras for a model",
    ),
    # what is gone
    Hint(
        r"module 'tensorflow' has no attribute '(?P<name>Session|placeholder|contrib|random_uniform|log|"
        r"global_variables_initializer|get_default_graph|ConfigProto|reset_default_graph|InteractiveSession|to_float)'",
        "tf.{name} belongs to TensorFlow 1: today tensors have values at once, and no session is needed",
    ),
    Hint(
        r"No module named '(tensorflow\.)?keras\.[\w.]+'|cannot import name '\w+' from '[\w.]*keras[\w.]*'",
        "Keras 3 has no such module or name: look for it in keras.layers, keras.utils or keras.optimizers",
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
        r"(Tensor|Variable)' object does not support item assignment",
        "single elements of a tensor cannot be set: make a NumPy array of it first, or assign all of it",
    ),
    Hint(
        r"(Tensor|Variable)'? object has no attribute '(?P<name>mean|std|copy|astype|reshape|min|max|squeeze|sum)'",
        "a tensor has no {name}; .numpy() makes an array, which has it",
    ),
    Hint(
        r"'(numpy\.ndarray|list)' object has no attribute 'numpy'",
        "this is already an array or a list, not a tensor: remove .numpy() here",
    ),
    Hint(
        r"Tensor conversion requested dtype \w+ for Tensor with|expected to be a \w+ tensor but is a \w+ tensor",
        "two tensors have different types. NumPy's random numbers are float64 and networks compute with float32: "
        'convert them with .astype("float32") or dtype=',
    ),
    Hint(
        r"Cannot cast ufunc|to EagerTensor of dtype u?int",
        "an array of whole numbers cannot hold the result of this computation: convert it to float32 first",
    ),
    Hint(
        r"output array is read-only",
        "the array belongs to a tensor and cannot be changed in place: work on a copy",
    ),
    Hint(
        r"too many indices for array",
        "the array has fewer axes than the index: print its shape",
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
        r"num must be an integer with 1 <= num <= (?P<most>\d+), not (?P<given>-?\d+)",
        "panels are counted from 1 to {most}, and {given} is outside",
    ),
    # the skeleton, and Python
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
        "this is Python 2: in Python 3, print is a function; nothing in this cell was run",
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
        "the file does not exist on the machine that grades: only files handed in with the notebook are there",
    ),
    Hint(
        r"StdinNotImplementedError|raw_input was called",
        "input() cannot be answered here: remove it",
    ),
    Hint(
        r"DeadKernelError",
        "the kernel stopped in this cell, most often because it ran out of memory or was asked to exit",
    ),
    Hint(
        r"MemoryError|ResourceExhaustedError|OOM when allocating",
        "there was not enough memory for this array: work on smaller parts, one after another",
    ),
)


def explain(name: str, message: str, cell: str, hints: Iterable[Hint]) -> str:
    """Return what an error in a cell means for the student, or an empty string if there is nothing special to say.

    Args:
        name: the kind of error.
        message: what it says.
        cell: in which cell it was raised.
        hints: the exercise's, which are looked at first.
    """
    text = f"{name}: {message}"
    for hint in (*hints, *HINTS):
        if (not hint.only_in or cell in hint.only_in) and (found := re.search(hint.pattern, text, re.DOTALL)):
            return hint.words.format(**found.groupdict())
    return ""
