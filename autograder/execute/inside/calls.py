"""Answers eager calls of a network by functions that give the same numbers, to the last bit, in less time.

Used in both profiles. A call that might give anything else is made as written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .direct import AskedFor, DirectCall

# A function pays off only after some calls. Their number is limited, since each keeps a network in memory.
CALLS_AS_WRITTEN, MOST_FUNCTIONS = 2, 64
# For a larger batch, the arithmetic takes so long that nothing is gained.
LARGEST_BATCH = 256

# Layers that always compute the same output from the same input when they are not training.
PLAIN_LAYERS = frozenset(
    "Activation Add AveragePooling2D Average BatchNormalization Concatenate Conv2D Conv2DTranspose Cropping2D "
    "Dense DepthwiseConv2D Dropout ELU Flatten GaussianNoise GlobalAveragePooling2D GlobalMaxPooling2D "
    "InputLayer LayerNormalization LeakyReLU MaxPooling2D Maximum Minimum Multiply PReLU Permute ReLU Rescaling "
    "Reshape SeparableConv2D Softmax SpatialDropout2D Subtract UpSampling2D ZeroPadding2D".split()
)


@dataclass
class Called:
    """A network that was called with images of one shape."""

    parts: list[Any]  # what the result depends on; held, so that no other object takes their ids
    times: int = 0
    direct: DirectCall | None = None


class DirectCalls:
    """Replaces the eager call of `keras.Model`."""

    def __init__(self) -> None:
        self.asked = AskedFor()
        self.called: dict[tuple[Any, ...], Called] = {}

    def install(self) -> None:
        """Answer calls from now on."""
        import keras

        try:
            self.asked.listen()
        except (AttributeError, ImportError):  # another TensorFlow: all networks are called as written
            return
        answer = self.answer

        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            result = answer(self, args, kwargs)
            return keras.layers.Layer.__call__(self, *args, **kwargs) if result is None else result

        keras.Model.__call__ = call

    def answer(self, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return the result of a call; None if it has to be made as written."""
        import tensorflow as tf

        if not is_plain_call(args, kwargs):
            return None
        parts = plain_parts(model)
        if parts is None or (args[0].shape[:1] or (0,))[0] > LARGEST_BATCH:
            return None
        key = (tuple(args[0].shape), *map(id, parts))
        called = self.called.get(key)
        if called is None:
            if len(self.called) < MOST_FUNCTIONS:
                self.called[key] = Called(parts, times=1)
            return None
        called.times += 1
        if called.times <= CALLS_AS_WRITTEN:
            return None
        images = tf.convert_to_tensor(args[0])
        if called.times == CALLS_AS_WRITTEN + 1:
            try:
                called.direct = DirectCall(
                    lambda images: call_as_keras_does(model, images), images, self.asked
                )
            except Exception:
                return None
        return called.direct and called.direct(images)


def is_plain_call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell whether a model is called eagerly, outside of training, with a tensor or a variable of float32."""
    import tensorflow as tf
    from keras.src.backend.common import global_state

    if len(args) != 1 or set(kwargs) - {"training"} or kwargs.get("training"):
        return False
    if not tf.executing_eagerly() or global_state.get_global_attribute("current_call_ctx") is not None:
        return False
    images = getattr(args[0], "value", args[0])  # of a Keras variable
    images = args[0] if callable(images) else images
    return (tf.is_tensor(images) or isinstance(images, tf.Variable)) and images.dtype == tf.float32


def call_as_keras_does(model: Any, images: Any) -> Any:
    """Call a model without a shortcut."""
    import keras

    return keras.layers.Layer.__call__(model, images, training=False)


def plain_parts(model: Any) -> list[Any] | None:
    """Return what the output of a Sequential or functional model depends on: its layers, their variables, ...

    None if it may depend on anything else.
    """
    from keras.src.models.functional import Functional
    from keras.src.models.sequential import Sequential

    if type(model) not in (Functional, Sequential) or not model.built or "call" in vars(model):
        return None
    parts: list[Any] = [model]
    for layer in model.layers:
        if type(layer) in (Functional, Sequential):
            inside = plain_parts(layer)
            if inside is None:
                return None
            parts += inside
        elif is_plain(layer):
            parts += (layer, getattr(layer, "activation", None))
            parts += getattr(layer, "_trainable_variables", ())
            parts += getattr(layer, "_non_trainable_variables", ())
        else:
            return None
    return parts


def is_plain(layer: Any) -> bool:
    """Tell whether a layer is a built-in Keras layer that keeps no state and contains no custom function."""
    kind = type(layer)
    activation = getattr(layer, "activation", None)
    return (
        kind.__module__.startswith("keras.src.layers.")
        and kind.__name__ in PLAIN_LAYERS
        and "call" not in vars(layer)
        and (activation is None or str(getattr(activation, "__module__", "")).startswith("keras.src."))
    )
