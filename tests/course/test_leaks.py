import base64
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.leaks import find_leaks
from autograder.course.selfchecks import scales
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.settings import Settings

THRESHOLDS = {"conv_layers": 4, "accuracy_full": 0.9, "filters_full": 0.95, "gain_raised": 0.12}
LINE = "input_img.assign_add(step_size*grads)"
SENTENCE = "No image shows a whole digit."


@pytest.fixture
def release(repository: Course, tmp_path: Path) -> Path:
    return shutil.copytree(repository.release_folder(), tmp_path / "release" / ASSIGNMENT)


def test_the_real_release_leaks_nothing(repository: Course, release: Path) -> None:
    real = Thresholds().model_dump()

    assert find_leaks(repository.source_notebook(), release, real, stated=scales(Settings())) == []


def in_cell(name: str, change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        path = folder / f"{ASSIGNMENT}.ipynb"
        notebook = json.loads(path.read_text())
        change(next(cell for cell in notebook["cells"] if cell["id"] == name))
        path.write_text(json.dumps(notebook))

    return plant


def in_file(name: str, text: str) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        with (folder / name).open("a") as file:
            file.write(f"\n{text}\n")

    return plant


def in_archive(folder: Path) -> None:
    with zipfile.ZipFile(folder / "extra.zip", "w") as archive:
        archive.writestr("inner/answer.py", LINE)


def output(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": [text]}


PLANTED = {
    "code in another cell": (
        in_cell("plot", lambda cell: cell["source"].append(f"\n    {LINE}")),
        "cell plot: a part of the solution of 'ascent'",
    ),
    "code with other spaces in text": (
        in_cell("title", lambda cell: cell["source"].append(f"\nTry `{LINE.replace('*', ' * ')}`!")),
        "cell title: a part of the solution of 'ascent'",
    ),
    "the model answer": (
        in_cell("about", lambda cell: cell["source"].append(f"\n{SENTENCE}")),
        "cell about: a part of the solution of 'interpretation'",
    ),
    "an output": (
        in_cell("cnn", lambda cell: cell["outputs"].append(output(f"{LINE}\n"))),
        "cell cnn, outputs: a part of the solution",
    ),
    "metadata": (
        in_cell("cnn", lambda cell: cell["metadata"].update(note=LINE)),
        "cell cnn, metadata: a part of the solution",
    ),
    "an attachment": (
        in_cell("title", lambda cell: cell.update(attachments={"a.txt": {"text/plain": LINE}})),
        "cell title, attachments: a part of the solution",
    ),
    "an encoded attachment": (
        in_cell(
            "title",
            lambda cell: cell.update(
                attachments={"a.txt": {"text/plain": base64.b64encode(LINE.encode()).decode()}}
            ),
        ),
        "cell title, attachments: a part of the solution",
    ),
    "another file": (in_file("notes.md", LINE), "notes.md: a part of the solution"),
    "a file in an archive": (in_archive, "extra.zip/inner/answer.py: a part of the solution"),
    "a broken notebook": (in_file("old.ipynb", LINE), "old.ipynb: a part of the solution"),
    "a marker": (
        in_cell("plot", lambda cell: cell["source"].append("\n### END SOLUTION")),
        "cell plot: the marker 'END SOLUTION'",
    ),
    "a hidden test": (in_file("selfcheck.py", "### BEGIN HIDDEN TESTS"), "the marker 'BEGIN HIDDEN TESTS'"),
    "an import of the kit": (in_file("selfcheck.py", "from autograder import rubric"), "it uses the kit"),
    "an import of the solutions": (
        in_cell("imports", lambda cell: cell["source"].append("\nimport numpy, solutions")),
        "cell imports: it uses the kit",
    ),
    "the name of a threshold": (
        in_file("selfcheck.py", "# see accuracy_full"),
        "the name of the hidden threshold 'accuracy_full'",
    ),
    "a threshold in the self-check": (
        in_file("selfcheck.py", "enough = 0.90"),
        "the number 0.90 is the hidden threshold 'accuracy_full'",
    ),
    "a threshold in percent": (
        in_file("selfcheck.py", "# 95 % of them"),
        "the number 95 % is the hidden threshold 'filters_full'",
    ),
    "a threshold in a check cell": (
        in_cell("check_ascent", lambda cell: cell["source"].append("\nassert gain > .12")),
        "cell check_ascent: the number .12 is the hidden threshold 'gain_raised'",
    ),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_leak_is_found(repository: Course, release: Path, kind: str) -> None:
    plant, words = PLANTED[kind]
    plant(release)

    leaks = find_leaks(repository.source_notebook(), release, THRESHOLDS)

    assert any(words in leak for leak in leaks), leaks
    assert not any("\n" in leak for leak in leaks)


def test_a_number_that_the_exercise_itself_names_is_no_leak(repository: Course, release: Path) -> None:
    assert THRESHOLDS["conv_layers"] == 4
    in_file("selfcheck.py", "asked_for = 4")(release)

    leaks = find_leaks(repository.source_notebook(), release, THRESHOLDS, stated=scales(Settings()))

    assert leaks == []
