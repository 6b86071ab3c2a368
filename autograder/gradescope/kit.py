"""The kit as a source package that pip can install in a container, with nothing that reveals solutions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import entry_points, metadata, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from autograder.execute.sandbox import kit_packages
from autograder.exercise import GROUP, loadable

# Solutions, or files that reveal them; grading does not need these.
LEFT_OUT = (
    "autograder/audit",
    "autograder/cli.py",
    "autograder/commands",
    "autograder/course/assignments",
    "autograder/course/initialise.py",
    "autograder/demo",
    "autograder/review",
    "solutions/cnn.py",
    "solutions/ising_maps.py",
)
# These compute the numbers in the reports; everything else may be newer.
PINNED = ("keras", "numpy", "tensorflow")


def kit_files() -> Iterator[tuple[str, bytes]]:
    """Yield every file of the source package, by its path in the package."""
    yield "pyproject.toml", _project().encode()
    for package in kit_packages():
        for path in sorted(package.rglob("*")):
            name = path.relative_to(package.parent)
            if path.is_file() and not _is_left_out(name):
                yield name.as_posix(), path.read_bytes()
    for exercise in loadable():  # what lies beside a notebook when it runs
        for path in exercise.brought_files():
            yield f"autograder/course/assignments/{exercise.name}/{path.name}", path.read_bytes()


def constraints() -> str:
    """Return pip constraints with the versions installed here, so that scores come out the same there."""
    return "".join(f"{name}=={version(name)}\n" for name in PINNED)


def _is_left_out(name: Path) -> bool:
    is_sample = name.is_relative_to("autograder/exercises") and "samples" in name.parts
    return "__pycache__" in name.parts or is_sample or any(name.is_relative_to(other) for other in LEFT_OUT)


def _project() -> str:
    """Return a `pyproject.toml` with the installed kit's metadata; every JSON string is valid TOML."""
    lines = [
        "[build-system]",
        'requires = ["hatchling>=1.26"]',
        'build-backend = "hatchling.build"',
        "[project]",
        'name = "gradeascent"',
        f"version = {json.dumps(version('gradeascent'))}",
        f"requires-python = {json.dumps(metadata('gradeascent')['Requires-Python'])}",
        f"dependencies = {json.dumps(sorted(_dependencies()))}",
        f'[project.entry-points."{GROUP}"]',
        *(f"{one.name} = {json.dumps(one.value)}" for one in entry_points(group=GROUP)),
        "[tool.hatch.build.targets.wheel]",
        'packages = ["autograder", "solutions"]',
    ]
    return "\n".join(lines) + "\n"


def _dependencies() -> Iterator[str]:
    """Yield the dependencies of the kit and of student notebooks, without those for development."""
    for requirement in map(Requirement, requires("gradeascent") or ()):
        if requirement.marker is None or requirement.marker.evaluate({"extra": "student"}):
            requirement.marker = None
            yield str(requirement)
