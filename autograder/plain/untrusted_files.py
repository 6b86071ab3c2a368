"""Files and folders from untrusted sources: links are not followed, and pipes are not waited for.

A link can lead anywhere, and opening a pipe blocks until something writes to it. So only regular files are
opened, and a file that is replaced at the last moment is noticed too.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

FILE, FOLDER, LINK = "a file", "a folder", "a link"
UNREADABLE = "not readable"
READ_AT_ONCE = 1024 * 1024

_KINDS = {
    stat.S_IFREG: FILE,
    stat.S_IFDIR: FOLDER,
    stat.S_IFLNK: LINK,
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


class NotPlainError(OSError):
    """The path is not a regular file; the message says what it is, as in "a link"."""


@dataclass(frozen=True)
class Entry:
    """One entry of a folder."""

    path: str  # relative to the folder
    kind: str  # "a file", "a folder", ...; "not readable" for a folder that cannot be listed
    size: int  # bytes
    changed: int  # last change of its content, in nanoseconds


def kind_of(path: Path) -> str:
    """Return the kind of a path, as in "a link"; a link is not followed.

    Raises:
        OSError: it does not exist or cannot be examined.
    """
    return _kind(path.lstat().st_mode)


def open_plain(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Raises:
        NotPlainError: it is not a regular file.
        OSError: it does not exist or may not be read.
    """
    if (kind := kind_of(path)) != FILE:
        raise NotPlainError(kind)
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if (kind := _kind(os.fstat(descriptor).st_mode)) != FILE:  # replaced since the first check
        os.close(descriptor)
        raise NotPlainError(kind)
    return os.fdopen(descriptor, "rb")


def list_folder(folder: Path, most: int) -> list[Entry]:
    """List a folder recursively, in no particular order; at most `most` entries.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    found: list[Entry] = []
    waiting = [""]
    while waiting:
        inner = waiting.pop()
        try:
            with os.scandir(folder / inner) as entries:
                for entry in entries:
                    if len(found) >= most:
                        return found
                    found.append(_entry(inner, entry))
                    if found[-1].kind == FOLDER:
                        waiting.append(found[-1].path)
        except OSError:  # no permission, or the path is too long
            if not inner:
                raise
            found.append(Entry(inner, UNREADABLE, 0, 0))
    return found


def content_of(folder: Path, entry: Entry) -> bytes:
    """Return what identifies an entry's content: the SHA-256 of a file, the target of a link, else nothing.

    Reads no more of a file than its listed size, since the file may be growing.

    Raises:
        OSError: it cannot be read.
    """
    if entry.kind == LINK:
        return os.fsencode((folder / entry.path).readlink())
    if entry.kind != FILE:
        return b""
    digest, left = hashlib.sha256(), entry.size
    with open_plain(folder / entry.path) as content:
        while left > 0 and (part := content.read(min(left, READ_AT_ONCE))):
            digest.update(part)
            left -= len(part)
    return digest.digest()


def sha256_of(parts: Iterable[str | bytes]) -> str:
    """Return the SHA-256 of a list of texts, including their lengths, so that no two lists look alike."""
    digest = hashlib.sha256()
    for part in parts:
        data = os.fsencode(part)
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _entry(inner: str, entry: os.DirEntry[str]) -> Entry:
    path = os.path.join(inner, entry.name)  # noqa: PTH118 (making a Path for each is much slower)
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:  # it was just removed
        return Entry(path, UNREADABLE, 0, 0)
    return Entry(path, _kind(status.st_mode), status.st_size, status.st_mtime_ns)


def _kind(mode: int) -> str:
    return _KINDS.get(stat.S_IFMT(mode), "a device")
