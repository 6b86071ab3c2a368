"""A student's feedback page tells what the gradebook and the report know, however it is made."""

from __future__ import annotations

import base64
import contextlib
import io
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbgrader.api import Gradebook
from PIL import Image

from autograder.cli import run
from autograder.course.collect.place import Record, Shelf
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook
from autograder.course.initialise import initialise
from autograder.course.notebooks import read_notebook, write_notebook
from autograder.files import write_whole
from autograder.pictures import Pictures, pictures_to_npz
from autograder.record.feedback.bundle import write_bundle
from autograder.record.feedback.curves import make_curves
from autograder.record.feedback.make import Pages
from autograder.record.files import PICTURES, REPORT
from autograder.report import Flag, Report, Result

SCORES = {"cnn": 20, "training": 15, "images": 10, "ascent": 12.5, "objective": 0, "updates": 5, "plot": 5}
ADA = "ada"
REPOSITORY = Path(__file__).resolve().parents[2]


class Page(HTMLParser):
    """The elements of a page and its text."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.html = file.read_text(encoding="utf-8")
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    @property
    def text(self) -> str:
        return " ".join(self.words.split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course as after the release; made in nbgrader's own words, which is quicker than making the release."""
    course = initialise(tmp_path_factory.mktemp("released") / "course")
    shutil.copytree(REPOSITORY / "release", course.release)
    with pytest.MonkeyPatch.context() as monkeypatch:
        # nbgrader starts `alembic` by name for a new gradebook
        monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        with open_gradebook(course) as gradebook:
            gradebook.add_assignment(ASSIGNMENT)
            gradebook.add_notebook(ASSIGNMENT, ASSIGNMENT)
            for cell in read_notebook(course.release_folder() / f"{ASSIGNMENT}.ipynb").cells:
                about = cell.metadata.get("nbgrader", {})
                place = (about.get("grade_id"), ASSIGNMENT, ASSIGNMENT)
                if about.get("grade"):
                    gradebook.add_grade_cell(*place, max_score=about.points, cell_type=cell.cell_type)
                if about.get("solution"):
                    gradebook.add_solution_cell(*place)
    return course


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    """A course with the assignment in its gradebook, and nobody in it yet."""
    shutil.copytree(released.root, tmp_path / "course")
    return Course.open(tmp_path / "course")


@pytest.fixture
def hand_in(course: Course, report: Report) -> Callable[..., Path]:
    """Let a student have handed in, with a report and scores; return where the page will be."""

    def record(student: str, *, with_report: bool = True, **settings: object) -> Path:
        notebook = read_notebook(course.release_folder() / f"{ASSIGNMENT}.ipynb")
        write_notebook(notebook, course.submission_folder(student) / f"{ASSIGNMENT}.ipynb")
        write_notebook(notebook, course.root / "autograded" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
        if with_report:
            store(course, report, student)
        with open_gradebook(course) as gradebook:
            gradebook.update_or_create_student(student, **settings)
            gradebook.update_or_create_submission(ASSIGNMENT, student, timestamp="2026-03-31 12:00:00 UTC")
            for name, score in SCORES.items():
                grade = find_grade(gradebook, student, f"check_{name}")
                grade.auto_score, grade.needs_manual_grade = score, False
            find_grade(gradebook, student, "interpretation").needs_manual_grade = True
            gradebook.db.commit()
        return course.root / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html"

    return record


def store(course: Course, report: Report, student: str) -> None:
    points = course.points()
    criteria = {
        name: Result(
            status="pass" if score == points[name] else "partial" if score else "fail",
            score=score,
            max_score=points[name],
            feedback=f"The grader's words on {name}.",
        )
        for name, score in SCORES.items()
    }
    changes = {"student": student, "outcome": "graded", "needs_review": False, "criteria": criteria}
    flags = [
        Flag(code="other_layer", message="Another layer was used."),
        Flag(code="same_as", message="secret"),
    ]
    images = np.random.default_rng(1).random((64, 28, 28), dtype=np.float32)
    rising = np.cumsum(np.ones((64, 51), np.float32), axis=1)
    pictures = Pictures(student=images, reference=images, curves=rising, reference_curves=rising)
    write_whole(course.result_folder(student) / PICTURES, pictures_to_npz(pictures))
    stored = report.model_copy(update={**changes, "score": sum(SCORES.values()), "flags": flags})
    write_whole(course.result_folder(student) / REPORT, stored.model_dump_json())


def find_grade(gradebook: Gradebook, student: str, cell: str) -> object:
    return gradebook.find_grade(cell, ASSIGNMENT, ASSIGNMENT, student)


def feedback(course: Course, *arguments: str) -> int:
    return run(["feedback", "--course", str(course.root), *arguments])


def nbgrader(course: Course, *arguments: str) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(
        command, cwd=course.root, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_page_has_every_score_with_the_graders_words(course: Course, hand_in: Callable[..., Path]) -> None:
    page = hand_in(ADA, first_name="Ada", last_name="Example")

    assert feedback(course) == 0

    shown = Page(page)
    assert "Ada Example" in shown.text
    assert "67.5 of 100 points so far" in shown.text
    for name, score in SCORES.items():
        assert f"The grader's words on {name}." in shown.text
        assert f"{name} {score:g} of {course.points()[name]:g}" in shown.text  # beside the notebook's cell
    assert "interpretation a person will read this 0 of 10" in shown.text


def test_a_page_shows_both_grids_and_both_sets_of_curves(
    course: Course, hand_in: Callable[..., Path]
) -> None:
    page = hand_in(ADA)

    feedback(course)

    shown = Page(page)
    assert len(shown.all("figure")) == 4
    assert len([path for path in shown.all("path") if path["class"] == "median"]) == 2
    assert all(str(image["src"]).startswith("data:image/png;base64,") for image in shown.all("img"))


def test_the_word_of_a_person_counts(course: Course, hand_in: Callable[..., Path]) -> None:
    page = hand_in(ADA)
    with open_gradebook(course) as gradebook:
        read = find_grade(gradebook, ADA, "interpretation")
        read.manual_score, read.extra_credit, read.needs_manual_grade = 7, 1, False
        find_grade(gradebook, ADA, "check_objective").manual_score = 10
        comment = gradebook.find_comment("interpretation", ASSIGNMENT, ASSIGNMENT, ADA)
        comment.manual_comment = "Look at **both** layers: $a_i(X)$."
        gradebook.find_comment("train", ASSIGNMENT, ASSIGNMENT, ADA).manual_comment = "Few epochs are enough."
        gradebook.db.commit()

    feedback(course)

    shown = Page(page)
    assert "85.5 of 100 points" in shown.text
    assert "so far" not in shown.text
    assert "Score given by a person, in place of 0 by the grader." in shown.text
    assert "With 1 points of extra credit." in shown.text
    assert "Look at both layers:" in shown.text
    assert "<strong>both</strong>" in shown.html
    assert "<msub>" in shown.html
    # beside the check of the training, which comes after that cell, and beside the cell itself
    assert shown.text.count("Few epochs are enough.") == 2


def test_a_late_penalty_is_taken_off_as_in_nbgraders_exports(
    course: Course, hand_in: Callable[..., Path]
) -> None:
    page = hand_in(ADA)
    with open_gradebook(course) as gradebook:
        submission = gradebook.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, ADA)
        submission.late_submission_penalty = 100
        gradebook.db.commit()

    feedback(course)

    assert "67.5 − 100 = 0" in Page(page).text  # noqa: RUF001 (a real minus sign)


def test_the_graders_words_stand_only_beside_the_score_that_they_explain(
    course: Course, hand_in: Callable[..., Path]
) -> None:
    page = hand_in(ADA)
    with open_gradebook(course) as gradebook:
        find_grade(gradebook, ADA, "check_cnn").auto_score = 3
        gradebook.db.commit()

    feedback(course)

    text = Page(page).text
    assert "The grader's words on cnn." not in text
    assert "The grader's words on training." in text


def test_students_are_not_shown_what_is_for_the_instructor(
    course: Course, hand_in: Callable[..., Path]
) -> None:
    page = hand_in(ADA)

    feedback(course)

    assert "Another layer was used." in Page(page).text
    assert "secret" not in Page(page).text


def test_who_was_graded_by_nbgrader_alone_gets_a_page_too(
    course: Course, hand_in: Callable[..., Path]
) -> None:
    page = hand_in(ADA, with_report=False)

    assert feedback(course) == 0

    shown = Page(page)
    assert "67.5 of 100 points" in shown.text
    assert "No images were found in this notebook." in shown.text


@pytest.mark.slow
def test_nbgraders_own_commands_make_and_hand_out_the_same_page(
    course: Course, hand_in: Callable[..., Path], tmp_path: Path
) -> None:
    page = hand_in(ADA)
    for name, text in (("timestamp.txt", "2026-03-31 12:00:00 UTC"), ("submission_secret.txt", "s")):
        write_whole(course.root / "autograded" / ADA / ASSIGNMENT / name, text)
    feedback(course)
    ours = page.read_bytes()
    released = (f"--Exchange.root={tmp_path / 'exchange'}", "--course=c", ASSIGNMENT)
    (tmp_path / "exchange").mkdir(mode=0o777)
    (tmp_path / "exchange").chmod(0o777)

    nbgrader(course, "release_feedback", *released)
    handed_out = [file.read_bytes() for file in (tmp_path / "exchange").rglob("*.html")]
    nbgrader(course, "generate_feedback", ASSIGNMENT, "--force")

    assert handed_out == [ours]
    assert page.read_bytes() == ours


def test_only_what_has_changed_is_made_again(course: Course, hand_in: Callable[..., Path]) -> None:
    pages = [hand_in(name) for name in (ADA, "bert", "cleo", "dora")]
    feedback(course)
    before = [page.stat().st_mtime_ns for page in pages]
    with open_gradebook(course) as gradebook:
        find_grade(gradebook, "bert", "interpretation").manual_score = 4
        gradebook.db.commit()
    notebook = read_notebook(course.root / "autograded" / "cleo" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    notebook.cells[0].source += " changed"
    write_notebook(notebook, course.root / "autograded" / "cleo" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    (course.result_folder("dora") / PICTURES).unlink()

    feedback(course)

    was_made = [page.stat().st_mtime_ns != old for page, old in zip(pages, before, strict=True)]
    assert was_made == [False, True, True, True]


def test_one_that_fails_is_named_and_the_rest_goes_on(
    course: Course, hand_in: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    pages = [hand_in(name) for name in (ADA, "bert", "cleo")]
    feedback(course)
    old = pages[1].read_bytes()
    (course.root / "autograded" / "bert" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").write_text("{")
    shutil.rmtree(course.root / "autograded" / ADA)
    pages[2].unlink()
    capsys.readouterr()

    assert feedback(course) == 1

    said = capsys.readouterr()
    assert re.search(r"ada: no page: there is no graded notebook .*; run 'gradeascent grade' first", said.err)
    assert re.search(r"bert: no page: .*\.ipynb: not a notebook", said.err)
    assert "Traceback" not in said.err
    assert "1 of 3" in said.out
    assert pages[1].read_bytes() == old
    assert pages[2].is_file()
    assert not list(course.root.rglob(".half-*"))


def test_who_is_not_in_the_gradebook_is_named(
    course: Course, hand_in: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    hand_in(ADA)
    notebook = course.root / "autograded" / "eve" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    write_whole(
        notebook, (course.root / "autograded" / ADA / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_bytes()
    )

    assert feedback(course) == 1
    assert "eve: no page: the gradebook has no grades of 'eve'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM notebook", "does not know activation_maximization yet"),
        ("ALTER TABLE grade DROP COLUMN extra_credit", "nbgrader db upgrade"),
    ],
)
def test_what_is_wrong_with_the_whole_gradebook_is_said_once(
    course: Course, hand_in: Callable[..., Path], damage: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_in(ADA)
    hand_in("bert")
    with contextlib.closing(sqlite3.connect(course.gradebook)) as database:
        database.execute(damage)
        database.commit()
    capsys.readouterr()

    assert feedback(course) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_an_unknown_student_is_one_clear_line(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    assert feedback(course, "nobody") == 2
    assert "no submission of 'nobody'" in capsys.readouterr().err


@pytest.mark.parametrize("student", ["a[b]c", "D'Arcy & Søn, 名前"])
def test_any_name_of_a_folder_will_do(course: Course, hand_in: Callable[..., Path], student: str) -> None:
    hand_in("abc")
    page = hand_in(student)

    assert feedback(course) == 0

    assert page.is_file()


def test_pdfs_are_printed_beside_the_pages(course: Course, hand_in: Callable[..., Path]) -> None:
    page = hand_in(ADA)

    assert feedback(course, "--pdf") == 0
    printed = page.with_suffix(".pdf")
    before = printed.stat().st_mtime_ns
    assert feedback(course, "--pdf") == 0

    assert printed.read_bytes().startswith(b"%PDF-")
    assert printed.stat().st_mtime_ns == before

    with open_gradebook(course) as gradebook:
        find_grade(gradebook, ADA, "interpretation").manual_score = 4
        gradebook.db.commit()
    feedback(course)

    assert not printed.exists()  # no old score is handed out


def test_without_a_browser_pdfs_are_refused_in_one_line(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert feedback(course, "--pdf") == 2
    assert "apt-get install chromium" in capsys.readouterr().err


def moodle_participant(name: str) -> str | None:
    """Whose a file is, by the rules of Moodle's importziplib.php (`is_valid_filename_for_import`)."""
    *folders, file = name.split("/")
    if file.startswith((".", "~")):
        return None
    for part in (*folders, file):
        info = part.split("_", 4)
        if len(info) == 5 and info[1].isdigit() and info[2:4] == ["assignsubmission", "file"]:
            return info[1]
    return None


def test_a_zip_for_moodle_is_named_as_moodle_reads_it(
    course: Course, hand_in: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = {ADA: "4711", "bert": "4712", "late": "9"}
    for student, number in numbers.items():
        hand_in(student)
        Shelf(course, ASSIGNMENT).note(student, Record("moodle", number), None)
    hand_in("by_hand")
    download = tmp_path / "download.zip"
    with zipfile.ZipFile(download, "w") as archive:
        archive.writestr("Ada Example_4711_assignsubmission_file/a.ipynb", "{}")
        archive.writestr("Bert_the_Example_4712_assignsubmission_file/a.ipynb", "{}")
    target = tmp_path / "feedback.zip"

    status = feedback(course, "--zip", str(target), "--lms", "moodle", "--into", str(download))

    said = capsys.readouterr().out
    assert status == 1
    assert "by_hand: not in" in said
    assert "late: not in" in said
    with zipfile.ZipFile(target) as archive:
        pages = {moodle_participant(name): archive.read(name) for name in archive.namelist()}
        assert archive.namelist()[0] == "Ada Example_4711_assignsubmission_file_/feedback.html"
    assert pages.keys() == {"4711", "4712"}
    assert b"<h1>ada</h1>" in pages["4711"]
    assert b"<h1>bert</h1>" in pages["4712"]


def test_a_plain_zip_has_a_folder_for_each_student(
    course: Course, hand_in: Callable[..., Path], tmp_path: Path
) -> None:
    hand_in(ADA)
    hand_in("bert")

    assert feedback(course, "--zip", str(tmp_path / "all.zip")) == 0

    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.namelist() == ["ada/feedback.html", "bert/feedback.html"]


def test_no_half_of_a_zip_stays_when_a_page_cannot_be_read(course: Course, tmp_path: Path) -> None:
    target = tmp_path / "all.zip"
    target.write_text("the old one")

    with pytest.raises(OSError, match="gone"):
        write_bundle(course, {ADA: Pages(tmp_path / "gone.html")}, target, "plain")

    assert target.read_text() == "the old one"
    assert list(tmp_path.glob("*half*")) == []


@pytest.mark.parametrize("arguments", [("--lms", "moodle"), ("--into", "x"), ("--zip", "z", "--into", "x")])
def test_options_that_make_no_sense_are_refused(
    course: Course, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert feedback(course, *arguments) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def png(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def test_outputs_are_shown_in_a_form_that_needs_no_notebook(
    course: Course, hand_in: Callable[..., Path]
) -> None:
    page = hand_in(ADA)
    file = course.root / "autograded" / ADA / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = read_notebook(file)
    widget = {
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
        "text/plain": "IntProgress(value=3)",
    }
    plotly = {"text/html": "<div id=p></div><script>draw()</script>", "text/plain": "Figure({'data': []})"}
    table = {
        "text/html": "<style>td{color:red}</style><table><tr><td>3.14</td></tr></table>",
        "text/plain": "no",
    }
    output = nbformat.v4.new_output
    notebook.cells.append(
        nbformat.v4.new_code_cell(
            "1",
            outputs=[
                output("stream", name="stdout", text="10%\r"),
                output("stream", name="stdout", text="50%\r\x1b[31m100%\x1b[0m\n"),
                *(output("display_data", data=data) for data in (widget, plotly, table)),
                output("display_data", data={"image/png": png(Image.new("RGB", (4000, 3000)))}),
                output("error", ename="NameError", evalue="x", traceback=["\x1b[31mNameError\x1b[0m: gone"]),
            ],
        )
    )
    write_notebook(notebook, file)

    feedback(course)

    shown = Page(page)
    assert "100%" in shown.text
    assert "10%" not in shown.text
    assert "IntProgress(value=3)" in shown.text
    assert "Figure({'data': []})" in shown.text
    assert "<td>3.14</td>" in shown.html
    assert "td{color:red}" not in shown.html
    assert "NameError: gone" in shown.text
    (picture,) = [image for image in shown.all("img") if image["alt"] == "a picture that this cell has drawn"]
    encoded = str(picture["src"]).partition(",")[2]
    assert Image.open(io.BytesIO(base64.b64decode(encoded))).size == (1600, 1200)


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((0, 0)),
        np.zeros((3, 1)),
        np.full((2, 5), np.nan),
        np.full((2, 5), np.inf),
    ],
)
def test_where_there_is_no_curve_none_is_drawn(values: np.ndarray) -> None:
    assert make_curves(values.astype(np.float32)) is None


@pytest.mark.parametrize(
    "values", [np.zeros((2, 5)), np.full((2, 5), 3e38), np.array([[1, np.nan, -np.inf, 4]])]
)
def test_odd_curves_stay_within_their_frame(values: np.ndarray) -> None:
    drawn = make_curves(values.astype(np.float32))

    assert drawn is not None
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", "".join((*drawn.lines, drawn.median)))]
    assert all(-1 <= number <= 401 for number in numbers)
