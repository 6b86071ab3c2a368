"""Fills in what the self-checks of a release state: the scales that count, and the address that they come from.

Both are in the course's settings, so the files in `source/` leave a place for them. The scales are written as one
line, and the leak check lets exactly this line through.
"""

from __future__ import annotations

import json
from pathlib import Path

from nbformat import NotebookNode

from autograder.course.notebooks import read_notebook, write_notebook
from autograder.exercise import find_exercise
from autograder.plain.files import write_whole
from autograder.settings import Settings

FILE = "selfcheck.py"
# The places in the source, each a separate line.
NO_SCALES, NO_ADDRESS = "SCALES = {}", 'selfcheck_url = ""'


def fill_in(release: Path, settings: Settings) -> None:
    """Write scales and address into a release, where its files have a place for them."""
    file = release / FILE
    if (stated := scales(settings)) and file.is_file():
        write_whole(file, _with_line(file.read_text(encoding="utf-8"), NO_SCALES, stated))
    for path in sorted(release.glob("*.ipynb")) if settings.selfcheck_url else ():
        notebook = read_notebook(path)
        if _write_address(notebook, settings.selfcheck_url):
            write_notebook(notebook, path)


def scales(settings: Settings) -> str:
    """Return the line with what earns nothing and what earns all, by measure.

    If the course keeps this back, only what the exercise asks for is left; empty if that is nothing.
    """
    exercise = find_exercise(settings.exercise)
    stated = {
        name: list(scale)
        for name, scale in exercise.scales(settings.thresholds).items()
        if settings.state_thresholds or name in exercise.always_stated
    }
    return f"SCALES = {json.dumps(stated)}" if stated else ""


def _write_address(notebook: NotebookNode, address: str) -> bool:
    """Write the address into the cells that have a place for it; tell whether there was one."""
    found = [cell for cell in notebook.cells if NO_ADDRESS in cell.source.splitlines()]
    for cell in found:
        cell.source = _with_line(cell.source, NO_ADDRESS, f"selfcheck_url = {json.dumps(address)}")
    return bool(found)


def _with_line(text: str, old: str, new: str) -> str:
    return "".join(
        line.replace(old, new) if line.strip() == old else line for line in text.splitlines(keepends=True)
    )
