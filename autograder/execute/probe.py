"""Tries to break out of the sandbox for real; `gradeascent doctor` reports the result.

The probe runs inside like any student program, makes one attempt after another, and reports what it reached.
Outside are things that it must not reach: a file, a listening port and a running process.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from autograder.errors import SandboxError
from autograder.execute.sandbox import Program, Sandbox, find_python
from autograder.plain.scratch import temporary_folder

PROBE_SECONDS = 60
# The process outside, and the one that tries to outlive the sandbox, are recognised by how long they sleep.
OUTSIDE_SECONDS, SURVIVOR_SECONDS = 86_398, 86_399
SCRATCH_MB = 16

# Each attempt returns what it reached, or raises the error that stopped it. It has to run on any Python.
ATTEMPTS = """
import ctypes, json, os, socket, sys

canary, host_port, sleeps_outside, packages, survivor = sys.argv[1:]
system = ctypes.CDLL(None, use_errno=True)


def call(function, *arguments):
    result = function(*arguments)
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def write(path):
    with open(path, "w") as file:
        return file.write("forged")


def survive():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", survivor])
        os._exit(0)


def find_process(seconds):
    for process in filter(str.isdigit, os.listdir("/proc")):
        with open(os.path.join("/proc", process, "cmdline")) as file:
            if file.read().split("\\0")[:2] == ["sleep", seconds]:
                return process
    raise LookupError("only those of this sandbox can be seen")


def fill(folder):
    with open(os.path.join(folder, "large"), "wb") as file:
        for _ in range(200):
            file.write(bytes(1024 * 1024))


def environment():
    foreign = [name for name in os.environ if name.startswith("GRADEASCENT")]
    if not foreign:
        raise KeyError("nothing of the grader's")


ATTEMPTS = {
    "read a file of the grader's": lambda: open(canary).read(),
    "change a file of the grader's": lambda: write(canary),
    "see the grader's environment": environment,
    "see a process of the grader's": lambda: find_process(sleeps_outside),
    "connect to a port of this machine": lambda: socket.create_connection(("127.0.0.1", int(host_port)), 2),
    "connect to the internet": lambda: socket.create_connection(("1.1.1.1", 53), 2),
    "open a socket to the machine below (vsock)": lambda: socket.socket(40, socket.SOCK_STREAM),
    "import the kit": lambda: __import__("autograder.grading.course"),
    "change the installed packages": lambda: write(os.path.join(packages, "forged.py")),
    "change the system": lambda: write("/usr/forged"),
    "write outside the scratch folders": lambda: write("/forged"),
    "change a setting of the Linux kernel": lambda: open("/proc/sys/vm/swappiness", "r+").close(),
    "become root": lambda: os.setuid(0),
    "make a namespace": lambda: call(system.unshare, 0x10000000),
    "mount a file system": lambda: call(system.mount, b"none", b"/tmp", b"tmpfs", 0, None),
    "trace another process": lambda: call(system.ptrace, 16, 1, None, None),
    "hold memory that is not counted": lambda: call(system.memfd_create, b"hidden", 0),
    "fill the disk": lambda: fill(os.getcwd()),
}
results = {}
for name, attempt in ATTEMPTS.items():
    try:
        attempt()
        results[name] = ""
    except BaseException as error:
        results[name] = (type(error).__name__ + ": " + str(error))[:200]
survive()
print(json.dumps(results))
"""


@dataclass(frozen=True)
class Attempt:
    """One attempt to break out, and what stopped it; empty if nothing did."""

    what: str
    stopped_by: str


def try_to_break_out(sandbox: Sandbox, devices: tuple[Path, ...] = ()) -> list[Attempt]:
    """Run the probe in a sandbox with these devices and return how every attempt ended.

    Raises:
        SandboxError: the probe does not even run.
    """
    with temporary_folder() as outside, temporary_folder() as own, _port() as port, _process():
        canary = Path(outside) / "canary"
        canary.write_text("the grader's own")
        attempts = _run(sandbox, devices, Path(own), canary, port)
        if canary.read_text() != "the grader's own":
            attempts.append(Attempt("leave files of the grader's as they are", ""))
    return [*attempts, Attempt("leave a process behind", "" if _survivors() else "it ended with the sandbox")]


def _run(sandbox: Sandbox, devices: tuple[Path, ...], folder: Path, canary: Path, port: int) -> list[Attempt]:
    python = find_python("")
    probe = folder / "probe.py"
    probe.write_text(ATTEMPTS)
    arguments = (canary, port, OUTSIDE_SECONDS, python.site_packages, SURVIVOR_SECONDS)
    program = Program(
        argv=(str(python.executable), "-I", str(probe), *map(str, arguments)),
        python=python,
        folder=folder,
        readable=(probe,),
        devices=devices,
        scratch_mb=SCRATCH_MB,
    )
    secret = {**os.environ, "GRADEASCENT_SECRET": secrets.token_hex()}
    try:
        answer = subprocess.run(
            sandbox.command(program),
            capture_output=True, text=True, timeout=PROBE_SECONDS, check=True, env=secret,
        )  # fmt: skip
        found = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise SandboxError(f"the sandbox does not run a program: {error}") from error
    return [Attempt(what, stopped_by) for what, stopped_by in found.items()]


@contextlib.contextmanager
def _port() -> Iterator[int]:
    """Listen on a port of this machine, as a database would."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextlib.contextmanager
def _process() -> Iterator[None]:
    """Run a process of the grader's for the probe to look for."""
    with subprocess.Popen(["sleep", str(OUTSIDE_SECONDS)]) as process:
        try:
            yield
        finally:
            process.kill()


def _survivors() -> bool:
    """Tell whether a process of the probe is still running, and kill it if so."""
    time.sleep(0.2)  # the kernel ends the namespace with its first process, but not instantly
    survivors = [
        process
        for process in psutil.process_iter(["cmdline"])
        if process.info["cmdline"] == ["sleep", str(SURVIVOR_SECONDS)]
    ]
    for process in survivors:
        with contextlib.suppress(psutil.Error):
            process.kill()
    return bool(survivors)
