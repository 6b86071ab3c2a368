"""Only small arrays of floats come out of the evidence, and as they went in."""

from __future__ import annotations

import io

import numpy as np
import pytest

from autograder.execute.inside.recorder import as_npy
from autograder.verify.arrays import read_array


def with_header(header: str, data: bytes = b"") -> bytes:
    """An .npy file that says of itself what it likes."""
    text = header.encode("latin1").ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def says(shape: str, kind: str = "'<f4'", order: str = "False") -> str:
    return f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}, }}"


@pytest.mark.parametrize("kind", ["<f2", "<f4", "<f8"])
@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 28, 28), (1, 28, 28, 1)])
def test_arrays_of_floats_are_read_as_they_are(kind: str, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).random(shape).astype(kind)

    found = read_array(as_npy(array))

    assert found is not None
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def test_the_order_in_memory_is_no_matter() -> None:
    array = np.asfortranarray(np.random.default_rng(0).random((2, 3, 4)))

    found = read_array(as_npy(array))

    assert found is not None
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(3),
        np.array([b"text"]),
        np.array(["text"]),
        np.array([1 + 2j]),
        np.array([True]),
        np.zeros(2, [("x", "<f4")]),
        np.zeros(2, np.longdouble),
        np.zeros(2, ">f4"),
        np.zeros((0, 28, 28), np.float32),
        np.float32(1),
        np.zeros((1, 1, 1, 1, 1), np.float32),
    ],
    ids=lambda array: f"{array.dtype} {array.shape}",
)
def test_arrays_of_anything_else_are_not_read(array: np.ndarray) -> None:
    assert read_array(as_npy(array)) is None


def test_nothing_is_unpickled() -> None:
    file = io.BytesIO()
    np.save(file, np.array([print], object), allow_pickle=True)

    assert read_array(file.getvalue()) is None


@pytest.mark.parametrize(
    "data",
    [
        with_header(says("(1000000000000,)"), b"\0" * 4),
        with_header(says("(1000000, 1000000)"), b"\0" * 4),
        with_header(says("(99999999999999999999999,)"), b"\0" * 4),
        with_header(says("(-1, 28, 28)"), b"\0" * 3136),
        with_header(says("(True,)"), b"\0" * 4),
        with_header(says("(2,)"), b"\0" * 4),
        with_header(says("(1,)"), b"\0" * 5),
        with_header(says("(1,)", order="0"), b"\0" * 4),
        with_header(says("(1,)", kind="'|O'"), b"\0" * 8),
        with_header(says("(1,)", kind="[('x', '<f4')]"), b"\0" * 4),
        with_header(says("(" * 50 + "1"), b"\0" * 4),
        with_header("__import__('os').abort()"),
        with_header(says("(1,)"), b"\0" * 4).replace(b"NUMPY\x01", b"NUMPY\x02"),
        with_header(says("(1,)"), b"\0" * 4)[:60],
        b"\x93NUMPY\x01\x00\xff\xff",
        b"\x93NUMPY",
        b"PK\x03\x04",
        b"",
    ],
)
def test_a_file_that_says_what_it_is_not_is_not_read(data: bytes) -> None:
    assert read_array(data) is None


def test_a_large_array_is_not_read() -> None:
    assert read_array(as_npy(np.zeros((20_000, 28, 28), np.float32))) is not None
    assert read_array(as_npy(np.zeros((22_000, 28, 28), np.float32))) is None
