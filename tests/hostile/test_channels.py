"""What a kernel says on its channels, in whatever form, ends its own run at most, and takes little of the grader."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from autograder.execute.runner import Execution

FEATURES = "import numpy as np\nvisualized_feature = [np.random.rand(28, 28) for _ in range(3)]"
CONNECT = """
import os, socket, sys, threading, time
def connect():
    line = socket.socket(socket.AF_UNIX)
    line.connect(os.path.join(os.path.dirname(sys.argv[2]), "evidence"))
    return line
"""
MEGABYTE = 1024 * 1024

Run = Callable[..., Execution]
Said = Callable[[Execution, str], str]
Tell = Callable[[str, str], None]
MostMemory = Callable[[], AbstractContextManager[list[int]]]

# What is said about a cell besides its outputs: a number that is none, as large as a message may be.
COUNTS = """
kernel = get_ipython().kernel
for _ in range(3):
    kernel.session.send(kernel.iopub_socket, "execute_input", parent=kernel.get_parent(),
                        content={"code": "", "execution_count": [[] for _ in range(1_000_000)]})
"""
LINES = (
    CONNECT
    + """
lines = [connect() for _ in range(90)]
for line in lines:
    line.setblocking(False)
    for _ in range(40):
        try: line.send(b'{"kind": "' + b"x" * 50_000)
        except BlockingIOError: time.sleep(0.01)
print("still here")
"""
)


@pytest.mark.deep
def test_a_count_of_cells_that_is_no_number_is_not_kept(
    run_cells: Run, said: Said, most_memory: MostMemory, tell: Tell
) -> None:
    cells = {"before": FEATURES + "\nprint('of worth')", **{f"count {i}": COUNTS for i in range(3)}}

    with most_memory() as most:
        execution = run_cells({**cells, "after": "print('reached the end')"})

    assert execution.evidence.outcome == "graded"
    assert said(execution, "before") == "of worth"
    assert said(execution, "after") == "reached the end"
    assert len(str(execution.notebook)) < MEGABYTE
    assert most[0] < 400 * MEGABYTE
    tell("call a list of a million lists the count of a cell", f"the grader grew by {most[0] // MEGABYTE} MB")


@pytest.mark.deep
def test_lines_of_evidence_that_never_end_take_little_of_the_graders_memory(
    run_cells: Run, said: Said, most_memory: MostMemory, tell: Tell
) -> None:
    started = time.monotonic()

    with most_memory() as most:
        execution = run_cells({"lines": LINES, "features": FEATURES})

    assert execution.evidence.outcome == "graded"
    assert execution.evidence.of_kind("images")
    assert most[0] < 60 * MEGABYTE
    assert time.monotonic() - started < 60
    tell("90 connections, each with a line that never ends", f"the grader grew by {most[0] // MEGABYTE} MB")


def test_connections_beyond_those_allowed_do_not_silence_the_recorder(
    run_cells: Run, said: Said, tell: Tell
) -> None:
    many = CONNECT + "lines = [connect() for _ in range(150)]\ntime.sleep(0.5)"

    evidence = run_cells({"before": FEATURES, "many": many, "after": FEATURES + "\nlater = 1"}).evidence

    assert evidence.outcome == "graded"
    assert [record.run for record in evidence.of_kind("images")] == [0, 2]
    tell(
        "150 connections for evidence",
        "those beyond the limit are refused, and the recorder's connection continues",
    )


DOING = (
    CONNECT
    + """
line = connect()
told = b'{"kind": "doing", "bytes": 0, "doing": "training", "done": 1, "total": 2}\\n'
odd = [b'"done": 1e400, "total": 1', b'"done": true, "total": []', b'"done": -1, "total": "x"',
       b'"done": 1000000001, "total": 0']
for what in odd:
    line.sendall(b'{"kind": "doing", "bytes": 0, "doing": "training", ' + what + b"}\\n")
line.sendall(b'{"kind": "doing", "bytes": 0, "doing": "\\\\u001b[2J", "done": 1, "total": 2}\\n')
line.sendall(b'{"kind": "doing", "bytes": 1000000, "doing": "training", "done": 1, "total": 2}\\n' + bytes(1_000_000))
try:
    for _ in range(1000): line.sendall(told * 100)
except OSError: print("refused")
"""
)


def test_a_flood_of_progress_is_cut_off_and_leaves_nothing(run_cells: Run, said: Said, tell: Tell) -> None:
    execution = run_cells({"before": FEATURES, "doing": DOING}, evidence_mb=32)

    evidence = execution.evidence
    assert evidence.outcome == "graded"
    assert evidence.is_cut_off
    assert evidence.of_kind("doing") == []
    assert set(evidence.payloads) == {record.payload for record in evidence.records} - {""}
    assert said(execution, "doing") == "refused"
    tell("100,000 messages of progress, some with a payload", "cut off as other evidence, and none is kept")


AFTERWARDS = (
    CONNECT
    + """
import atexit
def forge():
    line = connect()
    while True:
        line.sendall(b'{"kind": "names", "cell": 0, "bytes": 0, "values": {}}\\n'); time.sleep(0.01)
atexit.register(forge)
threading.Thread(target=forge).start()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: forge()
    os._exit(0)
print("last")
"""
)


@pytest.mark.deep
def test_what_continues_after_the_last_cell_is_ended_soon(run_cells: Run, said: Said, tell: Tell) -> None:
    started = time.monotonic()

    execution = run_cells({"before": FEATURES, "afterwards": AFTERWARDS})

    assert said(execution, "afterwards") == "last"
    assert execution.evidence.outcome == "graded"
    assert time.monotonic() - started < 45
    tell("atexit, a thread and a grandchild that send evidence without end", "all ended with the notebook")


# The first processes of the sandbox, those that hold it open too; then its own group, the kernel included.
SIGNALS = """
import os, signal
for pid in (1, 2, 3, 4):
    for number in (signal.SIGSTOP, signal.SIGCONT, signal.SIGTERM, signal.SIGSTOP):
        try: pid != os.getpid() and os.kill(pid, number)
        except OSError: pass
"""
STOP = "import os, signal\nos.kill(0, signal.SIGSTOP)"


@pytest.mark.deep
def test_signals_stop_nothing_but_the_own_run(
    run_cells: Run, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    monkeypatch.setattr("autograder.execute.runner.INTERRUPT_SECONDS", 2)
    cells = {"before": FEATURES, "signals": SIGNALS, "stop": STOP, "never": "print('never')"}
    started = time.monotonic()

    evidence = run_cells(cells, cell_seconds=3).evidence

    assert evidence.of_kind("images")
    assert evidence.outcome in {"timeout", "kernel_died"}
    assert evidence.reason
    assert time.monotonic() - started < 90
    tell("stop the processes of the sandbox, and its own", f"{evidence.outcome}: {evidence.reason}")


ALL_AT_ONCE = """
import threading
from IPython.display import display, clear_output, update_display
kernel = get_ipython().kernel
parent = kernel.get_parent()
def say(kind, content):
    kernel.session.send(kernel.iopub_socket, kind, parent=parent, content=content)
for number in range(150):
    say("comm_open", {"comm_id": str(number), "target_name": "jupyter.widget", "data": {"state": {"a": "x" * 1000}}})
    say("clear_output", {"wait": bool(number % 2)})
    shown = {"data": {"text/plain": "y" * 2000}, "metadata": {}, "transient": {"display_id": str(number)}}
    say("display_data", shown)
    say("update_display_data", shown)
    say("status", {"execution_state": "busy"})
    say("execute_input", {"code": "w" * 2000, "execution_count": number})
    say("error", {"ename": "E" * 2000, "evalue": "\\x1b]0;x\\x07" * 200, "traceback": ["t" * 2000]})
    say("of no known kind" + "k" * 100, {"a": [[[1]]]})
print("end")
"""


@pytest.mark.deep
def test_every_kind_of_message_at_once_is_bounded(run_cells: Run, tell: Tell) -> None:
    execution = run_cells(
        {"before": FEATURES, "all": ALL_AT_ONCE, "after": "print(1)"}, output_mb=1, outputs=300
    )

    assert execution.evidence.of_kind("images")
    assert len(str(execution.notebook)) < 2 * MEGABYTE
    outcome = execution.evidence
    tell(
        "1,200 messages of eight kinds",
        f"{outcome.outcome}: {outcome.reason or 'what is too much is left out'}",
    )
