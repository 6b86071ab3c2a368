"""A Dask scheduler and workers on this machine, started as in docs/howto/cluster.md."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import psutil
from distributed import Client
from watched_run import environment

START_SECONDS, END_SECONDS = 60, 30


@dataclass(frozen=True)
class LocalCluster:
    """A scheduler's address, and the processes of its cluster."""

    address: str
    processes: list[psutil.Process]


@contextmanager
def local_cluster(workers: int) -> Iterator[LocalCluster]:
    """Start a scheduler and this many workers, each with one process that grades one submission at a time."""
    with ExitStack() as stack:
        scheduler = stack.enter_context(_dask("scheduler", "--host", "127.0.0.1", "--port", "0"))
        address = _address_said_by(scheduler)
        options = ["--host", "127.0.0.1", "--nworkers", "1", "--nthreads", "1"]
        processes = [stack.enter_context(_dask("worker", address, *options)) for _ in range(workers)]
        for process in processes:
            _empty(process)
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=START_SECONDS)
        yield LocalCluster(address, [scheduler, *processes])


@contextmanager
def _dask(*command: str) -> Iterator[psutil.Popen]:
    started = psutil.Popen(
        [sys.executable, "-m", "dask", *command, "--no-dashboard"],
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield started
    finally:
        with suppress(psutil.NoSuchProcess):  # ^C may have stopped it already
            started.terminate()
        started.wait(END_SECONDS)


def _address_said_by(scheduler: psutil.Popen) -> str:
    for line in scheduler.stderr:
        if found := re.search(r"Scheduler at:\s+(tcp://\S+)", line):
            _empty(scheduler)
            return str(found[1])
    sys.exit("the scheduler does not start")


def _empty(process: psutil.Popen) -> None:
    """Keep reading a process' output: it would block if its pipe were full."""
    threading.Thread(target=process.stderr.read, daemon=True).start()
