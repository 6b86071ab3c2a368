"""Passes a kernel's messages on to the grader, within one budget in bytes for all channels.

The kernel listens on sockets that are made here and handed in, so it can make no file outside its sandbox. What it
sends is cut into messages (ZMTP 3, https://rfc.zeromq.org/spec/23) and counted before anything parses it: a message
that is too long is left out, and no more is passed on than the grader has room for. On the channels that nobody reads,
nothing is passed on.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from autograder.plain.machine import MEGABYTE
from autograder.settings import Limits

# The channels that are used, by their numbers in the kernel's connection file.
CHANNELS = SHELL, IOPUB, STDIN, CONTROL = 1, 2, 3, 4
# The grader reads these; of the others, it only keeps the connections.
READ = (SHELL, IOPUB)
# What a frame weighs besides its bytes: it takes memory even if it is empty.
WEIGHT_OF_FRAME = 256
# What may wait to be read by the grader, over all channels of a kernel.
MOST_UNREAD = 48 * MEGABYTE
# Besides its content, a message has a header, and the header of what it answers.
LONGEST_HEADERS = MEGABYTE
LONGEST_COMMAND = 64 * 1024
# Every connection begins with a greeting of this length, in which these parts are fixed: version 3, no encryption.
GREETING = 64
FIXED = {0: b"\xff", 9: b"\x7f\x03", 12: b"NULL".ljust(20, b"\0")}
# Bits in the first byte of a frame.
MORE, LONG, COMMAND = 1, 2, 4
CHUNK = 64 * 1024
# How many connections the sockets keep waiting until the kernel runs.
BACKLOG = 16


_Joining = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class NoMessageError(Exception):
    """What a kernel sent is nothing that libzmq would send."""


class Border:
    """The sockets between one kernel and the grader, and what has passed."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.excess = ""  # why the run has to end; empty while it may go on
        self.has_left_out = False  # was a message too long?
        self._folder = folder
        self._longest = int(limits.display_mb * MEGABYTE) + LONGEST_HEADERS
        self._most_mb = limits.messages_mb
        self._bytes_left = int(limits.messages_mb * MEGABYTE)
        self._unread = 0
        self._has_room = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def opened(cls, folder: Path, hand_in: Path, limits: Limits) -> AsyncIterator[Border]:
        """Make the sockets.

        Args:
            folder: only the grader sees it; its client connects to the sockets `kernel-ipc-NUMBER` in it.
            hand_in: the path of the socket at which the kernel gets those on which it listens.
            limits: the budget.
        """
        border = cls(folder, limits)
        inner = {number: _listening(border._inner(number)) for number in CHANNELS}
        handing_in = asyncio.create_task(_hand_in(_listening(hand_in), inner))
        servers = [
            await asyncio.start_unix_server(border._joining(number), folder / f"kernel-ipc-{number}")
            for number in CHANNELS
        ]
        try:
            yield border
        finally:
            for server in servers:
                server.close()
            open_tasks = [handing_in, *border._connections]
            for task in open_tasks:
                task.cancel()
            await asyncio.gather(*open_tasks, return_exceptions=True)

    def has_read(self, frames: Iterable[bytes]) -> None:
        """Make room for more: the grader has read a message of these frames."""
        self._unread -= weight(len(frame) for frame in frames)
        self._has_room.set()

    def _inner(self, number: int) -> Path:
        return self._folder / f"inner-{number}"

    def _joining(self, number: int) -> _Joining:
        async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._connections.add(task)
            try:
                await self._join(number, reader, writer)
            except (OSError, asyncio.IncompleteReadError, NoMessageError):
                pass  # one of both has ended, or it is not libzmq that talks; the client tries again
            except asyncio.CancelledError:
                pass  # the run is over; asyncio would report a cancelled connection as a fault
            finally:
                writer.close()
                self._connections.discard(task)

        return join

    async def _join(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect the grader's client with the kernel until one of them ends."""
        kernel_reader, kernel_writer = await asyncio.open_unix_connection(self._inner(number))
        ways = {
            asyncio.create_task(_copy(reader, kernel_writer)),
            asyncio.create_task(self._pass_on(number, kernel_reader, writer)),
        }
        try:
            ended, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ended:
                way.result()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            kernel_writer.close()

    async def _pass_on(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass a kernel's messages on to the grader."""
        await self._greet(reader, writer)
        message, size, is_left_out = bytearray(), 0, number not in READ
        while not self.excess:
            flags = await self._take(reader, 1)
            length_bytes = await self._take(reader, 8 if flags[0] & LONG else 1)
            length = int.from_bytes(length_bytes)
            if flags[0] & COMMAND:
                if length > LONGEST_COMMAND:
                    raise NoMessageError(f"a command of {length} bytes")
                writer.write(flags + length_bytes + await self._take(reader, length))
                await writer.drain()
                continue
            size += weight([length])
            if is_left_out or size > self._longest:
                is_left_out = True
                message.clear()
                await self._skip(reader, length)
            else:
                message += flags + length_bytes
                message += await self._take(reader, length)
            if flags[0] & MORE:
                continue
            if is_left_out:
                self.has_left_out = self.has_left_out or number in READ
            else:
                await self._wait_for_room(size)
                writer.write(message)
                await writer.drain()
            message, size, is_left_out = bytearray(), 0, number not in READ

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass the greeting on as it comes, since each side waits for parts of the other's."""
        greeting = b""
        while len(greeting) < GREETING:
            part = await reader.read(GREETING - len(greeting))
            if not part:
                raise NoMessageError("no greeting")
            greeting += part
            writer.write(part)
        if any(greeting[at : at + len(part)] != part for at, part in FIXED.items()):
            raise NoMessageError("another protocol")

    async def _take(self, reader: asyncio.StreamReader, length: int) -> bytes:
        self._count(length)
        return await reader.readexactly(length)

    async def _skip(self, reader: asyncio.StreamReader, length: int) -> None:
        while length and not self.excess:
            part = await reader.read(min(length, CHUNK))
            if not part:
                raise NoMessageError("half a frame")
            self._count(len(part))
            length -= len(part)

    def _count(self, size: int) -> None:
        self._bytes_left -= size
        if self._bytes_left < 0:
            self.excess = f"it sent more than {self._most_mb:g} MB of messages"

    async def _wait_for_room(self, size: int) -> None:
        while self._unread and self._unread + size > MOST_UNREAD:
            self._has_room.clear()
            await self._has_room.wait()
        self._unread += size


def weight(lengths: Iterable[int]) -> int:
    """Return how much memory frames of these lengths count for."""
    return sum(length + WEIGHT_OF_FRAME for length in lengths)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(CHUNK):
        writer.write(part)
        await writer.drain()


def _listening(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(BACKLOG)
    listener.setblocking(False)  # noqa: FBT003 (its only argument)
    return listener


async def _hand_in(counter: socket.socket, listeners: Mapping[int, socket.socket]) -> None:
    """Give the first who asks the sockets to listen on. That is the kernel: no code of the student's runs yet."""
    try:
        kernel, _ = await asyncio.get_running_loop().sock_accept(counter)
        with kernel:
            descriptors = [listener.fileno() for listener in listeners.values()]
            socket.send_fds(kernel, [bytes(listeners)], descriptors)
    finally:
        counter.close()
        for listener in listeners.values():
            listener.close()
