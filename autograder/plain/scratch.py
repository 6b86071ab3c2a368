"""Temporary folders of this process; those that a killed process has left are removed by the next one."""

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
    lock: int  # an open descriptor: the operating system takes the lock away when the process ends, however


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Make a new folder that only this user can look into; use it in a `with`, or clean it up at the end."""
    return tempfile.TemporaryDirectory(prefix="", dir=_root().folder, ignore_cleanup_errors=True)


def scratch_root() -> Path:
    """Return the folder in which all temporary folders of this process are."""
    return _root().folder


@functools.cache
def _root() -> _Root:
    """Make the folder that holds all others of this process."""
    remove_left_over()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    new = folder / f"new-{LOCK}"
    descriptor = os.open(new, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    new.rename(folder / LOCK)  # nobody ever finds it there without its lock
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _Root(folder, descriptor)


def remove_left_over() -> None:
    """Remove the folders of processes that have ended without doing so themselves."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # somebody else's, in use, or just being made or removed
            descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
