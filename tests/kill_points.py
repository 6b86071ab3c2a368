"""Named points at which the work on a course can be killed, the same one every time.

A point is what has just happened to a file of the course (it has appeared, it has gone, it is half written) or to the
gradebook (it has changed). Nobody keeps a list of them: an undisturbed run is watched, by an audit hook, and comes
to them one after the other, so that a new file is a new point without anybody thinking of it.

There are also stages of grading: a cell runs, or the verifier measures. Run as a program, this kills a real command
at any of these points, or holds it there; see `killed_command` and `held_command`.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Connection, Engine, event

from autograder.course.lock import LOCK
from autograder.plain.files import HALF

# Called with a point's name, and the file if the point is that only a half of it is written.
Reached = Callable[[str, Path | None], None]
# No action of these tests takes longer, and one that was forked badly might never end.
MOST_SECONDS = 120


@dataclass
class _Change:
    """What is about to happen, and has happened by the time that a later event comes."""

    has_happened: Callable[[], bool]
    points: Sequence[tuple[str, Path | None]]


class Watch:
    """Tells of every point below a folder; watches from `start` on, for the rest of this process."""

    def __init__(self, root: Path, reached: Reached) -> None:
        self._root = root
        self._tell = reached
        self._seen: Counter[str] = Counter()
        self._coming: _Change | None = None
        self._lock = threading.RLock()
        self._is_telling = False

    def start(self) -> None:
        """Begin to watch files and databases."""
        event.listen(Engine, "commit", self._on_commit)
        sys.addaudithook(self._on_event)

    def reach(self, point: str, half: Path | None = None) -> None:
        """Tell of a point; one that comes again has its number in its name."""
        self._seen[point] += 1
        name = point if self._seen[point] == 1 else f"{point} ({self._seen[point]})"
        self._is_telling = True
        try:
            self._tell(name, half)
        finally:
            self._is_telling = False

    def settle(self) -> None:
        """Tell of what has happened by now; the end of the work is the last time for it."""
        if self._coming is not None and self._coming.has_happened():
            points, self._coming = self._coming.points, None
            for point, half in points:
                self.reach(point, half)

    def _on_commit(self, connection: Connection) -> None:
        file = Path(connection.engine.url.database or "")
        if not file.is_relative_to(self._root):
            return
        with self._lock:
            self.settle()
            before = file.stat().st_mtime_ns
            self._coming = _Change(
                lambda: file.stat().st_mtime_ns != before, [(f"{self._name(file)} has changed", None)]
            )

    def _on_event(self, name: str, arguments: tuple[object, ...]) -> None:
        if self._is_telling:
            return
        with self._lock:
            self.settle()
            if name == "os.rename":
                source, target = self._path(*arguments[::2]), self._path(*arguments[1::2])
                if source and target:
                    if source.name.startswith(HALF):
                        self.reach(f"{self._name(target)} is half written", source)
                    self._coming = _Change(
                        lambda: not os.path.lexists(source), [(f"{self._name(target)} has appeared", None)]
                    )
            elif name in {"os.remove", "os.rmdir"}:
                gone = self._path(*arguments)
                if gone and os.path.lexists(gone):
                    self._coming = _Change(
                        lambda: not os.path.lexists(gone), [(f"{self._name(gone)} has gone", None)]
                    )
            elif name == "open" and is_for_writing(arguments):
                file = self._path(arguments[0])
                if file and not file.name.startswith(HALF) and file.name != LOCK:
                    what = self._name(file)
                    self._coming = _Change(
                        file.exists, [(f"{what} is half written", file), (f"{what} is written", None)]
                    )
            elif name == "ctypes.dlsym" and arguments[1] == "renameat2":
                self.reach("two folders are about to change places")

    def _path(self, name: object, folder: object = -1) -> Path | None:
        """Return what an event is about, if it is below the root; it may be named from an open folder."""
        if not isinstance(name, (str, bytes, os.PathLike)):
            return None
        path = Path(os.fsdecode(name))
        if isinstance(folder, int) and folder >= 0:
            path = Path(f"/proc/self/fd/{folder}").readlink() / path
        return path if path.is_absolute() and path.is_relative_to(self._root) else None

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._root))


def is_for_writing(arguments: tuple[object, ...]) -> bool:
    """Tell so of the audit event `open`."""
    flags = arguments[2]
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def die(half: Path | None) -> None:
    """End as a process that is killed; a file that it was writing is cut in half, which is what is on the disk then."""
    if half is not None and half.is_file():
        os.truncate(half, half.stat().st_size // 2)
    os.kill(os.getpid(), signal.SIGKILL)


def points_of(action: Callable[[], object], root: Path) -> list[str]:
    """Do something in another process; return the points that it comes to below a folder."""
    reading, writing = os.pipe()

    def note(point: str, half: Path | None) -> None:
        os.write(writing, f"{point}\n".encode())

    child = _forked(action, root, note, closes=reading)
    os.close(writing)
    with os.fdopen(reading) as lines:
        points = lines.read().splitlines()
    assert _ended(child) == 0, f"the undisturbed run failed after {points[-1:]}"
    return points


def kill_at(point: str, action: Callable[[], object], root: Path) -> None:
    """Do something in another process, which is killed when it comes to a point.

    The process is forked, so `action` may be any function, and what is patched here is patched there.
    """

    def look(reached: str, half: Path | None) -> None:
        if reached == point:
            die(half)

    status = _ended(_forked(action, root, look))
    assert status == -signal.SIGKILL, f"it was not killed where '{point}': it ended with {status}"


@contextmanager
def naming(circumstance: str) -> Iterator[None]:
    """Begin the message of an assertion that fails with the circumstance in which it did."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{circumstance}: {error}") from error


def _forked(action: Callable[[], object], root: Path, reached: Reached, closes: int | None = None) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        if closes is not None:
            os.close(closes)
        watch = Watch(root, reached)
        watch.start()
        action()
        watch.settle()
        status = 0
    except Exception as error:  # noqa: BLE001 (the parent learns that it failed, and from this why)
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(status)


def _ended(child: int) -> int:
    alarm = threading.Timer(MOST_SECONDS, os.kill, (child, signal.SIGTERM))
    alarm.start()
    try:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        alarm.cancel()


# Told of a stage, and of the processes in which it takes place.
AtStage = Callable[[str, Sequence[int]], None]
SetAttribute = Callable[[Any, str, Any], None]


def tell_stages(at_stage: AtStage, patch: SetAttribute = setattr) -> None:
    """Tell when a cell has begun to run in its kernel, and when the verifier has begun to measure.

    Args:
        at_stage: gets `cell <name> runs`, and of the kernel's sandbox and the kernel; or `measuring`, and of the
            verifier.
        patch: puts something in the place of an attribute.
    """
    from nbclient import NotebookClient

    from autograder.course.notebooks import cell_name
    from autograder.verify import process as verifier_process

    process_message, write_frame = NotebookClient.process_message, verifier_process.write_frame

    def on_message(client: Any, message: dict[str, Any], cell: Any, cell_index: int) -> Any:
        if message["msg_type"] == "execute_input":
            process = client.km.provisioner.process
            at_stage(f"cell {cell_name(cell)} runs", (process.pid, getattr(process, "kernel", process.pid)))
        return process_message(client, message, cell, cell_index)

    def on_frame(stream: Any, facts: Any, files: Any) -> None:
        write_frame(stream, facts, files)
        at_stage("measuring", [one.pid for one in psutil.Process().children() if is_verifier(one)])

    patch(NotebookClient, "process_message", on_message)
    patch(verifier_process, "write_frame", on_frame)


def is_verifier(process: psutil.Process) -> bool:
    """Tell whether a process is the verifier, or the sandbox around it."""
    try:
        return "autograder.verify.worker" in process.cmdline()
    except psutil.Error:  # it has just ended
        return False


def killed_command(point: str, root: Path, notes: Path, *words: str) -> list[str]:
    """Return a command that runs Python with these words, and is killed at a point.

    It notes before what it has started: see `outlived`.
    """
    return [sys.executable, __file__, "kill", point, str(root), str(notes), *words]


def held_command(point: str, root: Path, *words: str) -> list[str]:
    """Return a command that says `held` when it comes to a point, and continues when it has read a line."""
    return [sys.executable, __file__, "hold", point, str(root), "", *words]


def outlived(notes: Path, seconds: float = 10) -> list[psutil.Process]:
    """Return which of the processes that a killed command had started are still there after some time."""
    family = []
    for pid, created in json.loads(notes.read_text()):
        try:
            process = psutil.Process(pid)
            if process.create_time() == created:
                family.append(process)
        except psutil.NoSuchProcess:
            continue
    return psutil.wait_procs(family, timeout=seconds)[1]


def main() -> None:
    """Run Python with the words that are left, and watch."""
    sys.path.pop(0)  # this folder is none of the command's business
    how, wanted, root, notes, option, program, *rest = sys.argv[1:]

    def look(reached: str, half: Path | None) -> None:
        if reached != wanted:
            return
        if how == "hold":
            print("held", flush=True)
            sys.stdin.readline()
            return
        family = psutil.Process().children(recursive=True)
        Path(notes).write_text(json.dumps([(one.pid, one.create_time()) for one in family]))
        die(half)

    watch = Watch(Path(root), look)
    watch.start()
    tell_stages(lambda stage, processes: watch.reach(stage))
    sys.argv[:] = [option, *rest]
    if option == "-c":
        exec(program, {"__name__": "__main__"})
    else:
        runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
