"""Whatever students and their kernels leave in a notebook, its feedback page shows it and does nothing.

One student has put an attack into every place of a notebook that they can reach: markdown, raw cells, outputs of every
kind, attachments, metadata, a name. The page is opened in a real browser, beside a server that nobody should ask.
"""

from __future__ import annotations

import base64
import io
import re
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from onlookers import Canary, Visit, listening_canary, visit
from PIL import Image
from read_page import Page

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook
from autograder.course.initialise import initialise
from autograder.course.marks import Mark, Marks
from autograder.course.notebooks import write_notebook
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.feedback import page as feedback_page
from autograder.feedback.clean_markup import clean, markdown, mathematics
from autograder.feedback.make import make_pages
from autograder.feedback.page import Material, render_page
from autograder.feedback.pixels import PixelsError, is_harmless_address, open_picture, plain_picture
from autograder.pages.web_page import make_environment

Tell = Callable[[str, str], None]

# {canary} is the address of the server that nobody should ask.
MARKUP = {
    "a script": "<script>document.title='owned'</script>",
    "a script from elsewhere": "<script src='{canary}/script'></script>",
    "an image with a handler": "<img src=x onerror=\"document.title='owned'\">",
    "an image from elsewhere": "<img src='{canary}/image'> ![x]({canary}/image)",
    "an SVG": "<svg onload=\"document.title='owned'\"><script>document.title='owned'</script></svg>",
    "an SVG as picture": "<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>\">",
    "a frame": "<iframe src='{canary}/frame'></iframe><iframe srcdoc='<script>top.document.title=1</script>'></iframe>",
    "an object": "<object data='{canary}/object'></object><embed src='{canary}/embed'>",
    "a style": "<style>body {{ display: none; background: url({canary}/style) }}</style>",
    "a style sheet": "<link rel=stylesheet href='{canary}/sheet'><link rel=prefetch href='{canary}/prefetch'>",
    "a cover over the page": "<div style='position:fixed;inset:0;z-index:9;background:#fff'>100 of 100 points</div>",
    "another base": "<base href='{canary}/base'><a href='relative'>x</a>",
    "another address": "<meta http-equiv=refresh content='0;url={canary}/refresh'>",
    "a link that runs": "[x](javascript:document.title='owned') <a href=\"jAva\tscript:alert(1)\">y</a>",
    "a link with data": "[x](data:text/html,<script>alert(1)</script>)",
    "a form": "<form action='{canary}/form'><input name=password><button>Log in</button></form>",
    "a film": "<video src='{canary}/film' autoplay></video><audio src='{canary}/sound'></audio>",
    "a picture with many sources": "<picture><source srcset='{canary}/srcset'><img srcset='{canary}/srcset'></picture>",
    "names of the page": "<div id=criteria name=body class='total late'>x</div>",
    "a hidden namespace": "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style>",
    "text that is not closed": "</div></article></section></main></body><!-- <textarea><plaintext>",
    "a formula that is a link": "$\\href{{javascript:x}}{{x}}$ $\\text{{<img src={canary}/f>}}$ $\\class{{late}}{{x}}$",
    "a template": "{{{{ 7*7 }}}}{{% raw %}}",
}
FORBIDDEN = {
    "script",
    "iframe",
    "object",
    "embed",
    "base",
    "form",
    "input",
    "button",
    "link",
    "video",
    "audio",
    "source",
}
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


def png_of(width: int, height: int) -> bytes:
    """A PNG that says that it is of this size, with hardly any bytes in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("60,000 x 60,000 pixels", png_of(60_000, 60_000)),
        ("a billion rows", png_of(1, 1_000_000_000)),
        ("cut off", png_of(2000, 2000)),
        ("an SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a PostScript program", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
        ("nothing", b""),
    ],
)
def test_what_is_no_picture_of_sane_size_is_not_shown(what: str, data: bytes, tell: Tell) -> None:
    with pytest.raises(PixelsError):
        plain_picture(open_picture(base64.b64encode(data).decode()))
    assert what == "cut off" or not is_harmless_address(
        "data:image/png;base64," + base64.b64encode(data).decode()
    )
    tell(f"an output that says it is a PNG: {what}", "not shown, and said so")


def test_a_picture_is_written_anew(tell: Tell) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(buffer, "PNG")
    both = buffer.getvalue() + b"<script>document.title='owned'</script>"

    shown = base64.b64decode(plain_picture(open_picture(base64.b64encode(both).decode())).partition(",")[2])

    assert b"script" not in shown
    assert Image.open(io.BytesIO(shown)).size == (30, 20)
    tell("a PNG that is a page as well", "only its pixels are left")


@pytest.mark.parametrize(
    ("what", "source"),
    [
        ("a hundred thousand brackets", "[" * 100_000),
        ("brackets", "[" * 20_000),
        ("quotes in each other", "> " * 10_000),
        ("stars", "*a **b " * 2_800),
        ("environments that never end", "\\begin{a}" * 2_200),
        ("4,000 elements in each other", "<div>" * 4_000),
        ("tables in tables", "<table><tr><td>" * 1_300),
        ("badly nested elements", "<b><a><i><p>" * 1_600),
        ("formulas in each other", "$" + "{" * 490 + "}" * 490 + "$"),
        ("thousands of formulas", "$x^{y^z}$ " * 1_990),
    ],
)
def test_no_markup_keeps_the_page_waiting(what: str, source: str, tell: Tell) -> None:
    began = time.process_time()

    made = markdown(source)

    took = time.process_time() - began
    assert took < 5
    assert len(made) < 10_000_000
    tell(f"markdown: {what}", f"a page after {took:.1f} s")


@pytest.mark.parametrize(
    "tex",
    [
        "x<script>",
        r"\href{javascript:alert(1)}{x}",
        r"\text{</math><script>}",
        r"\class{a}{x}",
        "\\" * 9,
        "{",
        "",
    ],
)
def test_a_formula_is_only_a_formula(tex: str, tell: Tell) -> None:
    made = Page(str(mathematics(tex, display="inline")))

    assert "script" not in made.tags
    assert made.attributes <= {"display", "mathvariant", "width", "stretchy"}
    tell(f"a formula: {tex}", "MathML of harmless elements, or the text")


def test_cleaning_twice_changes_nothing(fuzz: Callable[..., int], tell: Tell) -> None:
    from hypothesis import strategies as st

    parts = st.sampled_from(
        [*"<>\"'/= &;!-x", *(word for attack in MARKUP.values() for word in re.split(r"(\W)", attack))]
    )

    def holds(words: list[str]) -> None:
        once = clean("".join(words))
        assert clean(once) == once
        assert Page(str(once)).tags.isdisjoint({*FORBIDDEN, "svg", "style", "math"})

    tried = fuzz(st.lists(parts, max_size=40), 300, holds)
    tell(f"{tried} random mixtures of markup", "cleaned once for all")
