"""Receives the recorder's evidence at the grader's end of the socket, up to a limit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from autograder.evidence import Record, digest
from autograder.plain.machine import MEGABYTE
from autograder.plain.nesting import excess
from autograder.settings import Limits

LONGEST_LINE = 1024 * 1024
# The kind of message that says how far a cell is.
DOING = "doing"
# The recorder needs only one. A connection ends when anything but a record arrives.
MOST_CONNECTIONS = 100
# A model trained for a long time with many metrics reaches half of this.
MOST_FACTS, DEEPEST_FACTS = 50_000, 32
# Memory that facts take, relative to their line of JSON: `[],` is three bytes, an empty list 64.
WEIGHT_OF_FACTS = 24
# How long to wait for records that a kernel sent before it ended.
DRAIN_SECONDS = 5.0

# Stricter than `json`: it refuses lone surrogates, so everything it accepts can be written again.
_FACTS = TypeAdapter(dict[str, Any])


class Collector:
    """The records and payloads received so far; anything but a record ends its connection."""

    def __init__(self, limits: Limits) -> None:
        self.records: list[Record] = []
        self.payloads: dict[str, bytes] = {}
        self.full = False
        self.on_doing: Callable[[dict[str, Any]], None] = lambda said: None
        self._most_records = limits.evidence_records
        self._bytes_left = int(limits.evidence_mb * MEGABYTE)
        self._connections_left = MOST_CONNECTIONS
        self._connections: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def listening(cls, path: Path, limits: Limits) -> AsyncIterator[Collector]:
        """Listen on the Unix socket `path`."""
        collector = cls(limits)
        server = await asyncio.start_unix_server(collector._connected, path=path, limit=LONGEST_LINE)
        try:
            yield collector
        finally:
            server.close()
            for connection in collector._connections:
                connection.cancel()

    async def drained(self) -> None:
        """Wait until everything that an ended kernel has sent is received."""
        if self._connections:
            await asyncio.wait(self._connections, timeout=DRAIN_SECONDS)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None
        self._connections.add(connection)
        self._connections_left -= 1
        # it alone is refused; the recorder's connection continues
        is_one_too_many = self._connections_left < 0
        try:
            while not is_one_too_many and await self._receive(reader):
                pass
        except (ValueError, asyncio.IncompleteReadError, ConnectionError):
            # Not a record: not sent by the recorder, or cut off when the kernel ended.
            pass
        finally:
            writer.close()
            self._connections.discard(connection)

    async def _receive(self, reader: asyncio.StreamReader) -> bool:
        """Receive one record; False at the end of the stream or when the allowance is used up."""
        line = await reader.readline()
        if not line or not self._allows(WEIGHT_OF_FACTS * len(line)):
            return False
        facts = parse_facts(line)
        size = facts.pop("bytes")
        if not self._allows(size):
            return False
        payload = await reader.readexactly(size)
        kind, run = facts.pop("kind"), facts.pop("cell")
        if kind == DOING:  # for people, and no evidence, not even what comes along
            self.on_doing(facts)
            return True
        name = digest(payload) if payload else ""
        if payload:
            self.payloads[name] = payload
        self.records.append(Record(kind, run, facts, name))
        return True

    def _allows(self, size: int) -> bool:
        """Subtract `size` bytes from the allowance, and tell whether the limits still hold."""
        self._bytes_left -= size
        self.full = self.full or self._bytes_left < 0 or len(self.records) >= self._most_records
        return not self.full


def parse_facts(line: bytes) -> dict[str, Any]:
    """Return the facts of one line.

    Raises:
        ValueError: it is not a JSON object with a kind, a cell number and a byte count, or it holds too much.
    """
    facts = _FACTS.validate_json(line)
    if problem := excess(facts, most_values=MOST_FACTS, most_depth=DEEPEST_FACTS):
        raise ValueError(problem)
    facts.setdefault("cell", -1)
    kind, run, size = facts.get("kind"), facts["cell"], facts.get("bytes")
    if not (isinstance(kind, str) and type(run) is int and type(size) is int and size >= 0):
        raise ValueError("not a record")
    return facts
