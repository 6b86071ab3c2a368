"""The shortcuts of the profile `quick`: less waiting for the same result.

Training ends as soon as the network is safely past the accuracy that earns full marks, because more training
cannot earn more. Where the processor has instructions for bfloat16, training computes in it, unless what is trained is
an image: rounded gradients would lead to another one. Validation uses only the first of the requested digits, because
only readers look at the result. A training with callbacks, which may rely on every epoch, takes all its steps.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .gradients import images_in

# Training steps between two checks of the accuracy, and how many checks in a row must be good.
STEPS_BETWEEN_LOOKS = 40
GOOD_LOOKS = 2
# A network that is far from good on the first digits is not good on all of them.
FIRST_DIGITS, FAR = 400, 0.05
VALIDATION_DIGITS = 1000


class Shortcuts:
    """Replaces `keras.Model.fit`.

    Args:
        config: `held_out`, an .npz file with `images` and `labels`; `accuracy`, at which training ends; and
            `bfloat16`, whether the processor computes in this format.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        import tensorflow as tf

        with np.load(config["held_out"], allow_pickle=False) as arrays:
            self.images, self.labels = tf.constant(arrays["images"]), arrays["labels"]
        self.classes = int(self.labels.max()) + 1
        self.accuracy = float(config["accuracy"])
        self.bfloat16 = bool(config["bfloat16"])

    def install(self) -> None:
        """Use the shortcuts from now on."""
        import keras

        run_in_full = keras.Model.fit
        shortcuts = self

        def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
            is_fast = shortcuts.bfloat16 and not holds_an_image(self)
            with in_bfloat16() if is_fast else contextlib.nullcontext():
                if len(args) > 5 or kwargs.get("callbacks"):  # callbacks may rely on every epoch
                    return run_in_full(self, *args, **kwargs)
                stop = shortcuts.make_callback()
                changed = {"callbacks": [stop], **short_validation(args, kwargs)}
                history = run_in_full(self, *args, **{**kwargs, **changed})
            if stop.stopped:
                fill_up(history, history.params["epochs"])
            return history

        keras.Model.fit = fit

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
        """Return the share of held-out digits that a network gets right; 0 without an output for each class.

        If it is far below the accuracy at which training ends, it is that of the first digits only.
        """
        right = self.right_answers(model, slice(0, FIRST_DIGITS))
        if right.mean() >= self.accuracy - FAR:
            rest = self.right_answers(model, slice(FIRST_DIGITS, None))
            right = np.concatenate([right, rest])
        return float(right.mean())

    def right_answers(self, model: Any, part: slice) -> Any:
        """Tell for each digit of a part whether a network gets it right."""
        labels = self.labels[part]
        try:
            outputs = np.asarray(model(self.images[part], training=False))
        except Exception:  # a network for other images
            outputs = np.zeros(0)
        if outputs.shape != (len(labels), self.classes):
            return np.zeros(len(labels), bool)
        return outputs.argmax(axis=1) == labels


def holds_an_image(model: Any) -> bool:
    """Tell whether an image is among what a model trains, as a weight or as a variable of its own."""
    import tensorflow as tf

    try:
        own = [value for value in vars(model).values() if isinstance(value, tf.Variable)]
        return images_in([*model.trainable_variables, *own]) > 0
    except Exception:  # a model that is made otherwise
        return False


@contextlib.contextmanager
def in_bfloat16() -> Iterator[None]:
    """Compute compiled functions in bfloat16 where oneDNN holds that to be safe, as for convolutions.

    Eager operations are not affected, so the accuracy of the network is measured in float32.
    """
    import tensorflow as tf

    option = "auto_mixed_precision_onednn_bfloat16"
    before = tf.config.optimizer.get_experimental_options().get(option, False)
    tf.config.optimizer.set_experimental_options({option: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({option: before})


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
