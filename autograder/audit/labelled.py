"""Labelled submissions: what a student wrote, and the verdict that an experienced teacher gives it.

Each is one text file that a teacher can read and write. It begins with comments that say what the student
did. They contain the label, as TOML between `# /// label` and `# ///`. The source of every cell that the
student filled in follows, in percent format:

    # Draws every image twice. The ascent itself is right.
    #
    # /// label
    # plot = ["partial", "fail"]
    #
    # [feedback_mentions]
    # plot = ["32 different"]
    #
    # [causes]
    # plot = "same_panels"
    # ///

    # %% cnn
    model = keras.Sequential(...)

A criterion that the label does not name is expected to pass. A table `[cells]` changes the notebook's structure:
`insert = {scratch = "train"}` adds a code cell after the named cell, `merge = [["cnn", "train"]]` joins cells
into the first, `move = {plot = "imports"}` moves a cell after the named one, `delete = ["data"]` removes it,
`as_text = ["normalize"]` makes a text cell of it, and `strip_metadata = true` removes the metadata by which nbgrader
knows cells, as some editors do.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from pydantic import Field, ValidationError, field_validator

from autograder.course.matching import of_type
from autograder.course.notebooks import cell_name, compose, read_answers
from autograder.errors import CourseError, LabelError
from autograder.plain.strict_model import StrictModel
from autograder.report import Status

_LABEL = re.compile(r"^# /// label\n(?P<toml>(?:#[^\n]*\n)*?)# ///$", re.MULTILINE)
_METADATA = ("nbgrader", "deletable", "editable")


class Arrangement(StrictModel):
    """Changes to the notebook's structure, made in the order of these fields."""

    insert: dict[str, str] = Field(default_factory=dict, description="a new cell: the cell that it follows")
    merge: list[list[str]] = Field(default_factory=list, description="cells that became one")
    move: dict[str, str] = Field(default_factory=dict, description="a cell: the cell that it now follows")
    delete: list[str] = Field(default_factory=list, description="cells that are gone")
    as_text: list[str] = Field(default_factory=list, description="cells that became text cells")
    strip_metadata: bool = Field(default=False, description="are the names of the cells lost?")


class Label(StrictModel):
    """The teacher's verdict.

    Attributes:
        verdicts: by criterion, every status that can be defended; a criterion that is missing has to pass.
        feedback_mentions: by criterion, words that the feedback has to contain; case does not matter.
        causes: by criterion, every cause that is true of what the student did.
    """

    verdicts: dict[str, tuple[Status, ...]] = Field(default_factory=dict)
    feedback_mentions: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    causes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    cells: Arrangement = Arrangement()

    @field_validator("verdicts", "causes", mode="before")
    @classmethod
    def _one_or_many(cls, verdicts: Mapping[str, object]) -> dict[str, object]:
        return {name: [one] if isinstance(one, str) else one for name, one in verdicts.items()}

    def expected(self, criterion: str) -> tuple[Status, ...]:
        """Return the statuses that can be defended for a criterion, the best one first."""
        return self.verdicts.get(criterion, ("pass",))


@dataclass(frozen=True)
class LabelledSubmission:
    """One labelled submission, not yet built into a notebook."""

    name: str
    answers: Mapping[str, str]
    label: Label

    def notebook(self, released: NotebookNode) -> NotebookNode:
        """Return the submitted notebook, made from the released one.

        Raises:
            LabelError: the label or the answers name a cell that the notebook does not have.
        """
        try:
            notebook = arrange_new_cells(released, self.label.cells.insert)
            return arrange(compose(notebook, self.answers), self.label.cells)
        except CourseError as error:
            raise LabelError(f"{self.name}: {error}") from error


def read_labelled(folder: Path) -> list[LabelledSubmission]:
    """Read all labelled submissions in a folder and its subfolders.

    Raises:
        LabelError: there is none, or one of them cannot be read.
    """
    files = sorted(folder.rglob("*.py"), key=lambda file: file.stem)
    if not files:
        raise LabelError(f"no labelled submission in {folder}: there are no .py files")
    names = [file.stem for file in files]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise LabelError(f"two labelled submissions in {folder} are called '{twice[0]}'")
    return [_read(file) for file in files]


def _read(file: Path) -> LabelledSubmission:
    try:
        return parse_labelled(file.stem, file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(f"{file} cannot be read: {error}") from error
    except CourseError as error:
        raise LabelError(f"{file}: {error}") from error


def parse_labelled(name: str, text: str) -> LabelledSubmission:
    """Return the submission that a text describes.

    Raises:
        LabelError: it has no label, or one that cannot be understood.
    """
    found = _LABEL.search(text)
    if found is None:
        raise LabelError("no label; add it between the lines '# /// label' and '# ///'")
    toml = "\n".join(line.removeprefix("#").removeprefix(" ") for line in found["toml"].splitlines())
    try:
        content = tomllib.loads(toml)
        others = {key: content.pop(key) for key in ("feedback_mentions", "causes", "cells") if key in content}
        label = Label.model_validate({"verdicts": content, **others})
    except tomllib.TOMLDecodeError as error:
        raise LabelError(f"the label is not TOML: {error}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise LabelError(f"the label's '{place}' is {problem['input']!r}: {problem['msg']}") from error
    return LabelledSubmission(name, read_answers(text), label)


def arrange_new_cells(notebook: NotebookNode, insert: Mapping[str, str]) -> NotebookNode:
    """Return the notebook with new, empty cells for answers to fill."""
    arranged = nbformat.from_dict(notebook)
    for name, before in insert.items():
        cell = nbformat.v4.new_code_cell("", id=name)
        arranged.cells.insert(_place(arranged, before) + 1, cell)
    return arranged


def arrange(notebook: NotebookNode, how: Arrangement) -> NotebookNode:
    """Return the notebook with cells merged, moved, deleted, turned into text and stripped."""
    arranged = nbformat.from_dict(notebook)
    cells = arranged.cells
    for first, *others in how.merge:
        target = cells[_place(arranged, first)]
        for name in others:
            target.source += "\n\n" + cells.pop(_place(arranged, name)).source
    for name, before in how.move.items():
        cell = cells.pop(_place(arranged, name))
        cells.insert(_place(arranged, before) + 1, cell)
    for name in how.delete:
        cells.pop(_place(arranged, name))
    for name in how.as_text:
        place = _place(arranged, name)
        cells[place] = of_type(cells[place], "markdown")
    if how.strip_metadata:
        for number, cell in enumerate(cells):
            cell.id = f"cell-{number}"
            for key in _METADATA:
                cell.metadata.pop(key, None)
    return arranged


def _place(notebook: NotebookNode, name: str) -> int:
    names = [cell_name(cell) for cell in notebook.cells]
    if name not in names:
        raise LabelError(f"no cell '{name}' in the notebook; its cells are {', '.join(names)}")
    return names.index(name)
