"""Estimates how long a grading run will still take, from how long its own submissions took.

A bar that only counts finished submissions is wrong here for a long time: up-to-date ones end at once, and
the first notebooks all end together after minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class TimeLeft:
    """Tracks when submissions start and end."""

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting = total
        self._began: dict[str, float] = {}
        self._took: list[float] = []
        self._beside = 1  # the most that ran in parallel so far

    def started(self, student: str) -> None:
        """Note that a submission has started."""
        if student not in self._began:
            self._waiting -= 1
            self._began[student] = self._clock()
            self._beside = max(self._beside, len(self._began))

    def ended(self, student: str) -> None:
        """Note that a submission has ended, or did not have to start."""
        began = self._began.pop(student, None)
        if began is None:
            self._waiting -= 1
        else:
            self._took.append(self._clock() - began)

    def seconds(self) -> float | None:
        """Return the seconds until the last submission ends, or None if there is no estimate yet."""
        if not self._waiting and not self._began:
            return 0.0
        if not self._took:
            return None
        usual = sum(self._took) / len(self._took)
        now = self._clock()
        # a submission that already took longer than average will need a little more
        rest = [max(usual - (now - began), usual / 10) for began in list(self._began.values())]
        return max([(self._waiting * usual + sum(rest)) / self._beside, *rest])

    def words(self) -> str:
        """Return the estimate as text, as in "about 12 min left"; empty if it is unknown or zero."""
        seconds = self.seconds()
        return "" if not seconds else f"about {_rounded(seconds)} left"


def _rounded(seconds: float) -> str:
    if seconds < 90:
        return f"{max(10, round(seconds, -1)):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
