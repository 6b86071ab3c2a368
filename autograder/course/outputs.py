"""Reads a notebook file without its outputs, in bounded memory: they may take far more space than all else.

A notebook of 60 MB is mostly pictures, which are made again when it runs. The file is read in parts, and what belongs
to an output, or to the state of a widget, is dropped before the next part is read.
"""

from __future__ import annotations

import re
from typing import BinaryIO

READ_AT_ONCE = 1024 * 1024
# The names of what is dropped, each with the bracket with which its value begins.
DROPPED = {b"outputs": b"[", b"widgets": b"{"}
# Signs of JSON to look at, for seconds at most: a notebook with 100 MB of printed lines has as many.
MOST_SIGNS = 5_000_000
# Longer texts are no such names.
LONGEST_NAME = max(map(len, DROPPED))

_TEXT = re.compile(rb'["\\]')
_KEPT = re.compile(rb'["\[{:,\]}]')
_SKIPPED = re.compile(rb'["\[{\]}]')


class TooLargeError(ValueError):
    """What would be kept, or the whole file, is larger than the limit, or consists of far too many values."""


def read_without_outputs(file: BinaryIO, *, most_kept: int, most_read: int) -> bytes:
    """Return the content of a notebook file in which all outputs are empty.

    It need not be JSON: then the result is not either.

    Args:
        file: what is read, to its end if the limits allow it.
        most_kept: limit for the size of the result, in bytes.
        most_read: limit for the size of the file, in bytes.

    Raises:
        TooLargeError: a limit is exceeded; no more was read, and little more was kept.
    """
    dropping = _Dropping()
    left = most_read
    while part := file.read(min(READ_AT_ONCE, left + 1)):
        left -= len(part)
        dropping.feed(part)
        if left < 0 or len(dropping.kept) > most_kept or dropping.signs > MOST_SIGNS:
            raise TooLargeError
    return bytes(dropping.kept)


class _Dropping:
    """Follows JSON byte by byte, as far as it takes to know what belongs to an output."""

    def __init__(self) -> None:
        self.kept = bytearray()
        self.signs = 0  # how many were looked at
        self._in_text = False
        self._is_escaped = False
        self._skipped_depth = 0  # brackets that are open in what is being dropped
        self._text = bytearray()  # the beginning of the last text
        self._name = b""  # the last text, if a colon follows

    def feed(self, part: bytes) -> None:
        """Read the next part."""
        place = 0
        while place < len(part):
            place = self._text_at(part, place) if self._in_text else self._structure_at(part, place)

    def _text_at(self, part: bytes, place: int) -> int:
        """Read up to the end of a text, or to the next backslash in it."""
        if self._is_escaped:
            self._is_escaped = False
            return self._keep(part, place, place + 1)
        found = _TEXT.search(part, place)
        end = found.start() if found else len(part)
        if len(self._text) <= LONGEST_NAME:
            self._text += part[place : min(end, place + LONGEST_NAME + 1)]
        if found is None:
            return self._keep(part, place, end)
        if found[0] == b"\\":
            self._is_escaped = True
            self._text += b"\\"
        else:
            self._in_text = False
        return self._keep(part, place, end + 1)

    def _structure_at(self, part: bytes, place: int) -> int:
        """Read up to the next text or bracket, or to a sign between values."""
        found = (_SKIPPED if self._skipped_depth else _KEPT).search(part, place)
        if found is None:
            return self._keep(part, place, len(part))
        sign, after = found[0], found.end()
        self.signs += 1
        if sign == b'"':
            self._in_text = True
            self._text = bytearray()
        elif self._skipped_depth:
            self._skipped_depth += 1 if sign in b"[{" else -1
            if not self._skipped_depth:
                self.kept += sign
            return after
        elif sign == b":":
            self._name = bytes(self._text)
        else:
            is_dropped = DROPPED.get(self._name) == sign
            self._name = b""
            if is_dropped:
                self._keep(part, place, after)
                self._skipped_depth = 1
                return after
        return self._keep(part, place, after)

    def _keep(self, part: bytes, place: int, end: int) -> int:
        if not self._skipped_depth:
            self.kept += part[place:end]
        return end
