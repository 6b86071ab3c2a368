"""The demonstration gives every sample the verdict of a fair teacher, and a page on which to see it."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from served_course import come_in, open_chromium, serving

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook
from autograder.course.initialise import initialise
from autograder.course.notebooks import compose, read_notebook, write_notebook
from autograder.demo import demonstrate as demonstration
from autograder.demo.demonstrate import demo_course, demo_settings, demonstrate, sample_answers
from autograder.errors import CourseError, GradeascentError
from autograder.exercise import find_exercise, offered
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.progress.step import Step
from autograder.record.files import (
    read_report,
)
from autograder.record.recorded import autograded_notebook
from autograder.report import Report
from autograder.settings import load_settings


class Silent:
    """Progress that is not shown."""

    def started(self, student: str) -> None: ...
    def step(self, student: str, step: Step) -> None: ...
    def finished(self, student: str, report: Report, *, was_up_to_date: bool) -> None: ...

    def failed(self, student: str, error: GradeascentError | OSError) -> None:
        raise error


@contextmanager
def silent(total: int) -> Iterator[Silent]:
    yield Silent()


@dataclass(frozen=True)
class Demonstration:
    page: Path
    said: list[str]
    reports: dict[str, Report]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    said: list[str] = []
    directory = tmp_path_factory.mktemp("demo") / "course"
    page = demonstrate(directory, said.append, silent)
    course = Course.open(directory)
    reports = {student: read_report(course.result_folder(student)) for student in course.students()}
    return Demonstration(page, said, {student: report for student, report in reports.items() if report})


FULL = {
    "cnn": 20.0, "training": 15.0, "images": 10.0, "ascent": 20.0,
    "objective": 15.0, "updates": 5.0, "plot": 5.0,
}  # fmt: skip
EXPECTED = {
    "emmy": FULL,
    "paul": FULL | {"cnn": 15.0},
    "isaac": FULL | {"ascent": 0.0, "objective": 0.0},
    # his objective is right, so some images show the pattern through the noise: the points are as measured
    "max": FULL | {"ascent": 0.0, "objective": pytest.approx(7, abs=7), "updates": 0.0},
    "ada": FULL | {"objective": 0.0},
    "carl": dict.fromkeys(FULL, 0.0) | {"cnn": 20.0, "training": 15.0},
}


@pytest.mark.deep
@pytest.mark.parametrize("student", sorted(EXPECTED))
def test_a_sample_gets_the_points_that_a_fair_teacher_gives(shown: Demonstration, student: str) -> None:
    report = shown.reports[student]

    assert {name: result.score for name, result in report.criteria.items()} == EXPECTED[student]
    assert report.outcome == "graded"
    assert not report.needs_review


@pytest.mark.deep
@pytest.mark.parametrize(
    ("student", "criterion", "cause"),
    [
        ("paul", "cnn", "3 convolution layers"),
        ("isaac", "ascent", "The steps go down the gradient"),
        ("max", "ascent", "normalized"),
        ("ada", "objective", "They all climb the feature map of filter 0"),
        ("carl", "images", "NameError: name 'visualised_feature' is not defined"),
    ],
)
def test_the_feedback_names_what_the_student_did_wrong(
    shown: Demonstration, student: str, criterion: str, cause: str
) -> None:
    assert cause in shown.reports[student].criteria[criterion].feedback


@pytest.mark.deep
def test_the_page_names_every_student(shown: Demonstration) -> None:
    html = shown.page.read_text(encoding="utf-8")

    assert all(f">{student}</a>" in html for student in sample_answers(EXERCISE.samples))


@pytest.mark.deep
def test_it_ends_by_saying_where_to_look(shown: Demonstration) -> None:
    end = "\n".join(shown.said[-8:])

    assert str(shown.page) in end
    assert "report.json" in end
    assert "gradeascent grade --course" in end


@pytest.mark.deep
def test_scores_are_in_the_gradebook_and_in_a_table_and_every_student_has_a_page(
    shown: Demonstration,
) -> None:
    course = Course.open(shown.page.parents[1])

    with (course.root / "scores.csv").open(newline="") as table:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(table)}
    assert scores == {student: report.score for student, report in shown.reports.items()}
    assert {page.parts[-3] for page in course.root.glob("feedback/*/*/*.html")} == set(scores)


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("all my work")

    with pytest.raises(CourseError, match="not empty"):
        demonstrate(tmp_path, lambda line: None, silent)

    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("name", offered())
def test_the_course_grades_on_the_built_in_data_also_afterwards(name: str, tmp_path: Path) -> None:
    known = find_exercise(name).load_data()
    data = known.for_demo()

    course = demo_course(tmp_path / "course", name, data)

    settings = load_settings(course.root)
    assert (settings.exercise, settings.profile) == (name, "quick")
    assert (known.read(course.root / settings.data).x_train == data.data.x_train).all()


@pytest.mark.deep
def test_another_exercise_has_a_demo_of_its_own(tmp_path: Path) -> None:
    name, said = "ising_activation_maps", []

    page = demonstrate(tmp_path / "course", said.append, silent, name)

    course = Course.open(tmp_path / "course")
    lise, otto = (read_report(course.result_folder(student)) for student in ("lise", "otto"))
    assert lise is not None
    assert otto is not None
    assert (lise.score, otto.score) == (90.0, 75.0)
    assert otto.criteria["alignment"].cause == "transposed"
    assert "maps of otto" in page.read_text(encoding="utf-8")
    assert f"feedback/<student>/{name}/{name}.html" in "\n".join(said)


def test_without_a_sandbox_the_samples_run_bare_and_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demonstration, "bubblewrap_problem", lambda: "bubblewrap is not installed")
    said: list[str] = []

    settings = demo_settings(initialise(tmp_path / "course"), said.append)

    assert settings.sandbox == "none"
    assert load_settings(tmp_path / "course").sandbox == "bwrap"
    assert "bubblewrap is not installed" in said[0]


@pytest.mark.deep
def test_tas_see_the_real_grids_on_the_wall_and_at_the_desk(shown: Demonstration, tmp_path: Path) -> None:
    """With GRADEASCENT_PICTURES=docs, it makes the pictures of the TAs' pages in the documentation."""
    pictures = Path(os.environ.get("GRADEASCENT_PICTURES", tmp_path))
    course = Course.open(shutil.copytree(shown.page.parents[1], tmp_path / "course"))
    let_answer(
        course,
        "emmy",
        "The first layers want edges of one direction.\n\nThe filters of `conv2d_3` want *stripes*.",
    )
    let_answer(course, "paul", "All of them look like stripes.")

    with serving(course) as server, open_chromium() as browser:
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        come_in(page, "Bea", server)
        for name, address in (("review_wall", server.root), ("review_desk", server.desk("emmy"))):
            page.goto(address)
            page.evaluate("Promise.all([...document.images].map(image => image.decode()))")
            if name == "review_desk":
                page.get_by_label("Filter", exact=True).fill("12")
                page.get_by_label("Points").first.fill("8")
            page.screenshot(path=pictures / f"{name}.png")

        assert page.locator("[data-grid]").count() == 2
        assert page.locator("[data-filters] tr").count() == 64


def let_answer(course: Course, student: str, answer: str) -> None:
    """Put an answer where the sample has none, and let it wait for a TA."""
    file = autograded_notebook(course, student, ASSIGNMENT)
    write_notebook(compose(read_notebook(file), {"interpretation": answer}), file)
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade("interpretation", ASSIGNMENT, ASSIGNMENT, student)
        grade.auto_score, grade.needs_manual_grade = None, True
        gradebook.db.commit()
