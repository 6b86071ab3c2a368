"""Messages between the grader and a process in a sandbox: one line of JSON, then the files it announces."""

from __future__ import annotations

import json
import os
import resource
from typing import IO, Any, BinaryIO

from autograder.plain.machine import MEGABYTE

Files = dict[str, bytes]


def write_frame(stream: IO[bytes], facts: dict[str, Any], files: Files) -> None:
    """Write one message."""
    sizes = [[name, len(content)] for name, content in files.items()]
    stream.write(json.dumps({"facts": facts, "files": sizes}).encode() + b"\n")
    for content in files.values():
        stream.write(content)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], Files]:
    """Read one message.

    Raises:
        EOFError: the other side has ended.
    """
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError("no message")
    header = json.loads(line)
    files = {name: stream.read(size) for name, size in header["files"]}
    if any(len(files[name]) != size for name, size in header["files"]):
        raise EOFError("half a message")
    return header["facts"], files


def private_standard_output() -> BinaryIO:
    """Return standard output for messages, and redirect everything else that is printed to standard error."""
    private = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return private


def limit_memory(megabytes: int) -> None:
    """Limit the address space of this process, so that a file that asks for any amount costs only the process."""
    size = megabytes * MEGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
