"""Temporary folders of this process; the next process removes those that a killed process left behind."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import functools
import os
import secrets
import stat
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path

PREFIX = "gradeascent-"
LOCK = "lock"


@dataclass(frozen=True)
class _Root:
    folder: Path
    lock: int  # an open descriptor: the operating system releases the lock however the process ends


class TemporaryFolder:
    """A folder that only this user can read; it is removed with everything in it, whatever that is."""

    def __init__(self, parent: Path) -> None:
        self.name = tempfile.mkdtemp(prefix="", dir=parent)
        self._finalizer = weakref.finalize(self, remove_tree, Path(self.name))

    def __enter__(self) -> str:
        return self.name

    def __exit__(self, *_: object) -> None:
        self.cleanup()

    def cleanup(self) -> None:
        """Remove it now."""
        self._finalizer()


def temporary_folder() -> TemporaryFolder:
    """Make a temporary folder; use it in a `with`, or clean it up yourself."""
    return TemporaryFolder(_root().folder)


def scratch_root() -> Path:
    """Return the folder that holds all temporary folders of this process."""
    return _root().folder


@functools.cache
def _root() -> _Root:
    """Make the folder that holds all temporary folders of this process."""
    remove_left_over()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    new = folder / f"new-{LOCK}"
    descriptor = os.open(new, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    new.rename(folder / LOCK)  # so that no process ever sees this file unlocked
    atexit.register(remove_tree, folder)
    return _Root(folder, descriptor)


def remove_left_over() -> None:
    """Remove the folders of processes that ended without removing them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another user's, in use, or being made or removed right now
            descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_tree(folder)
            finally:
                os.close(descriptor)


def remove_tree(folder: Path) -> None:
    """Remove a folder as far as this user can, however deep it is and whatever its files are called.

    `shutil.rmtree` calls itself for every level, and fails if there are very many. Here, what is deeper is moved up
    first, so that no path is ever longer than two names.
    """
    with contextlib.suppress(OSError):
        root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            waiting = os.listdir(root)  # noqa: PTH208 (a descriptor)
            while waiting:
                waiting += _remove(waiting.pop(), root)
        finally:
            os.close(root)
        folder.rmdir()


def _remove(name: str, root: int) -> list[str]:
    """Remove an entry of a folder; return the new names of the folders in it, which were moved beside it."""
    moved: list[str] = []
    with contextlib.suppress(OSError):
        if not _is_folder(name, root):
            os.unlink(name, dir_fd=root)
            return moved
        inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
        try:
            for child in os.listdir(inner):  # noqa: PTH208 (a descriptor)
                with contextlib.suppress(OSError):
                    if _is_folder(child, inner):
                        unique = secrets.token_hex(16)
                        os.rename(child, unique, src_dir_fd=inner, dst_dir_fd=root)
                        moved.append(unique)
                    else:
                        os.unlink(child, dir_fd=inner)
            os.rmdir(name, dir_fd=root)
        finally:
            os.close(inner)
    return moved


def _is_folder(name: str, parent: int) -> bool:
    """Tell whether an entry is a folder, and make it one that can be emptied."""
    is_folder = stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    if is_folder:
        os.chmod(name, stat.S_IRWXU, dir_fd=parent)
    return is_folder
