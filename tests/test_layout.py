"""The folders of `autograder/` import in one direction, and a module at its top is a record or the entry point."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from traitlets.utils.importstring import import_item

import autograder

PACKAGE = Path(autograder.__file__ or "").parent
# A folder imports only from those on earlier lines.
ORDER = (
    {"plain"},
    {"errors", "settings", "evidence", "measurements", "pictures", "report", "run", "exercise"},
    {"progress"},
    {"course"},
    {"collect"},
    {"execute"},
    {"verify"},
    {"rubric"},
    {"pages"},
    {"exercises"},
    {"record"},
    {"grading"},
    {"feedback", "export", "duplicates"},
    {"review"},
    {"audit", "cluster", "gradescope", "demo"},
    {"commands"},
    {"cli"},
    {"__main__"},
)
RECORDS, ENTRY_POINTS = ORDER[1], {"__init__", "__main__", "cli"}
# What only an exercise knows, as its names and texts say it.
THINGS = re.compile(
    r"(?<![A-Za-z])(?:visualized_feature|filter_index|gradient_updates|step_size|conv2d_3|layer_name|mnist|MNIST|"
    r"ascents?|deprocess_image|FilterMeasurement|ImagesMeasurement|PlotMeasurement|StepsMeasurement|MixUp)(?![A-Za-z])"
)
# Where they are named all the same.
STILL_NAMED = {
    # the record of what is measured, kept in every course's files
    "measurements.py",
    # run in the student's kernel without the kit: what the exercise calls its images, and the data set that it loads
    "execute/inside/recorder.py",
    "execute/inside/kernel.py",
}
# Former names that the nbgrader_config.py of courses may hold.
FORMER_NAMES = {"autograder.record.export", "autograder.record.feedback.exporter"}


def name_of(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# All modules by name, and where they are; not the students' cells of the demo.
MODULES = {name_of(file): file for file in PACKAGE.rglob("*.py") if "samples" not in file.parts}


def imported(name: str) -> Iterator[str]:
    """Yield the modules of the kit that a module imports, wherever in it."""
    package = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(filter(None, (above, node.module)))
            inner = {f"{module}.{alias.name}" for alias in node.names} & MODULES.keys()
            yield from inner or ({module} & MODULES.keys())


IMPORTS = {name: set(imported(name)) for name in MODULES}


def folder_of(name: str) -> str:
    return name.split(".")[1]


def line_of(name: str) -> int:
    """Return the place of a module's folder in the order."""
    return next(number for number, folders in enumerate(ORDER) if folder_of(name) in folders)


def are_records(*names: str) -> bool:
    return {folder_of(name) for name in names} <= RECORDS


def test_a_folder_imports_only_from_those_before_it() -> None:
    backwards = {
        f"{name} imports {other}"
        for name in MODULES.keys() - FORMER_NAMES - {"autograder"}
        for other in IMPORTS[name] - {"autograder"}
        if folder_of(name) != folder_of(other)
        and not (line_of(other) < line_of(name) or are_records(name, other))
    }

    assert backwards == set()


def test_imports_make_no_circle() -> None:
    order = TopologicalSorter(IMPORTS).static_order()

    assert set(order) == MODULES.keys()


def test_a_module_at_the_top_is_a_record_or_the_entry_point() -> None:
    assert {file.stem for file in PACKAGE.glob("*.py")} == RECORDS | ENTRY_POINTS


def defined_in(file: Path) -> set[str]:
    """Return the names that a module has after its import."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def test_what_the_benchmarks_import_exists() -> None:
    missing = {
        f"{file.name} imports {alias.name} from {node.module}"
        for file in (PACKAGE.parent / "benchmarks").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograder.")
        for alias in node.names
        if node.module not in MODULES or alias.name not in defined_in(MODULES[node.module])
        if f"{node.module}.{alias.name}" not in MODULES
    }

    assert missing == set()


def test_no_two_classes_share_a_name() -> None:
    defined: dict[str, list[str]] = {}
    for name, file in MODULES.items():
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                defined.setdefault(node.name, []).append(name)

    assert {name: places for name, places in defined.items() if len(places) > 1} == {}


def test_every_folder_has_its_place_in_the_order() -> None:
    folders = {file.relative_to(PACKAGE).parts[0] for file in PACKAGE.rglob("*.py")}

    assert {name.removesuffix(".py") for name in folders} - {"__init__"} == set().union(*ORDER)


def test_the_documentation_lists_the_folders_in_their_order() -> None:
    page = (PACKAGE.parent / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)

    lines = [set(re.split(r"\s{2,}", line)) & set().union(*ORDER) for line in listed.splitlines()]

    assert lines == [folders for folders in ORDER if folders - RECORDS - ENTRY_POINTS]


def named_words(file: Path) -> set[str]:
    """Return the names and texts of a module, without comments and docstrings."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    described = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, described) and node.body and isinstance(node.body[0], ast.Expr)
    }
    words = set()
    for node in ast.walk(tree):
        if id(node) not in docstrings:
            words |= {value for _, value in ast.iter_fields(node) if isinstance(value, str)}
    return words


def things_of_the_exercise(file: Path) -> set[str]:
    return {found for word in named_words(file) for found in THINGS.findall(word)}


def test_outside_its_folder_no_code_names_the_things_of_an_exercise() -> None:
    named = {
        file.relative_to(PACKAGE).as_posix(): sorted(found)
        for file in MODULES.values()
        if not file.is_relative_to(PACKAGE / "exercises") and (found := things_of_the_exercise(file))
    }

    assert {place: found for place, found in named.items() if place not in STILL_NAMED} == {}
    assert named.keys() >= STILL_NAMED, "an exception that is no longer needed"


def test_the_things_of_an_exercise_are_found_where_they_are() -> None:
    folder = PACKAGE / "exercises" / "activation_maximization"

    assert {"visualized_feature", "conv2d_3"} <= things_of_the_exercise(folder / "constants.py")
    assert {"ascent", "ImagesMeasurement"} <= things_of_the_exercise(folder / "rubric" / "fixtures.py")
    assert things_of_the_exercise(PACKAGE / "cli.py") == set()  # GradeascentError is something else


def test_former_names_hold_nothing_of_their_own() -> None:
    for name in FORMER_NAMES:
        statements = ast.parse(MODULES[name].read_text(encoding="utf-8")).body[1:]
        assert {type(statement) for statement in statements} == {ast.ImportFrom, ast.Assign}


@pytest.mark.parametrize(
    "name",
    [
        "autograder.record.feedback.exporter.FeedbackExporter",
        "autograder.record.export.CanvasExport",
        "autograder.record.autograde.SubmissionExporter",
    ],
)
def test_the_settings_of_an_older_course_find_their_plugins(name: str) -> None:
    assert import_item(name).__name__ == name.rpartition(".")[2]
