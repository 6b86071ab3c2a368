"""Turns a Keras model into plain data: its computation as a frozen graph, and facts about its training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .candidates import SIDE

MOST_LAYERS = 200


def input_specs(model: Any, side: int) -> Iterator[Any]:
    """Yield the input shapes to try: the one that the model declares, otherwise those of the exercise."""
    import tensorflow as tf

    declared = getattr(model, "inputs", None)
    if declared and len(declared) == 1:
        yield tf.TensorSpec((None, *declared[0].shape[1:]), declared[0].dtype)
    else:
        for shape in ((None, side, side, 1), (None, side, side), (None, side * side)):
            yield tf.TensorSpec(shape, tf.float32)


def freeze(model: Any, side: int = SIDE) -> tuple[bytes, dict[str, Any]]:
    """Return (graph bytes, facts): the model's computation with all weights folded in as constants.

    Every layer's output is a named tensor of the graph, even in nested and subclassed models, because all
    layer calls are watched while the model is traced.
    """
    import keras
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    original = keras.layers.Layer.__call__
    layers: list[tuple[str, Any]] = []

    def watched(layer: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = original(layer, *args, **kwargs)
        if tf.is_tensor(outputs) and layer is not model and len(layers) < MOST_LAYERS:
            layers.append((layer.name, outputs))
        return outputs

    def forward(images: Any) -> list[Any]:
        del layers[:]
        keras.layers.Layer.__call__ = watched
        tf.config.run_functions_eagerly(True)  # inner functions become part of this one graph
        try:
            outputs = model(images, training=False)
        finally:
            tf.config.run_functions_eagerly(False)
            keras.layers.Layer.__call__ = original
        return [tf.identity(outputs)] + [tf.identity(tensor) for _, tensor in layers]

    problem: Exception = ValueError("no input shape")
    for spec in input_specs(model, side):
        try:
            concrete = tf.function(forward, autograph=False).get_concrete_function(spec)
            break
        except Exception as error:
            problem = error
    else:
        raise problem
    frozen = convert_variables_to_constants_v2(concrete)
    output, *tensors = [tensor.name for tensor in frozen.outputs]
    facts = {
        "input": frozen.inputs[0].name,
        "output": output,
        "layers": [{"name": name, "tensor": tensor} for (name, _), tensor in zip(layers, tensors)],
    }
    return frozen.graph.as_graph_def().SerializeToString(), facts


def name_of(loss: Any) -> str:
    """Return a readable name of a loss: strings, functions and Keras losses all have one."""
    if isinstance(loss, str):
        return loss
    for attribute in ("__name__", "name"):
        name = getattr(loss, attribute, None)
        if isinstance(name, str):
            return name
    return type(loss).__name__


def training_facts(model: Any) -> dict[str, Any]:
    """Return how the model was trained, as reported by the kernel.

    A fact that cannot be read is left out, because the network itself has to be measured anyway.
    """
    facts: dict[str, Any] = {"compiled": bool(getattr(model, "compiled", False)), "history": {}}
    looks: dict[str, Callable[[], Any]] = {
        "loss": lambda: name_of(model.loss),
        "learning_rate": lambda: float(number_in(model.optimizer.learning_rate)),
        "updates": lambda: int(number_in(model.optimizer.iterations)),
    }
    for name, look in looks.items() if facts["compiled"] else ():
        try:
            facts[name] = look()
        except Exception:
            continue
    history = getattr(getattr(model, "history", None), "history", None) or {}
    for name, values in list(history.items())[:20]:
        try:
            facts["history"][str(name)] = [float(value) for value in values[:1000]]
        except Exception:
            continue
    return facts


def number_in(value: Any) -> Any:
    """Return what a variable holds, also one that a distribution strategy has mirrored."""
    return value.numpy() if hasattr(value, "numpy") else value
