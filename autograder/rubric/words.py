"""Phrases that several checks use."""

from __future__ import annotations

from collections.abc import Sequence


def count_of(number: int, word: str) -> str:
    """Return '1 epoch', '3 epochs'."""
    return f"{number} {word}" + ("" if number == 1 else "s")


def percent(share: float) -> str:
    """Return 0.979 as '97.9 %'."""
    return f"{100 * share:.1f} %".replace(".0 %", " %")


def by(shape: Sequence[int]) -> str:
    """Return (56, 56) as '56 x 56'."""
    return " x ".join(map(str, shape))
