"""Tells the grader how far a cell is that takes long, so that people see it. No score depends on it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

SECONDS_BETWEEN = 1.0


class Telling:
    """Sends what a cell does, at most once a second."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self.send = send
        self.last = time.monotonic()

    def tell(self, doing: str, done: int, total: int) -> None:
        """Say that `done` steps of `total` are done, or of an unknown number if that is 0."""
        now = time.monotonic()
        if now - self.last >= SECONDS_BETWEEN:
            self.last = now
            self.send({"kind": "doing", "doing": doing, "done": done, "total": total})

    def watch_training(self) -> None:
        """Tell about every training, without changing it."""
        from keras.src.callbacks.callback_list import CallbackList

        original, telling = CallbackList.on_train_batch_end, self

        def on_train_batch_end(self: Any, batch: int, logs: Any = None) -> None:
            original(self, batch, logs)
            numbers: list[Any] = [(self.params or {}).get(name) for name in ("steps", "epochs")]
            self.steps_told = getattr(self, "steps_told", 0) + 1
            total = math.prod(numbers) if all(type(one) is int for one in numbers) else 0
            telling.tell("training", self.steps_told, total)

        CallbackList.on_train_batch_end = on_train_batch_end
