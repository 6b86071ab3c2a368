"""Examines the machine: what is installed, whether the sandbox works, where the data is."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import nbformat

from autograder.errors import SandboxError
from autograder.execute.cgroup import find_delegation
from autograder.execute.kernel import KernelOptions, kernel_environment, packed_recorder
from autograder.execute.probe import try_to_break_out
from autograder.execute.runner import execute
from autograder.execute.sandbox import find_python, make_sandbox
from autograder.execute.student_modules import EXTRA, OFFERED
from autograder.execute.warm import Template
from autograder.exercise import find_exercise
from autograder.plain.machine import computes_bfloat16, gpu_devices
from autograder.plain.scratch import temporary_folder
from autograder.settings import Settings
from solutions.data import DataError

COUNT_GPUS = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"

State = Literal["ok", "optional", "MISSING"]


@dataclass(frozen=True)
class Examination:
    """The result of one examination."""

    what: str
    state: State
    detail: str


def examine(settings: Settings, course: Path) -> Iterator[Examination]:
    """Yield what was found, the most important first."""
    for package in ("gradeascent", "tensorflow", "keras", "nbgrader"):
        yield Examination(package, "ok", version(package))
    devices = gpu_devices() if settings.gpu else ()
    yield _sandbox(devices)
    yield _limits()
    yield _python(settings)
    yield _warm_start(settings)
    yield _bfloat16()
    yield _gpu(settings)
    try:
        data = (
            find_exercise(settings.exercise)
            .load_data()
            .find(course / settings.data if settings.data else None, download=False, announce=lambda _: None)
        )
    except DataError as error:
        yield Examination("data", "MISSING", str(error))
    else:
        yield Examination("data", "ok", data.source)


def _sandbox(devices: tuple[Path, ...]) -> Examination:
    """Try to break out of the sandbox."""
    try:
        attempts = try_to_break_out(make_sandbox("bwrap"), devices)
    except SandboxError as error:
        return Examination("sandbox", "MISSING", str(error))
    succeeded = [attempt.what for attempt in attempts if not attempt.stopped_by]
    if succeeded:
        return Examination("sandbox", "MISSING", f"a program in it could {', '.join(succeeded)}")
    tried = "; ".join(attempt.what for attempt in attempts)
    return Examination(
        "sandbox", "ok", f"bubblewrap works: all {len(attempts)} attempts to break out failed: {tried}"
    )


def _limits() -> Examination:
    """Say who keeps notebooks within their limits of memory and processes."""
    found = find_delegation()
    if found.folder is not None:
        return Examination("limits", "ok", f"Linux enforces them, in control groups inside {found.folder}")
    rest = "the watcher enforces them, ten times a second"
    if os.geteuid() == 0:
        rest += (
            "; the operating system does not limit the number of root's processes: grade as an ordinary user"
        )
    return Examination("limits", "optional", f"no control group ({found.problem}): {rest}")


def _warm_start(settings: Settings) -> Examination:
    """Fork a kernel into a separate sandbox."""
    try:
        template = Template(settings.python, kernel_environment(threads=1), packed_recorder())
        with template:
            problem = template.problem()
    except (SandboxError, OSError) as error:
        problem = str(error)
    if problem:
        return Examination("warm start", "optional", f"kernels take seconds to start here: {problem}")
    return Examination("warm start", "ok", "kernels are forked, each into a separate sandbox")


def _bfloat16() -> Examination:
    if computes_bfloat16():
        return Examination("bfloat16", "ok", "the processor computes in it: profile 'quick' trains faster")
    return Examination(
        "bfloat16",
        "optional",
        "the processor has neither amx_bf16 nor avx512_bf16: 'quick' trains in float32",
    )


def _gpu(settings: Settings) -> Examination:
    if not (devices := gpu_devices()):
        return Examination("gpu", "optional", "none: notebooks compute on the processor")
    names = ", ".join(device.name for device in devices)
    if not settings.gpu:
        return Examination("gpu", "optional", f"not used: 'gpu = true' would open {names} to student code")
    try:
        seen = _gpus_of_a_notebook(settings, devices)
    except (SandboxError, OSError) as error:
        return Examination("gpu", "MISSING", str(error))
    if seen.isdigit() and int(seen):
        return Examination("gpu", "ok", f"{seen} shared by all notebooks, and open to student code: {names}")
    return Examination(
        "gpu",
        "MISSING",
        f"there is {names}, but TensorFlow in a notebook finds no GPU (it says {seen or 'nothing'}): "
        "pip install 'tensorflow[and-cuda]' into the Python for notebooks",
    )


def _gpus_of_a_notebook(settings: Settings, devices: tuple[Path, ...]) -> str:
    """Run a notebook as a submission is run; return how many GPUs it finds, or what went wrong in it.

    Raises:
        SandboxError: its kernel does not start.
    """
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(COUNT_GPUS)])
    with temporary_folder() as scratch:
        no_digits = Path(scratch) / "digits.npz"
        no_digits.touch()
        options = KernelOptions(
            make_sandbox("bwrap"),
            no_digits,
            settings.limits,
            seed=settings.seed,
            threads=1,
            python=settings.python,
            devices=devices,
        )
        (cell,) = execute(notebook, None, options).notebook.cells
    said = [out.text for out in cell.outputs if out.get("name") == "stdout"]  # not what TensorFlow logs
    return "".join(said or [out.ename for out in cell.outputs if out.output_type == "error"]).strip()


def _python(settings: Settings) -> Examination:
    try:
        python = find_python(settings.python)
    except SandboxError as error:
        return Examination("python for notebooks", "MISSING", str(error))
    question = (
        "import importlib.util as u, sys;"
        "print(' '.join(name for name in sys.argv[1:] if u.find_spec(name) is None))"
    )
    answer = subprocess.run(
        [str(python.executable), "-I", "-c", question, *OFFERED],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    missing = answer.stdout.split()
    detail = str(python.executable)
    if missing:
        detail += f", without {', '.join(missing)} (pip install '{EXTRA}')"
    return Examination("python for notebooks", "optional" if missing else "ok", detail)
