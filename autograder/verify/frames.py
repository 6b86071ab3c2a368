"""Messages between the grader and its verifier: one line of JSON, then the files it announces."""

from __future__ import annotations

import json
from typing import IO, Any

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
