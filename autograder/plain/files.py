"""Files that are there whole or not at all, whatever kills the process in between."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

HALF = ".half-"


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file so that a reader sees either the old content or all of the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing_whole(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def writing_whole(path: Path) -> Iterator[BinaryIO]:
    """Let a file be written bit by bit, into a folder that is there; it appears at the end, unless an error comes."""
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
    """Remove what writers that were killed have left in a folder."""
    for half in folder.glob(f"{HALF}*"):
        half.unlink(missing_ok=True)
