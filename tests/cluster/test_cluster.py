"""`gradeascent grade --cluster`: a real scheduler, real workers, and some of them are lost on the way."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from command_line import succeed
from distributed import Client
from nbformat import NotebookNode

from autograder.cli import run
from autograder.cluster.parcel import pack, unpack
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise
from autograder.course.notebooks import write_notebook
from autograder.errors import ClusterError
from autograder.execute.sandbox import Sandbox
from autograder.record.files import (
    read_report,
)

MakeNotebook = Callable[[Mapping[str, str]], NotebookNode]
STUDENTS = ("ada", "bert")
SLOW = "import time; time.sleep(600)"


@pytest.fixture(scope="module")
def address(sandbox: Sandbox) -> Iterator[str]:
    """A scheduler, as anybody would start it."""
    with process("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard") as started:
        assert started.stderr is not None
        for line in started.stderr:
            if found := re.search(r"Scheduler at:\s+(tcp://\S+)", line):
                break
        else:
            pytest.fail("the scheduler does not start")
        threading.Thread(
            target=started.stderr.read, daemon=True
        ).start()  # so that a full pipe holds up nothing
        yield found[1]


@contextmanager
def process(*command: str) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [sys.executable, "-m", "dask", *command],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield started
    finally:
        started.terminate()
        started.wait(30)


@contextmanager
def workers(address: str, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that are not started again when they die."""
    command = [sys.executable, "-m", "dask", "worker", address, "--no-nanny", "--nthreads", "1"]
    command += ["--no-dashboard", "--host", "127.0.0.1"]
    started = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(count)]
    try:
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=60)
        yield started
    finally:
        for one in started:
            one.terminate()
        for one in started:
            one.wait(30)


def make_course(folder: Path, digits_file: Path, make_notebook: MakeNotebook, **cells: str) -> Course:
    """A course in which every student has handed in one cell."""
    course = initialise(folder / "course")
    (course.root / "gradeascent.toml").write_text(f'data = "{digits_file}"\n')
    for student, source in cells.items():
        notebook = make_notebook({"cnn": source})
        write_notebook(notebook, course.submission_folder(student) / f"{ASSIGNMENT}.ipynb")
    return course


def grade(course: Course, address: str, *options: str) -> int:
    return run(["grade", "--course", str(course.root), "--cluster", address, "--no-record", *options])


def worker_with_a_kernel(started: Sequence[subprocess.Popen[bytes]], seconds: float = 120) -> int:
    """Wait until a notebook runs in one of these workers; return its process."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for one in started:
            if one.poll() is None and _has_kernel(one.pid):
                return one.pid
        time.sleep(0.2)
    pytest.fail("no worker has begun")


def _has_kernel(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):  # it has just ended
        return any(map(_is_kernel, _children(pid)))
    return False


def _is_kernel(process: psutil.Process) -> bool:
    """Tell a kernel from the process that it was forked from, and from the fork by which that tries itself.

    Bubblewrap has started the one, and the other has no threads: so it cannot answer.
    """
    parent = process.parent()
    return (
        "--template" in process.cmdline()
        and parent is not None
        and "bwrap" not in (process.name(), parent.name())
        and process.num_threads() > 1
    )


def _children(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def test_a_lost_worker_costs_nothing_and_the_results_are_those_of_this_machine(
    address: str,
    tmp_path: Path,
    digits_file: Path,
    make_notebook: MakeNotebook,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cells = dict.fromkeys(STUDENTS, "import time; time.sleep(3)")
    course = make_course(tmp_path, digits_file, make_notebook, **cells)
    course.submission_folder("emil").mkdir(parents=True)  # nothing in it: there is nothing to send
    with workers(address, 2) as started:
        killed: list[int] = []

        def kill_one() -> None:
            worker = worker_with_a_kernel(started)
            os.kill(worker, signal.SIGKILL)
            killed.append(worker)

        killer = threading.Thread(target=kill_one)
        killer.start()
        status = grade(course, address)
        killer.join()

    assert len(killed) == 1
    assert status == 0
    reports = {student: read_report(course.result_folder(student)) for student in course.students()}
    assert {student: report and report.outcome for student, report in reports.items()} == {
        **dict.fromkeys(STUDENTS, "graded"), "emil": "invalid_notebook",
    }  # fmt: skip
    capsys.readouterr()

    succeed(["grade", "--course", str(course.root), "--no-record"])
    assert capsys.readouterr().err.count("up to date") == len(STUDENTS) + 1


@pytest.mark.deep
def test_after_a_new_version_of_the_verifier_stored_evidence_is_measured_again_and_nothing_is_run(
    address: str, tmp_path: Path, digits_file: Path, make_notebook: MakeNotebook
) -> None:
    course = make_course(tmp_path, digits_file, make_notebook, ada="x = 1")
    with workers(address, 1):
        assert grade(course, address) == 0
        file = course.result_folder("ada") / "run.json"
        note = json.loads(file.read_text())
        first = read_report(course.result_folder("ada"))
        file.write_text(json.dumps(note | {"verifier_sha256": "an older one"}))
        (course.result_folder("ada") / "report.json").unlink()

        assert grade(course, address) == 0

    assert json.loads(file.read_text()) == note  # with the times of the first run
    assert read_report(course.result_folder("ada")) == first


@pytest.mark.deep
def test_who_loses_two_workers_is_reported_and_not_retried_for_ever(
    address: str,
    tmp_path: Path,
    digits_file: Path,
    make_notebook: MakeNotebook,
    capsys: pytest.CaptureFixture[str],
) -> None:
    course = make_course(tmp_path, digits_file, make_notebook, ada=SLOW)

    def kill_twice() -> None:
        for _ in range(2):
            worker = psutil.Process(worker_with_a_kernel(started))
            worker.kill()
            worker.wait(60)  # else it may be found again

    with workers(address, 3) as started:
        killer = threading.Thread(target=kill_twice)
        killer.start()
        status = grade(course, address)
        killer.join()

    assert status == 1
    assert "ada: not graded: 2 workers were lost while they graded it" in capsys.readouterr().err
    assert read_report(course.result_folder("ada")) is None


@pytest.mark.deep
def test_stopping_stops_the_kernels_too(
    address: str, tmp_path: Path, digits_file: Path, make_notebook: MakeNotebook
) -> None:
    course = make_course(tmp_path, digits_file, make_notebook, ada=SLOW)
    command = ["grade", "--course", str(course.root), "--cluster", address, "--no-record"]
    with workers(address, 1) as started:
        coordinator = subprocess.Popen(
            [sys.executable, "-m", "autograder", *command], stderr=subprocess.PIPE, text=True
        )
        worker = worker_with_a_kernel(started)
        coordinator.send_signal(signal.SIGINT)
        _, said = coordinator.communicate(timeout=180)

        assert coordinator.returncode == 130
        assert said.rstrip().endswith("stopped; run the same command again to continue")
        assert not _children(worker)  # neither a kernel nor a verifier


@pytest.mark.deep
def test_a_worker_with_another_version_is_named_in_one_line(
    address: str,
    tmp_path: Path,
    digits_file: Path,
    make_notebook: MakeNotebook,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    course = make_course(tmp_path, digits_file, make_notebook, ada="")
    monkeypatch.setattr("autograder.cluster.order.kit_versions", lambda: {"gradeascent": "99.0"})
    with workers(address, 1):
        assert grade(course, address) == 2

    (line,) = capsys.readouterr().err.strip().splitlines()
    assert re.search(
        r"the worker tcp://\S+ has gradeascent \S+, not 99.0: install the same versions everywhere", line
    )


def test_a_scheduler_that_is_not_there_is_one_line(
    tmp_path: Path,
    digits_file: Path,
    make_notebook: MakeNotebook,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("autograder.cluster.coordinate.CONNECT_SECONDS", 1)
    course = make_course(tmp_path, digits_file, make_notebook, ada="")

    assert grade(course, "tcp://127.0.0.1:9") == 2

    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in capsys.readouterr().err


def test_jobs_are_of_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grade", "--cluster", "tcp://127.0.0.1:9", "--jobs", "2"]) == 2

    assert "--jobs is for this machine" in capsys.readouterr().err


def test_a_parcel_holds_plain_files_and_nothing_that_leads_out(tmp_path: Path) -> None:
    folder = tmp_path / "submission"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "a\nb\udcff.csv").write_bytes(b"1,2")
    (folder / "link").symlink_to("/etc/passwd")

    assert unpack(pack(folder)) == {"data/a\nb\udcff.csv": b"1,2"}
    with pytest.raises(ClusterError, match="too large to be sent"):
        pack(folder, most_bytes=2)


def test_a_parcel_that_leads_out_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "x"
    folder.mkdir(parents=True)
    (folder / "aaa").write_text("")
    evil = pack(folder.parent).replace(b"x/aaa\0", b"../a\0\0")
    checksum = 8 * 32 + sum(evil[:148]) + sum(evil[156:512])
    evil = evil[:148] + b"%06o\0 " % checksum + evil[156:]

    with pytest.raises(ClusterError, match="no parcel of plain files"):
        unpack(evil)
