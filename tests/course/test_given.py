"""Given cells that were lost run as released; those that were edited, or are defined elsewhere, stay as they are."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.course.folder import ASSIGNMENT
from autograder.course.given import with_lost_cells
from autograder.course.names import names_in, same_code
from autograder.course.notebooks import compose, grade_id, read_notebook
from autograder.evidence import ChangedCell

REPOSITORY = Path(__file__).resolve().parents[2]
ANSWERS = {
    "cnn": "model = keras.Sequential()",
    "train": "model.fit(x_train, y_train)",
    "ascent": "for update in range(gradient_updates):\n    step_size * normalize(x_train[:1])",
    "plot": "plt.imshow(deprocess_image(x_train[0].copy()))",
}


@pytest.fixture(scope="module")
def released() -> NotebookNode:
    return read_notebook(REPOSITORY / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")


@pytest.fixture
def handed_in(released: NotebookNode) -> NotebookNode:
    return compose(released, ANSWERS)


def cell_of(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if grade_id(cell) == name)


def as_text(notebook: NotebookNode, name: str, kind: str = "markdown") -> None:
    cell = cell_of(notebook, name)
    cell.cell_type = kind
    del cell["outputs"], cell["execution_count"]


def code(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_an_untouched_notebook_runs_as_it_is(handed_in: NotebookNode, released: NotebookNode) -> None:
    assert with_lost_cells(handed_in, released) == (handed_in, ())


@pytest.mark.parametrize("kind", ["markdown", "raw"])
@pytest.mark.parametrize("name", ["imports", "data", "normalize", "deprocess"])
def test_a_given_cell_that_became_text_runs_as_released(
    handed_in: NotebookNode, released: NotebookNode, name: str, kind: str
) -> None:
    expected = code(handed_in)
    as_text(handed_in, name, kind)
    cell_of(handed_in, name).source = "See above: " + cell_of(handed_in, name).source
    notebook, (changed,) = with_lost_cells(handed_in, released)
    assert (code(notebook), changed.cell, changed.change) == (expected, name, "put_back")
    assert "\n+See above: " in f"\n{changed.difference}"
    nbformat.validate(notebook)


@pytest.mark.parametrize("name", ["imports", "data", "normalize", "deprocess"])
def test_a_given_cell_that_was_deleted_comes_back_before_what_rests_on_it(
    handed_in: NotebookNode, released: NotebookNode, name: str
) -> None:
    expected = code(handed_in)
    handed_in.cells.remove(cell_of(handed_in, name))
    notebook, changed = with_lost_cells(handed_in, released)
    assert (code(notebook), changed) == (expected, (ChangedCell(name, "put_back"),))


def test_several_lost_cells_come_back_in_their_order(handed_in: NotebookNode, released: NotebookNode) -> None:
    expected = code(handed_in)
    for name in ("imports", "data"):
        handed_in.cells.remove(cell_of(handed_in, name))
    assert code(with_lost_cells(handed_in, released)[0]) == expected


@pytest.mark.parametrize("nothing", ["", "# gradient_updates = 50\n# step_size = 1.\n"])
def test_a_given_cell_that_was_emptied_runs_as_released(
    handed_in: NotebookNode, released: NotebookNode, nothing: str
) -> None:
    expected = code(handed_in)
    cell_of(handed_in, "normalize").source = nothing
    assert code(with_lost_cells(handed_in, released)[0]) == expected


def test_a_given_cell_that_was_merged_into_another_stays_there(
    handed_in: NotebookNode, released: NotebookNode
) -> None:
    given, answer = cell_of(handed_in, "normalize"), cell_of(handed_in, "ascent")
    answer.source = given.source.replace("step_size = 1.", "step_size = 3.") + "\n\n" + answer.source
    handed_in.cells.remove(given)
    notebook, (changed,) = with_lost_cells(handed_in, released)

    assert notebook == handed_in
    assert (changed.cell, changed.change) == ("normalize", "lost")  # its text is nowhere as it was


def test_what_the_student_defines_instead_is_not_overwritten(
    handed_in: NotebookNode, released: NotebookNode
) -> None:
    handed_in.cells.remove(cell_of(handed_in, "normalize"))
    answer = cell_of(handed_in, "cnn")
    answer.source = f"step_size = 3.\n{answer.source}"
    sources = code(with_lost_cells(handed_in, released)[0])
    own, given = (next(i for i, source in enumerate(sources) if text in source) for text in ("= 3.", "= 1."))
    assert given < own


def test_a_given_cell_that_nothing_needs_stays_away_and_is_reported(
    handed_in: NotebookNode, released: NotebookNode
) -> None:
    for name in ("plot", "deprocess", "look_at_deprocess"):
        handed_in.cells = [cell for cell in handed_in.cells if name not in (grade_id(cell), cell.id)]
    notebook, (changed,) = with_lost_cells(handed_in, released)

    assert notebook == handed_in
    assert (changed.cell, changed.change) == ("deprocess", "lost")


def test_a_given_cell_that_was_edited_runs_as_handed_in(
    handed_in: NotebookNode, released: NotebookNode
) -> None:
    cell_of(handed_in, "normalize").source += "\n\nfactor = 2"
    (changed,) = with_lost_cells(handed_in, released)[1]

    assert (changed.cell, changed.change) == ("normalize", "edited")


def test_comments_and_layout_are_no_edit(handed_in: NotebookNode, released: NotebookNode) -> None:
    cell = cell_of(handed_in, "normalize")
    cell.source = "# constants\n" + cell.source.replace("= 50", "=  50  # steps")
    assert with_lost_cells(handed_in, released)[1] == ()


def test_an_answer_that_became_text_runs_as_code(handed_in: NotebookNode, released: NotebookNode) -> None:
    expected = code(handed_in)
    as_text(handed_in, "ascent")
    notebook, changed = with_lost_cells(handed_in, released)
    assert (code(notebook), changed) == (expected, (ChangedCell("ascent", "was_text"),))


def test_answer_and_given_cell_may_both_have_become_text(
    handed_in: NotebookNode, released: NotebookNode
) -> None:
    expected = code(handed_in)
    as_text(handed_in, "ascent")
    as_text(handed_in, "normalize")
    assert code(with_lost_cells(handed_in, released)[0]) == expected


@pytest.mark.parametrize(
    ("source", "defined", "used"),
    [
        ("a = b", {"a"}, {"b"}),
        ("import c.d, e as f", {"c", "f"}, set()),
        ("def g(h):\n    i = h + j", {"g"}, {"j"}),
        ("for k in l:\n    with m as n:\n        o += 1", {"k", "n", "o"}, {"l", "m", "o"}),
        ("%matplotlib inline\n!pip install x\na = 1", {"a"}, set()),
        ("if a:\n    !ls", set(), {"a"}),
        ("%%time\na = 1", {"a"}, set()),
        ("%%bash\na = 1", set(), set()),
        ("a = (", set(), set()),
        ("(" * 5000, set(), set()),
        ("a = '\0'", set(), set()),
    ],
)
def test_the_names_of_a_cell(source: str, defined: set[str], used: set[str]) -> None:
    names = names_in(source)
    assert (names.defined, names.used) == (defined, used)


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("a = a[:1000]", {"a"}),
        ("a = 1\na = a + 1", set()),
        ("a *= 2", {"a"}),
        ("for a in range(b):\n    a", {"range", "b"}),
        ("[a for a in b if a in c]", {"b", "c"}),
        ("{a: d for a in b}", {"b", "d"}),
        ("def f(x=a):\n    return b", {"a"}),
        ("class A(B):\n    c = d", {"B"}),
        ("f = lambda x: a", set()),
        ("a: int\nb: int = c", {"c"}),
        ("print(a := 1, a)", {"print"}),
    ],
)
def test_the_names_that_a_cell_needs_from_earlier_ones(source: str, needed: set[str]) -> None:
    assert names_in(source).needed == needed


def test_a_name_that_is_only_changed_still_has_to_come_from_the_given_cell(
    handed_in: NotebookNode, released: NotebookNode
) -> None:
    handed_in.cells.remove(cell_of(handed_in, "data"))
    answer = cell_of(handed_in, "train")
    answer.source = (
        "x_train, y_train, x_test, y_test = x_train[:9], y_train[:9], x_test, y_test\n" + answer.source
    )
    assert with_lost_cells(handed_in, released)[1] == (ChangedCell("data", "put_back"),)


def test_code_that_python_cannot_read_is_compared_as_text() -> None:
    assert same_code("a = (", "a  = (")
    assert not same_code("a = (", "b = (")
