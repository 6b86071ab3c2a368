"""Writes files atomically: a file is complete or absent, even if the process is killed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

HALF = ".half-"


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file so that a reader sees either the old content or all of the new content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing_whole(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def writing_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file in an existing folder for writing; it appears when the block ends without an error."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=HALF)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def remove_halves(folder: Path) -> None:
    """Remove the temporary files that killed writers left in a folder."""
    for half in folder.glob(f"{HALF}*"):
        half.unlink(missing_ok=True)
