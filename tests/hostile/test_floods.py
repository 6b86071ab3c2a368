"""A kernel that says too much, or what is no message: it costs the grader nothing, and what was shown counts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from limited_runs import FEATURES, MEGABYTE, Run, Said, Tell, statuses

from autograder.evidence import evidence_from_files, evidence_to_files

pytestmark = pytest.mark.deep

MostMemory = Callable[[], AbstractContextManager[list[int]]]


def test_a_flood_of_output_and_evidence_is_cut_off_before_it_fills_the_graders_memory(
    run_cells: Run, most_memory: MostMemory, tell: Tell
) -> None:
    flood = {
        "chatter": "for _ in range(300): print('x' * 20_000)",
        "images": "import numpy as np\n"
        "visualized_feature = np.random.rand(64, 28, 28).astype('float32')",  # 200 kB
        "again": "visualized_feature = np.random.rand(500, 28, 28).astype('float32')",  # 1.6 MB
        "shout": "print('x' * 300_000_000)",
    }
    with most_memory() as most:
        execution = run_cells(flood, output_mb=1, evidence_mb=1)

    assert len(str(execution.notebook)) < 2 * MEGABYTE
    assert "over the limit" in str(execution.notebook.cells[-1].outputs)
    assert [record.run for record in execution.evidence.of_kind("images")] == [1]
    assert sum(map(len, execution.evidence.payloads.values())) < MEGABYTE
    assert most[0] < 100 * MEGABYTE
    tell("print 300 MB and show 2 MB of images", f"cut off; the grader grew by {most[0] // MEGABYTE} MB")


def test_a_kernel_that_talks_nonsense_ends_its_own_run_and_nothing_else(run_cells: Run, tell: Tell) -> None:
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
    tell("send what is no message, and half characters", f"{evidence.outcome}: {evidence.reason}")


UPDATES = """
from IPython.display import display
for number in range(30): display({'text/plain': 'small'}, raw=True, display_id=f'shown{number % 3}')
for number in range(30):
    display({'text/plain': str(number % 10) * 900_000}, raw=True, display_id=f'shown{number % 3}', update=True)
"""


def test_updates_count_as_often_as_they_are_shown(run_cells: Run, said: Said, tell: Tell) -> None:
    execution = run_cells(
        {"updates": UPDATES, "last": "print('reached the end')"}, display_mb=1, output_mb=20
    )

    assert execution.evidence.outcome == "graded"
    assert len(str(execution.notebook)) < 21 * MEGABYTE
    assert "over the limit" in said(execution, "last")
    tell("update 30 displays to 9 MB each", "what is over the limit is not kept")


# The channels of the kernel, and what is sent on them.
BACKLOG = """
import time, zmq
from ipykernel.kernelapp import IPKernelApp
app = IPKernelApp.instance()
ident = get_ipython().kernel._shell_parent_ident.get()
ident = ident[0] if isinstance(ident, (list, tuple)) else ident
large = bytes(60 * 2**20)
# One message without end, in parts of which none is long.
for part in range(150):
    app.shell_socket.send(ident if part == 0 else bytes(2**20), flags=zmq.SNDMORE)
time.sleep(2)
for _ in range(12):
    for name in ("stdin_socket", "control_socket", "shell_socket"):
        try:
            getattr(app, name).send_multipart([ident, b"<IDS|MSG>", large], flags=zmq.NOBLOCK, copy=False)
        except zmq.ZMQError:
            pass
time.sleep(20)
"""


def test_what_is_not_read_takes_none_of_the_graders_memory(
    run_cells: Run, most_memory: MostMemory, tell: Tell
) -> None:
    with most_memory() as most:
        execution = run_cells({"before": FEATURES, "backlog": BACKLOG})

    assert execution.evidence.of_kind("images")
    assert execution.evidence.reason == "it sent more than 1024 MB of messages"
    assert most[0] < 200 * MEGABYTE
    tell("send 2 GB that are not read", f"the grader grew by {most[0] // MEGABYTE} MB")


def test_a_kernel_that_says_too_much_in_all_ends_with_the_reason(run_cells: Run, tell: Tell) -> None:
    chatter = "while True: print('x' * 1_000_000)"

    evidence = run_cells({"before": FEATURES, "chatter": chatter}, messages_mb=50).evidence

    assert (evidence.outcome, evidence.reason) == ("kernel_died", "it sent more than 50 MB of messages")
    assert evidence.of_kind("images")
    tell("print without end", f"{evidence.outcome}: {evidence.reason}")


def test_records_without_end_are_cut_off(run_cells: Run, tell: Tell) -> None:
    evidence = run_cells(
        {
            "before": FEATURES,
            "records": "import socket, sys, os\n"
            "grader = socket.socket(socket.AF_UNIX)\n"
            "grader.connect(os.path.join(os.path.dirname(sys.argv[2]), 'evidence'))\n"
            "try:\n"
            '    for _ in range(10**5): grader.sendall(b\'{"kind": "names", "bytes": 0}\\n\')\n'
            "except OSError: print('refused')",
        },
        evidence_records=300,
    ).evidence

    assert evidence.is_cut_off
    assert len(evidence.records) == 300
    assert evidence.of_kind("images")
    tell("send 100,000 records", "300 were kept, and the report says that there were more")


NONSENSE = {"display numbers where lines belong": "[5] * 30_000", "display lists in lists in lists": "nested"}


@pytest.mark.parametrize("what", list(NONSENSE))
def test_an_output_that_is_none_is_left_out_and_costs_the_grader_nothing(
    what: str, run_cells: Run, tell: Tell
) -> None:
    send = (
        "nested = 5\n"
        "for _ in range(900): nested = [nested]\n"
        "kernel = get_ipython().kernel\n"
        "kernel.session.send(kernel.iopub_socket, 'display_data', parent=kernel.get_parent(),\n"
        f"    content={{'data': {{'text/plain': {NONSENSE[what]}}}, 'metadata': {{}}, 'transient': {{}}}})"
    )

    execution = run_cells({"before": FEATURES, "nonsense": send})

    assert execution.evidence.of_kind("images")
    assert execution.notebook.cells[1].source == send
    assert len(str(execution.notebook)) < MEGABYTE
    tell(what, f"{execution.evidence.outcome}; no output is kept, the evidence counts")
