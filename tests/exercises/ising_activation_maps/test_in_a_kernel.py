"""The second exercise from end to end: a notebook in its sandbox, measured outside, scored, recorded and looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from command_line import succeed
from ising_cells import NAME, SUBMISSIONS
from read_page import Page

from autograder.audit.labelled import read_labelled
from autograder.course.folder import Course
from autograder.course.initialise import initialise
from autograder.course.notebooks import compose, write_notebook
from autograder.course.release import enter_assignment
from autograder.execute.sandbox import Sandbox
from autograder.record.files import read_report
from autograder.report import Report
from autograder.review.pages import ReviewPages, Visit
from autograder.review.sessions import Session
from autograder.review.submissions import key_of

COMPLETE = {one.name: one.answers for one in read_labelled(SUBMISSIONS)}["matrix_product_axes_last"]
# Maps are right or wrong however badly their network reads phases, and this one is trained in a second.
HASTY = {
    "cnn": """model = keras.Sequential([
    layers.Input(shape=(32, 32, 1)),
    layers.Conv2D(8, 3, strides=2, activation="relu", padding="same"),
    layers.Conv2D(12, 3, activation="relu", padding="same", name="last_conv"),
    layers.GlobalAveragePooling2D(),
    layers.Dense(2, activation="softmax", name="classes"),
])""",
    "train": """model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train[:320], y_train[:320], epochs=1, batch_size=32, verbose=2)""",
}


def graded_course(root: Path, answers: Mapping[str, str], *options: str) -> Course:
    """A course in which ada's notebook, with these answers beside a module of her own, is graded and recorded."""
    course = initialise(root, NAME)
    folder = course.submission_folder("ada")
    write_notebook(compose(enter_assignment(course), answers), folder / f"{NAME}.ipynb")
    (folder / "ising.py").write_text("raise ImportError('of the student')")
    succeed(["grade", "--course", str(course.root), "--jobs", "1", *options])
    return course


def report_of(course: Course) -> Report:
    report = read_report(course.result_folder("ada"))
    assert report is not None
    return report


@pytest.fixture(scope="session")
def hasty(make_once: Callable[[str, Callable[[Path], None]], Path], sandbox: Sandbox) -> Course:
    """A course of which nothing is changed; its one network is hardly trained."""

    def grade(root: Path) -> None:
        graded_course(root, {**COMPLETE, **HASTY}, "--profile", "quick")

    return Course.open(make_once("hasty", grade))


def test_what_is_right_is_seen_in_a_kernel_and_what_is_not_costs_only_its_criterion(hasty: Course) -> None:
    report = report_of(hasty)

    assert (report.outcome, report.assignment) == ("graded", NAME)
    earned = {name: result.score for name, result in report.criteria.items() if name != "training"}
    assert earned == {name: result.max_score for name, result in report.criteria.items() if name in earned}
    assert set(earned) == {"cnn", "choice", "maps", "alignment", "plot"}
    assert report.criteria["training"].cause == "low_accuracy"
    assert (hasty.result_folder("ada") / "grid.png").read_bytes().startswith(b"\x89PNG")


def test_the_desk_calls_things_by_the_exercises_words(hasty: Course) -> None:
    pages = ReviewPages(hasty, NAME)
    session = Session(name="Bea")
    key = key_of(NAME, "ada")

    desk = Page(bytes(pages.desk(Visit(session, f"/desk/{key}", {"key": key})).body).decode())
    small = pages.picture(Visit(session, "", {"key": key, "size": "small"}))

    assert "Map 0" in desk.words
    assert "held-out lattices, measured again" in desk.words
    assert "what they tell you about the phases" in desk.words
    assert not re.search(r"\b([Ff]ilters?|Features|digits)\b", desk.words)
    grids = [about for kind, about in desk.elements if "draggable" in about]
    assert [(one["alt"], one["width"], one["height"]) for one in grids] == [
        ("8 maps, handed in", "118", "58"),
        ("8 maps, reference", "118", "58"),
    ]
    assert small.media_type == "image/webp"


@pytest.mark.deep
def test_a_complete_notebook_earns_all_points_in_the_full_profile(tmp_path: Path, sandbox: Sandbox) -> None:
    report = report_of(graded_course(tmp_path / "course", COMPLETE))

    assert (report.score, report.needs_review) == (90.0, False)
