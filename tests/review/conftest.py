"""A course as TAs find it: two submissions really graded and recorded, one of them hostile, and copies of the first.

The pages are served by the real command and looked at in a real browser.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import succeed
from playwright.sync_api import Page
from served_course import (
    ANSWER,
    ATTACK,
    COPIES,
    MALLORY,
    Chromium,
    Enter,
    Server,
    come_in,
    copy_submissions,
    open_chromium,
    serving,
)

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise
from autograder.course.notebooks import compose, write_notebook
from autograder.course.release import enter_assignment
from autograder.execute.sandbox import Sandbox

# In seconds. With two other test runs beside it, the longest test took 16.
LONGEST_TEST = 300


@pytest.fixture(scope="session")
def graded(
    make_once: Callable[[str, Callable[[Path], None]], Path],
    sandbox: Sandbox,
    digits_file: Path,
    correct_cells: dict[str, str],
) -> Course:
    """A course of which nothing is changed."""

    def grade(root: Path) -> None:
        course = initialise(root)
        released = enter_assignment(course)
        plain = correct_cells | {"plot": "", "interpretation": ANSWER}
        show = f"from IPython.display import HTML, Javascript, Markdown, display\nattack = {ATTACK!r}\n"
        show += "display(HTML(attack), Markdown(attack), Javascript('alert(6)'))\nprint(attack)\n"
        show += "raise ValueError(attack)"
        hostile = plain | {"plot": f"{show}\n# {ATTACK}", "interpretation": ATTACK}
        for student, cells in (("ada", plain), (MALLORY, hostile)):
            folder = course.submission_folder(student)
            write_notebook(compose(released, cells), folder / f"{ASSIGNMENT}.ipynb")
        arguments = ["grade", "--course", str(course.root), "--data", str(digits_file), "--profile", "quick"]
        succeed(arguments)
        copy_submissions(course, COPIES)

    return Course.open(make_once("reviewed", grade))


@pytest.fixture(scope="session")
def server(graded: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests; each works on students of its own."""
    course = Course.open(shutil.copytree(graded.root, tmp_path_factory.mktemp("served") / "course"))
    with serving(course) as running:
        yield running


@pytest.fixture(scope="module")  # while Playwright runs, nothing else in this thread can have an event loop
def chromium() -> Iterator[Chromium]:
    with open_chromium() as browser:
        yield browser


@pytest.fixture(autouse=True)
def bounded(request: pytest.FixtureRequest) -> Iterator[None]:
    """End the browser under a test that does not come to an end."""
    if "chromium" not in request.fixturenames:
        yield
        return
    with request.getfixturevalue("chromium").at_most(LONGEST_TEST):
        yield


@pytest.fixture
def enter(chromium: Chromium, server: Server) -> Iterator[Enter]:
    """Come in as a TA, on the wall; every call is another browser."""
    contexts = []

    def enter_as(name: str, at: Server = server, **settings: object) -> Page:
        context = chromium.new_context(viewport={"width": 1440, "height": 900}, **settings)
        contexts.append(context)
        return come_in(context.new_page(), name, at)

    yield enter_as
    for context in contexts:
        chromium.close_context(context)
