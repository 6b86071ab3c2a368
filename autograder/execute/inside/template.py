"""A process that has imported what every notebook needs, and forks to create kernels.

Importing TensorFlow takes seconds; forking takes milliseconds. A fork is safe only if the template has never
run a TensorFlow operation: the threads that the operation starts do not exist in a fork, which then waits for
them forever.

Every kernel gets its own sandbox. bubblewrap creates the sandbox around a program that only holds it open.
The fork moves into all its namespaces before it reads anything of the student's. bubblewrap removes
privileges from the programs that it starts; the fork gives up the same privileges itself (`confine`).
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import selectors
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

LONGEST_ORDER = 1 << 20
# From <linux/prctl.h>, <linux/capability.h> and <sched.h>.
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 4, 22, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION_3, MOST_CAPABILITIES = 0x20080522, 64
# User, mount, process, network, IPC, UTS and control group namespaces.
ALL_NAMESPACES = 0x10000000 | 0x00020000 | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000 | 0x02000000

system = ctypes.CDLL(None, use_errno=True)


@dataclass
class _Started:
    """A kernel, its sandbox, and how both ended."""

    name: str
    sandbox: int  # process: bubblewrap
    kernel: int  # process: the fork
    hold: int  # descriptor: closing it ends the sandbox
    statuses: dict[int, int] = field(default_factory=dict)  # by process, as `waitpid` returns them

    @property
    def status(self) -> int:
        """Exit status, as if bubblewrap had run the kernel: -9 for a killed sandbox, 137 for the kernel."""
        if os.waitstatus_to_exitcode(self.statuses[self.sandbox]) == -signal.SIGKILL:
            return -signal.SIGKILL
        code = os.waitstatus_to_exitcode(self.statuses[self.kernel])
        return code if code >= 0 else 128 - code


class ForkServer:
    """Starts kernels when the grader asks, and reports when they have ended.

    Args:
        control: packet socket to the grader; each packet is JSON.
        become_kernel: what a fork runs, called with the path of its configuration; returns when the kernel
            ends.
    """

    def __init__(self, control: socket.socket, become_kernel: Callable[[str], None]) -> None:
        self.control = control
        self.become_kernel = become_kernel
        self.started: dict[int, _Started] = {}  # keyed by both processes
        self.selector = selectors.DefaultSelector()

    def serve(self) -> None:
        """Start kernels until the grader is gone."""
        _check(system.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))  # the parent of every kernel exits at once
        gc.collect()
        gc.freeze()  # a collection in a fork would copy all memory it touches
        self.selector.register(self.control, selectors.EVENT_READ, None)
        while True:
            for key, _ in self.selector.select():
                if key.data is None:
                    order = self.control.recv(LONGEST_ORDER)
                    if not order:
                        return
                    self.start(json.loads(order))
                else:
                    self.selector.unregister(key.fd)
                    os.close(key.fd)
            self.reap()

    def say(self, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        """Send the grader a message, and optionally descriptors of processes."""
        socket.send_fds(self.control, [json.dumps(message).encode()], descriptors)

    def start(self, order: dict[str, Any]) -> None:
        """Make a sandbox and fork a kernel into it."""
        name = order["name"]
        try:
            sandbox, inside, hold = open_sandbox(order["command"])
        except (OSError, ValueError, KeyError) as error:
            self.say({"name": name, "failed": f"bubblewrap: {error}"})
            return
        try:
            kernel = self.fork(order, inside)
        except (OSError, ValueError) as error:
            os.close(hold)
            self.say({"name": name, "failed": f"{type(error).__name__}: {error}"})
            return
        started = _Started(name, sandbox, kernel, hold)
        watched = tuple(os.pidfd_open(process) for process in (sandbox, kernel))
        for process, descriptor in zip((sandbox, kernel), watched, strict=True):
            self.started[process] = started
            self.selector.register(descriptor, selectors.EVENT_READ, process)
        self.say({"name": name, "sandbox": sandbox, "kernel": kernel}, watched)

    def fork(self, order: dict[str, Any], inside: int) -> int:
        """Fork a process that moves into a sandbox and becomes a kernel; return its process ID.

        A process that enters a process namespace stays outside it; only its children are inside. So this
        takes two forks. The process in between exits at once, and the kernel becomes a child of this process.

        Raises:
            OSError, ValueError: the sandbox cannot be entered.
        """
        reading, writing = os.pipe()
        between = os.fork()
        if not between:
            os.close(reading)
            self._enter(order, inside, writing)
        os.close(writing)
        with os.fdopen(reading) as answer:
            said = answer.read()
        os.waitpid(between, 0)
        if not said.isdigit():
            raise OSError(said or "the fork ended without a word")
        return int(said)

    def _enter(self, order: dict[str, Any], inside: int, answer: int) -> NoReturn:
        """Move into the sandbox and fork the kernel. Never returns."""
        try:
            self.selector.close()
            self.control.detach()
            log = os.open(order["log"], os.O_WRONLY | os.O_APPEND)
            with open(order["filter"], "rb") as file:
                instructions = file.read()
            target = os.pidfd_open(inside)
            _check(system.setns(target, ALL_NAMESPACES))
            kernel = os.fork()
            if not kernel:
                self._become(order, log, instructions)
            os.write(answer, str(kernel).encode())
        except BaseException as error:
            os.write(answer, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)

    def _become(self, order: dict[str, Any], log: int, instructions: bytes) -> NoReturn:
        status = 1
        try:
            os.setsid()
            nothing = os.open(os.devnull, os.O_RDONLY)
            for descriptor, source in enumerate((nothing, log, log)):
                os.dup2(source, descriptor)
            os.closerange(3, os.sysconf("SC_OPEN_MAX"))
            os.chdir(os.environ["HOME"])
            os.environ["PWD"] = os.getcwd()
            confine(instructions)
            if order["config"]:
                self.become_kernel(order["config"])
            status = 0
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(status)

    def reap(self) -> None:
        """Collect ended processes, and tell the grader which kernels have ended with their sandboxes."""
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not process:
                return
            started = self.started.pop(process, None)
            if started is None:  # left over from a killed sandbox
                continue
            started.statuses[process] = status
            if process == started.kernel:
                os.close(started.hold)
            if len(started.statuses) == 2:
                self.say({"name": started.name, "ended": started.status})


def open_sandbox(command: list[str]) -> tuple[int, int, int]:
    """Run bubblewrap around a program that holds the sandbox open until its standard input ends.

    Args:
        command: makes bubblewrap report the process inside on standard output (`--info-fd 1`); its program
            writes an empty line to standard error when the sandbox is ready.

    Returns:
        The bubblewrap process, a process inside, and a descriptor; closing the descriptor ends the sandbox.

    Raises:
        OSError: bubblewrap does not start; the message is what it printed.
    """
    inner_hold, hold = os.pipe()
    info, inner_info = os.pipe()
    ready, inner_ready = os.pipe()
    inner = (inner_hold, inner_info, inner_ready)
    actions = [(os.POSIX_SPAWN_DUP2, source, target) for target, source in enumerate(inner)]
    try:
        sandbox = os.posix_spawn(command[0], command, dict(os.environ), file_actions=actions)
    finally:
        for descriptor in inner:
            os.close(descriptor)
    with os.fdopen(info) as file:
        said = file.read()
    with os.fdopen(ready) as file:
        first_line = file.readline()
    if first_line != "\n":
        os.close(hold)
        os.waitpid(sandbox, 0)
        raise OSError(first_line.strip() or "it ended without a word")
    return sandbox, int(json.loads(said)["child-pid"]), hold


def confine(instructions: bytes) -> None:
    """Give up all privileges, and let the Linux kernel filter all system calls from now on.

    Args:
        instructions: the filter, in the format of bubblewrap's `--seccomp`.

    Raises:
        OSError: a privilege could not be given up, or the filter could not be set.
    """
    _check(system.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    for capability in range(MOST_CAPABILITIES):
        if system.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):  # no more capabilities
            break
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    _check(system.capset(header, bytes(24)))  # effective, permitted, inheritable: 2 x 32 bits each
    # changing namespaces has closed /proc/self to the process itself
    _check(system.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
    code = ctypes.create_string_buffer(instructions, len(instructions))
    program = struct.pack("@HP", len(instructions) // 8, ctypes.addressof(code))
    _check(system.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0))


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
