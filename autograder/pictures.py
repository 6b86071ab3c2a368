"""Pictures: the images behind the measurements, for people to look at."""

from __future__ import annotations

import dataclasses
import io
import zipfile
import zlib
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Booleans = npt.NDArray[np.bool_]


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


def pictures_to_npz(pictures: Pictures) -> bytes:
    """Return the pictures as the bytes of an .npz file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name: getattr(pictures, name) for name in _names()})
    return buffer.getvalue()


def pictures_from_npz(data: bytes) -> Pictures:
    """Read what `pictures_to_npz` wrote.

    Raises:
        ValueError, KeyError: the bytes are something else.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return Pictures(**{name: arrays[name] for name in _names()})
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:  # half a file
        raise ValueError(str(error)) from error


def _names() -> list[str]:
    return [one.name for one in dataclasses.fields(Pictures)]
