"""Puts back given cells that a notebook has lost, so that what rests on them can run.

One wrong key in Jupyter turns a cell into text, and nothing that rests on it can run then, although the student's
own work is right. A given cell that is gone, empty or text therefore runs as it was released, unless the notebook
defines its names elsewhere: cells may have been merged. One that was edited runs as handed in, because the student's
work may rest on the change.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from difflib import unified_diff

from nbformat import NotebookNode

from autograder.course.matching import find_cells, of_type
from autograder.course.names import Names, is_empty, names_in, same_code
from autograder.course.notebooks import grade_id, is_grade, is_solution
from autograder.evidence import ChangedCell

# Of a difference, a TA reads no more.
MOST_LINES, LONGEST_LINE = 40, 200
# Comparing more takes long, and no cell has as many lines.
MOST_COMPARED = 2_000


def with_lost_cells(
    notebook: NotebookNode, released: NotebookNode
) -> tuple[NotebookNode, tuple[ChangedCell, ...]]:
    """Return the notebook to run, and which of the exercise's cells are not as they were released.

    Args:
        notebook: what the student handed in; it is not changed.
        released: what the student was given, or the source that it was made from.
    """
    places = find_cells(notebook.cells, released.cells)
    cells, turned_back = _with_answers_as_code(notebook.cells, released.cells, places)
    changed = [ChangedCell(name, "was_text") for name in turned_back]
    moved = _out_of_order([place for place in places if place is not None])
    inserted: list[tuple[int, NotebookNode]] = []  # before which cell, in order
    earliest = 0  # after the given cell before, on which the next may rest
    for original, place in zip(released.cells, places, strict=True):
        name = grade_id(original)
        if name is None or not _is_given(original):
            continue
        found = None if place is None else cells[place]
        if found is not None and found.cell_type == "code" and not is_empty(found.source):
            if not same_code(found.source, original.source):
                changed.append(ChangedCell(name, "edited", difference(original.source, found.source)))
            if place in moved:
                changed.append(ChangedCell(name, "moved"))
        elif (first_use := _first_use(original, cells, without=place)) is not None:
            text = "" if found is None else found.source
            changed.append(
                ChangedCell(name, "put_back", "" if is_empty(text) else difference(original.source, text))
            )
            if place is None:
                earliest = max(earliest, first_use)
                inserted.append((earliest, copy.deepcopy(original)))
            else:
                cells[place] = _as_released(cells[place], original)
        elif not _stands_elsewhere(original, cells):
            changed.append(ChangedCell(name, "lost", difference(original.source, "")))
        earliest = max(earliest, 0 if place is None else place + 1)
    result = copy.copy(notebook)
    result.cells = _with_inserted(cells, inserted)
    return result, tuple(changed)


def difference(released: str, found: str) -> str:
    """Return the lines that differ, those released with a - before them, those found with a +; at most 40."""
    lines = [
        line.rstrip()
        for line in unified_diff(released.splitlines(), found.splitlines()[:MOST_COMPARED], lineterm="", n=0)
        if not line.startswith(("---", "+++", "@@"))
    ]
    more = [f"and {len(lines) - MOST_LINES} more lines"] if len(lines) > MOST_LINES else []
    return "\n".join([line[:LONGEST_LINE] for line in lines[:MOST_LINES]] + more)


def _out_of_order(places: Sequence[int]) -> set[int]:
    """Return the fewest places without which the others increase: what was moved between the others."""
    longest: list[list[int]] = []  # in each place, the longest increasing part that ends there
    for number, place in enumerate(places):
        before = [part for part, last in zip(longest, places[:number], strict=True) if last < place]
        longest.append([*_longest(before), place])
    return set(places) - set(_longest(longest))


def _longest(parts: Sequence[list[int]]) -> list[int]:
    return max(parts, key=lambda part: len(part), default=[])


def _stands_elsewhere(original: NotebookNode, cells: Sequence[NotebookNode]) -> bool:
    """Tell whether every line of a given cell is in some other cell, as where two cells were merged."""
    wanted = {line.strip() for line in original.source.splitlines() if not is_empty(line)}
    there = {line.strip() for cell in cells if cell.cell_type == "code" for line in cell.source.splitlines()}
    return wanted <= there


def _with_answers_as_code(
    cells: Sequence[NotebookNode], released: Sequence[NotebookNode], places: Sequence[int | None]
) -> tuple[list[NotebookNode], list[str]]:
    """Return the cells with every answer in code as a code cell, and the names of those that were text."""
    result, names = list(cells), []
    for original, place in zip(released, places, strict=True):
        name = grade_id(original)
        if place is None or name is None or original.cell_type != "code" or not is_solution(original):
            continue
        cell = cells[place]
        if cell.cell_type != "code" and grade_id(cell) == name and cell.source.strip():
            result[place] = of_type(copy.deepcopy(cell), "code")
            names.append(name)
    return result, names


def _is_given(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and not is_solution(cell) and not is_grade(cell)


def _first_use(original: NotebookNode, cells: Sequence[NotebookNode], *, without: int | None) -> int | None:
    """Return the first cell that rests on a given cell; None if none does, or others define its names before."""
    own = names_in(original.source).defined
    others = [
        Names() if place == without or cell.cell_type != "code" else names_in(cell.source)
        for place, cell in enumerate(cells)
    ]
    if not any(_is_missing(name, others) for name in own):
        return None
    return next(place for place, one in enumerate(others) if own & one.all)


def _is_missing(name: str, cells: Sequence[Names]) -> bool:
    """Tell whether a name is read somewhere, and no cell defines it before."""
    for cell in cells:
        if name in cell.needed:
            return True
        if name in cell.defined:
            return False
    return any(name in cell.used for cell in cells)


def _as_released(cell: NotebookNode, original: NotebookNode) -> NotebookNode:
    restored = of_type(copy.deepcopy(cell), "code")
    restored.source = original.source
    return restored


def _with_inserted(
    cells: Sequence[NotebookNode], inserted: Sequence[tuple[int, NotebookNode]]
) -> list[NotebookNode]:
    """Return the cells with others before some of them; no id occurs twice."""
    result = list(cells)
    taken = {cell.id for cell in cells}
    for place, cell in reversed(inserted):
        while cell.id in taken:
            cell.id += "_"
        result.insert(place, cell)
    return result
