"""Packs folders into bytes for sending: plain files only, with a size limit, and no paths that lead out."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from autograder.course.submission import MOST_ENTRIES
from autograder.errors import ClusterError
from autograder.plain.machine import MEGABYTE
from autograder.plain.untrusted_files import FILE, list_folder, open_plain

# For one submission or its results: evidence is at most 256 MB by default.
MOST_BYTES = 1024 * MEGABYTE


def pack(folder: Path, *, most_bytes: int = MOST_BYTES) -> bytes:
    """Return the plain files of a folder and its subfolders as a tar archive.

    Links, pipes and devices are left out.

    Raises:
        ClusterError: there are too many files, or they are too large.
        OSError: a file cannot be read.
    """
    entries = list_folder(folder, MOST_ENTRIES)
    files = [entry for entry in entries if entry.kind == FILE]
    if len(entries) >= MOST_ENTRIES or sum(entry.size for entry in files) > most_bytes:
        raise ClusterError(
            f"it is too large to be sent (more than {most_bytes // MEGABYTE} MB or {MOST_ENTRIES:,} files)"
        )
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry in sorted(files, key=lambda entry: entry.path):
            with open_plain(folder / entry.path) as file:
                content = file.read(entry.size)  # it may be growing
            member = tarfile.TarInfo(entry.path)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return archive.getvalue()


def unpack(parcel: bytes, *, most_bytes: int = MOST_BYTES) -> dict[str, bytes]:
    """Return the files of a parcel by their paths.

    Raises:
        ClusterError: it is not a parcel, or too large, or a path leads outside its folder.
    """
    files: dict[str, bytes] = {}
    left = most_bytes
    try:
        with tarfile.open(fileobj=io.BytesIO(parcel), mode="r:") as tar:
            for member in tar:
                path = PurePosixPath(member.name)
                left -= member.size
                content = tar.extractfile(member) if member.isreg() and left >= 0 else None
                if content is None or path.is_absolute() or ".." in path.parts:
                    raise ClusterError("what was sent is no parcel of plain files, or too large")
                files[member.name] = content.read()
    except (tarfile.TarError, EOFError) as error:
        raise ClusterError(f"what was sent cannot be read ({error})") from error
    return files


def unpack_into(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of a parcel into a new folder."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
