"""The grader's end of the evidence socket: takes in what the recorder sends, up to a limit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from autograder.evidence import Record, digest
from autograder.plain.machine import MEGABYTE
from autograder.plain.nesting import excess
from autograder.settings import Limits

LONGEST_LINE = 1024 * 1024
# The recorder needs one; what is no record ends it.
MOST_CONNECTIONS = 100
# A model trained for long with many metrics comes to half of this.
MOST_FACTS, DEEPEST_FACTS = 50_000, 32
# What facts take in memory, relative to the line that they come in: `[],` are three bytes, an empty list 64.
WEIGHT_OF_FACTS = 24
# How long to wait for what a kernel had sent before it ended.
DRAIN_SECONDS = 5.0

# Stricter than `json`: it refuses half characters, so what it lets in can be written again.
_FACTS = TypeAdapter(dict[str, Any])


class Collector:
    """Records and payloads received so far; what does not look like a record ends the connection."""

    def __init__(self, limits: Limits) -> None:
        self.records: list[Record] = []
        self.payloads: dict[str, bytes] = {}
        self.full = False
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
        """Wait until everything that had been sent by a kernel that has ended is taken in."""
        if self._connections:
            await asyncio.wait(self._connections, timeout=DRAIN_SECONDS)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None
        self._connections.add(connection)
        self._connections_left -= 1
        try:
            while self._connections_left >= 0 and await self._receive(reader):
                pass
        except (ValueError, asyncio.IncompleteReadError, ConnectionError):
            # Not a record: sent by something else than the recorder, or cut off by the kernel's end.
            pass
        finally:
            writer.close()
            self._connections.discard(connection)

    async def _receive(self, reader: asyncio.StreamReader) -> bool:
        """Take in one record; False at the end of the stream or of the allowance."""
        line = await reader.readline()
        if not line or not self._allows(WEIGHT_OF_FACTS * len(line)):
            return False
        facts = parse_facts(line)
        size = facts.pop("bytes")
        if not self._allows(size):
            return False
        payload = await reader.readexactly(size)
        name = digest(payload) if payload else ""
        if payload:
            self.payloads[name] = payload
        kind, run = facts.pop("kind"), facts.pop("cell")
        self.records.append(Record(kind, run, facts, name))
        return True

    def _allows(self, size: int) -> bool:
        """Take so many bytes off the allowance, and tell whether it lasts."""
        self._bytes_left -= size
        self.full = self.full or self._bytes_left < 0 or len(self.records) >= self._most_records
        return not self.full


def parse_facts(line: bytes) -> dict[str, Any]:
    """Return the facts of one line.

    Raises:
        ValueError: it is no JSON object with a kind, a cell number and a byte count, or holds too much.
    """
    facts = _FACTS.validate_json(line)
    if problem := excess(facts, most_values=MOST_FACTS, most_depth=DEEPEST_FACTS):
        raise ValueError(problem)
    facts.setdefault("cell", -1)
    kind, run, size = facts.get("kind"), facts["cell"], facts.get("bytes")
    if not (isinstance(kind, str) and type(run) is int and type(size) is int and size >= 0):
        raise ValueError("not a record")
    return facts
