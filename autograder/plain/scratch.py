"""Temporary folders of this process; the next process removes those that a killed process left behind."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import functools
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

PREFIX = "gradeascent-"
LOCK = "lock"


@dataclass(frozen=True)
class _Root:
    folder: Path
    lock: int  # an open descriptor: the operating system releases the lock however the process ends


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Make a temporary folder that only this user can read; use it in a `with`, or clean it up yourself."""
    return tempfile.TemporaryDirectory(prefix="", dir=_root().folder, ignore_cleanup_errors=True)


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
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _Root(folder, descriptor)


def remove_left_over() -> None:
    """Remove the folders of processes that ended without removing them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another user's, in use, or being made or removed right now
            descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
