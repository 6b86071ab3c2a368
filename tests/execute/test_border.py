"""What a kernel says is counted before anything parses it. The kernel here is a thread with libzmq's own sockets."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import zmq
import zmq.asyncio

from autograder.execute.border import CONTROL, IOPUB, MOST_UNREAD, SHELL, STDIN, Border
from autograder.execute.inside.handed_in import sockets_handed_in
from autograder.settings import Limits

MEGABYTE = 1024 * 1024
KINDS = {SHELL: zmq.ROUTER, IOPUB: zmq.XPUB, STDIN: zmq.ROUTER, CONTROL: zmq.ROUTER}
Kernel = Callable[[dict[int, zmq.Socket[bytes]]], None]


class Grader:
    """The grader's clients of the channels."""

    def __init__(self, border: Border, folder: Path, context: zmq.asyncio.Context) -> None:
        self.border = border
        self.shell, self.iopub, self.stdin, self.control = (
            context.socket(kind) for kind in (zmq.DEALER, zmq.SUB, zmq.DEALER, zmq.DEALER)
        )
        self.iopub.subscribe(b"")
        channels = {SHELL: self.shell, IOPUB: self.iopub, STDIN: self.stdin, CONTROL: self.control}
        for number, client in channels.items():
            client.connect(f"ipc://{folder}/kernel-ipc-{number}")

    async def read(self) -> list[bytes]:
        frames: list[bytes] = await asyncio.wait_for(self.iopub.recv_multipart(), 20)
        self.border.has_read(frames)
        return frames


def talk(
    folder: Path, kernel: Kernel, grader: Callable[[Grader], Awaitable[None]], **limits: float
) -> Border:
    """Let a kernel and the grader talk."""
    is_over = threading.Event()

    def run() -> None:
        given = sockets_handed_in(str(folder / "sockets"))
        with zmq.Context() as context:
            sockets = {number: context.socket(kind) for number, kind in KINDS.items()}
            for number, one in sockets.items():
                one.linger = 0
                one.setsockopt(zmq.USE_FD, given[number])
                one.bind("ipc:///nowhere/at-all")
            sockets[IOPUB].recv()  # the grader has subscribed
            kernel(sockets)
            is_over.wait(20)
            for one in sockets.values():
                one.close()

    async def meet() -> Border:
        async with Border.opened(folder, folder / "sockets", Limits.model_validate(limits)) as border:
            thread = threading.Thread(target=run)
            thread.start()
            context = zmq.asyncio.Context()
            try:
                await grader(Grader(border, folder, context))
            finally:
                is_over.set()
                await asyncio.to_thread(thread.join)
                context.destroy(linger=0)
            return border

    return asyncio.run(meet())


def test_no_more_is_passed_on_than_the_grader_has_room_for(tmp_path: Path) -> None:
    def kernel(sockets: dict[int, zmq.Socket[bytes]]) -> None:
        for _ in range(100):
            sockets[IOPUB].send_multipart([b"topic", bytes(MEGABYTE)])

    async def grader(one: Grader) -> None:
        await asyncio.sleep(0.5)
        assert one.border._unread <= MOST_UNREAD
        assert [len((await one.read())[-1]) for _ in range(100)] == [MEGABYTE] * 100
        assert one.border._unread == 0

    border = talk(tmp_path, kernel, grader)

    assert (border.excess, border.has_left_out) == ("", False)


def test_a_message_that_is_too_long_is_left_out_in_one_part_or_in_many(tmp_path: Path) -> None:
    def kernel(sockets: dict[int, zmq.Socket[bytes]]) -> None:
        sockets[IOPUB].send_multipart([b"first"])
        sockets[IOPUB].send_multipart([b"one part", bytes(3 * MEGABYTE)])
        for _ in range(60):
            sockets[IOPUB].send(bytes(MEGABYTE // 20), zmq.SNDMORE)
        sockets[IOPUB].send(b"many parts")
        for _ in range(20_000):
            sockets[IOPUB].send(b"", zmq.SNDMORE)
        sockets[IOPUB].send(b"many empty parts")
        sockets[IOPUB].send_multipart([b"last"])

    async def grader(one: Grader) -> None:
        assert await one.read() == [b"first"]
        assert await one.read() == [b"last"]

    assert talk(tmp_path, kernel, grader, display_mb=1).has_left_out


def test_nothing_is_passed_on_to_a_side_that_does_not_read(tmp_path: Path) -> None:
    def kernel(sockets: dict[int, zmq.Socket[bytes]]) -> None:
        for number in (STDIN, CONTROL):
            ident, *_ = sockets[number].recv_multipart()
            for _ in range(50):
                sockets[number].send_multipart([ident, bytes(MEGABYTE)])
        sockets[IOPUB].send_multipart([b"last"])

    async def grader(one: Grader) -> None:
        for channel in (one.stdin, one.control):
            await channel.send(b"hello")
        assert await one.read() == [b"last"]
        await asyncio.sleep(0.3)
        assert not await one.stdin.poll(0)
        assert not await one.control.poll(0)

    assert talk(tmp_path, kernel, grader).excess == ""


def test_what_is_too_much_in_all_is_an_excess(tmp_path: Path) -> None:
    def kernel(sockets: dict[int, zmq.Socket[bytes]]) -> None:
        ident, *_ = sockets[CONTROL].recv_multipart()
        for _ in range(8):
            sockets[CONTROL].send_multipart([ident, bytes(MEGABYTE)])

    async def grader(one: Grader) -> None:
        await one.control.send(b"hello")
        async with asyncio.timeout(10):
            while not one.border.excess:
                await asyncio.sleep(0.05)

    border = talk(tmp_path, kernel, grader, messages_mb=5)

    assert border.excess == "it sent more than 5 MB of messages"


def test_what_is_no_message_ends_its_connection(tmp_path: Path) -> None:
    """A kernel that speaks another protocol on the socket that it was given."""

    async def meet() -> bytes:
        async with Border.opened(tmp_path, tmp_path / "sockets", Limits()):
            given = await asyncio.to_thread(sockets_handed_in, str(tmp_path / "sockets"))
            reader, _ = await asyncio.open_unix_connection(tmp_path / f"kernel-ipc-{IOPUB}")
            with socket.socket(fileno=given[IOPUB]) as listener:
                listener.setblocking(True)
                connection, _ = await asyncio.to_thread(listener.accept)
                with connection:
                    connection.sendall(b"HTTP/1.1 200 OK\r\n" * 10_000)
                    return await asyncio.wait_for(reader.read(), 10)

    assert len(asyncio.run(meet())) <= 64
