"""What the review pages are made of, without a browser: order, oddity, the log, and what forms say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from made_reports import make_report

from autograder.course.marks import Mark, Marks
from autograder.report import Flag
from autograder.review.audit_log import FILE, AuditLog, LogLine, Values
from autograder.review.cells import Sheet
from autograder.review.forms import read_decision
from autograder.review.saving import with_reason
from autograder.review.sessions import GONE_AFTER, Presence, Session
from autograder.review.submissions import ReviewSubmission
from autograder.review.thumbnails import Thumbnails
from autograder.review.unusual import unusualness
from autograder.review.wall import Selection, neighbours

SHEET = Sheet("n", ("cnn", "interpretation"), ("interpretation",), {"check_cnn": "cnn"})


def submission(student: str, *, waits: bool = False, score: float = 1.0) -> ReviewSubmission:
    mark = Mark("interpretation", 10, None, None if waits else score, 0.0, waits)
    return ReviewSubmission(student, student, Path(), None, Marks(student, marks={"interpretation": mark}))


def marks(**changes: object) -> Marks:
    check = Mark("check_cnn", 20, 12, None, 0.0, waits=True)
    answer = Mark("interpretation", 10, None, None, 0.0, waits=True)
    both = {"check_cnn": check, "interpretation": answer}
    return Marks("id", marks=both, comments={"cnn": "", "interpretation": ""})


def test_a_walk_continues_where_a_graded_submission_was() -> None:
    class_ = [submission("a", waits=True), submission("b"), submission("c", waits=True)]
    around = neighbours(class_, Selection(show="ungraded"), "b", blind=False)

    assert (around.before, around.after, around.place) == (class_[0], class_[2], 0)


def test_next_to_grade_begins_again_at_the_top() -> None:
    class_ = [submission("a", waits=True), submission("b"), submission("c")]
    around = neighbours(class_, Selection(), "c", blind=False)

    assert around.after is None
    assert around.next_ungraded == class_[0]


def test_an_address_with_nonsense_chooses_everything() -> None:
    nonsense = {"show": "x", "sort": "../", "status": "<b>", "score_from": "nan", "score_below": "1e999"}

    assert Selection.of(nonsense) == Selection()
    assert Selection.of(nonsense).query == ""


def test_what_is_noted_for_graders_can_be_selected() -> None:
    noted = Flag(code="library_replaced", message="The notebook assigns to numpy.isfinite.", for_staff=True)
    usual = Flag(code="cell_error", message="Cell 'plot': NameError")
    class_ = [
        replace(submission(name), report=make_report(name, {}, flags=flags))
        for name, flags in (("a", [usual]), ("b", [usual, noted]), ("c", []))
    ]

    for query in ({"show": "noted"}, {"flag": "library_replaced"}):
        chosen = Selection.of(query)
        assert [one.student for one in class_ if chosen.includes(one, blind=False)] == ["b"]


def test_a_bar_of_the_class_overview_is_a_selection() -> None:
    chosen = Selection.of({"score_from": "2", "score_below": "4"})
    class_ = [submission(str(score), score=score) for score in (1, 2, 3, 4)]

    assert [one.student for one in class_ if chosen.includes(one, blind=False)] == ["2", "3"]
    assert chosen.query == "?score_from=2&score_below=4"


def test_the_wall_shows_alone_what_the_exercise_offers_to() -> None:
    offered = {"not_reproduced"}
    chosen = Selection.of({"show": "not_reproduced"}, offered)
    class_ = [submission("a"), replace(submission("b"), choices=frozenset(offered))]

    assert [one.student for one in class_ if chosen.includes(one, blind=False)] == ["b"]
    assert chosen.query == "?show=not_reproduced"
    assert Selection.of({"show": "not_reproduced"}) == Selection()


def test_what_looks_like_no_other_is_the_most_unusual() -> None:
    usual = {str(number): (1.0, 0.7 + number / 100, 1.0) for number in range(9)}
    found = unusualness({**usual, "odd": (0.1, 0.0, 0.2), "nothing": None})

    assert max(found, key=found.__getitem__) == "odd"
    assert found["nothing"] == 0


def line(change: str, old: float | None, new: float | None, **more: str) -> LogLine:
    return LogLine(
        change=change,
        when=datetime(2026, 1, 1, tzinfo=UTC),
        who="Bea",
        student="ada",
        assignment="a",
        cell="interpretation",
        old=Values(manual_score=old),
        new=Values(manual_score=new),
        **more,
    )


def test_undone_and_failed_changes_do_not_hold(tmp_path: Path) -> None:
    log = AuditLog(tmp_path, "a")
    log.write([line("one", None, 1)])
    log.write([line("two", 1, 2)])
    log.write([line("three", 2, 1, undoes="two")])
    log.write([line("four", 1, 4)])
    log.write([line("five", 1, 4, failed="four")])

    assert [change.name for change in log.changes("ada")] == ["one"]


def test_a_line_that_was_cut_off_spoils_no_other_and_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = AuditLog(tmp_path, "a")
    log.write([line("one", None, 1)])
    with (tmp_path / FILE).open("a") as file:
        file.write('{"change": "tw')
    assert [change.name for change in log.changes("ada")] == ["one"]

    log.write([line("three", 1, 3)])

    assert [change.name for change in log.changes("ada")] == ["one", "three"]
    assert [change.name for change in AuditLog(tmp_path, "a").changes("ada")] == ["one", "three"]
    assert "a line cannot be read" in caplog.text
    assert '{"change": "tw' in caplog.text


def test_pictures_that_cannot_be_read_are_reported_and_missing_ones_are_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert Thumbnails(64, 8).picture(tmp_path, "small") is None
    assert caplog.text == ""

    (tmp_path / "pictures.npz").write_bytes(b"PK half a file")

    assert Thumbnails(64, 8).picture(tmp_path, "small") is None
    assert "pictures.npz cannot be read" in caplog.text


def test_a_reason_replaces_an_older_one_and_leaves_other_words_alone() -> None:
    comment = with_reason("Nice.\n\n**cnn** counted by hand", "cnn", "looked again")

    assert comment == "Nice.\n\n**cnn** looked again"
    assert with_reason(comment, "cnn", "") == "Nice."


def test_looking_at_a_score_settles_it_and_changes_nothing_else() -> None:
    form = {
        "score.check_cnn": "",
        "reason.check_cnn": "",
        "settled.check_cnn": "on",
        "score.interpretation": "",
    }
    reading = read_decision(form, marks(), SHEET)

    assert reading.settled == {"check_cnn"}
    assert reading.problems == {}
    assert "check_cnn" not in reading.scores


@pytest.mark.parametrize("typed", ["21", "-0.1", "nan", "inf", "1e5", "zwölf"])
def test_impossible_points_are_named_by_their_field(typed: str) -> None:
    assert list(read_decision({"score.check_cnn": typed}, marks(), SHEET).problems) == ["score.check_cnn"]


def test_a_form_says_nothing_about_cells_that_are_not_there() -> None:
    reading = read_decision({"score.other": "3", "comment.other": "x"}, marks(), SHEET)

    assert (reading.scores, reading.comments, reading.problems) == ({}, {}, {})


def test_a_person_who_closes_the_page_is_gone_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    presence, bea, carl = Presence(), Session(name="Bea"), Session(name="Carl")
    presence.here("a", bea)
    assert presence.here("a", carl) == ["Bea"]

    now[0] = GONE_AFTER + 1

    assert presence.here("a", carl) == []
