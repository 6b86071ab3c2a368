"""Downloads as they come from an LMS, and what became of them when they were collected."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder.course.folder import Course

NOTEBOOK = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
NEIGHBOUR = "Bert Ek_2_assignsubmission_file/work.ipynb"
ADA = "Ada Lovelace_1_assignsubmission_file"
MB = 1024 * 1024


def zipped(*files: tuple[str | zipfile.ZipInfo, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as packed:
        for name, content in files:
            packed.writestr(name, content)
    return made.getvalue()


def tarred(*files: tuple[tarfile.TarInfo | str, bytes], mode: str = "w") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as packed:
        for info, content in files:
            named = tarfile.TarInfo(info) if isinstance(info, str) else info
            named.size = len(content)
            packed.addfile(named, io.BytesIO(content))
    return made.getvalue()


def special(name: str, kind: int) -> zipfile.ZipInfo:
    """A zip's entry for something that is no plain file."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (kind | 0o777) << 16
    return info


def entry(name: str, kind: bytes, leads_to: str = "") -> tarfile.TarInfo:
    """A tar's entry for something that is no plain file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, leads_to
    return info


@dataclass(frozen=True)
class Outcome:
    """What a command did: its status, what it said, and the course that it wrote into."""

    status: int
    said: str
    course: Course

    def line(self, words: str) -> str:
        """The only line that has these words in it."""
        lines = [line for line in self.said.splitlines() if words in line]
        assert len(lines) == 1, self.said
        return lines[0]

    def files(self, name: str = "Ada Lovelace") -> set[str]:
        folder = self.course.submission_folder(name)
        return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def everything(root: Path, apart_from: Path) -> dict[str, object]:
    """All files below a folder with their contents, but for those of one folder."""
    return {
        str(path): (path.lstat().st_mode, path.read_bytes() if path.is_file() else None)
        for path in root.rglob("*")
        if not path.is_relative_to(apart_from)
    }


Collect = Callable[..., Outcome]
