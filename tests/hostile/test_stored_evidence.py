"""Evidence that was stored, or is being sent: what is not whole is refused, what is too much is not taken in."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from odd_files import MEGABYTE, SECRET, Make

from autograder.evidence import Evidence, Record, digest, read_evidence, write_evidence
from autograder.execute import collector
from autograder.execute.collector import Collector
from autograder.settings import Limits

Tell = Callable[[str, str], None]


STORED = Evidence("graded", (), (Record("images", 0, {}, digest(b"one")),), {digest(b"one"): b"one"})


SPOILT: dict[str, tuple[Make, str]] = {
    "a payload that is gone": (Path.unlink, "No such file"),
    "a payload that was changed": (lambda file: file.write_bytes(b"two"), "is not what was written there"),
    "a pipe in place of a payload": (lambda file: (file.unlink(), os.mkfifo(file)), "a pipe"),
    "a folder in place of a payload": (lambda file: (file.unlink(), file.mkdir()), "a folder"),
    "a link in place of a payload": (
        lambda file: (file.rename(file.parent.parent / "one"), file.symlink_to("../one")),
        "a link",
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_stored_evidence_that_is_not_whole_is_refused(what: str, tmp_path: Path, tell: Tell) -> None:
    spoil, words = SPOILT[what]
    write_evidence(tmp_path / "evidence", STORED)
    spoil(tmp_path / "evidence" / digest(b"one"))

    with pytest.raises(ValueError, match=words):
        read_evidence(tmp_path / "evidence")

    tell(f"stored evidence with {what}", "refused, so the notebook is run again")


def test_stored_evidence_cannot_name_a_file_elsewhere(tmp_path: Path, tell: Tell) -> None:
    (tmp_path / "secret").write_text(SECRET)
    folder = tmp_path / "evidence"
    write_evidence(folder, Evidence("graded", (), (Record("images", 0, {}, "../secret"),)))

    with pytest.raises(ValueError, match="is not what was written there"):
        read_evidence(folder)

    tell("stored evidence whose payload is called ../secret", "refused")


ALLOWANCE = 32  # MB of evidence


def flood(socket_file: Path, line: bytes, times: int, *, at_once: bool) -> int:
    """Send a line again and again, over one connection or each over its own; return how often that went well."""
    sent = 0
    with contextlib.suppress(OSError):
        while sent < times:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(socket_file))
                for _ in range(times if at_once else 1):
                    client.sendall(line)
                    sent += 1
                client.shutdown(socket.SHUT_WR)
                client.recv(1)
    return sent


def collected(folder: Path, line: bytes, times: int, *, at_once: bool) -> Collector:
    async def collect() -> Collector:
        async with Collector.listening(folder / "socket", Limits(evidence_mb=ALLOWANCE)) as listening:
            await asyncio.to_thread(flood, folder / "socket", line, times, at_once=at_once)
            await listening.drained()
        return listening

    return asyncio.run(collect())


def test_facts_that_take_much_memory_are_taken_in_within_the_allowance(tmp_path: Path, tell: Tell) -> None:
    values = collector.MOST_FACTS - 100
    line = b'{"kind": "x", "bytes": 0, "facts": [' + b"[]," * values + b"[]]}\n"

    taken = collected(tmp_path, line, 100, at_once=True)

    megabytes = len(taken.records) * values * 64 / MEGABYTE
    assert taken.full
    assert 0 < megabytes < ALLOWANCE
    tell(
        "15 MB of records full of empty lists, each 21 times as large in memory",
        f"{megabytes:.0f} MB are kept where {ALLOWANCE} are allowed",
    )


def test_who_connects_again_and_again_is_not_listened_to_for_ever(tmp_path: Path, tell: Tell) -> None:
    line = b'{"kind": "x", "bytes": 0}\n'

    taken = collected(tmp_path, line, 1000, at_once=False)

    assert len(taken.records) == collector.MOST_CONNECTIONS
    tell("1,000 connections to the evidence socket", f"{len(taken.records)} are listened to")
