"""Runs a submitted notebook cell by cell and returns it executed, with the evidence.

Cells run in notebook order; an error in one cell does not stop the next.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from autograder.course.notebooks import cell_name, parse_notebook
from autograder.errors import SandboxError, SubmissionError
from autograder.evidence import CellRun, Evidence, Outcome
from autograder.execute.kernel import Kernel, KernelOptions, Killed, running_kernel, start_options
from autograder.plain.machine import MEGABYTE
from autograder.plain.nesting import excess
from autograder.progress.step import Step
from autograder.settings import Limits

STARTUP_SECONDS = 120
# If an interrupted cell does not end within this time, its kernel is stopped.
INTERRUPT_SECONDS = 10
# A cell's output may arrive this much later than the message that the cell is done.
OUTPUT_SECONDS = 20
LONGEST_ERROR_MESSAGE = 2000
# An output of more values takes more memory than its size tells; the largest interactive plots reach half of this.
MOST_VALUES, DEEPEST_OUTPUT = 200_000, 64

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Execution:
    """A submission after its run."""

    notebook: NotebookNode
    evidence: Evidence
    seconds: dict[str, float]  # "start": until the kernel answers, "run": all cells
    killed: Killed = ""


class _BoundedClient(NotebookClient):  # type: ignore[misc]
    """Drops output beyond the limits instead of keeping everything that a notebook prints."""

    bytes_left: int = 0
    outputs_left: int = 0
    longest: int = 0
    truncated: bool = False
    reader: asyncio.Task[None] | None = None  # reads the messages of the cell that was started last

    async def _async_poll_output_msg(self, parent_msg_id: str, cell: NotebookNode, cell_index: int) -> None:
        self.reader = asyncio.current_task()
        await super()._async_poll_output_msg(parent_msg_id, cell, cell_index)

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        """Leave out a count of cells that is not a number: nbclient would keep it in the notebook at any size."""
        if type(msg["content"].get("execution_count")) is not int:
            msg["content"].pop("execution_count", None)
        return super().process_message(msg, cell, cell_index)

    def _update_display_id(self, display_id: str, msg: dict[str, Any]) -> None:
        places = sum(map(len, self._display_id_map.get(display_id, {}).values()))
        if self._keeps(msg, times=places):
            super()._update_display_id(display_id, msg)

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        return super().output(outs, msg, display_id, cell_index) if self._keeps(msg) else None

    def _keeps(self, msg: dict[str, Any], *, times: int = 1) -> bool:
        """Tell whether an output that is shown this many times still fits the limits, and count it."""
        size = len(str(msg["content"]).encode(errors="replace"))
        self.bytes_left -= min(size, self.longest) * times
        self.outputs_left -= times
        is_simple = not excess(msg["content"], most_values=MOST_VALUES, most_depth=DEEPEST_OUTPUT)
        if self.bytes_left >= 0 and self.outputs_left >= 0 and size <= self.longest and is_simple:
            return True
        self.truncated = True
        return False

    def handle_comm_msg(self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int) -> None:
        """Do nothing: widgets are not shown, so none of their states is kept."""


def execute(
    notebook: NotebookNode,
    submission: Path | None,
    options: KernelOptions,
    *,
    instead: Mapping[int, str] | None = None,
    on_step: Callable[[Step], None] = lambda step: None,
) -> Execution:
    """Run a notebook in its own kernel.

    A kernel may be killed because the machine is short of memory, so the notebook runs once more before the
    kill counts. If the sandbox itself is killed, which no notebook can do, the kill never counts.

    Args:
        notebook: the submission; it is not changed.
        submission: the folder it came in; the notebook may read the other files there.
        options: sandbox, data and limits.
        instead: by position, the code that runs in the place of a cell's own; "": the cell does not run.
        on_step: called repeatedly with how far the notebook is.

    Raises:
        SandboxError: the kernel does not start, or its sandbox is killed, which is never the student's fault.
    """

    def attempt() -> Execution:
        return asyncio.run(_execute(notebook, submission, options, instead or {}, on_step))

    execution = attempt()
    if execution.killed and not options.cancelled.is_set():
        execution = attempt()
        if execution.killed == "kernel":  # so it kills itself, and would do so every time
            execution = replace(execution, killed="")
    if execution.killed == "sandbox":
        raise SandboxError(
            "the sandbox was killed from outside, and once more; is the machine short of memory?"
        )
    return execution


async def _execute(
    notebook: NotebookNode,
    submission: Path | None,
    options: KernelOptions,
    instead: Mapping[int, str],
    on_step: Callable[[Step], None],
) -> Execution:
    executed = nbformat.from_dict(notebook)
    limits = options.limits
    started = time.monotonic()
    async with running_kernel(options, submission) as kernel:
        client = _BoundedClient(
            executed,
            km=kernel.manager,
            allow_errors=True,
            startup_timeout=STARTUP_SECONDS,
            iopub_timeout=OUTPUT_SECONDS,
            coalesce_streams=True,
            store_widget_state=False,
            # no tag is empty, so none keeps a cell from running: Jupyter has no such tag either
            skip_cells_with_tag="",
        )
        client.bytes_left = int(limits.output_mb * MEGABYTE)
        client.outputs_left = limits.outputs
        client.longest = int(limits.display_mb * MEGABYTE)
        seconds: dict[str, float] = {}
        try:
            async with client.async_setup_kernel(**start_options(kernel), cleanup_kc=True):
                kernel.watch_files()
                seconds["start"] = time.monotonic() - started
                deadline = time.monotonic() + limits.notebook_seconds
                code = {
                    index: instead.get(index, cell.source)
                    for index, cell in enumerate(executed.cells)
                    if cell.cell_type == "code"
                }
                todo = [index for index, source in code.items() if source.strip()]
                cells: list[CellRun] = []
                for done, index in enumerate(todo):
                    step = Step(done, len(todo))
                    on_step(step)
                    kernel.collector.on_doing = functools.partial(_tell, on_step, step)
                    cells.append(await _run_cell(client, kernel, (index, code[index]), deadline, limits))
                seconds["run"] = time.monotonic() - started - seconds["start"]
        except RuntimeError as error:
            if "start" in seconds:
                raise
            raise SandboxError(f"the kernel does not start: {str(kernel.words)[-600:] or error}") from error
        finally:
            atexit.unregister(client._cleanup_kernel)  # noqa: SLF001 (nbclient forgets it after a failed start)
    outcome: Outcome = kernel.stopped_for or (
        "timeout" if any(cell.status == "timeout" for cell in cells) else "graded"
    )
    client.truncated = client.truncated or kernel.border.has_left_out
    _note_truncation(executed, client)
    collector = kernel.collector
    evidence = Evidence(
        outcome,
        tuple(cells),
        tuple(collector.records),
        collector.payloads,
        collector.full,
        kernel.reason,
        is_watched=True,
    )
    return Execution(_storable(executed), evidence, seconds, kernel.killed)


def _tell(on_step: Callable[[Step], None], step: Step, said: dict[str, Any]) -> None:
    if (now := step.during(said)) is not None:
        on_step(now)


async def _run_cell(
    client: _BoundedClient, kernel: Kernel, part: tuple[int, str], deadline: float, limits: Limits
) -> CellRun:
    index, code = part
    cell = client.nb.cells[index]
    cell.outputs = []
    run = CellRun(index, _whole(cell_name(cell)[:100]), "not_run")
    time_left = deadline - time.monotonic()
    if kernel.stopped_for or kernel.cancelled.is_set():
        return run
    too_long = f"the cell '{run.cell}' took longer than {limits.cell_seconds:g} seconds"
    if time_left < limits.cell_seconds:
        too_long = f"the whole notebook took longer than {limits.notebook_seconds:g} seconds"
    if time_left <= 0:
        await kernel.stop("timeout", too_long)
        return run
    client.timeout = math.ceil(min(limits.cell_seconds, time_left))  # nbclient wants whole seconds
    started = time.monotonic()
    try:
        with _written(cell, code):
            await client.async_execute_cell(cell, index)
    except CellTimeoutError:
        kernel.reason = kernel.reason or too_long
        await _interrupt(client, kernel)
        return replace(run, status="timeout", seconds=time.monotonic() - started)
    except DeadKernelError:
        await kernel.has_died()
        return replace(run, status="error", seconds=time.monotonic() - started, error_name="DeadKernelError")
    except Exception as error:  # noqa: BLE001 (the student's kernel can send anything)
        await kernel.stop("kernel_died", "it sent something that is not a message of a kernel")
        return replace(
            run, status="error", seconds=time.monotonic() - started, error_name=type(error).__name__
        )
    run = replace(run, status="ok", seconds=time.monotonic() - started)
    for output in cell.outputs:
        if output.output_type == "error":
            name = _whole(str(output.ename)[:100])
            message = _whole(_ANSI.sub("", str(output.evalue))[:LONGEST_ERROR_MESSAGE])
            return replace(run, status="error", error_name=name, error_message=message)
    return run


@contextmanager
def _written(cell: NotebookNode, code: str) -> Iterator[None]:
    """Let a cell hold other code while it runs; what was handed in is kept."""
    own, cell.source = cell.source, code
    try:
        yield
    finally:
        cell.source = own


async def _interrupt(client: _BoundedClient, kernel: Kernel) -> None:
    """Interrupt the running cell; stop the kernel if it does not answer.

    After a timeout, nbclient keeps reading the cell's messages and would also take those of the next cell. So
    this waits for the last message of the interrupted cell.
    """
    await kernel.manager.interrupt_kernel()
    try:
        async with asyncio.timeout(INTERRUPT_SECONDS):
            # replies to requests from the kernel's start may still be waiting
            while (await client.kc.shell_channel.get_msg())["msg_type"] != "execute_reply":
                pass
            if client.reader:
                await client.reader
    except Exception:  # noqa: BLE001 (a timeout or any zmq error: either way, no answer)
        await kernel.stop("timeout")


def _whole(text: str) -> str:
    """Replace lone surrogates, which JSON allows but no file can hold."""
    return text.encode(errors="replace").decode()


def _storable(notebook: NotebookNode) -> NotebookNode:
    """Return the executed notebook in valid form, without any outputs if the kernel sent invalid ones."""
    try:
        # `nbformat.writes` would also validate, and is very slow if a notebook is far from valid
        return parse_notebook(_whole(nbformat.v4.writes(notebook)))
    except (SubmissionError, AttributeError, KeyError, TypeError, ValueError, RecursionError):
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        return parse_notebook(_whole(nbformat.v4.writes(notebook)))


def _note_truncation(notebook: NotebookNode, client: _BoundedClient) -> None:
    if client.truncated:
        last = next(cell for cell in reversed(notebook.cells) if cell.cell_type == "code")
        text = "[more output followed; it is over the limit and not kept]\n"
        last.setdefault("outputs", []).append(nbformat.v4.new_output("stream", name="stdout", text=text))
