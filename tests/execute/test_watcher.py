"""A kernel does not continue without its watcher."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from autograder.execute.guard import Guard, Usage
from autograder.execute.watcher import Watcher
from autograder.plain.machine import MEGABYTE
from autograder.settings import Limits


class Blind(Guard):
    """Fails at every look."""

    def look(self, pids: Sequence[int]) -> Usage:
        raise OSError(36, "File name too long", str(pids))


class Slow(Guard):
    """Is asleep."""

    def look(self, pids: Sequence[int]) -> Usage:
        time.sleep(0.5)
        return super().look(pids)


def killed_by(guard: Guard, limits: Limits) -> list[tuple[str, str]]:
    killed: list[tuple[str, str]] = []
    with Watcher(guard, limits, lambda: [os.getpid()], lambda *why: killed.append(why)):
        for _ in range(40):
            time.sleep(0.05)
            if killed:
                break
    return killed


def test_a_watcher_that_fails_ends_the_run_with_the_reason() -> None:
    limits = Limits()

    assert killed_by(Blind(limits), limits) == [
        ("kernel_died", "its use of memory and processes could not be measured (OSError)")
    ]


def test_a_watcher_that_falls_behind_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.execute.watcher.MOST_TIMES_WITHOUT_A_LOOK", 3)
    with Watcher(Slow(Limits()), Limits(), lambda: [os.getpid()], lambda *_: None) as watcher:
        time.sleep(0.2)
        assert [watcher.is_behind() for _ in range(4)] == [False, False, False, True]


def test_a_grader_that_was_stopped_for_a_while_has_not_fallen_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.execute.watcher.MOST_TIMES_WITHOUT_A_LOOK", 3)
    with Watcher(Slow(Limits()), Limits(), lambda: [os.getpid()], lambda *_: None) as watcher:
        for _ in range(4):
            time.sleep(0.7)
            assert not watcher.is_behind()


def test_what_uses_too_much_is_killed_with_the_reason() -> None:
    limits = Limits(cpu_seconds=0.001)

    (killed,) = killed_by(Guard(limits), limits)

    assert killed == ("timeout", "it used more than 0.001 seconds of processor time")


def test_what_uses_little_is_left_alone() -> None:
    assert killed_by(Guard(Limits()), Limits(memory_mb=100_000)) == []


SHARING = """
import os, time
held = b"1" * 200_000_000
for _ in range(5):
    if os.fork() == 0:
        time.sleep(60)
print("ready", flush=True)
time.sleep(60)
"""


def test_memory_that_forks_share_counts_once() -> None:
    command = [sys.executable, "-c", SHARING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, process_group=0) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            resident = Guard(Limits(memory_mb=100_000)).look([process.pid]).memory
            held = Guard(Limits(memory_mb=1024)).look([process.pid]).memory
        finally:
            os.killpg(process.pid, signal.SIGKILL)

    assert resident > 1_200_000_000  # more than the limit, if every process is counted in full
    assert 200_000_000 < held < 400_000_000


def test_without_a_sandbox_no_file_counts() -> None:
    with Guard(Limits()) as guard:
        guard.find_folders([os.getpid()], own=Path("/nowhere"))
        assert guard.look([os.getpid()]).files == 0


# A process and four forks, with 400 MB that they share, or 300 MB each.
FAMILY = (
    "import os, time\nshared = bytearray(b'1') * {shared}\nparent = os.getpid()\n"
    "for _ in range(4):\n    os.getpid() == parent and os.fork()\n"
    "own = bytearray(b'1') * {own}\nos.write(1, b'ready\\n')\ntime.sleep(20)"
)


@pytest.mark.parametrize(("shared", "own"), [(400_000_000, 1), (1, 300_000_000)])
def test_what_shares_its_memory_continues_and_what_has_too_much_stays_stopped(shared: int, own: int) -> None:
    code = FAMILY.format(shared=shared, own=own)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert [first.stdout.readline() for _ in range(5)] == ["ready\n"] * 5
        family = [psutil.Process(first.pid), *psutil.Process(first.pid).children()]
        try:
            with Guard(Limits(memory_mb=1024)) as guard:
                usage = guard.look([first.pid])
            stopped = [one for one in family if one.status() == psutil.STATUS_STOPPED]
        finally:
            for one in family:
                one.kill()

    assert len(family) == usage.processes == 5
    assert usage.memory > 400_000_000
    assert (usage.memory > 1024 * MEGABYTE) == (own > 1)
    assert stopped == (family if own > 1 else [])
