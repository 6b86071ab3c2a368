"""Looks ten times a second, in a separate thread, at what a kernel uses, and kills a kernel that goes too far.

A watcher that fails or falls behind ends the run as well: a limit that is not enforced is no limit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from autograder.evidence import Outcome
from autograder.execute.guard import Guard, passed_limit
from autograder.settings import Limits

SECONDS_BETWEEN_LOOKS = 0.1
# A look takes milliseconds. The event loop asks as often as the watcher looks. If it asks this many times without a new
# look in between, nothing is bounded. Seconds would not do: the whole program may be stopped (^Z) and continued later.
MOST_TIMES_WITHOUT_A_LOOK = 300

_Kill = Callable[[Outcome, str], Any]


class Watcher:
    """A thread that watches one kernel until the end of the `with` block.

    Args:
        guard: measures.
        limits: what the kernel may use.
        pids: returns the processes that were started for it, the sandbox first; empty before the start.
        kill: ends the run, with its outcome and the reason; called from the thread.
    """

    def __init__(self, guard: Guard, limits: Limits, pids: Callable[[], Sequence[int]], kill: _Kill) -> None:
        self._guard, self._limits, self._pids, self._kill = guard, limits, pids, kill
        self._is_over = threading.Event()
        self._looks = 0
        self._asked_since_look = (0, 0)  # the number of the look, and how often it was asked since then
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def is_behind(self) -> bool:
        """Tell whether it has not looked for too long; asked about every `SECONDS_BETWEEN_LOOKS`."""
        look, times = self._asked_since_look
        self._asked_since_look = (self._looks, times + 1 if look == self._looks else 0)
        return self._asked_since_look[1] > MOST_TIMES_WITHOUT_A_LOOK

    def _watch(self) -> None:
        try:
            while not self._is_over.wait(SECONDS_BETWEEN_LOOKS):
                pids = self._pids()
                if pids and (excess := passed_limit(self._guard.look(pids), self._limits)):
                    self._kill(excess.outcome, excess.reason)
                    return
                self._looks += 1
        except Exception as error:  # noqa: BLE001 (whatever it is, the kernel must not continue unwatched)
            self._kill(
                "kernel_died",
                f"its use of memory and processes could not be measured ({type(error).__name__})",
            )
