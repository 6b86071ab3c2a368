"""What is known of a class is at hand at once, and is never older than what was saved."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from autograder.errors import CourseError
from autograder.review import listing
from autograder.review.listing import Listing
from autograder.review.submissions import ReviewSubmission


def submission(student: str, version: str = "") -> ReviewSubmission:
    return ReviewSubmission(key=student, student=student, folder=Path("nowhere"), version=version)


class Gradebook:
    """Its people, and how often it was asked for."""

    def __init__(self, *students: str) -> None:
        self.students = list(students)
        self.asked = 0
        self.version = ""

    def read(self) -> Sequence[ReviewSubmission]:
        self.asked += 1
        return [submission(student, self.version) for student in self.students]


def wait_until_asked(gradebook: Gradebook, times: int) -> None:
    for _ in range(200):
        if gradebook.asked >= times:
            return
        time.sleep(0.02)
    pytest.fail("the gradebook was not read")


def test_a_walk_does_not_wait_for_the_gradebook() -> None:
    gradebook = Gradebook("ada", "bert")
    known = Listing(gradebook.read)

    students = [[one.student for one in known.recent()] for _ in range(3)]

    assert students == [["ada", "bert"]] * 3
    assert gradebook.asked == 1


def test_what_others_do_is_seen_a_little_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "FRESH_SECONDS", 0.0)
    gradebook = Gradebook("ada")
    known = Listing(gradebook.read)
    known.now()
    gradebook.students.append("bert")

    assert [one.student for one in known.recent()] == ["ada"]
    wait_until_asked(gradebook, 2)
    time.sleep(0.05)
    assert known.last_read("bert") is not None


def test_what_was_saved_is_known_at_once() -> None:
    gradebook = Gradebook("ada", "bert")
    known = Listing(gradebook.read)
    known.now()

    known.put(submission("bert", "graded"))

    assert [(one.student, one.version) for one in known.recent()] == [("ada", ""), ("bert", "graded")]
    assert gradebook.asked == 1


def test_what_was_read_before_a_save_does_not_replace_it() -> None:
    reads, saved = threading.Event(), threading.Event()

    def slowly() -> Sequence[ReviewSubmission]:
        found = [submission("ada", "old")]
        if reads.is_set():
            return found
        reads.set()
        assert saved.wait(5)
        return found

    known = Listing(lambda: [submission("ada", "old")])
    known.now()
    known._read_all = slowly
    reader = threading.Thread(target=known.now)
    reader.start()
    assert reads.wait(5)
    known.put(submission("ada", "new"))
    saved.set()
    reader.join()

    found = known.last_read("ada")
    assert found is not None
    assert found.version == "new"


def test_a_gradebook_that_does_not_answer_is_no_end_of_a_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(listing, "_PAUSE_SECONDS", 0.0)
    gradebook = Gradebook("ada")
    known = Listing(gradebook.read)
    known.now()

    def fails() -> Sequence[ReviewSubmission]:
        gradebook.asked += 1
        raise CourseError("locked")

    known._read_all = fails
    known.recent()
    wait_until_asked(gradebook, 2)

    assert [one.student for one in known.recent()] == ["ada"]
