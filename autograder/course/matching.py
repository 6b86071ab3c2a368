"""Finds the exercise's cells in a notebook that has lost all or part of nbgrader's metadata.

Colab, some editors and most converters drop or damage nbgrader's cell metadata. The cells can still be
recognised by the rest of the metadata, by their text, or by their position.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.course.notebooks import grade_id, is_grade, is_solution

# A tool may have turned an answer from one of these cell types into the other.
_TEXT = {"markdown", "raw"}


@dataclass(frozen=True)
class Restored:
    """A notebook in which nbgrader finds every graded cell exactly once."""

    notebook: NotebookNode
    missing: frozenset[str]  # graded cells that were not handed in, added as released


def restore_cells(notebook: NotebookNode, released: NotebookNode) -> Restored:
    """Return a copy of a student's notebook with the released metadata and checks in its cells.

    Args:
        notebook: what the student handed in, executed or not.
        released: what the student was given.
    """
    places = find_cells(notebook.cells, released.cells)
    names = {place: cell for cell, place in zip(released.cells, places, strict=True) if place is not None}
    cells = [_restored(cell, names.get(place)) for place, cell in enumerate(notebook.cells)]
    missing: dict[int, list[NotebookNode]] = {}
    before = -1
    for original, place in zip(released.cells, places, strict=True):
        if place is not None:
            before = place
        elif is_grade(original):
            missing.setdefault(before, []).append(copy.deepcopy(original))
    restored = copy.copy(notebook)
    restored.cells = list(missing.get(-1, []))
    for place, cell in enumerate(cells):
        restored.cells += [cell, *missing.get(place, [])]
    _make_ids_unique(restored.cells)
    absent = (grade_id(cell) for added in missing.values() for cell in added)
    return Restored(restored, frozenset(name for name in absent if name))


def find_cells(cells: list[NotebookNode], released: list[NotebookNode]) -> list[int | None]:
    """Return the position of each released cell in the student's notebook; None if it is missing."""
    places: list[int | None] = [None] * len(released)
    for number, place in _by_name(cells, released):
        places[number] = place
    for match in (_by_text, _by_neighbours):
        for number, place in match(cells, released, places):
            places[number] = place
    return places


def _by_name(cells: list[NotebookNode], released: list[NotebookNode]) -> Iterator[tuple[int, int]]:
    """Match cells by name; of several, take the first, or for an answer the first changed one."""
    by_name: dict[str, list[int]] = {}
    for place, cell in enumerate(cells):
        if name := grade_id(cell):
            by_name.setdefault(name, []).append(place)
    for number, original in enumerate(released):
        found = by_name.get(grade_id(original) or "", [])
        written = [place for place in found if not _same_text(cells[place], original)]
        if found:
            yield number, (written if written and is_solution(original) else found)[0]


def _by_text(
    cells: list[NotebookNode], released: list[NotebookNode], places: list[int | None]
) -> Iterator[tuple[int, int]]:
    by_text: dict[str, list[int]] = {}
    for place, cell in enumerate(cells):
        if place not in places:
            by_text.setdefault(_text(cell), []).append(place)
    for number, original in enumerate(released):
        found = by_text.get(_text(original), []) if places[number] is None else []
        if found:
            yield number, found.pop(0)


def _by_neighbours(
    cells: list[NotebookNode], released: list[NotebookNode], places: list[int | None]
) -> Iterator[tuple[int, int]]:
    """Match an answer to the longest cell of its kind between the nearest cells that are matched."""
    taken = {place for place in places if place is not None}
    for number, original in enumerate(released):
        if places[number] is not None or not is_solution(original):
            continue
        before = next((place for place in reversed(places[:number]) if place is not None), -1)
        after = next((place for place in places[number + 1 :] if place is not None), len(cells))
        between = [
            place
            for place in range(before + 1, after)
            if place not in taken and _same_kind(cells[place], original) and _text(cells[place])
        ]
        if before >= 0 and between:
            place = max(between, key=lambda place: len(cells[place].source))
            taken.add(place)
            yield number, place


def _restored(cell: NotebookNode, original: NotebookNode | None) -> NotebookNode:
    restored = copy.deepcopy(cell)
    if original is None:
        restored.metadata.pop("nbgrader", None)
        return restored
    if restored.cell_type != original.cell_type:
        restored = of_type(restored, original.cell_type)
    if "nbgrader" in original.metadata:
        restored.metadata["nbgrader"] = copy.deepcopy(original.metadata.nbgrader)
        if is_grade(original) and not is_solution(original):
            restored.source = original.source
    else:
        restored.metadata.pop("nbgrader", None)
    return restored


def of_type(cell: NotebookNode, cell_type: str) -> NotebookNode:
    """Return a cell of another type with the same text, metadata and id."""
    changed = NotebookNode(
        cell_type=cell_type, id=cell.get("id", ""), metadata=cell.metadata, source=cell.source
    )
    if cell_type == "code":
        changed.outputs, changed.execution_count = [], None
    return changed


def _make_ids_unique(cells: list[NotebookNode]) -> None:
    seen: set[str] = set()
    for number, cell in enumerate(cells):
        identity = str(cell.get("id", "")) or "cell"
        if identity in seen:
            identity = f"{identity[:48]}-{number}"
        seen.add(identity)
        cell["id"] = identity


def _same_kind(cell: NotebookNode, original: NotebookNode) -> bool:
    return cell.cell_type == original.cell_type or {cell.cell_type, original.cell_type} <= _TEXT


def _same_text(cell: NotebookNode, original: NotebookNode) -> bool:
    return _text(cell) == _text(original)


def _text(cell: NotebookNode) -> str:
    return "\n".join(line.rstrip() for line in str(cell.source).strip().splitlines())
