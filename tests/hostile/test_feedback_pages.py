"""Whatever students and their kernels leave in a notebook, its feedback page shows it and does nothing.

One student has put an attack into every place of a notebook that they can reach: markdown, raw cells, outputs of every
kind, attachments, metadata, a name. The page is opened in a real browser, beside a server that no page should ask.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from hostile_markup import FORBIDDEN, MARKUP
from nbformat import NotebookNode
from onlookers import Canary, Visit, listening_canary, visit

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook
from autograder.course.initialise import initialise
from autograder.course.marks import Mark, Marks
from autograder.course.notebooks import write_notebook
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.feedback import page as feedback_page
from autograder.feedback.make import make_pages
from autograder.feedback.page import Material, render_page
from autograder.pages.web_page import make_environment

Tell = Callable[[str, str], None]


WHERE = (
    "in markdown",
    "as HTML output",
    "as markdown output",
    "in a raw cell",
    "as SVG output",
    "as JavaScript output",
)


POINTS = {"check_cnn": 20.0, "interpretation": 10.0}


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    with listening_canary() as listening:
        yield listening


def cells_of(attack: str) -> Iterator[NotebookNode]:
    """The attack in every kind of cell and output."""
    output = nbformat.v4.new_output
    yield nbformat.v4.new_markdown_cell(attack)
    yield nbformat.v4.new_raw_cell(attack, metadata={"raw_mimetype": "text/html"})
    kinds = (
        "text/html",
        "text/markdown",
        "image/svg+xml",
        "application/javascript",
        "text/latex",
        "text/plain",
    )
    shown = [
        output("display_data", data={kind: attack}, metadata={kind: {"isolated": True}}) for kind in kinds
    ]
    printed = [output("stream", name=name, text=attack) for name in ("stdout", "stderr")]
    failed = [output("error", ename=attack, evalue=attack, traceback=[attack])]
    yield nbformat.v4.new_code_cell(
        attack, outputs=[*shown, *printed, *failed], metadata={"tags": [attack.replace(",", "")]}
    )


@pytest.fixture(scope="module")
def hostile(canary: Canary) -> NotebookNode:
    notebook = nbformat.v4.new_notebook()
    for attack in MARKUP.values():
        notebook.cells += cells_of(attack.format(canary=canary.address))
    mime = "image/svg+xml"
    svg = base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>").decode()
    attached = nbformat.v4.new_markdown_cell("![x](attachment:a)", attachments={"a": {mime: svg}})
    quoted = nbformat.v4.new_markdown_cell(
        "![x](attachment:a)", attachments={"a": {"image/png": 'x" onload="y'}}
    )
    forged = {"grade_id": "check_cnn", "grade": True, "locked": True, "solution": False, "points": 1e9}
    unknown = forged | {"grade_id": "<b>mine</b>"}
    graded = [
        nbformat.v4.new_code_cell("1", metadata={"nbgrader": about}) for about in (forged, forged, unknown)
    ]
    notebook.cells += [attached, quoted, *graded]
    return notebook


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory, hostile: NotebookNode, canary: Canary) -> Course:
    """A course with one student, whose name and comment are attacks as well."""
    course = initialise(tmp_path_factory.mktemp("feedback") / "course")
    write_notebook(hostile, course.root / "autograded" / "mallory" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    words = " ".join(MARKUP.values()).format(canary=canary.address)
    with open_gradebook(course) as gradebook:
        gradebook.add_assignment(ASSIGNMENT)
        gradebook.add_notebook(ASSIGNMENT, ASSIGNMENT)
        for cell, points in POINTS.items():
            gradebook.add_grade_cell(cell, ASSIGNMENT, ASSIGNMENT, max_score=points, cell_type="code")
        gradebook.add_solution_cell("interpretation", ASSIGNMENT, ASSIGNMENT)
        gradebook.add_student("mallory", first_name=MARKUP["a script"], last_name="\u202egnp\x1b[5m")
        gradebook.add_submission(ASSIGNMENT, "mallory")
        gradebook.find_grade("check_cnn", ASSIGNMENT, ASSIGNMENT, "mallory").auto_score = 5
        comment = gradebook.find_comment("interpretation", ASSIGNMENT, ASSIGNMENT, "mallory")
        comment.manual_comment = words
        gradebook.db.commit()
    return course


class Failures:
    """Progress of which only failures are kept."""

    def __init__(self) -> None:
        self.all: dict[str, str] = {}

    def made(self, student: str) -> None: ...

    def not_made(self, student: str, error: Exception) -> None:
        self.all[student] = str(error)


@pytest.fixture(scope="module")
def page(course: Course) -> Path:
    failures = Failures()
    pages = make_pages(course, ["mallory"], failures)
    assert failures.all == {}
    return pages["mallory"].html


@pytest.fixture(scope="module")
def seen(page: Path) -> Visit:
    return visit(page)


def test_nothing_of_a_student_runs_or_asks_for_anything(
    seen: Visit, page: Path, canary: Canary, tell: Tell
) -> None:
    assert seen.page.title.startswith("Activation maximization: <script>")
    assert seen.console == []
    assert canary.asked == []
    assert seen.page.tags.isdisjoint(FORBIDDEN)
    assert not any(name.startswith("on") or name == "style" for name in seen.page.attributes)
    for what in MARKUP:
        for where in WHERE:
            tell(f"feedback page in Chromium: {what} {where}", "no script, no request, console empty")


def test_pictures_are_pixels_in_the_page_and_links_lead_to_the_web_only(seen: Visit, tell: Tell) -> None:
    assert all(value.startswith("data:image/png;base64,") for value in seen.page.values("src"))
    assert all(re.match(r"https?://", value) for value in seen.page.values("href"))
    assert seen.page.values("srcset", "action", "data", "poster", "formaction") == []
    tell("feedback page: SVG, data: and javascript: addresses", "pixels or nothing; links to the web only")


def test_students_can_take_no_name_or_class_of_the_page(seen: Visit, tell: Tell) -> None:
    assert sorted(seen.page.values("id")) == ["criteria", "features", "notebook"]
    assert seen.page.values("name").count("viewport") == 1
    assert "body" not in seen.page.values("name")
    assert "total late" not in seen.page.values("class")
    tell("feedback page: a student's element called like one of the page", "name and class are gone")


def test_a_forged_cell_changes_no_score(page: Path, seen: Visit, tell: Tell) -> None:
    words = seen.page.words

    assert "5 of 30 points so far" in words
    assert "1e+09" not in words
    assert words.count("cnn 5 of 20") == 1
    tell("feedback page: cells that pretend to be graded, 1e9 points", "the gradebook's scores")


def test_what_was_written_can_still_be_read(seen: Visit, tell: Tell) -> None:
    assert "document.title='owned'" in seen.page.text
    assert "{{ 7*7 }}" in seen.page.text
    assert "\u202e" not in seen.page.text
    assert "\x1b" not in seen.page.text
    tell("feedback page: source and printed text with attacks", "shown as text, control codes spelt out")


def test_the_policy_alone_stops_scripts_and_requests(
    canary: Canary,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tell: Tell,
) -> None:
    environment = make_environment("autograder.feedback").overlay(autoescape=False)
    monkeypatch.setattr(feedback_page, "make_environment", lambda _: environment)
    # no policy of a page forbids a tag that leads the browser to another page; cleaning alone keeps that away
    kinds = (
        "a script",
        "a script from elsewhere",
        "an image with a handler",
        "an image from elsewhere",
        "a style",
    )
    attacks = [MARKUP[kind] for kind in kinds]
    name = f"</title></h1>{' '.join(attacks).format(canary=canary.address)}"
    empty = nbformat.v4.new_notebook()
    monkeypatch.setattr(feedback_page, "plain_text", lambda text, at_most: text)
    standing = standing_of(name)
    file = tmp_path / "page.html"
    file.write_text(
        render_page(Material(name, ASSIGNMENT, standing, tmp_path, b"", EXERCISE), empty), encoding="utf-8"
    )

    seen = visit(file)
    assert "script" in seen.page.tags
    assert any("Content Security Policy" in line for line in seen.console)
    assert canary.asked == []

    # without the policy the same attacks do work, or the test above would prove nothing
    file.write_text(
        file.read_text(encoding="utf-8").replace("Content-Security-Policy", "x"), encoding="utf-8"
    )
    visit(file)
    assert canary.asked
    canary.asked.clear()
    tell("feedback page with escaping switched off", "its policy still stops every script and every request")


def standing_of(name: str) -> Marks:
    return Marks("", name, {"check_cnn": Mark("check_cnn", 20, 5)})
