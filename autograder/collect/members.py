"""Members of untrusted archives and folders: what is known about them, and how to read their bytes.

Readers count the bytes that actually arrive, since sizes in an archive cannot be trusted.
"""

from __future__ import annotations

import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

# Per file: the grader reads notebooks of up to 20 MB, and other data is small.
MOST_MEMBER_BYTES = 256 * 1024 * 1024
# Per unpacked download: 1,000 submissions of 16 MB. It need not fit on the disk at once.
MOST_BYTES = 16 * 1024 * 1024 * 1024
PART = 1024 * 1024

# What the standard library raises for damaged data.
DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    OSError,
)


class UnreadableError(Exception):
    """A member or an archive cannot be read; the message says why."""


class SpentError(UnreadableError):
    """Unpacking would exceed the total number of bytes allowed."""


class Budget:
    """How many bytes may still be unpacked; a submission's budget also counts against the download's."""

    def __init__(self, what: str, size: int, within: Budget | None = None) -> None:
        self._what, self._size, self._within = what, size, within
        self._left = size

    def take(self, size: int) -> None:
        """Count bytes that were unpacked.

        Raises:
            SpentError: these are too many.
        """
        self._left -= size
        if self._left < 0:
            raise SpentError(f"{self._what} unpacks to more than {_megabytes(self._size)}")
        if self._within:
            self._within.take(size)


@dataclass(frozen=True)
class Member:
    """One file in an archive or folder.

    Attributes:
        parts: its path, without anything that leads elsewhere.
        changed: when the file was last changed, according to the archive. In a zip this is wall time without
            a zone, taken as this machine's local time; often it is when the archive was made.
        open: opens it for reading.
    """

    parts: tuple[str, ...]
    changed: datetime | None
    open: Callable[[], AbstractContextManager[BinaryIO]] = field(compare=False, repr=False)

    @property
    def path(self) -> str:
        """The path as text."""
        return "/".join(self.parts)


@dataclass(frozen=True)
class LeftOut:
    """Something that is not collected, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Contents:
    """The contents of an archive or folder.

    Attributes:
        members: the files, each path once.
        left_out: what cannot be collected.
        hidden: the paths of skipped files, which operating systems and tools hide.
    """

    members: tuple[Member, ...]
    left_out: tuple[LeftOut, ...] = ()
    hidden: tuple[str, ...] = ()


def copy_member(member: Member, file: Path, budget: Budget, *, at_most: int | None = None) -> None:
    """Write a member's bytes to a new file.

    Args:
        member: the member to read.
        file: the file to write.
        budget: how much may still be unpacked.
        at_most: limit in bytes; by default, the limit for one file.

    Raises:
        UnreadableError: it is damaged, encrypted or too large; the file is removed.
        SpentError: the budget is exceeded; the file is removed.
        OSError: the file cannot be written.
    """
    try:
        with file.open("xb") as target:
            for part in _bytes_of(member, at_most or MOST_MEMBER_BYTES):
                budget.take(len(part))
                target.write(part)
            target.flush()
            os.fsync(target.fileno())
    except UnreadableError:
        file.unlink()
        raise


def read_member(member: Member, *, at_most: int) -> bytes:
    """Return a member's bytes.

    Raises:
        UnreadableError: it is damaged, encrypted or larger than `at_most` bytes.
    """
    return b"".join(_bytes_of(member, at_most))


def _bytes_of(member: Member, most: int) -> Iterator[bytes]:
    came = 0
    try:
        with member.open() as source:
            while part := source.read(PART):
                came += len(part)
                if came > most:
                    raise UnreadableError(f"unpacks to more than {_megabytes(most)}")
                yield part
    except DAMAGED as error:
        raise UnreadableError(_reason(error)) from error


def _megabytes(size: int) -> str:
    return f"{size / 1024**2:g} MB"


def _reason(error: Exception) -> str:
    if isinstance(error, RuntimeError) and "encrypted" in str(error):
        return "encrypted"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    return "damaged, or incompletely copied"
