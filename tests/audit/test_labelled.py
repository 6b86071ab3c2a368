"""A labelled submission is a text that a teacher writes; what is wrong with it is said in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat import NotebookNode

from autograder.audit.labelled import parse_labelled, read_labelled
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.notebooks import cell_name, grade_id, read_notebook
from autograder.errors import LabelError

REPOSITORY = Path(__file__).resolve().parents[2]

TEXT = """\
# Climbs for filter 0 only.
#
# /// label
# objective = "fail"
# ascent = ["pass", "partial"]
#
# [feedback_mentions]
# objective = ["filter 0"]
# ///

# %% cnn
model = 1
# %% scratch
print(model)
"""


@pytest.fixture(scope="module")
def released() -> NotebookNode:
    return read_notebook(Course(REPOSITORY).release_folder() / f"{ASSIGNMENT}.ipynb")


def arranged(released: NotebookNode, cells: str, text: str = "# %% cnn\nmodel = 1\n") -> list[str]:
    label = f"# /// label\n# [cells]\n# {cells}\n# ///\n{text}"
    return [cell_name(cell) for cell in parse_labelled("one", label).notebook(released).cells]


def test_the_label_says_what_can_be_defended_and_the_rest_has_to_pass() -> None:
    label = parse_labelled("one", TEXT).label

    assert label.expected("objective") == ("fail",)
    assert label.expected("ascent") == ("pass", "partial")
    assert label.expected("plot") == ("pass",)
    assert label.feedback_mentions == {"objective": ("filter 0",)}


def test_the_cells_become_a_notebook(released: NotebookNode) -> None:
    text = TEXT.replace("# [feedback", '# [cells]\n# insert = {scratch = "train"}\n# [feedback')

    notebook = parse_labelled("one", text).notebook(released)

    names = [cell_name(cell) for cell in notebook.cells]
    assert names.index("scratch") == names.index("train") + 1
    assert notebook.cells[names.index("cnn")].source == "model = 1"
    assert "YOUR CODE HERE" in notebook.cells[names.index("ascent")].source


def test_cells_can_become_text(released: NotebookNode) -> None:
    label = '# /// label\n# [cells]\n# as_text = ["normalize"]\n# ///\n'
    notebook = parse_labelled("one", label).notebook(released)
    cell = next(cell for cell in notebook.cells if grade_id(cell) == "normalize")
    assert (cell.cell_type, "outputs" in cell) == ("markdown", False)
    assert "def normalize" in cell.source


def test_cells_can_be_moved_and_deleted(released: NotebookNode) -> None:
    names = arranged(released, 'move = {plot = "imports"}\n# delete = ["deprocess"]')

    assert names.index("plot") == names.index("imports") + 1
    assert "deprocess" not in names


def test_cells_can_be_merged(released: NotebookNode) -> None:
    text = "# %% cnn\nmodel = 1\n# %% train\nprint(model)\n"
    label = f'# /// label\n# [cells]\n# merge = [["cnn", "train"]]\n# ///\n{text}'

    notebook = parse_labelled("one", label).notebook(released)

    merged = next(cell for cell in notebook.cells if cell_name(cell) == "cnn")
    assert merged.source == "model = 1\n\nprint(model)"
    assert "train" not in [cell_name(cell) for cell in notebook.cells]


def test_the_names_of_cells_can_be_lost(released: NotebookNode) -> None:
    names = arranged(released, "strip_metadata = true")

    assert "cnn" not in names
    assert len(names) == len(released.cells)


def test_the_same_text_gives_the_same_notebook(released: NotebookNode) -> None:
    one, other = (parse_labelled("one", TEXT.replace("# %% scratch\n", "")).notebook(released) for _ in "ab")

    assert one == other


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# %% cnn\nmodel = 1\n", "no label"),
        ("# /// label\n# objective = \n# ///\n", "not TOML"),
        ('# /// label\n# objective = "good"\n# ///\n', "'good'"),
        ('# /// label\n# [cells]\n# remove = ["cnn"]\n# ///\n', "cells.remove"),
        ("# /// label\n# ///\n# %% cnn\n1\n# %% cnn\n2\n", "exists already"),
    ],
)
def test_what_is_wrong_with_a_text_is_said_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "wrong.py").write_text(text)

    with pytest.raises(LabelError, match=words) as error:
        read_labelled(tmp_path)

    assert "wrong.py" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_cell_that_the_notebook_does_not_have_is_named(released: NotebookNode) -> None:
    submission = parse_labelled("ada", "# /// label\n# ///\n# %% cmn\nmodel = 1\n")

    with pytest.raises(LabelError, match="ada: no cell 'cmn'"):
        submission.notebook(released)


def test_an_empty_folder_and_a_name_given_twice_are_named(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"no labelled submission in"):
        read_labelled(tmp_path)
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.py").write_text(TEXT)
    with pytest.raises(LabelError, match="'same'"):
        read_labelled(tmp_path)
