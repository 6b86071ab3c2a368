"""What is collected a second time, or is disturbed: the old submission or the new one is there, and whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from kill_points import kill_at, naming, points_of
from lms_downloads import EVENING, MOODLE, gradescope, handed_in, notebook, outcomes, pack, submitted_at

from autograder.collect import place
from autograder.collect.collect import collect
from autograder.collect.outcome import (
    KEPT,
    LEFT_OUT,
    NEW,
    REPLACES,
    UNCHANGED,
)
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.lock import only_writer
from autograder.errors import CourseError


def test_the_same_download_again_changes_nothing(course: Course, tmp_path: Path) -> None:
    download = pack(tmp_path / "moodle.zip", MOODLE)
    collect(course, download, "moodle")
    before = {path: path.lstat().st_mtime_ns for path in course.submitted.rglob("*") if path.is_file()}

    assert set(outcomes(collect(course, download, "moodle")).values()) == {UNCHANGED}
    assert {
        path: path.lstat().st_mtime_ns for path in course.submitted.rglob("*") if path.is_file()
    } == before
    assert not (course.submitted / place.WORK).exists()


@pytest.mark.parametrize("exchanges", [True, False])
def test_a_later_submission_replaces_the_old_one_whole(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchanges: bool
) -> None:
    if not exchanges:  # a file system that cannot exchange two folders
        monkeypatch.setattr(place, "_exchange", lambda one, other: False)
    collect(course, pack(tmp_path / "1.zip", {"ada/a.ipynb": notebook("1"), "ada/old.csv": "1"}), "plain")
    found = collect(course, pack(tmp_path / "2.zip", {"ada/a.ipynb": notebook("2")}), "plain")

    assert outcomes(found) == {"ada": REPLACES}
    assert handed_in(course, "ada") == {f"{ASSIGNMENT}.ipynb": notebook("2")}
    assert sorted(path.name for path in course.submitted.iterdir()) == ["ada"]


def test_an_older_submission_does_not_replace_a_newer_one(course: Course, tmp_path: Path) -> None:
    newer = gradescope([(2, "Ada Lovelace/0101", "2026-11-20 10:00:00 Z")])
    older = gradescope([(1, "Ada Lovelace/0101", "2026-11-20 09:00:00 Z")])
    collect(course, pack(tmp_path / "newer.zip", newer), "gradescope")
    found = collect(course, pack(tmp_path / "older.zip", older), "gradescope")

    assert outcomes(found) == {"0101": KEPT}
    assert handed_in(course, "0101") == {f"{ASSIGNMENT}.ipynb": notebook("2")}


def test_what_was_mended_by_hand_is_not_collected_over(course: Course, tmp_path: Path) -> None:
    first = pack(tmp_path / "1.zip", {"ada/a.ipynb": notebook("broken")})
    collect(course, first, "plain")
    (course.submission_folder("ada") / f"{ASSIGNMENT}.ipynb").write_text(notebook("mended"))

    assert outcomes(collect(course, first, "plain")) == {"ada": KEPT}
    assert handed_in(course, "ada") == {f"{ASSIGNMENT}.ipynb": notebook("mended")}
    again = collect(course, pack(tmp_path / "2.zip", {"ada/a.ipynb": notebook("handed in again")}), "plain")
    assert outcomes(again) == {"ada": REPLACES}


def test_a_damaged_submission_does_not_replace_a_whole_one(course: Course, tmp_path: Path) -> None:
    collect(course, pack(tmp_path / "1.zip", {"ada/a.ipynb": notebook("whole")}), "plain")
    damaged = pack(
        tmp_path / "2.zip", {"ada/a.ipynb": notebook("new"), "ada/work.zip": b"PK\x03\x04 cut off"}
    )
    found = collect(course, damaged, "plain")

    assert outcomes(found) == {"ada": KEPT}
    assert not found.is_whole
    assert handed_in(course, "ada") == {f"{ASSIGNMENT}.ipynb": notebook("whole")}


def test_a_time_that_becomes_known_is_added(course: Course, tmp_path: Path) -> None:
    collect(course, pack(tmp_path / "1.zip", MOODLE), "moodle")
    known = pack(tmp_path / "2.zip", MOODLE, {next(iter(MOODLE)): EVENING})

    assert set(outcomes(collect(course, known, "moodle")).values()) == {UNCHANGED}
    assert submitted_at(course, "Ada Lovelace") is not None


def test_a_dry_run_says_the_same_and_writes_nothing(course: Course, tmp_path: Path) -> None:
    download = pack(tmp_path / "moodle.zip", MOODLE)
    planned = collect(course, download, "moodle", dry_run=True)

    assert not course.submitted.exists()
    assert not course.graded.exists()
    assert collect(course, download, "moodle") == planned


def test_nothing_is_collected_while_another_command_writes(course: Course, tmp_path: Path) -> None:
    with only_writer(course), pytest.raises(CourseError, match="another gradeascent"):
        collect(course, pack(tmp_path / "moodle.zip", MOODLE), "moodle")


def test_one_submission_that_cannot_be_written_does_not_stop_the_others(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = place.Shelf.put

    def full(self: place.Shelf, student: str, new: Path, record: place.Record) -> None:
        if student == "Ada Lovelace":
            raise OSError(28, "No space left on device")
        put(self, student, new, record)

    monkeypatch.setattr(place.Shelf, "put", full)
    found = collect(course, pack(tmp_path / "moodle.zip", MOODLE), "moodle")

    assert outcomes(found) == {"Ada Lovelace": LEFT_OUT, "Bert Müller": NEW, "Cleo O Neill": NEW}
    assert found.lines[0].why == "No space left on device"
    monkeypatch.undo()
    assert outcomes(collect(course, tmp_path / "moodle.zip", "moodle"))["Ada Lovelace"] == NEW


def test_a_link_in_place_of_a_submission_is_left_alone(course: Course, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    course.submitted.mkdir()
    (course.submitted / "Ada Lovelace").symlink_to(tmp_path / "elsewhere")
    (course.submitted / "Bert Müller").mkdir()
    course.submission_folder("Bert Müller").symlink_to(tmp_path / "elsewhere")
    found = collect(course, pack(tmp_path / "moodle.zip", MOODLE), "moodle")

    assert outcomes(found) == {"Ada Lovelace": LEFT_OUT, "Bert Müller": LEFT_OUT, "Cleo O Neill": NEW}
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_replacement_that_was_killed_half_way_is_undone_or_finished(course: Course, tmp_path: Path) -> None:
    first = pack(tmp_path / "1.zip", {"ada/a.ipynb": notebook("1"), "bert/b.ipynb": notebook("1")})
    collect(course, first, "plain")
    work = course.submitted / place.WORK
    (work / "new").mkdir(parents=True)
    (work / "replaced").mkdir()
    course.submission_folder("ada").rename(work / "replaced" / "ada")  # and then came the kill
    shutil.copytree(course.submission_folder("bert"), work / "replaced" / "bert")  # just before it is removed

    assert outcomes(collect(course, first, "plain")) == {"ada": UNCHANGED, "bert": UNCHANGED}
    assert sorted(path.name for path in course.submitted.iterdir()) == ["ada", "bert"]


@pytest.mark.parametrize("exchanges", [True, False])
def test_a_kill_at_any_point_leaves_the_old_or_the_new_submission_whole(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchanges: bool
) -> None:
    if not exchanges:
        monkeypatch.setattr(place, "_exchange", lambda one, other: False)
    files = {name: {f"ada/{file}.csv": name for file in "ab"} for name in ("old", "new")}
    download = {name: pack(tmp_path / f"{name}.zip", some) for name, some in files.items()}
    collect(course, download["old"], "plain")
    shutil.copytree(course.submitted, tmp_path / "before")
    points = points_of(lambda: collect(course, download["new"], "plain"), course.root)
    found: list[set[str]] = []
    for point in points:
        shutil.rmtree(course.submitted)
        shutil.copytree(tmp_path / "before", course.submitted)
        with naming(f"after a kill where {point}"):
            kill_at(point, lambda: collect(course, download["new"], "plain"), course.root)
            if not exchanges and not course.submission_folder("ada").exists():
                place.Shelf(course, ASSIGNMENT).clear()  # what the next command does first
            found.append(set(handed_in(course, "ada").values()))
            assert len(handed_in(course, "ada")) == 2
            assert found[-1] in ({"old"}, {"new"})
            collect(course, download["new"], "plain")
            assert set(handed_in(course, "ada").values()) == {"new"}
            assert not (course.submitted / place.WORK).exists()

    assert ("two folders are about to change places" in points) == exchanges
    assert len(points) > 10
    assert (found[0], found[-1]) == ({"old"}, {"new"})
