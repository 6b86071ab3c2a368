import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.notebooks import grade_id, read_notebook
from autograder.course.release import generate_release
from autograder.errors import CourseError, LeakError

NOTEBOOK = f"{ASSIGNMENT}.ipynb"


def change_source(course: Course, cell_name: str, change: Callable[[str], str]) -> None:
    notebook = json.loads(course.source_notebook().read_text())
    cell = next(cell for cell in notebook["cells"] if cell["id"] == cell_name)
    cell["source"] = change("".join(cell["source"]))
    course.source_notebook().write_text(json.dumps(notebook))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_committed_release_is_what_the_source_gives_now(course: Course, repository: Course) -> None:
    assert contents(generate_release(course)) == contents(repository.release_folder())


@pytest.mark.deep
def test_a_release_needs_no_working_directory_and_no_path(
    course: Course,
    repository: Course,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.defpath)  # nbgrader looks for alembic there

    folder = generate_release(course)

    assert (folder / NOTEBOOK).read_bytes() == (repository.release_folder() / NOTEBOOK).read_bytes()
    assert sorted(path.name for path in course.root.iterdir()) == [
        "gradebook.db",
        "nbgrader_config.py",
        "release",
        "source",
    ]
    assert list(tmp_path.iterdir()) == [course.root]
    assert capfd.readouterr() == ("", "")


def test_students_get_the_skeleton_with_places_to_fill(repository: Course) -> None:
    cells = read_notebook(repository.release_folder() / NOTEBOOK).cells
    sources = {grade_id(cell): cell.source for cell in cells if grade_id(cell)}

    assert sources["cnn"] == "# YOUR CODE HERE\n..."
    assert sources["interpretation"] == "YOUR ANSWER HERE"
    assert "    for update in range(gradient_updates):\n" in sources["ascent"]
    assert "        # YOUR CODE HERE\n        ...\n" in sources["ascent"]
    assert sources["plot"].startswith("figure = plt.figure(figsize=(12, 12))\n")
    for name, source in sources.items():
        if name != "interpretation":
            compile(source, name, "exec")


def test_a_leak_leaves_no_release_behind(course: Course) -> None:
    (course.source / ASSIGNMENT / "notes.txt").write_text("input_img.assign_add(step_size * grads)")

    with pytest.raises(LeakError, match=r"notes\.txt: a part of the solution of 'ascent'"):
        generate_release(course)

    assert sorted(path.name for path in course.root.iterdir()) == ["nbgrader_config.py", "source"]


@pytest.mark.deep
def test_a_leak_leaves_the_old_release_as_it_was(course: Course) -> None:
    before = (generate_release(course) / NOTEBOOK).read_bytes()
    (course.source / ASSIGNMENT / "notes.txt").write_text("input_img.assign_add(step_size * grads)")

    with pytest.raises(LeakError, match=r"notes\.txt"):
        generate_release(course)

    assert (course.release_folder() / NOTEBOOK).read_bytes() == before
    assert not (course.release_folder() / "notes.txt").exists()


@pytest.mark.deep
def test_hidden_thresholds_are_looked_for(course: Course) -> None:
    with (course.source / ASSIGNMENT / "selfcheck.py").open("a") as file:
        file.write("\nENOUGH = 0.87\n")

    with pytest.raises(LeakError, match=r"0\.87 is the hidden threshold 'enough'"):
        generate_release(course, hidden_thresholds={"enough": 0.87})


@pytest.mark.deep
def test_nbgraders_reason_reaches_the_instructor_in_one_line(course: Course) -> None:
    change_source(course, "data", lambda text: f"### BEGIN SOLUTION\n{text}\n### END SOLUTION")

    with pytest.raises(CourseError, match="all solution regions are within solution cells") as refusal:
        generate_release(course)

    assert "\n" not in str(refusal.value)
    assert not course.release.exists()


def test_a_fresh_release_runs_through_and_every_check_says_what_is_missing(
    repository: Course, run_all: Callable[[Path], dict[str, str]]
) -> None:
    printed = run_all(repository.release_folder() / NOTEBOOK)

    checks = {name: text for name, text in printed.items() if name.startswith("check_")}
    assert sorted(checks) == sorted(f"check_{name}" for name in repository.points())
    for text in checks.values():
        assert " ✗ " in text
        assert "could not finish" not in text


@pytest.mark.deep
def test_with_the_solutions_every_check_is_content(
    repository: Course, run_all: Callable[[Path], dict[str, str]]
) -> None:
    printed = run_all(repository.source_notebook())

    for name in repository.points():
        assert " ✓ " in printed[f"check_{name}"]
        assert " ✗ " not in printed[f"check_{name}"], printed[f"check_{name}"]
