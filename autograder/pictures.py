"""Pictures: the images behind the measurements, for people to look at."""

from __future__ import annotations

import dataclasses
import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Booleans = npt.NDArray[np.bool_]

# What an exercise's own panels show; stored under this prefix, and left out if it is larger.
PANEL = "panel."
MOST_PANEL_BYTES = 2 * 1024 * 1024


def _no_images() -> Floats:
    return np.zeros((0, 28, 28), np.float32)


def _no_filters() -> Booleans:
    return np.zeros(0, np.bool_)


def _no_curves() -> Floats:
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True)
class Pictures:
    """The images that a person compares; an empty array means that there are none."""

    student: Floats = field(default_factory=_no_images)  # (images, 28, 28)
    reference: Floats = field(default_factory=_no_images)  # (filters, 28, 28), on the same model
    dead: Booleans = field(default_factory=_no_filters)  # (filters,): the reference could not raise it
    student_dead: Booleans = field(default_factory=_no_filters)  # (filters,): and neither could the student
    curves: Floats = field(default_factory=_no_curves)  # (images, steps): the loss that was seen
    reference_curves: Floats = field(default_factory=_no_curves)  # (filters, steps + 1)
    panels: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)  # by names that the exercise knows

    def first(self, most: int) -> Pictures:
        """Return at most this number of the student's and the reference's images, and everything else."""
        return dataclasses.replace(
            self,
            student=self.student[:most],
            reference=self.reference[:most],
            dead=self.dead[:most],
            student_dead=self.student_dead[:most],
        )


def pictures_to_npz(pictures: Pictures) -> bytes:
    """Return the pictures as the bytes of an .npz file."""
    arrays = {name: getattr(pictures, name) for name in _names()}
    arrays |= {PANEL + name: array for name, array in pictures.panels.items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def pictures_from_npz(data: bytes) -> Pictures:
    """Read what `pictures_to_npz` wrote, today or before there were panels.

    Raises:
        ValueError, KeyError: the bytes are something else.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return Pictures(**{name: arrays[name] for name in _names()}, panels=_read_panels(arrays.zip))
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:  # half a file
        raise ValueError(str(error)) from error


def _read_panels(archive: zipfile.ZipFile) -> dict[str, npt.NDArray[Any]]:
    """Return the panels' arrays; none if they are larger than any that the verifier makes."""
    members = [one for one in archive.infolist() if one.filename.startswith(PANEL)]
    if sum(one.file_size for one in members) > MOST_PANEL_BYTES:
        return {}
    found = {}
    for one in members:
        array = _read_exactly(archive.read(one))
        if array is not None:
            found[one.filename.removeprefix(PANEL).removesuffix(".npy")] = array
    return found


def _read_exactly(content: bytes) -> npt.NDArray[Any] | None:
    """Read an .npy file; None unless it is as long as its header says, so that a header cannot ask for memory."""
    stream = io.BytesIO(content)
    try:
        if np.lib.format.read_magic(stream) != (1, 0):
            return None
        shape, _, kind = np.lib.format.read_array_header_1_0(stream)
    except ValueError:
        return None
    if kind.hasobject or kind.itemsize * math.prod(shape) != len(content) - stream.tell():
        return None
    stream.seek(0)
    array: npt.NDArray[Any] = np.load(stream, allow_pickle=False)
    return array


def _names() -> list[str]:
    return [one.name for one in dataclasses.fields(Pictures) if one.name != "panels"]
