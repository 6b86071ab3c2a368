"""What students write into names, cells and errors is shown as it is and does nothing: no script, no control code.

One course is graded whose students are called, and have called their layers, attacks. Then everything that
comes out is looked at the way a person does: on a terminal, in a browser, in the files.
"""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib.image
import nbformat
import numpy as np
import pytest
from attack_names import EACH_NAME, NAMES, WORDS
from made_reports import make_report
from nbformat import NotebookNode
from nbgrader.utils import determine_grade
from onlookers import Canary, listening_canary, shown, terminal, visit
from read_page import Page, read_page
from rich.console import Console

from autograder.audit.audit import Audit
from autograder.audit.comparison import compare
from autograder.audit.labelled import parse_labelled
from autograder.audit.margins import Margin
from autograder.audit.printed_audit import print_audit
from autograder.cli import run
from autograder.commands.options import say
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise
from autograder.course.notebooks import read_notebook
from autograder.course.submission import Submission
from autograder.errors import CourseError
from autograder.evidence import Evidence
from autograder.execute.sandbox import Sandbox
from autograder.exercises.activation_maximization.grid import draw_grid
from autograder.grading.course import grade_course, submissions_of
from autograder.grading.grader import ready_to_grade
from autograder.measurements import CellError, ImagesMeasurement, Measurements, ModelMeasurement
from autograder.pictures import Pictures
from autograder.progress.bars import show_progress
from autograder.progress.step import Step
from autograder.record.files import (
    read_report,
    write_run,
)
from autograder.report import Report, Result
from autograder.review import gallery as review
from autograder.review.gallery import write_gallery
from autograder.run import Run
from autograder.settings import Settings
from autograder.verify.identity import verifier_sha256

Tell = Callable[[str, str], None]


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    with listening_canary() as listening:
        yield listening


def measured(words: str) -> Measurements:
    """Measurements in which everything that a student can name is called the same."""
    return Measurements(
        outcome="graded",
        model=ModelMeasurement(
            words, 3, 1, (28, 28, 1), 10, True, 3, 600, words, 1e-3, accuracy=0.6, digits=1024
        ),
        images=ImagesMeasurement(words, words, words * 20_000, 64, 64, 64, 64, "image", True, 1.0, ()),
        refused_model=f"the computation of '{words}' was refused",
        errors=(
            CellError(words, f"{words}Error: {words}", "", ""),
            CellError("ascent", words, words, missing_module=words),
        ),
    )


@dataclass(frozen=True)
class Graded:
    """A course after grading, and what the grader showed on a terminal meanwhile."""

    course: Course
    reports: dict[str, Report]
    seen: bytes


@pytest.fixture(scope="module")
def graded(
    sandbox: Sandbox,
    digits_file: Path,
    canary: Canary,
    make_notebook: Callable[[Mapping[str, str]], NotebookNode],
    tmp_path_factory: pytest.TempPathFactory,
) -> Graded:
    """Every other student hands in a file that is no notebook; of the rest, the run is already stored."""
    course = initialise(tmp_path_factory.mktemp("hostile") / "course")
    notebook = make_notebook({"cnn": "model = 1", **{f"check_{name}": "..." for name in course.points()}})
    with ready_to_grade(course, Settings(data=str(digits_file), jobs=2), announce=lambda _: None) as grader:
        for number, student in enumerate(NAMES.values()):
            submission = Submission(student, ASSIGNMENT, course.submission_folder(student))
            submission.folder.mkdir(parents=True)
            (submission.folder / f"{student[:40]}.ipynb").write_text("{")
            if number % 2:
                words = WORDS[number // 2 % len(WORDS)].format(canary=canary.address)
                origin = grader.origin(submission)
                run = Run(origin, notebook, measured(words), Pictures(), {"run": 1.0}, verifier_sha256())
                write_run(course.result_folder(student), run, Evidence("graded"), name=ASSIGNMENT)
        students = submissions_of(course, [])
        with terminal() as screen, show_progress(len(students), screen.stream) as progress:
            reports = grade_course(course, students, grader, progress)
    return Graded(course, reports, screen.seen)


@pytest.fixture
def report() -> Report:
    return make_report("ada", {"cnn": Result(status="review", score=0, max_score=20, feedback="?")})


def test_whatever_students_are_called_all_are_graded(graded: Graded, tell: Tell) -> None:
    assert set(graded.reports) == set(NAMES.values())
    tell(f"{len(NAMES)} students with attacks for names, graded at once", "each has a report")


def test_a_whole_run_sends_no_control_code_to_the_terminal(graded: Graded, tell: Tell) -> None:
    lines = shown(graded.seen)

    assert not any(line.startswith("bert") for line in lines)
    assert any("\\x1b]0;owned\\x07" in line for line in lines)
    tell(
        "gradeascent grade on a terminal, with escape sequences in names, cells and errors", "shown as \\x1b"
    )


@EACH_NAME
def test_a_bar_shows_the_name_and_obeys_nothing_in_it(what: str, report: Report, tell: Tell) -> None:
    student = NAMES[what]

    with terminal() as screen:
        with show_progress(2, screen.stream) as progress:
            progress.started(student)
            progress.step(student, Step(1, 2))
        with show_progress(2, screen.stream) as progress:
            progress.finished(student, report.model_copy(update={"student": student}), was_up_to_date=False)
            progress.failed(student, CourseError(student))

    lines = shown(screen.seen)
    assert not any(line.startswith("bert") for line in lines)
    assert any("1/2" in line for line in lines)
    assert "😄" not in "".join(lines)
    tell(f"a bar on a terminal for a student called: {what}", "the name is shown, and the bar stays a bar")


@EACH_NAME
def test_a_plain_line_stays_one_line(what: str, report: Report, tell: Tell) -> None:
    student, stream = NAMES[what], io.StringIO()

    with show_progress(2, stream) as progress:
        progress.started(student)
        progress.finished(student, report.model_copy(update={"student": student}), was_up_to_date=False)
        progress.failed(student, CourseError(f"{student}: full"))

    assert len(shown(stream.getvalue())) == 3 + 1
    stream.getvalue().encode()
    tell(f"plain lines for a student called: {what}", "one line for each thing that happened")


@EACH_NAME
def test_an_error_is_one_harmless_line(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], tell: Tell
) -> None:
    course = initialise(tmp_path / "course")

    status = run(["grade", "--course", str(course.root), "--", NAMES[what]])

    said = capsys.readouterr().err
    assert status == 2
    assert len(shown(said)) == 1 + 1
    said.encode()
    tell(f"gradeascent grade NAME, where NAME is: {what}", "one line that says there is no such submission")


@EACH_NAME
def test_a_line_for_the_user_obeys_nothing_in_it(
    what: str, capsys: pytest.CaptureFixture[str], tell: Tell
) -> None:
    say(f"{NAMES[what]} is there")

    said = capsys.readouterr().out
    assert shown(said)[-2].endswith(" is there")
    assert "😄" not in said
    said.encode()
    tell(f"a line of the command with the words: {what}", "printed as they are")


def test_report_files_are_ascii_and_give_every_name_back(graded: Graded, tell: Tell) -> None:
    for student in NAMES.values():
        file = graded.course.result_folder(student) / "report.json"
        text = file.read_bytes().decode("ascii")
        assert all(character.isprintable() or character == "\n" for character in text)
        assert json.loads(text)["student"] == student
        assert read_report(file.parent) == graded.reports[student]
    tell("report.json, printed with cat", "plain ASCII, and the name in it is the student's own")


def test_what_a_report_says_is_short_and_made_of_visible_characters(graded: Graded, tell: Tell) -> None:
    said = [
        text
        for report in graded.reports.values()
        for text in (
            *(result.feedback for result in report.criteria.values()),
            *(flag.message for flag in report.flags),
        )
    ]

    assert all(text.isprintable() for text in said)
    assert any("\\x1b[5m" in text for text in said)
    assert max(map(len, said)) < 5000
    tell(
        "layers, cells and errors with control codes, one with a million letters", "feedback shows \\x1b, cut"
    )


@EACH_NAME
def test_the_picture_shows_any_name_within_its_edges(what: str, report: Report, tell: Tell) -> None:
    student = NAMES[what]
    run = replace(measured("x"), images=replace(measured("x").images, layer=student[:100]))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = draw_grid(report.model_copy(update={"student": student}), run, Pictures())

    picture = matplotlib.image.imread(io.BytesIO(drawn))
    assert picture.shape == (1320, 1485, 4)
    edges = (picture[:, :4], picture[:, -4:], picture[:4], picture[-4:])
    assert all((edge == 1).all() for edge in edges)
    tell(f"grid.png of a student and a layer called: {what}", "drawn, nothing cut off, no warning")


def test_the_picture_does_not_set_mathematics(report: Report, tell: Tell) -> None:
    def width_of_title(student: str) -> int:
        drawn = draw_grid(report.model_copy(update={"student": student}), Measurements("graded"), Pictures())
        title = matplotlib.image.imread(io.BytesIO(drawn))[:60, :, 0]
        ink = np.flatnonzero((title < 0.5).any(axis=0))
        return int(ink[-1] - ink[0])

    assert width_of_title("$x$") > width_of_title("xx")
    tell("grid.png of a student called $x$", "dollar signs, no mathematics")


@pytest.fixture(scope="module")
def gallery(graded: Graded) -> Path:
    return write_gallery(graded.course, ASSIGNMENT, graded.course.root / "gallery")


def test_no_script_runs_in_the_gallery(gallery: Path, canary: Canary, tell: Tell) -> None:
    seen = visit(gallery)

    assert seen.page.title == f"{ASSIGNMENT}: {len(NAMES)} submissions"
    assert seen.console == []
    assert canary.asked == []
    assert seen.page.tags.isdisjoint({"script", "iframe", "base", "svg", "object", "embed", "form"})
    assert not any(name.startswith("on") for name in seen.page.attributes)
    tell("the gallery in Chromium, an attack in every text", "title kept, console empty, nothing asked for")


def test_the_gallery_asks_for_its_own_pictures_only(gallery: Path, tell: Tell) -> None:
    page = read_page(gallery)

    for address in page.values("src", "href"):
        assert re.fullmatch(r"#student-[\w-]+|pictures/[\w.-]+\.png", address)
        assert address.startswith("#") or (gallery.parent / address).is_file()
    tell("the gallery's addresses, for names with .., %2f, # and javascript:", "all lie in its own folder")


@EACH_NAME
def test_the_gallery_shows_a_name_as_it_is(what: str, gallery: Path, tell: Tell) -> None:
    page = read_page(gallery)

    visible = "".join(
        " " if character.isspace() else character if character.isprintable() else ascii(character)[1:-1]
        for character in NAMES[what]
    )
    assert visible in page.text
    tell(f"a card in the gallery for a student called: {what}", "the name, nothing hidden in it")


def test_the_policy_alone_stops_scripts_and_requests(
    graded: Graded, canary: Canary, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    environment = review.make_environment()
    unescaped = environment.overlay(autoescape=False)
    monkeypatch.setattr(review, "make_environment", lambda: unescaped)
    page = write_gallery(graded.course, ASSIGNMENT, graded.course.root / "unescaped")

    seen = visit(page)
    assert "script" in seen.page.tags
    assert seen.page.title == f"{ASSIGNMENT}: {len(NAMES)} submissions"
    assert any("Content Security Policy" in line for line in seen.console)
    assert canary.asked == []

    # without the policy the same attacks do work, or the test above would prove nothing
    text = page.read_text(encoding="utf-8").replace("Content-Security-Policy", "x")
    page.write_text(text, encoding="utf-8")
    assert visit(page).page.title == "owned"
    assert canary.asked
    canary.asked.clear()
    tell("the gallery with escaping switched off", "its policy still stops every script and every request")


def test_check_cells_say_what_was_verified_and_nothing_else(graded: Graded, tell: Tell) -> None:
    for student, report in graded.reports.items():
        file = graded.course.result_folder(student) / f"{ASSIGNMENT}.ipynb"
        if not file.exists():
            continue
        checks = {cell.metadata.nbgrader.grade_id: cell for cell in read_notebook(file).cells}
        for criterion, result in report.criteria.items():
            cell = checks[f"check_{criterion}"]
            words, _ = cell.outputs
            assert all(character.isprintable() or character == "\n" for character in words.text)
            assert len(words.text) < 5000
            assert determine_grade(cell)[0] == result.score
    tell(
        "feedback that quotes backspaces and escapes, in the graded notebook",
        "nothing is overwritten or hidden",
    )


@pytest.mark.parametrize("template", ["lab", "classic"])
def test_check_cells_are_escaped_where_the_notebook_becomes_a_page(
    template: str, graded: Graded, tell: Tell
) -> None:
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name=template)
    for student in NAMES.values():
        file = graded.course.result_folder(student) / f"{ASSIGNMENT}.ipynb"
        if file.exists():
            text, _ = exporter.from_notebook_node(nbformat.read(file, as_version=4))
            page = Page(text)
            assert not [v for v in page.values("src", "href", "onerror", "onload") if "127.0.0.1" in v]
            assert "document.title='owned'</script>" not in text
    tell(f"the graded notebook as HTML by nbconvert ({template})", "what check cells quote is text")


def test_an_audit_prints_what_students_wrote_as_it_is(graded: Graded, tell: Tell) -> None:
    names = [*NAMES.values(), *WORDS]
    report = next(report for report in graded.reports.values() if report.outcome == "graded")
    labelled = [parse_labelled(name, "# /// label\n# ///\n") for name in names]
    comparison = compare("quick", labelled, dict.fromkeys(names, report))
    margins = [
        Margin(
            criterion="cnn",
            quantity="layers",
            threshold="conv_layers",
            at=1,
            largest_wrong=1,
            wrong_submission=name,
            smallest_right=1,
            right_submission=name,
        )
        for name in names
    ]
    stream = io.StringIO()

    print_audit(
        Audit(rubric_sha256="", comparisons=[comparison], margins=margins), Console(file=stream, width=200)
    )

    lines = shown(stream.getvalue())
    assert any("[/nope]" in line for line in lines)
    assert "😄" not in stream.getvalue()
    assert not any(line.startswith("bert") for line in lines)
    stream.getvalue().encode()
    tell("an audit of submissions called like attacks", "tables and disagreements print them as they are")
