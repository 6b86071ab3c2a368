"""A student's feedback page tells what the gradebook and the report know."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import numpy as np
import pytest
from graded_student import ADA, SCORES, feedback, find_grade
from made_films import with_films
from PIL import Image
from read_page import read_page

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook
from autograder.course.notebooks import read_notebook, write_notebook
from autograder.measurements import Measurements, measurements_to_json
from autograder.pages.curves import make_curves
from autograder.pictures import pictures_from_npz, pictures_to_npz
from autograder.plain.files import write_whole
from autograder.record.files import MEASUREMENTS, PICTURES


def test_a_page_has_every_score_with_the_graders_words(course: Course, hand_in: Callable[..., Path]) -> None:
    page = hand_in(ADA, first_name="Ada", last_name="Example")

    assert feedback(course) == 0

    shown = read_page(page)
    assert "Ada Example" in shown.words
    assert "67.5 of 100 points so far" in shown.words
    for name, score in SCORES.items():
        assert f"The grader's words on {name}." in shown.words
        assert f"{name} {score:g} of {course.points()[name]:g}" in shown.words  # beside the notebook's cell
    assert "interpretation a person will read this 0 of 10" in shown.words


def test_a_page_shows_both_grids_and_both_sets_of_curves(
    course: Course, hand_in: Callable[..., Path]
) -> None:
    page = hand_in(ADA)

    feedback(course)

    shown = read_page(page)
    assert len(shown.all("figure")) == 4
    assert len([path for path in shown.all("path") if path["class"] == "median"]) == 2
    assert all(str(image["src"]).startswith("data:image/png;base64,") for image in shown.all("img"))


def films_on(page: Path) -> int:
    return sum(table.get("class") == "film" for table in read_page(page).all("table"))


def test_a_page_shows_films_of_some_ascents_and_is_made_again_when_there_are_some(
    course: Course, hand_in: Callable[..., Path]
) -> None:
    page, results = hand_in(ADA), course.result_folder(ADA)
    feedback(course)
    assert films_on(page) == 0

    pictures = pictures_from_npz((results / PICTURES).read_bytes())
    measured, pictures = with_films(Measurements("graded"), pictures, with_right=True)
    write_whole(results / PICTURES, pictures_to_npz(pictures))
    write_whole(results / MEASUREMENTS, measurements_to_json(measured))
    feedback(course)

    shown = read_page(page)
    assert films_on(page) == 4  # three films; and what is asked for, since ada's objective failed
    assert "The ascent of filter 2 (not reproduced" in shown.words
    assert all(str(image["src"]).startswith("data:image/png;base64,") for image in shown.all("img"))
    assert all(image["alt"] for image in shown.all("img"))


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

    shown = read_page(page)
    assert "85.5 of 100 points" in shown.words
    assert "so far" not in shown.words
    assert "Score given by a person, instead of the grader's 0." in shown.words
    assert "With 1 points of extra credit." in shown.words
    assert "Look at both layers:" in shown.words
    assert "<strong>both</strong>" in shown.html
    assert "<msub>" in shown.html
    # beside the check of the training, which comes after that cell, and beside the cell itself
    assert shown.words.count("Few epochs are enough.") == 2


def test_a_late_penalty_is_taken_off_as_in_nbgraders_exports(
    course: Course, hand_in: Callable[..., Path]
) -> None:
    page = hand_in(ADA)
    with open_gradebook(course) as gradebook:
        submission = gradebook.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, ADA)
        submission.late_submission_penalty = 100
        gradebook.db.commit()

    feedback(course)

    assert "67.5 − 100 = 0" in read_page(page).words  # noqa: RUF001 (a real minus sign)


def test_the_score_at_the_top_is_the_one_after_the_penalty(
    course: Course, hand_in: Callable[..., Path]
) -> None:
    page = hand_in(ADA)
    with open_gradebook(course) as gradebook:
        submission = gradebook.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, ADA)
        submission.late_submission_penalty = 7
        gradebook.db.commit()

    feedback(course)

    assert "60.5 of" in read_page(page).words.partition("deducted")[0]


def test_the_graders_words_are_only_beside_the_score_that_they_explain(
    course: Course, hand_in: Callable[..., Path]
) -> None:
    page = hand_in(ADA)
    with open_gradebook(course) as gradebook:
        find_grade(gradebook, ADA, "check_cnn").auto_score = 3
        gradebook.db.commit()

    feedback(course)

    text = read_page(page).words
    assert "The grader's words on cnn." not in text
    assert "The grader's words on training." in text


def test_students_are_not_shown_what_is_for_the_instructor(
    course: Course, hand_in: Callable[..., Path]
) -> None:
    page = hand_in(ADA)

    feedback(course)

    assert "Another layer was used." in read_page(page).words
    assert "secret" not in read_page(page).words


def test_who_was_graded_by_nbgrader_alone_gets_a_page_too(
    course: Course, hand_in: Callable[..., Path]
) -> None:
    page = hand_in(ADA, with_report=False)

    assert feedback(course) == 0

    shown = read_page(page)
    assert "67.5 of 100 points" in shown.words
    assert "No images were found in this notebook." in shown.words


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

    shown = read_page(page)
    assert "100%" in shown.words
    assert "10%" not in shown.words
    assert "IntProgress(value=3)" in shown.words
    assert "Figure({'data': []})" in shown.words
    assert "<td>3.14</td>" in shown.html
    assert "td{color:red}" not in shown.html
    assert "NameError: gone" in shown.words
    (picture,) = [image for image in shown.all("img") if image["alt"] == "a picture drawn by this cell"]
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
