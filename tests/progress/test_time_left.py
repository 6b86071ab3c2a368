"""The time left is worked out from what submissions took, not from how many lines went by."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.progress.time_left import TimeLeft


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_no_time_is_shown_before_the_first_one_has_ended() -> None:
    left = TimeLeft(100)
    left.started("ada")
    for number in range(50):
        left.ended(f"up to date {number}")

    assert left.seconds() is None
    assert left.words() == ""


def one_of_two_has_ended(total: int, seconds: float) -> TimeLeft:
    """Two began together, and one of them is done after some seconds, which is now."""
    clock = Clock()
    left = TimeLeft(total, clock)
    left.started("ada")
    left.started("bert")
    clock.now = seconds
    left.ended("ada")
    return left


def test_a_run_of_two_at_a_time_takes_half_as_long() -> None:
    left = one_of_two_has_ended(300, 120)
    left.started("cleo")

    # 297 wait, of 120 seconds each; cleo needs 120, bert a little more
    assert left.seconds() == (297 * 120 + 120 + 12) / 2
    assert left.words() == "about 4 h 58 min left"


def test_the_last_one_is_waited_for() -> None:
    left = one_of_two_has_ended(2, 60)

    assert left.words() == "about 10 s left"

    left.ended("bert")
    assert left.seconds() == 0
    assert left.words() == ""
