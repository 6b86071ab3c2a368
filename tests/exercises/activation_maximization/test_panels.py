"""What people see of an ascent: its film, its curves, and after a mistake what was asked for."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from made_films import GAP, LOST, made_films, made_reenactment, with_films
from made_reports import make_report

from autograder.exercises.activation_maximization.films import films_in, films_to_arrays
from autograder.exercises.activation_maximization.grid import not_reproduced
from autograder.exercises.activation_maximization.panels import (
    LEADS_NOWHERE,
    NOT_RECORDED,
    OLDER,
    ONE_IMAGE,
    desk_panel,
    page_panel,
)
from autograder.measurements import Measurements, Reenactment
from autograder.pictures import MOST_PANEL_BYTES, Pictures, pictures_from_npz, pictures_to_npz
from autograder.report import Report, Result, Status

PICTURES = Pictures(student=np.random.default_rng(3).random((64, 28, 28), np.float32))


def report(objective: Status) -> Report:
    return make_report(
        "ada", {"objective": Result(status=objective, score=0, max_score=15, feedback="As measured.")}
    )


def test_a_film_has_both_rows_the_steps_the_curves_and_the_correlation(good: Measurements) -> None:
    panel = desk_panel(*with_films(good, PICTURES), 0)

    assert panel.count("<img") == 10
    assert re.findall(r'<th scope="col">(\d+)</th>', panel) == ["0", "4", "16", "32", "50"]
    assert panel.count("<path") == 2
    assert "Filter 0: reproduced; correlation of the ways from the start: 1.000." in panel


def test_a_step_that_was_not_kept_is_a_gap_and_not_another_picture(good: Measurements) -> None:
    panel = desk_panel(*with_films(good, PICTURES), GAP)

    assert panel.count("<img") == 9
    assert panel.count("not kept") == 1


def test_an_image_that_does_not_come_out_says_so(good: Measurements) -> None:
    assert "Filter 2: not reproduced; correlation of the ways from the start: 0.412." in desk_panel(
        *with_films(good, PICTURES), LOST
    )


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, NOT_RECORDED),
        (Reenactment(watched=0), LEADS_NOWHERE),
        (Reenactment(watched=64, kept="same"), ONE_IMAGE),
        (made_reenactment(), OLDER),
    ],
)
def test_where_there_is_no_film_one_line_says_why(
    found: Reenactment | None, words: str, good: Measurements
) -> None:
    measured = replace(good, reenactment=found)

    assert f'<p class="verdict">{words}</p>' in desk_panel(measured, PICTURES, 0)
    assert words in page_panel(report("pass"), measured, PICTURES)
    assert "<img" not in desk_panel(measured, PICTURES, 0) + page_panel(report("pass"), measured, PICTURES)


def test_without_images_a_page_says_nothing_of_ascents() -> None:
    assert page_panel(report("fail"), Measurements("graded"), Pictures()).strip() == ""


def test_after_a_mistake_a_page_shows_what_was_asked_for_beside_the_students_images(
    good: Measurements,
) -> None:
    with_right = with_films(good, PICTURES, with_right=True)

    assert "what the exercise asks for from the same starts" in page_panel(report("fail"), *with_right)
    assert "what the exercise asks for from the same starts" not in page_panel(report("pass"), *with_right)


def test_a_page_begins_with_the_film_of_the_image_that_came_out_worst(good: Measurements) -> None:
    panel = page_panel(report("pass"), *with_films(good, PICTURES))

    assert re.findall(r"The ascent of filter (\d+)", panel) == [str(LOST), "0", "1"]


def test_films_survive_being_stored_and_stay_small() -> None:
    before = made_films(with_right=True)

    stored = pictures_to_npz(replace(PICTURES, panels=films_to_arrays(before)))
    after = films_in(pictures_from_npz(stored))

    assert after is not None
    assert np.array_equal(after.again, before.again)
    assert np.array_equal(after.activations, before.activations, equal_nan=True)
    assert len(stored) - len(pictures_to_npz(PICTURES)) < 1_000_000


def test_results_from_before_there_were_films_have_none() -> None:
    after = pictures_from_npz(pictures_to_npz(PICTURES))

    assert films_in(after) is None
    assert np.array_equal(after.student, PICTURES.student)


@pytest.mark.parametrize(
    "change",
    [
        {"film_steps": np.zeros((64, 4), np.int16)},
        {"film_again": np.zeros((64, 5, 28, 28), np.float32)},
        {"film_activations": np.zeros((64, 2, 5000), np.float32)},
        {"film_recorded": np.zeros((64, 5, 28, 28, 9), np.uint8)},
        {"film_other": np.zeros(MOST_PANEL_BYTES + 1, np.uint8)},
    ],
)
def test_films_of_another_size_are_refused_and_the_rest_is_read(change: dict[str, np.ndarray]) -> None:
    hostile = replace(PICTURES, panels={**films_to_arrays(made_films()), **change})

    after = pictures_from_npz(pictures_to_npz(hostile))

    assert films_in(after) is None
    assert np.array_equal(after.student, PICTURES.student)


def test_a_header_that_asks_for_memory_gets_none() -> None:
    stream, whole = io.BytesIO(), io.BytesIO(pictures_to_npz(PICTURES))
    about = {"descr": "|u1", "fortran_order": False, "shape": (64, 5, 28, 28 * 10**9)}
    np.lib.format.write_array_header_1_0(stream, about)
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr("panel.film_again.npy", stream.getvalue() + bytes(100))

    assert pictures_from_npz(whole.getvalue()).panels == {}


def test_the_grid_marks_living_images_that_did_not_come_out(good: Measurements) -> None:
    measured, pictures = with_films(good, PICTURES)

    assert not_reproduced(measured, pictures) == ([LOST], "framed: not reproduced (1 of 64)")
    dead = replace(pictures, student_dead=np.arange(64) == LOST)
    assert not_reproduced(measured, dead) == ([], "all reproduced")
    assert not_reproduced(good, PICTURES) == ([], "no ascent was done again")
