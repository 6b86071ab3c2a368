"""The desk as a TA uses it: look, walk, grade, comment, override, undo; and the gradebook has it all."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from command_line import succeed
from playwright.sync_api import Page, expect
from served_course import MALLORY, Enter, Server, press, serving

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook


def grade_of(course: Course, student: str, cell: str = "interpretation") -> tuple[float | None, bool]:
    """What formgrader shows: the manual score, and whether the cell waits."""
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade(cell, ASSIGNMENT, ASSIGNMENT, student)
        return grade.manual_score, bool(grade.needs_manual_grade)


def comment_of(course: Course, student: str, cell: str = "interpretation") -> str | None:
    with open_gradebook(course) as gradebook:
        return gradebook.find_comment(cell, ASSIGNMENT, ASSIGNMENT, student).manual_comment


def grade_in_formgrader(course: Course, student: str, score: float) -> None:
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade("interpretation", ASSIGNMENT, ASSIGNMENT, student)
        grade.manual_score, grade.needs_manual_grade = score, False
        gradebook.db.commit()


def audit(course: Course, student: str) -> list[dict[str, object]]:
    lines = (course.graded / "review.jsonl").read_text().splitlines()
    return [line for line in map(json.loads, lines) if line["student"] == student]


def names(page: Page) -> list[str]:
    return page.locator(".one .name").all_inner_texts()


def test_the_wall_shows_every_submission_and_the_progress_of_the_class(server: Server, enter: Enter) -> None:
    page = enter("Bea")

    assert len(names(page)) == 32
    expect(page.get_by_text(re.compile(r"\d+ of 32 reviewed"))).to_be_visible()
    card = page.locator(".one", has_text="student02")
    expect(card.locator("img")).to_be_visible()
    assert card.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 238
    expect(card).to_contain_text("cnn full")


def test_the_wall_sorts_filters_and_searches(server: Server, enter: Enter) -> None:
    page = enter("Bea")

    page.get_by_label("Sort by").select_option("score, lowest first")
    page.wait_for_url("**/?sort=score")
    assert names(page)[:2] == ["student01", "student04"]

    page.get_by_label("Criterion").select_option("cnn")
    page.wait_for_url("**criterion=cnn**")
    page.get_by_label("Verdict").select_option("◐ partly")
    page.wait_for_url("**status=partial**")
    assert len(names(page)) == 10

    page.get_by_label("Search").fill("student1")
    expect(page.locator(".one:visible")).to_have_count(4)


def test_ten_submissions_are_walked_through_and_graded_by_keyboard(server: Server, enter: Enter) -> None:
    page = enter("Bea")
    page.get_by_label("Search").fill("student0")
    press(page, "Enter")
    page.wait_for_url("**search=student0")
    press(page, "Escape")
    press(page, "j")

    for number in range(1, 10):
        expect(page.get_by_role("heading", level=1)).to_have_text(f"student{number:02}")
        press(page, str(number % 8))
        press(page, "Enter")

    expect(page.get_by_text("student09: saved")).to_be_visible()
    for number in range(1, 10):
        assert grade_of(server.course, f"student{number:02}") == (number % 8, False)
    assert audit(server.course, "student03")[0]["who"] == "Bea"


def test_keys_lead_to_the_next_the_previous_and_the_next_ungraded(server: Server, enter: Enter) -> None:
    grade_in_formgrader(server.course, "student11", 3)
    page = enter("Bea")
    page.goto(server.desk("student10"))
    heading = page.get_by_role("heading", level=1)

    for key, student in (("j", "student11"), ("k", "student10"), ("n", "student12")):
        press(page, key)
        expect(heading).to_have_text(student)
    press(page, "g")
    assert page.evaluate("document.activeElement.id") == "score.interpretation"
    press(page, "Escape")
    press(page, "?")
    expect(page.get_by_role("dialog")).to_contain_text("undo the last change")


def test_a_comment_with_a_snippet_is_in_the_gradebook_after_a_reload(server: Server, enter: Enter) -> None:
    page = enter("Bea")
    page.goto(server.desk("student12"))

    press(page, "c")
    page.keyboard.type("Filter 2: <b>good</b>.")
    press(page, "Alt+2")
    page.get_by_label("Points").first.fill("7,5")
    press(page, "Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("student13")
    page.goto(server.desk("student12"))

    expect(page.get_by_label("Points").first).to_have_value("7.5")
    said = "Filter 2: <b>good</b>.\n\nYou describe the images; also say what they tell you about the filters."
    expect(page.get_by_label(re.compile("^Comment"))).to_have_value(said)
    assert comment_of(server.course, "student12") == said
    assert grade_of(server.course, "student12") == (7.5, False)


def test_a_comment_can_be_kept_as_a_snippet_for_all(server: Server, enter: Enter) -> None:
    page = enter("Bea")
    page.goto(server.desk("student13"))
    page.get_by_label(re.compile("^Comment")).fill("Count the stripes.")
    page.get_by_text("Snippets").click()
    page.get_by_label("keep this comment").check()
    page.get_by_role("button", name="Save s").click()
    expect(page.locator(".notice", has_text=": saved")).to_be_visible()

    other = enter("Carl")
    other.goto(server.desk("student14"))
    other.get_by_text("Snippets").click()
    other.get_by_role("button", name="Count the stripes.", exact=True).click()

    expect(other.get_by_label(re.compile("^Comment"))).to_have_value("Count the stripes.")


def test_an_automatic_score_is_changed_only_for_a_reason(server: Server, enter: Enter) -> None:
    page = enter("Bea")
    page.goto(server.desk("student14"))
    row = page.locator("article.row", has_text="objective")
    row.get_by_text("Change the score").click()
    row.get_by_label("Points").fill("11")
    row.get_by_label("Points").press("Control+Enter")

    expect(page.get_by_role("alert").filter(has_text="Say why objective gets 11")).to_be_visible()
    assert grade_of(server.course, "student14", "check_objective") == (None, False)

    row.get_by_label(re.compile("Reason")).fill("Filters 3 and 4 are swapped.")
    press(page, "Control+Enter")
    expect(page.get_by_text("student14: saved")).to_be_visible()
    assert grade_of(server.course, "student14", "check_objective") == (11, False)
    assert comment_of(server.course, "student14", "ascent") == "**objective** Filters 3 and 4 are swapped."
    line = next(line for line in audit(server.course, "student14") if line["cell"] == "check_objective")
    assert line["reason"] == "Filters 3 and 4 are swapped."
    assert (line["old"], line["new"]) == ({}, {"manual_score": 11.0})


@pytest.mark.parametrize("typed", ["11", "-1", "ten", "nan", "1e99"])
def test_points_that_cannot_be_are_said_beside_the_field_and_nothing_is_lost(
    server: Server, enter: Enter, typed: str
) -> None:
    page = enter("Bea")
    page.goto(server.desk("student15"))
    page.get_by_label(re.compile("^Comment")).fill("Kept.")
    page.get_by_label("Points").first.fill(typed)
    press(page, "Enter")

    expect(page.get_by_text("Enter a number from 0 to 10.")).to_be_visible()
    expect(page.get_by_label(re.compile("^Comment"))).to_have_value("Kept.")
    assert grade_of(server.course, "student15") == (None, True)


@pytest.mark.deep
def test_a_change_is_undone_even_after_a_restart(server: Server, enter: Enter) -> None:
    page = enter("Bea")
    for typed in ("4", "9"):
        page.goto(server.desk("student16"))
        page.get_by_label("Points").first.fill(typed)
        page.get_by_role("button", name="Save s").click()
        expect(page.get_by_text("student16: saved")).to_be_visible()
    press(page, "u")
    expect(page.get_by_text("Change undone")).to_be_visible()
    assert grade_of(server.course, "student16") == (4, False)

    with serving(server.course) as again:
        page = enter("Carl", again)
        page.goto(again.desk("student16"))
        press(page, "u")
        expect(page.get_by_text("Change undone")).to_be_visible()

    assert grade_of(server.course, "student16") == (None, True)
    assert [line.get("undoes", "") != "" for line in audit(server.course, "student16")] == [
        False,
        False,
        True,
        True,
    ]


def test_undo_leaves_alone_what_formgrader_has_written_since(server: Server, enter: Enter) -> None:
    page = enter("Bea")
    page.goto(server.desk("student17"))
    press(page, "5")
    page.get_by_role("button", name="Save s").click()
    expect(page.get_by_text("student17: saved")).to_be_visible()
    grade_in_formgrader(server.course, "student17", 8)

    press(page, "u")

    expect(page.get_by_text("That change was overwritten later")).to_be_visible()
    assert grade_of(server.course, "student17") == (8, False)


@pytest.mark.deep
def test_of_two_tas_the_later_does_not_silently_overwrite_the_earlier(server: Server, enter: Enter) -> None:
    bea, carl = enter("Bea"), enter("Carl")
    for page in (bea, carl):
        page.goto(server.desk("student18"))
    expect(carl.get_by_text("Bea has this submission open, too.")).to_be_visible()
    expect(bea.get_by_text("Carl has this submission open, too.")).to_be_visible(timeout=10_000)
    bea.get_by_label("Points").first.fill("3")
    bea.get_by_role("button", name="Save s").click()
    expect(bea.get_by_text("student18: saved")).to_be_visible()
    expect(carl.get_by_text("Bea has saved this submission in the meantime")).to_be_visible(timeout=10_000)

    carl.get_by_label("Points").first.fill("9")
    carl.get_by_label(re.compile("^Comment")).fill("From Carl.")
    press(carl, "Control+Enter")

    expect(carl.get_by_role("heading", name="Bea has saved in the meantime")).to_be_visible()
    expect(carl.locator(".conflict tr", has_text="interpretation").first).to_contain_text("interpretation39")
    assert grade_of(server.course, "student18") == (3, False)

    carl.get_by_role("button", name="Overwrite with mine").click()
    expect(carl.get_by_text("student18: saved")).to_be_visible()
    assert grade_of(server.course, "student18") == (9, False)
    who = [(line["who"], line["new"].get("manual_score")) for line in audit(server.course, "student18")]  # type: ignore[attr-defined]
    assert who == [("Bea", 3.0), ("Carl", 9.0)]


def test_what_formgrader_saves_meanwhile_is_not_overwritten_either(server: Server, enter: Enter) -> None:
    page = enter("Bea")
    page.goto(server.desk("student19"))
    grade_in_formgrader(server.course, "student19", 2)
    press(page, "7")
    press(page, "Enter")

    expect(page.get_by_role("heading", name="has saved in the meantime")).to_be_visible()
    page.get_by_role("link", name="Keep what is saved now").click()

    expect(page.get_by_label("Points").first).to_have_value("2")
    assert grade_of(server.course, "student19") == (2, False)


def test_typed_words_do_not_get_lost_by_a_key(server: Server, enter: Enter) -> None:
    page = enter("Bea")
    page.goto(server.desk("student20"))
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_label(re.compile("^Comment")).fill("Half a sentence")
    press(page, "Escape")
    press(page, "j")

    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    expect(page.get_by_label(re.compile("^Comment"))).to_have_value("Half a sentence")


def test_filters_are_compared_by_pointer_and_by_keyboard(server: Server, enter: Enter) -> None:
    page = enter("Bea")
    page.goto(server.desk("ada"))
    grid = page.locator("[data-grid=student] img")
    grid.evaluate("image => image.decode()")
    box = grid.bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])

    facts = page.locator("[data-facts]")
    expect(page.locator("[data-filter-number]")).to_have_text("1")
    for word in ("starts at", "ends at", "gain", "pattern"):
        expect(facts).to_contain_text(word)
    expect(page.locator("[data-grid] .mark:visible")).to_have_count(2)
    assert page.locator("path.now").count() >= 1
    page.mouse.move(0, 0)
    press(page, "f")
    press(page, "ArrowRight")
    press(page, "ArrowRight")
    expect(page.locator("[data-filter-number]")).to_have_text("2")


def test_the_film_follows_the_chosen_filter(server: Server, enter: Enter) -> None:
    page = enter("Tina")
    page.goto(server.desk("student01"))
    panel = page.locator("[data-panel]")
    expect(panel.get_by_role("img", name=re.compile("step 50"))).to_have_count(2)
    expect(panel).to_contain_text("Filter 0: reproduced")

    press(page, "f")
    page.keyboard.press("ArrowRight")

    expect(panel).to_contain_text("Filter 1: reproduced")
    for place in ("4", "-1", "x", "9" * 30):
        assert page.request.get(f"{server.desk('student01')}/panel/{place}").status == 404


def test_the_desk_shows_training_code_answer_and_notebook(server: Server, enter: Enter) -> None:
    page = enter("Bea")
    page.goto(server.desk("ada"))

    expect(page.get_by_text("held-out digits, measured again")).to_be_visible()
    expect(page.get_by_role("region", name="ascent")).to_contain_text("GradientTape")
    expect(page.get_by_role("region", name="the student's answer").locator("strong")).to_have_text("edges")
    page.get_by_text("Show it").click()
    page.locator("iframe").scroll_into_view_if_needed()
    expect(page.frame_locator("iframe").get_by_text("20 of 20 points").first).to_be_visible()


def test_nothing_that_a_student_has_written_runs_or_asks_anybody(server: Server, enter: Enter) -> None:
    page = enter("Bea")
    trouble: list[str] = []
    page.on("dialog", lambda dialog: (trouble.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on(
        "request",
        lambda sent: None if sent.url.startswith((server.root, "data:")) else trouble.append(sent.url),
    )

    page.goto(server.root)
    expect(page.locator(".one .name", has_text=MALLORY)).to_be_visible()
    page.goto(server.desk(MALLORY))
    page.get_by_text("Show it").click()
    page.locator("iframe").scroll_into_view_if_needed()
    expect(page.frame_locator("iframe").get_by_text("ValueError").first).to_be_visible()
    page.get_by_label(re.compile("^Comment")).fill(f"</textarea>{MALLORY}")
    press(page, "Control+Enter")
    expect(page.locator(".notice", has_text=": saved")).to_be_visible()
    page.goto(server.desk(MALLORY))

    expect(page.get_by_label(re.compile("^Comment"))).to_have_value(f"</textarea>{MALLORY}")
    page.goto(f"{server.root}/class")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert trouble == []
    assert "owned" not in page.title()


def test_names_are_hidden_in_blind_mode(server: Server, enter: Enter) -> None:
    page = enter("Bea")

    page.get_by_role("button", name="Hide names").click()

    expect(page.get_by_role("button", name="Names hidden")).to_be_visible()
    assert "student0" not in page.content()
    page.locator(".one > a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Submission")
    assert not re.search(r"student\d\d", page.content() + page.url)


def test_names_hidden_by_the_command_stay_hidden(graded: Course, enter: Enter) -> None:
    with serving(graded, "--blind") as blind:
        page = enter("Bea", blind)
        assert not re.search(r"student\d\d", page.content())
        expect(page.get_by_role("button", name=re.compile("names", re.I))).to_have_count(0)


def test_grading_works_without_javascript(server: Server, enter: Enter) -> None:
    page = enter("Bea", java_script_enabled=False)
    page.goto(f"{server.root}/?show=ungraded&search=student21")
    page.locator(".one > a").click()

    page.get_by_label("Points").first.fill("6")
    page.get_by_role("button", name="Save s").click()

    expect(page.get_by_text("student21: saved")).to_be_visible()
    assert grade_of(server.course, "student21") == (6, False)


@pytest.mark.parametrize("size", [(820, 1180), (640, 400)], ids=["tablet", "zoomed to 200 %"])
@pytest.mark.parametrize("where", ["wall", "desk"])
def test_small_windows_need_no_scrolling_sideways(
    server: Server, enter: Enter, size: tuple[int, int], where: str
) -> None:
    page = enter("Bea")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(server.root if where == "wall" else server.desk("ada"))

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_static_gallery_is_still_written(server: Server, tmp_path: Path) -> None:
    succeed(["review", "--course", str(server.course.root), "--static", str(tmp_path / "gallery")])
    assert (tmp_path / "gallery" / "index.html").is_file()


def test_what_the_grader_could_not_decide_waits_until_a_person_has_looked(
    server: Server, enter: Enter
) -> None:
    with open_gradebook(server.course) as gradebook:
        grade = gradebook.find_grade("check_plot", ASSIGNMENT, ASSIGNMENT, "student24")
        grade.needs_manual_grade = True
        gradebook.db.commit()
        automatic = grade.auto_score
    page = enter("Bea")
    page.goto(f"{server.root}/?show=review")
    assert names(page) == ["student24"]

    press(page, "j")
    page.get_by_label(re.compile("I have looked")).check()
    page.get_by_role("button", name="Save s").click()

    expect(page.get_by_text("student24: saved")).to_be_visible()
    assert grade_of(server.course, "student24", "check_plot") == (automatic, False)


@pytest.mark.deep
def test_what_two_tas_change_in_different_places_is_kept_from_both(server: Server, enter: Enter) -> None:
    bea, carl = enter("Bea"), enter("Carl")
    for page in (bea, carl):
        page.goto(server.desk("student25"))
    row = bea.locator("article.row", has_text="plot")
    row.get_by_text("Change the score").click()
    row.get_by_label("Points").fill("4")
    row.get_by_label(re.compile("Reason")).fill("The titles are there.")
    bea.get_by_role("button", name="Save s").click()
    expect(bea.get_by_text("student25: saved")).to_be_visible()

    carl.get_by_label("Points").first.fill("11")
    press(carl, "Enter")
    expect(carl.get_by_text("Enter a number from 0 to 10.")).to_be_visible()
    carl.get_by_label("Points").first.fill("9")
    press(carl, "Enter")
    expect(carl.get_by_role("heading", name="Bea has saved in the meantime")).to_be_visible()
    carl.get_by_role("button", name="Overwrite with mine").click()

    expect(carl.get_by_text("student25: saved")).to_be_visible()
    assert grade_of(server.course, "student25") == (9, False)
    assert grade_of(server.course, "student25", "check_plot") == (4, False)
