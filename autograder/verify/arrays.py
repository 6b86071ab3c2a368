"""Reads the arrays in the evidence: nothing is unpickled or evaluated, only small float arrays pass."""

from __future__ import annotations

import math
import re

import numpy as np
import numpy.typing as npt

MOST_BYTES = 64 * 1024 * 1024
# What `numpy.save` writes before little-endian floats: magic, version 1.0, length, and a dictionary with
# three entries.
_START = re.compile(
    rb"\x93NUMPY\x01\x00(?s:..)\{'descr': '<f(?P<bytes>[248])', 'fortran_order': (?P<fortran>True|False), "
    rb"'shape': \((?P<shape>[0-9]{1,9}(, [0-9]{1,9}){1,3}|[0-9]{1,9},)\), \} *\n"
)


def read_array(data: bytes) -> npt.NDArray[np.floating] | None:
    """Read the bytes of an .npy file; None for anything but a small array of floats."""
    start = _START.match(data)
    if start is None or len(data) > MOST_BYTES or start.end() != 10 + int.from_bytes(data[8:10], "little"):
        return None
    shape = [int(length) for length in start["shape"].split(b",") if length]
    if math.prod(shape) == 0 or math.prod(shape) * int(start["bytes"]) != len(data) - start.end():
        return None
    numbers = np.frombuffer(data, f"<f{int(start['bytes'])}", offset=start.end())
    return numbers.reshape(shape, order="F" if start["fortran"] == b"True" else "C").copy()
