"""A notebook that goes too far is stopped; what it had shown before still counts."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psutil
import pytest

from autograder.evidence import Evidence, evidence_from_files, evidence_to_files
from autograder.execute.runner import Execution

FEATURES = "import numpy as np\nvisualized_feature = [np.random.rand(28, 28) for _ in range(3)]"
MEGABYTE = 1024 * 1024

Run = Callable[..., Execution]
Said = Callable[[Execution, str], str]


def statuses(evidence: Evidence) -> dict[str, str]:
    return {run.cell: run.status for run in evidence.cells}


@pytest.mark.slow
def test_a_cell_over_its_time_is_interrupted_and_one_that_ignores_this_is_killed(
    run_cells: Run, said: Said, monkeypatch: pytest.MonkeyPatch
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


@pytest.mark.slow
def test_the_whole_notebook_has_a_time_limit_too(run_cells: Run) -> None:
    sleep = "import time; time.sleep(1.2)"

    evidence = run_cells({"one": sleep, "two": sleep, "three": sleep}, notebook_seconds=2).evidence

    assert evidence.outcome == "timeout"
    assert statuses(evidence) == {"one": "ok", "two": "timeout", "three": "not_run"}


@pytest.mark.slow
def test_too_much_memory_ends_the_run_and_keeps_the_evidence(run_cells: Run) -> None:
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


def test_a_kernel_that_exits_keeps_the_evidence_of_earlier_cells(run_cells: Run) -> None:
    evidence = run_cells(
        {"before": FEATURES, "exit": "import os\nos._exit(0)", "never": "print('never')"}
    ).evidence

    assert evidence.outcome == "kernel_died"
    assert statuses(evidence) == {"before": "ok", "exit": "error", "never": "not_run"}
    assert evidence.of_kind("images")


@pytest.mark.slow
def test_a_flood_of_output_and_evidence_is_cut_off_before_it_fills_the_graders_memory(run_cells: Run) -> None:
    flood = {
        "chatter": "for _ in range(300): print('x' * 20_000)",
        "images": "import numpy as np\n"
        "visualized_feature = np.random.rand(64, 28, 28).astype('float32')",  # 200 kB
        "again": "visualized_feature = np.random.rand(500, 28, 28).astype('float32')",  # 1.6 MB
        "shout": "print('x' * 300_000_000)",
    }
    grader = psutil.Process()
    before, most, over = grader.memory_info().rss, [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            most[0] = max(most[0], grader.memory_info().rss - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        execution = run_cells(flood, output_mb=1, evidence_mb=1)
    finally:
        over.set()
        watcher.join()

    assert len(str(execution.notebook)) < 2 * MEGABYTE
    assert "over the limit" in str(execution.notebook.cells[-1].outputs)
    assert [record.run for record in execution.evidence.of_kind("images")] == [1]
    assert sum(map(len, execution.evidence.payloads.values())) < MEGABYTE
    assert most[0] < 100 * MEGABYTE


def test_a_kernel_that_talks_nonsense_ends_its_own_run_and_nothing_else(run_cells: Run) -> None:
    execution = run_cells(
        {
            "before": FEATURES,
            "half": "import matplotlib.pyplot as plt\nplt.title('\\ud800')\nplt.show()",
            "nonsense": "kernel = get_ipython().kernel\n"
            "kernel.session.send(kernel.iopub_socket, 'stream', content={}, parent=kernel.get_parent())",
            "never": "print('never')",
        }
    )

    evidence = execution.evidence
    assert evidence.outcome == "kernel_died"
    assert statuses(evidence)["never"] == "not_run"
    assert evidence_from_files(evidence_to_files(evidence)) == evidence
