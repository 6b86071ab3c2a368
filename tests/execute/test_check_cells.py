"""Which cells only call the self-checks, and are therefore not run when a submission is graded."""

from __future__ import annotations

import nbformat
import pytest

from autograder.execute.runner import is_check

CHECK = "# The network\nimport selfcheck\n\nselfcheck.check_cnn(globals())"


@pytest.mark.parametrize(
    ("source", "only_checks"),
    [
        (CHECK, True),
        (f"{CHECK}\nselfcheck.check_training(globals())", True),
        (f"model = build()\n{CHECK}", False),
        ("results = model.fit(x_train, y_train); selfcheck.check_training(globals())", False),
        ("selfcheck.check_cnn(build_and_train())", False),
        ("print('then call selfcheck.check_cnn(globals())')", False),
        ("# selfcheck.check_cnn(globals())", False),
        (f"%time model.fit(x_train, y_train)\n{CHECK}", False),
    ],
)
def test_a_cell_without_a_name_is_a_check_if_it_does_nothing_else(source: str, only_checks: bool) -> None:
    assert is_check(nbformat.v4.new_code_cell(source)) is only_checks


@pytest.mark.parametrize(("name", "expected"), [("check_cnn", True), ("cnn", False), ("mine", False)])
def test_a_cell_with_a_name_is_a_check_by_its_name(name: str, expected: bool) -> None:
    cell = nbformat.v4.new_code_cell(f"model = build()\n{CHECK}", metadata={"nbgrader": {"grade_id": name}})

    assert is_check(cell) is expected
