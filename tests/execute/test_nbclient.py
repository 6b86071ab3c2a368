"""One module uses what nbclient does not promise; a version in which that has changed is found here."""

from __future__ import annotations

import ast
import inspect
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from packaging.version import Version

import autograder
from autograder.execute import runner

# What is used, and the parameters that it has.
PRIVATE = {
    "_async_poll_output_msg": ["self", "parent_msg_id", "cell", "cell_index"],
    "_cleanup_kernel": ["args", "kwargs"],
    "_update_display_id": ["self", "display_id", "msg"],
}
# An attribute: for every display, the places of its outputs by cell.
DISPLAYS = "_display_id_map"


def test_the_installed_version_is_one_that_was_tried() -> None:
    assert Version("0.10.2") <= Version(version("nbclient")) < Version("0.12")


def test_the_private_methods_are_as_they_were() -> None:
    found = {name: list(inspect.signature(getattr(NotebookClient, name)).parameters) for name in PRIVATE}

    assert found == PRIVATE


def test_the_places_of_displays_are_kept_as_they_were() -> None:
    client = NotebookClient(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell()]))
    shown = nbformat.v4.new_output("display_data", {"text/plain": "a"})
    content = {"data": shown.data, "metadata": {}, "transient": {"display_id": "one"}}
    message = {"msg_type": "display_data", "header": {"msg_type": "display_data"}, "parent_header": {}}

    client.reset_execution_trackers()
    client.clear_before_next_output = False
    client.output(client.nb.cells[0].outputs, {**message, "content": content}, "one", 0)

    assert getattr(client, DISPLAYS) == {"one": {0: [0]}}


def test_only_the_runner_uses_them() -> None:
    private = {name for name in vars(NotebookClient) if name.startswith("_") and not name.startswith("__")}
    used: dict[Path, set[str]] = {}
    for file in Path(autograder.__file__ or "").parent.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        if any(isinstance(node, ast.ImportFrom) and node.module == "nbclient" for node in nodes):
            called = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
            overridden = {
                node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            }
            used[file] = (called | overridden) & private

    assert used == {Path(runner.__file__): {*PRIVATE, DISPLAYS}}
