"""Nobody is kept out of a page: axe-core looks at each one in a real browser, in light and in dark.

What it can see is what a machine can see of accessibility: names, roles, contrast, what keys can reach.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from made_films import with_films
from made_reports import make_report
from playwright.sync_api import Page
from served_course import Chromium, Server, come_in, serving

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook
from autograder.course.initialise import initialise
from autograder.course.notebooks import read_notebook, write_notebook
from autograder.evidence import Outcome
from autograder.exercises.activation_maximization.grid import draw_grid
from autograder.feedback.make import make_pages
from autograder.measurements import (
    FilterMeasurement,
    ImagesMeasurement,
    Measurements,
    ModelMeasurement,
    measurements_to_json,
)
from autograder.pictures import Pictures, pictures_to_npz
from autograder.plain.files import write_whole
from autograder.record.files import (
    MEASUREMENTS,
    PICTURES,
    REPORT,
)
from autograder.report import Flag, Result, Status
from autograder.review.gallery import write_gallery

REPOSITORY = Path(__file__).resolve().parents[2]
POINTS = {
    "cnn": 20.0,
    "training": 15.0,
    "images": 10.0,
    "ascent": 20.0,
    "objective": 15.0,
    "updates": 5.0,
    "plot": 5.0,
}
SHARE: dict[Status, float] = {"pass": 1.0, "partial": 0.5, "fail": 0.0, "review": 0.5}
WIDE, TABLET, ENLARGED = (1440, 900), (820, 1180), (640, 400)  # the last is 1280 x 800 at 200 %
GRAVE = {"serious", "critical"}
Outlook = Callable[[str, str, tuple[int, int]], Page]


def verdicts(**statuses: Status) -> dict[str, Result]:
    """Full marks but where something else is said."""
    return {
        name: Result(
            status=statuses.get(name, "pass"),
            score=points * SHARE[statuses.get(name, "pass")],
            max_score=points,
            feedback="Look at the sign with which the gradient is added.",
            measured={"gain": 0.5, "layer": "conv2d_3"},
            cause="" if statuses.get(name, "pass") == "pass" else "gradient_descent",
        )
        for name, points in POINTS.items()
    }


MEASURED = Measurements(
    outcome="graded",
    model=ModelMeasurement(
        "model", 4, 0, (28, 28, 1), 10, compiled=True, epochs=3, updates=600, loss="categorical_crossentropy",
        learning_rate=1e-3, accuracy=0.98, digits=1024,
    ),
    images=ImagesMeasurement(
        "visualized_feature", "conv2d_3", "conv2d_3", 64, 64, 64, 64, "image", True, 1.0,
        tuple(FilterMeasurement(i, i != 3, True, 0.1, 9.0, 10.0, 0.9, 1.0, 0.9, i, 0.9, 0.9) for i in range(64)),
    ),
)  # fmt: skip


def store(course: Course, student: str, criteria: dict[str, Result], outcome: Outcome = "graded") -> None:
    """Put the results of a submission where the grader puts them."""
    random = np.random.default_rng(len(student))
    images = random.random((64, 28, 28), dtype=np.float32)
    curves = np.cumsum(random.random((64, 51), dtype=np.float32), axis=1)
    pictures = Pictures(images, images[::-1], np.arange(64) == 3, np.arange(64) == 3, curves, curves)
    report = make_report(
        student, criteria, outcome=outcome,
        flags=[Flag(code="other_name", message="The images were found elsewhere.", needs_review=True)],
        timings={"start": 3.0, "cells": 60.0, "cell train": 40.0, "cell ascent": 15.0, "verify": 2.0},
    )  # fmt: skip
    measured = MEASURED
    if student == "bert":  # the others have results from before there were films
        measured, pictures = with_films(MEASURED, pictures, with_right=True)
    folder = course.result_folder(student)
    write_whole(folder / PICTURES, pictures_to_npz(pictures))
    write_whole(folder / MEASUREMENTS, measurements_to_json(measured))
    write_whole(folder / "grid.png", draw_grid(report, measured, pictures))
    notebook = read_notebook(course.release_folder() / f"{ASSIGNMENT}.ipynb")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="Epoch 1/3\n")]
    for place in (folder, course.root / "autograded" / student / ASSIGNMENT):
        write_notebook(notebook, place / f"{ASSIGNMENT}.ipynb")
    write_whole(folder / REPORT, report.model_dump_json())


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class with every verdict, a late hand-in, a run that failed and a grade by a person."""
    course = initialise(tmp_path_factory.mktemp("accessible") / "course")
    shutil.copytree(REPOSITORY / "release", course.release)
    students = {
        "ada": verdicts(),
        "bert": verdicts(ascent="fail", objective="fail", plot="partial"),
        "cleo": verdicts(training="review"),
    }
    for student, criteria in students.items():
        store(course, student, criteria, "timeout" if student == "cleo" else "graded")
    with open_gradebook(course) as gradebook:
        gradebook.add_assignment(ASSIGNMENT, duedate="2026-03-31 12:00:00")
        gradebook.add_notebook(ASSIGNMENT, ASSIGNMENT)
        for name, points in (POINTS | {"interpretation": 10.0}).items():
            cell = name if name == "interpretation" else f"check_{name}"
            kind = "markdown" if name == "interpretation" else "code"
            gradebook.add_grade_cell(cell, ASSIGNMENT, ASSIGNMENT, max_score=points, cell_type=kind)
        for name in ("cnn", "train", "ascent", "plot", "interpretation"):
            gradebook.add_solution_cell(name, ASSIGNMENT, ASSIGNMENT)
        for student, criteria in students.items():
            gradebook.add_student(student, first_name=student.title(), last_name="Example")
            late = student == "bert"
            gradebook.add_submission(ASSIGNMENT, student, timestamp=f"2026-0{4 if late else 3}-01 12:00:00")
            for grade in gradebook.find_submission(ASSIGNMENT, student).notebooks[0].grades:
                result = criteria.get(grade.cell.name.removeprefix("check_"))
                grade.auto_score = result.score if result is not None else None
                grade.needs_manual_grade = result is None or result.status == "review"
        graded = gradebook.find_grade("interpretation", ASSIGNMENT, ASSIGNMENT, "ada")
        graded.manual_score, graded.needs_manual_grade = 8.0, False
        comment = gradebook.find_comment("interpretation", ASSIGNMENT, ASSIGNMENT, "ada")
        comment.manual_comment = "Say more about **depth**."
        gradebook.db.commit()
    return course


@pytest.fixture(scope="module")
def site(course: Course) -> Iterator[Server]:
    with serving(course) as running:
        yield running


class Nobody:
    """Progress that fails when a page is not made."""

    def made(self, student: str) -> None: ...

    def not_made(self, student: str, error: Exception) -> None:
        raise error


@pytest.fixture(scope="module")
def addresses(course: Course, site: Server) -> dict[str, str]:
    feedback = make_pages(course, ["bert", "ada"], Nobody())
    return {
        "wall": f"{site.root}/",
        "a filtered wall": f"{site.root}/?cause=gradient_descent&show=ungraded",
        "desk": site.desk("bert"),
        "graded desk": site.desk("ada"),
        "class": f"{site.root}/class",
        "name": f"{site.root}/who",
        "gallery": write_gallery(course, ASSIGNMENT, course.root / "gallery").as_uri(),
        "feedback": feedback["bert"].html.as_uri(),
        "graded feedback": feedback["ada"].html.as_uri(),
    }


@pytest.fixture(scope="module")
def look(chromium: Chromium, site: Server, addresses: dict[str, str]) -> Iterator[Outlook]:
    """Open one of the pages in light or dark, in a window of some size, as a TA who has come in already."""
    pages: dict[str, Page] = {}

    def open_page(name: str, scheme: str, size: tuple[int, int]) -> Page:
        if scheme not in pages:
            context = chromium.new_context(color_scheme=scheme)
            pages[scheme] = come_in(context.new_page(), "Grace Example", site)
        page = pages[scheme]
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(addresses[name])
        return page

    yield open_page
    for page in pages.values():
        chromium.close_context(page.context)


PAGES = (
    "wall",
    "a filtered wall",
    "desk",
    "graded desk",
    "class",
    "name",
    "gallery",
    "feedback",
    "graded feedback",
)


def grave_faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {json.dumps(node['any'] and node['any'][0]['message'])}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.deep)])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(name: str, scheme: str, look: Outlook) -> None:
    page = look(name, scheme, WIDE)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")

    assert grave_faults(page) == []


def test_a_fault_would_be_found(look: Outlook) -> None:
    page = look("desk", "light", WIDE)
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('afterbegin', '<img src=data:,><input>')"
    )

    assert {fault.partition(":")[0] for fault in grave_faults(page)} == {"image-alt", "label"}


@pytest.mark.parametrize("name", ["wall", "desk"])
def test_the_list_of_keys_has_nothing_serious_either(name: str, look: Outlook) -> None:
    page = look(name, "light", WIDE)
    page.keyboard.press("?")
    page.locator("#help").wait_for(state="visible")

    assert grave_faults(page) == []


@pytest.mark.parametrize(
    "size", [TABLET, pytest.param(ENLARGED, marks=pytest.mark.deep)], ids=["tablet", "200 %"]
)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_has_to_be_scrolled_sideways(name: str, size: tuple[int, int], look: Outlook) -> None:
    page = look(name, "light", size)

    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
