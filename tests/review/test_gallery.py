"""The gallery is made from reports alone, and nothing in them reaches the browser as code."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from made_reports import make_report
from PIL import Image
from read_page import read_page

from autograder.course.folder import ASSIGNMENT, Course
from autograder.pages.mosaic import draw_mosaic
from autograder.pictures import Pictures, pictures_to_npz
from autograder.plain.files import write_whole
from autograder.record.files import (
    GRID,
    PICTURES,
    REPORT,
)
from autograder.report import Flag, Report, Result, Status
from autograder.review.gallery import style_hash, write_gallery

CRITERIA = ("cnn", "training", "images", "ascent", "objective", "updates", "plot")
PIXEL = b"\x89PNG\r\n\x1a\n"  # the page copies the large picture without looking into it
HOSTILE = "<script>alert('x')</script>\" onload=\"y"


def report(student: str, *, status: Status = "pass", feedback: str = "Good.", **changes: object) -> Report:
    score = {"pass": 10.0, "partial": 5.0, "fail": 0.0, "review": 0.0}[status]
    result = Result(status=status, score=score, max_score=10, feedback=feedback)
    return make_report(student, dict.fromkeys(CRITERIA, result), **changes)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path / "course")


def store(course: Course, report: Report, *, folder: str = "", images: int = 64) -> None:
    results = course.result_folder(folder or report.student)
    noise = np.random.default_rng(0).random((images, 28, 28), dtype=np.float32)
    write_whole(results / PICTURES, pictures_to_npz(Pictures(student=noise)))
    write_whole(results / GRID, PIXEL)
    write_whole(results / REPORT, report.model_dump_json())


def gallery(course: Course) -> Path:
    return write_gallery(course, ASSIGNMENT, course.root / "gallery")


def test_every_student_has_a_card_with_name_and_score(course: Course) -> None:
    store(course, report("emmy"))
    store(course, report("isaac", status="partial"))

    page = read_page(gallery(course))

    assert [card["id"] for card in page.all("article")] == ["student-emmy", "student-isaac"]
    assert [meter["value"] for meter in page.all("meter")] == ["70.0", "35.0"]


def test_every_criterion_is_on_the_card_and_in_the_summary(course: Course) -> None:
    store(course, report("emmy", feedback="Look at the sign."))

    page = read_page(gallery(course))

    # the summary's row, the badge and the feedback
    assert all(len(re.findall(rf"\b{name}\b", page.text)) == 3 for name in CRITERIA)
    assert page.text.count("Look at the sign.") == len(CRITERIA)


@pytest.mark.parametrize(
    ("status", "sign", "word"),
    [
        ("pass", "✓", "full marks"),
        ("partial", "◐", "partly"),
        ("fail", "✗", "no points"),
        ("review", "?", "a person decides"),
    ],
)
def test_a_verdict_is_shown_by_sign_and_word_and_not_by_colour_alone(
    course: Course, status: Status, sign: str, word: str
) -> None:
    store(course, report("emmy", status=status))

    card = gallery(course).read_text(encoding="utf-8").partition("<article")[2]

    assert sign in card
    assert word in card


def test_hostile_words_stay_words(course: Course) -> None:
    flag = Flag(code="x", message=HOSTILE)
    store(course, report(HOSTILE, feedback=HOSTILE, flags=[flag]), folder="mallory")

    page = read_page(gallery(course))

    assert not page.all("script")
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert page.text.count(HOSTILE) == len(CRITERIA) + 2  # feedback, flag and name


def test_a_hostile_name_leads_to_no_file_outside_the_gallery(course: Course) -> None:
    store(course, report("../../../../escaped"), folder="mallory")

    page = read_page(gallery(course))

    addresses = [image["src"] for image in page.all("img")] + [link["href"] for link in page.all("a")]
    assert not any(".." in str(address) or ":" in str(address) for address in addresses)
    assert not list(course.root.parent.rglob("*escaped.png"))


def test_students_whose_names_differ_only_in_odd_characters_keep_their_own_pictures(course: Course) -> None:
    for name in ("a b", "a?b"):
        store(course, report(name))

    page = read_page(gallery(course))

    assert len({image["src"] for image in page.all("img")}) == 2


@pytest.mark.parametrize(
    "names", [("ada", "ada-features"), ("ada", "ada.features"), ("ada", "Ada"), ("a b", "a_b-c8687a08")]
)
def test_no_name_leads_to_the_pictures_of_another(course: Course, names: tuple[str, str]) -> None:
    for name in names:
        store(course, report(name))

    page = read_page(gallery(course))

    pictures = [str(image["src"]) for image in page.all("img")]
    pictures += [str(link["href"]) for link in page.all("a") if str(link["href"]).endswith(".png")]
    assert len({picture.lower() for picture in pictures}) == 4  # also on disks where case does not count


def test_the_page_forbids_everything_but_its_pictures_and_its_own_style(course: Course) -> None:
    store(course, report("emmy"))
    file = gallery(course)
    html = file.read_text(encoding="utf-8")

    policy = next(meta["content"] for meta in read_page(file).all("meta") if "http-equiv" in meta)
    style = html.partition("<style>")[2].partition("</style>")[0]

    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert f"style-src '{style_hash(style)}'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert "style=" not in html


def test_all_pictures_lie_in_the_folder_so_that_it_can_be_moved(course: Course, tmp_path: Path) -> None:
    store(course, report("emmy"))
    moved = gallery(course).parent.rename(tmp_path / "elsewhere")

    page = read_page(moved / "index.html")

    (image,) = page.all("img")
    pictures = [link["href"] for link in page.all("a") if str(link["href"]).endswith(".png")]
    assert image["loading"] == "lazy"
    assert (moved / str(image["src"])).read_bytes().startswith(PIXEL)
    assert [(moved / str(picture)).read_bytes() for picture in pictures] == [PIXEL]


def test_a_submission_without_images_says_so(course: Course) -> None:
    store(course, report("carl", status="fail"), images=0)

    page = read_page(gallery(course))

    assert not page.all("img")
    assert "no images handed in" in page.text


def test_a_result_folder_with_nothing_but_the_report_is_shown(course: Course) -> None:
    write_whole(course.result_folder("carl") / REPORT, report("carl").model_dump_json())

    assert "no images handed in" in read_page(gallery(course)).text


def test_a_course_without_reports_has_a_page_that_says_so(course: Course) -> None:
    assert "No submission has been graded yet." in read_page(gallery(course)).text


def test_who_handed_in_but_has_no_report_is_named(course: Course) -> None:
    store(course, report("emmy"))
    course.submission_folder("late").mkdir(parents=True)

    assert "1 without a report: late" in read_page(gallery(course)).text


def test_what_a_person_has_to_look_at_is_counted_and_marked(course: Course) -> None:
    store(course, report("emmy"))
    store(course, report("isaac", status="review"))
    store(course, report("max", outcome="timeout", needs_review=True))

    page = read_page(gallery(course))

    assert "2 to be reviewed by a person" in page.text
    assert "timeout; to be reviewed by a person" in page.text
    marked = [card["id"] for card in page.all("article") if "needs-review" in str(card["class"])]
    assert marked == ["student-isaac", "student-max"]


def test_a_picture_of_an_earlier_gallery_does_not_survive_its_submission(course: Course) -> None:
    store(course, report("carl"))
    gallery(course)
    store(course, report("carl"), images=0)

    page = gallery(course)

    assert not (page.parent / "pictures" / "carl.features.png").exists()


def test_a_dead_filter_is_crossed_out_and_not_shown_as_noise() -> None:
    noise = np.random.default_rng(0).random((64, 28, 28), dtype=np.float32)
    dead = np.arange(64) == 3

    drawn = draw_mosaic(noise, dead, 8)

    assert drawn is not None
    mosaic = np.asarray(Image.open(io.BytesIO(drawn)))
    panel = mosaic[:84, 270:354]  # the fourth panel of the first row, three pixels to one
    assert len(np.unique(panel)) == 2
    assert len(np.unique(mosaic[:84, :84])) > 20
