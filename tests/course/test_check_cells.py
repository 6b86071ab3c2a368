"""Nothing that a student writes into a cell with a check is lost; the checks themselves do not run."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.course.checks import FIND_SELFCHECK, calls_checks, without_checks
from autograder.course.folder import ASSIGNMENT
from autograder.course.notebooks import compose, grade_id, read_notebook
from autograder.course.selfchecks import NO_ADDRESS
from autograder.execute.kernel import KernelOptions
from autograder.execute.runner import Execution, execute
from autograder.execute.sandbox import Sandbox
from autograder.execute.warm import Template
from autograder.settings import Limits

REPOSITORY = Path(__file__).resolve().parents[2]
CHECK = "# The network\nimport selfcheck\n\nselfcheck.check_cnn(globals())"
ANSWERS = {"cnn": "model = keras.Sequential()", "train": "model.fit(x_train, y_train)"}


@pytest.fixture(scope="module")
def released() -> NotebookNode:
    return read_notebook(REPOSITORY / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")


@pytest.fixture
def handed_in(released: NotebookNode) -> NotebookNode:
    return compose(released, ANSWERS)


def place_of(notebook: NotebookNode, name: str) -> int:
    return next(place for place, cell in enumerate(notebook.cells) if name in (grade_id(cell), cell.id))


def add_cell(notebook: NotebookNode, source: str) -> int:
    notebook.cells.append(nbformat.v4.new_code_cell(source))
    return len(notebook.cells) - 1


def lines_of(source: str) -> list[str]:
    return [line for line in source.splitlines() if line.strip() not in ("", "pass", "None")]


def test_released_checks_and_the_search_for_their_file_do_not_run(
    handed_in: NotebookNode, released: NotebookNode
) -> None:
    instead, changed = without_checks(handed_in, released)
    names = [grade_id(cell) for cell in released.cells]
    checks = {place for place, name in enumerate(names) if (name or "").startswith("check_")}

    assert len(checks) == 7
    assert instead == dict.fromkeys({*checks, place_of(released, FIND_SELFCHECK)}, "")
    assert changed == ()


def test_a_check_that_lost_its_name_does_not_run(handed_in: NotebookNode, released: NotebookNode) -> None:
    place = place_of(handed_in, "check_cnn")
    del handed_in.cells[place].metadata["nbgrader"]
    handed_in.cells[place].id = "another"

    assert without_checks(handed_in, released)[0][place] == ""


def test_a_line_that_a_student_writes_into_a_check_cell_runs_and_is_shown(
    handed_in: NotebookNode, released: NotebookNode
) -> None:
    place = place_of(handed_in, "check_cnn")
    cell = handed_in.cells[place]
    cell.source = "model = build_my_network()\n" + cell.source
    instead, (changed,) = without_checks(handed_in, released)

    assert lines_of(instead[place])[0] == "model = build_my_network()"
    assert "selfcheck" not in instead[place]
    assert (changed.cell, changed.change) == ("check_cnn", "edited")
    assert changed.difference == "+model = build_my_network()"


def test_work_in_a_copy_of_a_check_cell_that_kept_its_name_runs_and_is_shown(
    handed_in: NotebookNode, released: NotebookNode
) -> None:
    again = copy.deepcopy(handed_in.cells[place_of(handed_in, "check_cnn")])
    again.source = "model = build_my_network()\n" + again.source
    handed_in.cells.append(again)
    instead, (changed,) = without_checks(handed_in, released)

    assert lines_of(instead[len(handed_in.cells) - 1])[0] == "model = build_my_network()"
    assert (changed.cell, changed.change) == ("check_cnn", "edited")


def test_a_cell_that_only_has_the_name_of_a_check_runs(
    handed_in: NotebookNode, released: NotebookNode
) -> None:
    place = place_of(handed_in, "check_cnn")
    handed_in.cells[place].source = "model = build_my_network()"
    instead, (changed,) = without_checks(handed_in, released)

    assert place not in instead
    assert (changed.cell, changed.change) == ("check_cnn", "edited")


def test_a_check_cell_with_other_checks_is_no_edit(handed_in: NotebookNode, released: NotebookNode) -> None:
    place = place_of(handed_in, "check_cnn")
    handed_in.cells[place].source += "\nselfcheck.check_training(globals())"
    instead, changed = without_checks(handed_in, released)

    assert (instead[place], changed) == ("", ())


@pytest.mark.parametrize(
    ("source", "runs"),
    [
        (CHECK, []),
        (f"{CHECK}\nselfcheck.check_training(globals())", []),
        ("import selfcheck as sc\nsc.check_cnn(globals())", []),
        ("from selfcheck import check_cnn\ncheck_cnn(globals())", []),
        ("from selfcheck import *\ncheck_cnn(globals())", []),
        ("selfcheck.check_cnn(\n    globals(),\n)", []),
        (f"{CHECK}\nmodel = build()", ["# The network", "model = build()"]),
        ("é = 1; selfcheck.check_cnn(globals()); ö = 2", ["é = 1; None; ö = 2"]),
        ("if done:\n    selfcheck.check_cnn(globals())", ["if done:"]),
        ("print(selfcheck.check_cnn(globals()))", ["print(None)"]),
        (
            f"%%time\n{CHECK}\nmodel.fit(x_train, y_train)",
            ["%%time", "# The network", "model.fit(x_train, y_train)"],
        ),
        (f"%time model.fit(x, y)\n{CHECK}", ["%time model.fit(x, y)", "# The network"]),
    ],
)
def test_of_a_students_own_cell_only_the_checks_do_not_run(
    handed_in: NotebookNode, released: NotebookNode, source: str, runs: list[str]
) -> None:
    place = add_cell(handed_in, source)
    instead, changed = without_checks(handed_in, released)

    assert lines_of(instead[place]) == runs
    assert changed == ()


@pytest.mark.parametrize(
    "source",
    [
        "selfcheck.check_cnn(build_and_train())",
        "print('then call selfcheck.check_cnn(globals())')",
        "# selfcheck.check_cnn(globals())",
        "import selfcheck\nprint(selfcheck.__file__)",
        "def check_cnn(names): return names\nfrom selfcheck import check_cnn\ncheck_cnn(globals()).pop('x')",
        "selfcheck = Mine()\nselfcheck.train(globals())",
        "check_cnn(globals())",
        "this is not Python",
    ],
)
def test_a_students_own_cell_that_only_resembles_a_check_runs_as_it_is(
    handed_in: NotebookNode, released: NotebookNode, source: str
) -> None:
    place = add_cell(handed_in, source)

    assert without_checks(handed_in, released)[0].get(place, source).strip().endswith(source.split("\n")[-1])


def test_lines_keep_their_numbers(handed_in: NotebookNode, released: NotebookNode) -> None:
    source = f"{CHECK}\nmodel = build()\nselfcheck.check_cnn(\n    globals()\n)\nlast = 1"
    place = add_cell(handed_in, source)
    code = without_checks(handed_in, released)[0][place].split("\n")

    assert [code.index("model = build()"), code.index("last = 1")] == [4, 8]


def test_the_search_for_the_file_is_known_with_every_address(
    handed_in: NotebookNode, released: NotebookNode
) -> None:
    place = place_of(handed_in, FIND_SELFCHECK)
    cell = handed_in.cells[place]
    cell.source = cell.source.replace(NO_ADDRESS, 'selfcheck_url = "https://example.org/selfcheck.py"')

    assert without_checks(handed_in, released)[0][place] == ""


def test_work_in_the_cell_that_searches_for_the_file_runs(
    handed_in: NotebookNode, released: NotebookNode
) -> None:
    place = place_of(handed_in, FIND_SELFCHECK)
    handed_in.cells[place].source += "\nimport numpy as np"

    assert place not in without_checks(handed_in, released)[0]


@pytest.mark.parametrize(
    ("source", "expected"), [(CHECK, True), (f"model = 1\n{CHECK}", True), ("model = 1", False)]
)
def test_a_cell_that_calls_a_check_is_known(source: str, expected: bool) -> None:
    assert calls_checks(source) is expected


def test_other_code_runs_in_the_place_of_a_cell_and_no_tag_keeps_a_cell_from_running(
    sandbox: Sandbox,
    digits_file: Path,
    template: Template,
    make_notebook: Callable[[dict[str, str]], NotebookNode],
    said: Callable[[Execution, str], str],
) -> None:
    notebook = make_notebook(
        {"mine": f"{CHECK}\nprint('work')", "check_cnn": CHECK, "tagged": "print('too')"}
    )
    notebook.cells[2].metadata["tags"] = ["skip-execution"]
    options = KernelOptions(sandbox, digits_file, Limits(), seed=7, threads=1, template=template)
    execution = execute(notebook, None, options, instead={0: "print('work')", 1: ""})

    assert [said(execution, name) for name in ("mine", "check_cnn", "tagged")] == ["work", "", "too"]
    assert [cell.source for cell in execution.notebook.cells] == [cell.source for cell in notebook.cells]
    assert [cell.cell for cell in execution.evidence.cells] == ["mine", "tagged"]
