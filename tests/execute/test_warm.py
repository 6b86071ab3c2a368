"""Kernels that are forked: as shut in as those that are started, and every one by itself."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
import pytest
from kill_points import tell_stages

from autograder.execute.kernel import KernelOptions, kernel_environment, packed_recorder
from autograder.execute.runner import Execution, execute
from autograder.execute.sandbox import Bubblewrap, Sandbox
from autograder.execute.warm import Template
from autograder.settings import Limits

RunCells = Callable[..., Execution]
Said = Callable[[Execution, str], str]

FACTS = {
    "status": "import json, os, re\n"
    "names = 'Uid Gid Groups CapInh CapPrm CapEff CapAmb NoNewPrivs Seccomp Seccomp_filters'.split()\n"
    "lines = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
    "print(json.dumps({name: lines[name].strip() for name in names}))",
    "mounts": "mounts = [line.split()[4:6] for line in open('/proc/self/mountinfo')]\n"
    "print([mount for mount in mounts if not mount[0].startswith('/tmp/')])",
    "namespaces": "names = os.listdir('/proc/self/ns')\n"
    "print(json.dumps({name: os.readlink('/proc/self/ns/' + name) for name in names}))",
    "environment": "print(json.dumps(dict(os.environ)))",
    "interpreter": "descriptor = os.open('/proc/self/exe', os.O_PATH)\n"
    "try:\n    os.open(f'/proc/self/fd/{descriptor}', os.O_WRONLY)\n    print('written')\n"
    "except OSError as error:\n    print('refused')",
    "numbers": "import numpy, random, tensorflow as tf\n"
    "print(random.random(), numpy.random.rand(), tf.random.uniform(()).numpy(), tf.sqrt(2.).numpy())",
    "folder": "print(os.getcwd())",
}  # fmt: skip


@pytest.fixture(scope="module")
def started(run_cells: RunCells) -> Execution:
    return run_cells(FACTS, forked=False)


@pytest.fixture(scope="module")
def forked(run_cells: RunCells) -> Execution:
    return run_cells(FACTS)


@pytest.mark.parametrize("fact", ["status", "mounts", "interpreter", "numbers", "folder"])
def test_a_forked_kernel_finds_the_same_as_a_started_one(
    started: Execution, forked: Execution, said: Said, fact: str
) -> None:
    assert said(forked, fact) == said(started, fact) != ""


def test_a_forked_kernel_has_no_privilege(forked: Execution, said: Said) -> None:
    status = json.loads(said(forked, "status"))

    assert {name: int(status[name], 16) for name in status if name.startswith("Cap")} == dict.fromkeys(
        ("CapInh", "CapPrm", "CapEff", "CapAmb"), 0
    )
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_every_forked_kernel_has_namespaces_of_its_own(
    forked: Execution, run_cells: RunCells, said: Said
) -> None:
    outside = {link.name: str(link.readlink()) for link in Path("/proc/self/ns").iterdir()}
    first = json.loads(said(forked, "namespaces"))
    separate = {"user", "mnt", "pid", "net", "ipc", "uts"}

    assert not {name for name in separate if first[name] == outside[name]}
    assert first["pid"] == first["pid_for_children"]


def test_a_forked_kernel_has_the_environment_of_a_started_one(
    started: Execution, forked: Execution, said: Said
) -> None:
    environments = [json.loads(said(execution, "environment")) for execution in (started, forked)]

    assert environments[0] == environments[1]


def test_two_forked_kernels_at_the_same_time_do_not_see_each_other(run_cells: RunCells, said: Said) -> None:
    look = {
        "write": "import os, time\n"
        "for folder in ('/tmp', '/dev/shm'):\n    open(folder + '/mine' + str(os.getpid()), 'w').close()\n"
        "time.sleep(2)",
        "look": "files = os.listdir('/tmp') + os.listdir('/dev/shm')\n"
        "print(len([f for f in files if f.startswith('mine')]), len([p for p in os.listdir('/proc') if p.isdigit()]))",
    }
    executions: list[Execution] = []
    threads = [threading.Thread(target=lambda: executions.append(run_cells(look))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [said(execution, "look") for execution in executions] == ["2 3"] * 2


@pytest.fixture
def own_template(sandbox: Sandbox) -> Iterator[Template]:
    with Template("", kernel_environment(threads=1), packed_recorder()) as template:
        yield template


def _options(sandbox: Sandbox, digits_file: Path, template: Template) -> KernelOptions:
    return KernelOptions(sandbox, digits_file, Limits(), seed=7, threads=1, template=template)


def _notebook(source: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])


def _templates() -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has just ended
            if "--template" in process.cmdline() and process.name() != "bwrap":
                found.append(process)
    return found


@pytest.mark.deep
def test_a_template_that_is_killed_costs_no_submission(
    sandbox: Sandbox, digits_file: Path, own_template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert own_template.problem() == ""
    template = max(_templates(), key=lambda process: process.create_time())
    stages = []

    def kill_at_first(stage: str, _: object) -> None:
        if not stages:
            template.kill()
        stages.append(stage)

    tell_stages(kill_at_first, monkeypatch.setattr)
    execution = execute(
        _notebook("import time; time.sleep(1); print('to the end')"),
        None,
        _options(sandbox, digits_file, own_template),
    )

    assert len(stages) == 2  # the cell was begun twice
    assert execution.evidence.outcome == "graded"
    assert execution.notebook.cells[0].outputs[0].text == "to the end\n"


@pytest.mark.deep
def test_where_no_sandbox_can_be_made_in_a_sandbox_kernels_are_started(
    sandbox: Sandbox, digits_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Bubblewrap, "around_sandboxes", lambda self, program: ["/bin/sh", "-c", "echo forbidden; exit 1"]
    )

    with Template("", kernel_environment(threads=1), packed_recorder()) as template:
        assert "forbidden" in template.problem()
        execution = execute(_notebook("print('to the end')"), None, _options(sandbox, digits_file, template))

    assert execution.notebook.cells[0].outputs[0].text == "to the end\n"


@pytest.mark.parametrize("is_forked", [True, pytest.param(False, marks=pytest.mark.deep)])
def test_a_device_is_there_only_if_it_was_named(
    sandbox: Sandbox, digits_file: Path, template: Template, is_forked: bool
) -> None:
    usual = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "console"}
    device = next(
        path
        for path in Path("/dev").iterdir()
        if path.is_char_device() and not path.is_symlink() and path.name not in usual
    )
    look = _notebook(f"import os\nprint(os.path.exists({str(device)!r}))")
    options = replace(_options(sandbox, digits_file, template), template=template if is_forked else None)

    with_device = execute(look, None, replace(options, devices=(device,)))
    without = execute(look, None, options)

    assert with_device.notebook.cells[0].outputs[0].text == "True\n"
    assert without.notebook.cells[0].outputs[0].text == "False\n"


@pytest.mark.deep
def test_nothing_is_left_of_a_template_and_its_kernels(sandbox: Sandbox, digits_file: Path) -> None:
    before = {process.pid for process in psutil.Process().children(recursive=True)}

    with Template("", kernel_environment(threads=1), packed_recorder()) as template:
        execute(
            _notebook("import subprocess; subprocess.Popen(['sleep', '3600'], start_new_session=True)"),
            None,
            _options(sandbox, digits_file, template),
        )

    left = [process for process in psutil.Process().children(recursive=True) if process.pid not in before]
    assert (
        psutil.wait_procs(left, timeout=10)[1] == []
    )  # the Linux kernel ends a namespace soon, but not at once
