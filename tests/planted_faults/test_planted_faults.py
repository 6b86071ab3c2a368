"""Every planted fault still fits the source, so that `plant.py` can show which test finds it."""

from __future__ import annotations

import ast
from pathlib import PurePath

import pytest
from jinja2 import Environment
from planted_faults.plant import ROOT, Fault, PlantingError, failed_tests, planted, read_faults

FAULTS = read_faults()
FOLDERS = {
    "solutions", "autograder/audit", "autograder/cluster", "autograder/course", "autograder/collect",
    "autograder/execute", "autograder/execute/inside", "autograder/gradescope", "autograder/record",
    "autograder/duplicates", "autograder/export", "autograder/feedback", "autograder/grading",
    "autograder/grading/rescore", "autograder/review", "autograder/verify",
    "autograder/exercises/activation_maximization/rubric", "autograder/exercises/activation_maximization/verify",
}  # fmt: skip


def test_there_are_thirty_in_all_folders_and_each_has_its_name() -> None:
    assert len(FAULTS) >= 30
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert {str(fault.file.parent) for fault in FAULTS} >= FOLDERS


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_fits_the_source_and_leaves_it_readable(fault: Fault) -> None:
    source = (ROOT / fault.file).read_text(encoding="utf-8")

    faulty = planted(fault, source)

    assert faulty != source
    if fault.file.suffix == ".py":
        assert ast.dump(ast.parse(faulty)) != ast.dump(ast.parse(source))
    else:
        assert fault.file.suffix == ".html"
        Environment(autoescape=True).parse(faulty)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_tests_of_a_fault_exist(fault: Fault) -> None:
    assert fault.tests
    for test in fault.tests:
        file, _, name = test.partition("::")
        assert PurePath(file).parts[0] == "tests"
        assert f"def {name.partition('[')[0]}" in (ROOT / file).read_text(encoding="utf-8")


SOURCE = """
import os

class Store:
    @property
    def size(self):
        return 1

    def write(self):
        def done():
            return 1
        return done

def write():
    return 1
"""


@pytest.mark.parametrize(
    ("function", "line"),
    [
        ("Store.size", "        return 2"),
        ("Store.write.done", "            return 2"),
        ("write", "    return 2"),
    ],
)
def test_a_fault_is_planted_in_the_named_function_only(function: str, line: str) -> None:
    fault = Fault("two", "store", function, "return 1", "return 2", "", ())

    changed = set(planted(fault, SOURCE).splitlines()) - set(SOURCE.splitlines())

    assert changed == {line}
    assert planted(fault, SOURCE).count("return 2") == 1


@pytest.mark.parametrize(
    ("function", "pattern"), [("Store", "return 1"), ("", "return 3"), ("read", "return 1")]
)
def test_a_fault_that_does_not_fit_is_refused(function: str, pattern: str) -> None:
    with pytest.raises(PlantingError):
        planted(Fault("none", "store", function, pattern, "", "", ()), SOURCE)


def test_failed_tests_are_read_from_the_summary() -> None:
    output = "FAILED tests/a.py::test_a[x y] - assert 1 == 2\nERROR tests/a.py::test_b - OSError\n1 failed, 1 error\n"

    assert failed_tests(output) == ("tests/a.py::test_a[x y]", "tests/a.py::test_b")
