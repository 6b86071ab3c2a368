"""Finds metadata that differ from those of the released notebook.

Many programs drop nbgrader's metadata, but none changes them: a cell whose points differ was edited by hand.
"""

from __future__ import annotations

from collections.abc import Iterator

from nbformat import NotebookNode

from autograder.course.content import other_language
from autograder.course.notebooks import cell_name, grade_id, is_grade
from autograder.evidence import Notice

_MEANT = ("points", "grade", "solution", "locked", "task")


def notices_on_metadata(notebook: NotebookNode, released: NotebookNode) -> tuple[Notice, ...]:
    """Return what stands out in the metadata of a notebook."""
    return tuple(_notices(notebook, released))


def _notices(notebook: NotebookNode, released: NotebookNode) -> Iterator[Notice]:
    if language := other_language(notebook.metadata):
        message = f"The notebook says that it is in {language[:40]}; its code was run as Python."
        yield Notice("other_language", message, (language[:40],))
    known = {grade_id(cell): cell for cell in released.cells if grade_id(cell)}
    changed = [what for cell in notebook.cells for what in _changes(cell, known.get(grade_id(cell)))]
    if changed:
        shown = ", ".join(changed[:8]) + (f" and {len(changed) - 8} more" if len(changed) > 8 else "")
        yield Notice("metadata_changed", f"Metadata for grading were changed: {shown}.", tuple(changed))


def _changes(cell: NotebookNode, original: NotebookNode | None) -> Iterator[str]:
    if original is None:
        if is_grade(cell):
            yield f"'{cell_name(cell)[:60]}' carries points but is not in the released notebook"
        return
    own, released = cell.metadata["nbgrader"], original.metadata["nbgrader"]
    for key in _MEANT:
        if key in own and own[key] != released.get(key, own[key] if key == "task" else None):
            yield f"'{key}' of '{cell_name(cell)}'"
