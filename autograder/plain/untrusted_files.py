"""Files and folders that somebody else has filled: nothing in them is followed or waited for.

A link can lead anywhere, and who opens a pipe waits for somebody to write into it. So what is no plain file
is known by its kind only, and a file that is exchanged at the last moment is still noticed.
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
    """What stands there is no plain file; the message says what it is, as in "a link"."""


@dataclass(frozen=True)
class Entry:
    """One thing in a folder."""

    path: str  # relative to the folder
    kind: str  # "a file", "a folder", ...; "not readable" for a folder that cannot be looked into
    size: int  # bytes
    changed: int  # when its content was last changed, in nanoseconds


def kind_of(path: Path) -> str:
    """Return what stands at a path, as in "a link"; the link itself, not where it leads to.

    Raises:
        OSError: nothing stands there, or it cannot be seen.
    """
    return _kind(path.lstat().st_mode)


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file for reading.

    Raises:
        NotPlainError: it is something else.
        OSError: it does not exist or may not be read.
    """
    if (kind := kind_of(path)) != FILE:
        raise NotPlainError(kind)
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if (kind := _kind(os.fstat(descriptor).st_mode)) != FILE:  # exchanged in between
        os.close(descriptor)
        raise NotPlainError(kind)
    return os.fdopen(descriptor, "rb")


def list_folder(folder: Path, most: int) -> list[Entry]:
    """Return what is in a folder and the folders in it, in no certain order; of very much, the first `most`.

    Raises:
        OSError: the folder itself cannot be looked into.
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
        except OSError:  # not allowed, or deeper than a path can say
            if not inner:
                raise
            found.append(Entry(inner, UNREADABLE, 0, 0))
    return found


def content_of(folder: Path, entry: Entry) -> bytes:
    """Return what tells the content of an entry apart from others: of a file its SHA-256, of a link where it leads.

    Of a file, no more is read than it had when it was listed: it may be growing.

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
    """Return the SHA-256 of a list of texts; each goes in with its length, so that no two lists look alike."""
    digest = hashlib.sha256()
    for part in parts:
        data = os.fsencode(part)
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _entry(inner: str, entry: os.DirEntry[str]) -> Entry:
    path = os.path.join(inner, entry.name)  # noqa: PTH118 (a Path for each takes much longer)
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:  # it has just been removed
        return Entry(path, UNREADABLE, 0, 0)
    return Entry(path, _kind(status.st_mode), status.st_size, status.st_mtime_ns)


def _kind(mode: int) -> str:
    return _KINDS.get(stat.S_IFMT(mode), "a device")
