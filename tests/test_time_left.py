"""The time left is worked out from what submissions took, not from how many lines went by."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.time_left import TimeLeft


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_nobody_knows_before_the_first_one_has_ended() -> None:
    left = TimeLeft(100)
    left.started("ada")
    for number in range(50):
        left.ended(f"up to date {number}")

    assert left.seconds() is None
    assert left.words() == ""


def test_a_run_of_two_at_a_time_takes_half_as_long() -> None:
    clock = Clock()
    left = TimeLeft(300, clock)
    left.started("ada")
    left.started("bert")
    clock.now = 120
    left.ended("ada")
    left.started("cleo")

    # 297 wait, of 120 seconds each; cleo needs 120, bert a little more
    assert left.seconds() == (297 * 120 + 120 + 12) / 2
    assert left.words() == "about 4 h 58 min left"


def test_the_last_one_is_waited_for() -> None:
    clock = Clock()
    left = TimeLeft(2, clock)
    left.started("ada")
    left.started("bert")
    clock.now = 60
    left.ended("ada")

    assert left.words() == "about 10 s left"

    left.ended("bert")
    assert left.seconds() == 0
    assert left.words() == ""
