"""Long work shows on a terminal how far it is; elsewhere, only what went wrong is written."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest

from autograder.errors import CourseError
from autograder.progress.bars import MakingPages, Recording, show_pages, show_progress, show_recording
from autograder.progress.step import Step

# Longer than a terminal is wide.
REASON = CourseError(" ".join(["a long reason"] * 12))


class Terminal(io.StringIO):
    """A stream that people look at."""

    def isatty(self) -> bool:
        return True

    def words(self) -> str:
        """What stood there at some time, without the codes that move the cursor."""
        return " ".join(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.getvalue()).split())


def fail(progress: MakingPages | Recording) -> None:
    with progress:
        if isinstance(progress, Recording):
            progress.recorded("ada")
            progress.not_recorded("bert\x1b[2J", REASON)
        else:
            progress.made("ada")
            progress.not_made("bert\x1b[2J", REASON)


@pytest.mark.parametrize(("show", "said"), [(show_pages, "no page"), (show_recording, "not recorded")])
def test_on_a_terminal_a_bar_counts_what_was_made_and_what_could_not_be(
    show: Callable[[int, io.StringIO], MakingPages | Recording], said: str
) -> None:
    terminal = Terminal()

    fail(show(2, terminal))

    assert "2/2" in terminal.words()
    assert rf"bert\x1b[2J: {said}: {REASON}" in terminal.words()


@pytest.mark.parametrize(("show", "said"), [(show_pages, "no page"), (show_recording, "not recorded")])
def test_elsewhere_what_could_not_be_made_is_one_line_however_long(
    show: Callable[[int, io.StringIO], MakingPages | Recording], said: str
) -> None:
    log = io.StringIO()

    fail(show(2, log))

    assert log.getvalue().splitlines() == [rf"bert\x1b[2J: {said}: {REASON}"]


def test_a_bar_for_every_running_submission_is_below_that_for_all() -> None:
    terminal = Terminal()

    with show_progress(2, terminal) as progress:
        progress.started("ada" * 40)
        progress.step("ada" * 40, Step(1, 3))
        progress.failed("ada" * 40, REASON)
        progress.failed("bert", REASON)

    assert "submissions" in terminal.words()
    assert "2/2" in terminal.words()
    assert re.search(r"(ada){9,12}\w*… ", terminal.words())
    assert f"bert: not graded: {REASON}" in terminal.words()


def test_a_bar_says_what_takes_long() -> None:
    terminal = Terminal()

    with show_progress(1, terminal) as progress:
        progress.started("ada")
        progress.step("ada", Step(4, 9, "training", 240, 1800))

    assert "4/9 training, step 240 of 1,800" in terminal.words()


def test_elsewhere_a_line_says_now_and_then_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    log, clock = io.StringIO(), [100.0]
    monkeypatch.setattr("autograder.progress.bars.time.monotonic", lambda: clock[0])

    with show_progress(1, log) as progress:
        progress.started("ada")
        for seconds in range(0, 65, 5):
            clock[0] = 100.0 + seconds
            progress.step("ada", Step(5, 9))
            progress.step("ada", Step(5, 9, "gradients", seconds * 10, 0))

    assert log.getvalue().splitlines() == [
        "ada: running",
        "ada: gradient 300",
        "ada: gradient 600",
    ]


@pytest.mark.parametrize(
    "said",
    [
        {"doing": "mining", "done": 1, "total": 2},
        {"doing": "training", "done": True, "total": 2},
        {"doing": "training", "done": -1, "total": 2},
        {"doing": "training", "done": 1, "total": 10**10},
        {"doing": ["training"], "done": 1, "total": 2},
        {"doing": "training", "done": "1", "total": 2},
        {"done": 1, "total": 2},
    ],
)
def test_what_a_kernel_says_is_shown_only_if_it_is_a_step(said: dict[str, object]) -> None:
    assert Step(3, 9).during({"doing": "training", "done": 1, "total": 2}) == Step(3, 9, "training", 1, 2)
    assert Step(3, 9).during(said) is None
