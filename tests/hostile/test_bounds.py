"""A notebook that goes too far is stopped; what it had shown before still counts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from limited_runs import FEATURES, MEGABYTE, Run, Said, Tell, statuses

from autograder.course.folder import Course
from autograder.grading.course import Progress, grade_course
from autograder.grading.grader import Grader


def test_a_cell_over_its_time_is_interrupted_and_one_that_ignores_this_is_killed(
    run_cells: Run, said: Said, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    monkeypatch.setattr("autograder.execute.runner.INTERRUPT_SECONDS", 2)

    execution = run_cells(
        {
            "before": FEATURES,
            "endless": "while True: pass",
            "after": "print('still here')",
            "stubborn": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
            "never": "print('never')",
        },
        cell_seconds=2,
    )

    evidence = execution.evidence
    assert evidence.outcome == "timeout"
    assert statuses(evidence) == {
        "before": "ok", "endless": "timeout", "after": "ok", "stubborn": "timeout", "never": "not_run",
    }  # fmt: skip
    assert said(execution, "after") == "still here"
    assert [record.run for record in evidence.of_kind("images")] == [0]
    tell(
        "take too long in one cell, and ignore the interrupt in another",
        f"{evidence.outcome}: {evidence.reason}",
    )


# As on a busy machine: an answer comes at once, and only later that nothing more comes.
SLOW_KERNEL = """
import time
kernel = get_ipython().kernel
tell_at_once = kernel._publish_status
def tell_late(*args, **kwargs):
    time.sleep(0.5)
    tell_at_once(*args, **kwargs)
kernel._publish_status = tell_late
"""


@pytest.mark.deep
def test_what_comes_after_an_interrupted_cell_is_not_lost(run_cells: Run, said: Said, tell: Tell) -> None:
    cells = {"slow": SLOW_KERNEL, "endless": "while True: pass", "after": "print('still here')"}

    execution = run_cells(cells, cell_seconds=2)

    assert statuses(execution.evidence) == {"slow": "ok", "endless": "timeout", "after": "ok"}
    assert said(execution, "endless") == "KeyboardInterrupt"
    assert said(execution, "after") == "still here"
    tell("keep the end of an interrupted cell waiting", "the next cell keeps what it says")


def test_the_whole_notebook_has_a_time_limit_too(run_cells: Run, tell: Tell) -> None:
    sleep = "import time; time.sleep(1.2)"

    evidence = run_cells({"one": sleep, "two": sleep, "three": sleep}, notebook_seconds=2).evidence

    assert evidence.outcome == "timeout"
    assert statuses(evidence) == {"one": "ok", "two": "timeout", "three": "not_run"}
    assert evidence.reason == "the whole notebook took longer than 2 seconds"
    tell("take too long as a whole", f"{evidence.outcome}: {evidence.reason}")


@pytest.mark.deep
def test_too_much_memory_ends_the_run_and_keeps_the_evidence(run_cells: Run, tell: Tell) -> None:
    evidence = run_cells(
        {
            "before": FEATURES,
            "greedy": "import time\nheap = []\nwhile True:\n    heap.append(b'1' * 50_000_000); time.sleep(0.01)",
            "never": "print('never')",
        },
        memory_mb=1024,
    ).evidence

    assert evidence.outcome == "out_of_memory"
    assert statuses(evidence) == {"before": "ok", "greedy": "error", "never": "not_run"}
    assert evidence.of_kind("images")
    tell("take memory without end", f"{evidence.outcome}: {evidence.reason}")


@pytest.mark.deep
def test_a_kernel_that_exits_keeps_the_evidence_of_earlier_cells(run_cells: Run, tell: Tell) -> None:
    evidence = run_cells(
        {"before": FEATURES, "exit": "import os\nos._exit(0)", "never": "print('never')"}
    ).evidence

    assert evidence.outcome == "kernel_died"
    assert statuses(evidence) == {"before": "ok", "exit": "error", "never": "not_run"}
    assert evidence.of_kind("images")
    tell("end its own process", f"{evidence.outcome}: {evidence.reason}")


IN_SIX_CHILDREN = """
for _ in range(6):
    if os.fork() == 0:
        held = b'1' * 400_000_000
        time.sleep(60)
time.sleep(60)
"""
BOMBS = {
    "burn processor time in three processes": (
        "import multiprocessing\n"
        "def burn():\n    while True: pass\n"
        "for _ in range(3): multiprocessing.Process(target=burn).start()\n"
        "burn()",
        {"cpu_seconds": 8},
        ("timeout", "it used more than 8 seconds of processor time"),
    ),
    "take memory in six children": (
        f"import os, time\n{IN_SIX_CHILDREN}",
        {"memory_mb": 1500},
        ("out_of_memory", "it used more than 1500 MB of memory"),
    ),
    "take memory by files that are not open": (
        "import time\n"
        "for number in range(140): open(f'/tmp/{number}', 'wb').write(bytes(10_000_000))\n"
        "time.sleep(60)",
        {"memory_mb": 1024, "scratch_mb": 1500},
        ("out_of_memory", "it used more than 1024 MB of memory"),
    ),
    "start processes without end": (
        "import os\nwhile True: os.fork()",
        {"memory_mb": 16_384, "processes": 20},
        ("kernel_died", "it had more than 20 processes at the same time"),
    ),
    "write files without end": (
        "for number in range(10**6): open(str(number), 'w')",
        {"scratch_files": 2000},
        ("kernel_died", "it wrote more than 2000 files"),
    ),
    "take memory behind folders that cannot be listed": (
        "import os, sys, time\n"
        "os.chdir(os.path.dirname(sys.argv[2]))\n"
        "for _ in range(20): os.mkdir('d' * 250); os.chdir('d' * 250)\n"
        f"for _ in range(1500): os.mkdir('d'); os.chdir('d')\n{IN_SIX_CHILDREN}",
        {"memory_mb": 1500},
        ("out_of_memory", "it used more than 1500 MB of memory"),
    ),
    "move its folders away before filling them": (
        "import os, sys, time\n"
        "folder = os.path.dirname(os.path.dirname(os.path.dirname(sys.argv[2])))\n"
        "os.rename(folder, folder + '-moved')\n"
        "os.chdir(folder + '-moved')\n"
        "for number in range(10**6): open(str(number), 'w')",
        {"scratch_files": 2000},
        ("kernel_died", "it wrote more than 2000 files"),
    ),
    "crash the interpreter": (
        "import ctypes\nctypes.string_at(0)",
        {},
        ("kernel_died", "its process ended with status 139"),
    ),
    "kill itself, also when it is given a second chance": (
        "import os\nos.kill(os.getpid(), 9)",
        {},
        ("kernel_died", "its process ended with status 137"),
    ),
}


# One for each way to be stopped is tried in every run: by the guard, and by the kernel's own end.
OF_EACH_KIND = {
    "burn processor time in three processes",
    "take memory in six children",
    "start processes without end",
    "crash the interpreter",
}
ALL_BOMBS = [bomb if bomb in OF_EACH_KIND else pytest.param(bomb, marks=pytest.mark.deep) for bomb in BOMBS]


@pytest.mark.parametrize("bomb", ALL_BOMBS)
def test_a_bomb_ends_its_own_run_and_what_was_shown_before_counts(
    bomb: str, run_cells: Run, tell: Tell
) -> None:
    code, limits, (outcome, reason) = BOMBS[bomb]

    evidence = run_cells({"before": FEATURES, "bomb": code, "never": "print('never')"}, **limits).evidence

    assert (evidence.outcome, evidence.reason) == (outcome, reason)
    assert statuses(evidence) == {"before": "ok", "bomb": "error", "never": "not_run"}
    assert evidence.of_kind("images")
    tell(bomb, f"{outcome}: {reason}")


# What the operating system refuses is an error that the student can read, and the notebook continues.
REFUSED = {
    "fill the home folder": ("open('large', 'wb').write(bytes(80_000_000))", "OSError"),
    "fill /tmp in small files": (
        "for number in range(40): open(f'/tmp/{number}', 'wb').write(bytes(2_000_000))",
        "OSError",
    ),
    "write one file beyond every size": ("open('/tmp/large', 'wb').truncate(10**12)", "OSError"),
    "fill the folder of its sockets": (
        "import os, sys\nopen(os.path.join(os.path.dirname(sys.argv[2]), 'large'), 'wb').write(bytes(3_000_000))",
        "OSError",
    ),
    "fill /dev/shm": ("open('/dev/shm/large', 'wb').write(bytes(80_000_000))", "OSError"),
    "open files without end": (
        "opened = []\n"
        "try:\n    while True: opened.append(open('/dev/null'))\n"
        "except OSError as error:\n    reason = str(error)\n"
        "finally:\n    opened.clear()\n"
        "raise OSError(reason)",
        "OSError",
    ),
    "ask for 73 TB at once": ("import numpy\nnumpy.ones(10**13)", "MemoryError"),
    "start threads without end": (
        "import threading\n"
        "over = threading.Event()\n"
        "try:\n    for _ in range(10**6): threading.Thread(target=over.wait, daemon=True).start()\n"
        "finally:\n    over.set()",
        "RuntimeError",
    ),
}
# What is only too much to keep is left out.
TOO_MUCH = {
    "show one huge output": "from IPython.display import HTML, display\ndisplay(HTML('x' * 3_000_000))",
    "show outputs without end": "for number in range(2000): display(number)",
    "open widgets without end": "from comm import create_comm\n"
    "for _ in range(500): create_comm(target_name='jupyter.widget', data={'state': {'value': 'x' * 1000}})",
    "print to the kernel's own log": "import os\nos.write(1, b'x' * 1_000_000)",
}


@pytest.mark.deep
def test_what_is_too_much_is_refused_or_left_out_and_the_notebook_continues(
    run_cells: Run, said: Said, tell: Tell
) -> None:
    cells = {f"cell {what}": code for what, (code, _) in REFUSED.items()}
    cells |= {f"cell {what}": code for what, code in TOO_MUCH.items()}

    execution = run_cells(
        {**cells, "features": FEATURES, "last": "print('reached the end')"},
        scratch_mb=64, shared_memory_mb=16, display_mb=1, outputs=200,
    )  # fmt: skip

    evidence = execution.evidence
    errors = {run.cell: run.error_name for run in evidence.cells}
    assert evidence.outcome == "graded"
    assert {what: errors[f"cell {what}"] for what in REFUSED} == {
        what: error for what, (_, error) in REFUSED.items()
    }
    assert {what: errors[f"cell {what}"] for what in TOO_MUCH} == dict.fromkeys(TOO_MUCH, "")
    assert evidence.of_kind("images")
    assert len(str(execution.notebook)) < MEGABYTE
    assert sum(len(cell.outputs) for cell in execution.notebook.cells) <= 201
    assert "over the limit" in said(execution, "last")
    for what, (_, error) in REFUSED.items():
        tell(what, f"{error}; the notebook continues")
    for what in TOO_MUCH:
        tell(what, "not kept; the notebook continues")


@pytest.mark.deep
def test_a_bomb_does_not_disturb_the_neighbour(
    grader: Grader,
    make_course: Callable[..., Course],
    correct_cells: dict[str, str],
    quiet: Callable[[], Progress],
    tmp_path: Path,
    tell: Tell,
) -> None:
    bomb = "import os\nwhile True:\n    os.fork()\n    held = b'1' * 100_000_000"
    course = make_course(tmp_path / "course", {"bomber": {"bomb": bomb}, "neighbour": correct_cells})
    before, least, over = (
        psutil.virtual_memory().available,
        [psutil.virtual_memory().available],
        threading.Event(),
    )

    def watch() -> None:
        while not over.wait(0.02):
            least[0] = min(least[0], psutil.virtual_memory().available)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        together = grade_course(course, ["bomber", "neighbour"], grader, quiet())
    finally:
        over.set()
        watcher.join()
    alone = grade_course(course, ["neighbour"], grader, quiet(), force=True)

    limit = grader.kernel.limits.memory_mb * MEGABYTE
    assert together["bomber"].outcome in {"out_of_memory", "kernel_died"}
    assert together["neighbour"].criteria == alone["neighbour"].criteria
    assert before - least[0] < 2 * limit
    tell("fork and take memory, beside a neighbour", "the neighbour has the same scores as alone")


@pytest.mark.deep
def test_a_kernel_that_kills_itself_counts_after_a_second_try_and_is_left_alone(
    grader: Grader,
    make_course: Callable[..., Course],
    quiet: Callable[[], Progress],
    tmp_path: Path,
    tell: Tell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    course = make_course(tmp_path / "course", {"ada": {"end": "import os\nos.kill(os.getpid(), 9)"}})
    first = grade_course(course, ["ada"], grader, quiet())
    monkeypatch.setattr(
        "autograder.grading.course.run_submission", lambda *_, **__: pytest.fail("it ran again")
    )

    second = grade_course(course, ["ada"], grader, quiet())

    assert first["ada"].outcome == "kernel_died"
    assert second["ada"] == first["ada"]
    tell("kill its own kernel, and be graded again", "kernel_died, after two tries; later left alone")
