"""A cached list of the class: good enough for the order of a walk and for progress, and available at once.

Reading a large class takes longer than a TA waits for the next submission. So the class is read again in the
background while a page is being viewed, and each save updates the list. The submission on a desk is always
read fresh.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from autograder.errors import GradeascentError
from autograder.review.submissions import ReviewSubmission

# After this time, other graders' changes are visible; on the wall they are visible at once.
FRESH_SECONDS = 3.0
# Reading in the background starts when the page has been sent.
_PAUSE_SECONDS = 0.3
_LOG = logging.getLogger(__name__)


class Listing:
    """All submissions of a class, cached."""

    def __init__(self, read: Callable[[], Sequence[ReviewSubmission]]) -> None:
        self._read_all = read
        self._known: dict[str, ReviewSubmission] | None = None
        self._read_at = 0.0
        self._changes = 0
        self._is_waiting = False
        self._lock = threading.Lock()

    def now(self) -> list[ReviewSubmission]:
        """Return all submissions as they are now.

        Raises:
            CourseError: the gradebook cannot be read.
        """
        with self._lock:
            changes = self._changes
        began = time.monotonic()
        found = {one.key: one for one in self._read_all()}
        with self._lock:
            was_saved_meanwhile = self._changes != changes
            if self._known is None or not was_saved_meanwhile:
                self._known, self._read_at = found, began
        return list(found.values())

    def recent(self) -> list[ReviewSubmission]:
        """Return all submissions as last read; if that was long ago, read them again in the background.

        Raises:
            CourseError: the gradebook cannot be read, and has never been read.
        """
        with self._lock:
            known = self._known
            is_old = time.monotonic() - self._read_at > FRESH_SECONDS
            begins = known is not None and is_old and not self._is_waiting
            self._is_waiting = self._is_waiting or begins
        if known is None:
            return self.now()
        if begins:
            waiting = threading.Timer(_PAUSE_SECONDS, self._read_behind)
            waiting.daemon = True
            waiting.start()
        return list(known.values())

    def last_read(self, key: str) -> ReviewSubmission | None:
        """Return a submission as it was last read; None if it never was."""
        with self._lock:
            return self._known.get(key) if self._known is not None else None

    def put(self, one: ReviewSubmission) -> None:
        """Store the current state of a submission."""
        with self._lock:
            if self._known is not None:
                self._known = self._known | {one.key: one}
            self._changes += 1

    def _read_behind(self) -> None:
        try:
            self.now()
        except (GradeascentError, OSError) as error:
            _LOG.debug("the class could not be read: %s", error)
        finally:
            with self._lock:
                self._is_waiting = False
