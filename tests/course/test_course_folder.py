from pathlib import Path

import pytest

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise
from autograder.course.notebooks import grade_id, read_notebook
from autograder.errors import CourseError

GIVEN = ["imports", "data", "normalize", "deprocess"]
WRITTEN = ["cnn", "train", "ascent", "plot"]
POINTS = {"cnn": 20, "training": 15, "images": 10, "ascent": 20, "objective": 15, "updates": 5, "plot": 5}


def test_the_checks_are_worth_90_points_and_the_interpretation_10(repository: Course) -> None:
    assert repository.points() == POINTS
    assert sum(repository.points().values()) == 90
    assert repository.manual_points() == {"interpretation": 10}


def test_the_points_that_students_read_are_those_of_the_cells(repository: Course) -> None:
    text = "\n".join(cell.source for cell in read_notebook(repository.source_notebook()).cells)

    told = [
        int(line.split("|")[2])
        for line in text.splitlines()
        if line.startswith("| ") and "points" not in line
    ]

    assert told == [*repository.points().values(), *repository.manual_points().values()]


def test_the_notebook_has_exactly_the_cells_of_the_design(repository: Course) -> None:
    cells = read_notebook(repository.source_notebook()).cells

    roles = {
        name: (cell.metadata.nbgrader.grade, cell.metadata.nbgrader.locked, cell.metadata.nbgrader.solution)
        for cell in cells
        if (name := grade_id(cell))
    }

    assert roles == {
        **dict.fromkeys(GIVEN, (False, True, False)),
        **dict.fromkeys(WRITTEN, (False, False, True)),
        **{f"check_{name}": (True, True, False) for name in POINTS},
        "interpretation": (True, False, True),
    }
    assert all(cell.id == grade_id(cell) for cell in cells if grade_id(cell))


def test_the_source_notebook_is_stored_without_outputs(repository: Course) -> None:
    cells = read_notebook(repository.source_notebook()).cells

    assert not any(cell.outputs or cell.execution_count for cell in cells if cell.cell_type == "code")


def test_a_folder_without_an_assignment_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="gradeascent init") as refusal:
        Course.open(tmp_path)

    assert "\n" not in str(refusal.value)


def test_students_are_those_with_a_folder_for_this_assignment(course: Course) -> None:
    for folder in ("zoe/activation_maximization", "ada/activation_maximization", "bob/another"):
        (course.submitted / folder).mkdir(parents=True)

    assert course.students() == ["ada", "zoe"]
    assert course.submission_folder("ada").is_dir()
    assert course.result_folder("ada") == course.root / "graded" / "ada" / ASSIGNMENT


def test_an_assignment_with_two_notebooks_is_refused(course: Course) -> None:
    copy = course.source_notebook().with_name("copy.ipynb")
    copy.write_bytes(course.source_notebook().read_bytes())

    with pytest.raises(CourseError, match="more than one notebook"):
        course.source_notebook()


def test_init_makes_a_course_folder_with_the_same_assignment(tmp_path: Path, repository: Course) -> None:
    made = initialise(tmp_path / "new")

    assert made.points() == repository.points()
    assert made.source_notebook().read_bytes() == repository.source_notebook().read_bytes()
    assert (made.root / "nbgrader_config.py").is_file()
    assert "# conv_layers" in (made.root / "gradeascent.toml").read_text()
    assert (made.source / ASSIGNMENT / "selfcheck.py").is_file()


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(CourseError, match="not empty"):
        initialise(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_init_fills_an_empty_folder(tmp_path: Path) -> None:
    assert initialise(tmp_path).root == tmp_path.resolve()
