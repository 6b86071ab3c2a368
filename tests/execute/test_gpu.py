"""What the driver of a GPU asks of a sandbox, tried with another device: no GPU is needed here.

CUDA reserves addresses for the memory of the whole machine, and gives its threads names; both were seen to fail in a
sandbox, upon which TensorFlow computes on the processor without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from nbformat import NotebookNode

from autograder.commands.examination import COUNT_GPUS, examine
from autograder.execute.kernel import KernelOptions
from autograder.execute.probe import try_to_break_out
from autograder.execute.runner import Execution, execute
from autograder.execute.sandbox import Sandbox
from autograder.execute.warm import Template
from autograder.settings import Limits, Settings

DEVICES = (Path("/dev/full"),)
CELLS = {
    "reserve": "import ctypes\nsystem = ctypes.CDLL(None)\nsystem.mmap.restype = ctypes.c_void_p\n"
    "def reserve(gigabytes, protection):\n"
    "    private_anonymous_noreserve = 0x2 | 0x20 | 0x4000\n"
    "    size = ctypes.c_size_t(gigabytes << 30)\n"
    "    return system.mmap(None, size, protection, private_anonymous_noreserve, -1, 0) != 2**64 - 1\n"
    "print(reserve(500, 0))",
    "use": "print(reserve(500, 3))",
    "name": "import threading\n"
    "with open(f'/proc/self/task/{threading.get_native_id()}/comm', 'w') as file: print(file.write('cuda'))",
    "device": "print(open('/dev/full', 'rb').read(3))",
}
FORBIDDEN = ("/proc/sys/vm/swappiness", "/proc/sys/kernel/core_pattern", "/proc/irq/default_smp_affinity")
WRITE = "for path in {paths}:\n    try: open(path, 'r+').close(); print(path)\n    except OSError: pass"


@pytest.fixture(scope="module", params=["forked", pytest.param("started", marks=pytest.mark.deep)])
def execution(
    request: pytest.FixtureRequest,
    sandbox: Sandbox,
    digits_file: Path,
    template: Template,
    make_notebook: Callable[[Mapping[str, str]], NotebookNode],
) -> Execution:
    options = KernelOptions(sandbox, digits_file, Limits(), seed=7, threads=1, devices=DEVICES)
    if request.param == "forked":
        options = replace(options, template=template)
    return execute(make_notebook({**CELLS, "write": WRITE.format(paths=FORBIDDEN)}), None, options)


def test_a_driver_finds_what_it_asks_for(execution: Execution, said: Callable[[Execution, str], str]) -> None:
    assert said(execution, "reserve") == "True"
    assert said(execution, "name") == "4"
    assert said(execution, "device") == str(bytes(3))


def test_a_notebook_gets_no_more_than_without_a_gpu(
    execution: Execution, said: Callable[[Execution, str], str]
) -> None:
    assert said(execution, "use") == "False"
    assert said(execution, "write") == ""


def test_no_notebook_breaks_out_of_a_sandbox_with_a_device(sandbox: Sandbox) -> None:
    attempts = try_to_break_out(sandbox, DEVICES)

    assert [attempt.what for attempt in attempts if not attempt.stopped_by] == []


@pytest.mark.deep
@pytest.mark.parametrize(
    ("code", "state", "words"),
    [
        (COUNT_GPUS, "MISSING", "finds no GPU (it says 0)"),
        ("import nothing_of_that_name", "MISSING", "finds no GPU (it says ModuleNotFoundError)"),
        ("print(2)", "ok", "2 shared by all notebooks"),
    ],
)
def test_the_doctor_believes_in_a_gpu_when_a_notebook_finds_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str, state: str, words: str
) -> None:
    monkeypatch.setattr("autograder.commands.examination.gpu_devices", lambda: DEVICES)
    monkeypatch.setattr("autograder.commands.examination.COUNT_GPUS", code)

    (finding,) = [one for one in examine(Settings(gpu=True), tmp_path) if one.what == "gpu"]

    assert finding.state == state
    assert words in finding.detail
