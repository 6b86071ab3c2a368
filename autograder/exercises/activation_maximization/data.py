"""The data of this exercise: MNIST, or the digits that stand in for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from autograder.exercise import DemoData
from autograder.verify.held_out import HeldOut
from autograder.verify.held_out import held_out as held_out_digits
from solutions.data import RawDigits, embedded_digits, find_digits, read_npz


def find(path: Path | None, *, announce: Callable[[str], None], download: bool = True) -> RawDigits:
    """Return the digits; see `solutions.data.find_digits`."""
    return find_digits(path, announce=announce, download=download)


def for_demo() -> DemoData:
    """Return the digits that stand in for MNIST."""
    words = "1,797 real handwritten digits from scikit-learn in place of MNIST"
    return DemoData("handwritten_digits.npz", words, embedded_digits())


def read(path: Path) -> RawDigits:
    """Read digits from a file; see `solutions.data.read_npz`."""
    return read_npz(path)


def held_out(data: RawDigits) -> HeldOut:
    """Return the first test digits, and the same digits moved by a pixel."""
    return held_out_digits(data)
