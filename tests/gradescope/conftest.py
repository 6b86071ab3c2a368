"""The bundle of a course, and containers in which Gradescope would run it.

A container is made by bubblewrap: this machine, with the layout that Gradescope makes in `/autograder`, and with
the tests' own environment where the bundle's `setup.sh` would have installed one. The kit in it is the bundle's.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from command_line import succeed

import autograder
import solutions
from autograder.course.folder import ASSIGNMENT, Course
from autograder.execute.sandbox import Sandbox

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Container:
    """The content of `/autograder`, and what else is different on that machine."""

    root: Path
    bound: Mapping[Path, Path]

    def run(self) -> dict[str, Any]:
        """Grade the submission in it; return the results."""
        printed = subprocess.run(
            [*self._command(), "/autograder/run_autograder"], stdout=subprocess.PIPE, text=True, check=True
        ).stdout
        (self.root / "results" / "stdout").write_text(printed)
        results: dict[str, Any] = json.loads((self.root / "results" / "results.json").read_text())
        return results

    def _command(self) -> list[str]:
        # without a process namespace: what is watched are the processes in /proc, which is the machine's
        options = ["bwrap", "--die-with-parent", "--clearenv"]
        options += ["--setenv", "PATH", "/usr/sbin:/usr/bin:/sbin:/bin", "--setenv", "HOME", "/root"]
        for path in _machine():
            kind = ("--symlink", str(path.readlink())) if path.is_symlink() else ("--dev-bind", str(path))
            options += [*kind, str(path)]
        options += ["--bind", str(self.root), "/autograder", "--ro-bind", sys.prefix, "/opt/gradeascent"]
        for package in (autograder, solutions):
            installed = Path(package.__file__ or "").parent
            options += ["--ro-bind", str(self.root / "source" / "kit" / installed.name), str(installed)]
        for path, content in self.bound.items():
            options += ["--ro-bind", str(content), str(path)]
        return [*options, "--chdir", "/autograder", "--"]


def _machine() -> Iterator[Path]:
    """Yield what to show of this machine, so that nothing is made in its folders to mount things on."""
    for path in Path("/").iterdir():
        yield from path.iterdir() if path.name == "opt" else [path]


@pytest.fixture(scope="session")
def bundled_course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(REPOSITORY / "source" / ASSIGNMENT, root / "source" / ASSIGNMENT)
    (root / "gradeascent.toml").write_text(
        "[thresholds]\naccuracy_full = 0.8\n[limits]\ncell_seconds = 200\n"
    )
    (root / "rubric").mkdir()
    (root / "rubric" / "test_own.py").write_text(
        "def test_plot(images, award):\n    award(0.5, 'In this course <b>half</b> a plot is enough.')\n"
    )
    return Course.open(root)


@pytest.fixture(scope="session")
def bundle(bundled_course: Course, digits_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle, as the command makes it, unpacked as Gradescope does it."""
    folder = tmp_path_factory.mktemp("bundle")
    archive = folder / "autograder.zip"
    arguments = ["--course", str(bundled_course.root), "--to", str(archive), "--data", str(digits_file)]
    succeed(["gradescope-bundle", *arguments, "--minutes", "10"])
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder / "source")
    return folder / "source"


MakeContainer = Callable[..., Container]


@pytest.fixture
def make_container(bundle: Path, sandbox: Sandbox, tmp_path: Path) -> MakeContainer:
    """Make a container for a notebook, given as its text."""

    def make(notebook: str, bound: Mapping[Path, Path] | None = None, **changed: str) -> Container:
        root = tmp_path / "autograder"
        shutil.copytree(bundle, root / "source")
        for name, text in changed.items():
            (root / "source" / name).write_text(text)
        (root / "submission").mkdir()
        (root / "submission" / "my notebook.ipynb").write_text(notebook)
        (root / "results").mkdir()
        (root / "submission_metadata.json").write_text('{"id": 1234, "users": [{"name": "A Student"}]}')
        shutil.copy(root / "source" / "run_autograder", root)
        (root / "run_autograder").chmod(0o755)
        return Container(root, bound or {})

    return make
