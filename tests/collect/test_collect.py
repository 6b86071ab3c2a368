"""What an LMS gives becomes submissions: each with the right student, the right time, and nothing lost."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from command_line import succeed
from lms_downloads import (
    CANVAS,
    EVENING,
    MOODLE,
    ROSTER,
    gradescope,
    handed_in,
    notebook,
    outcomes,
    pack,
    packed,
    reasons,
    submitted_at,
)
from nbgrader.api import Gradebook

from autograder.cli import run
from autograder.collect.collect import collect
from autograder.collect.gradescope import METADATA
from autograder.collect.outcome import (
    NEW,
    SUPERSEDED,
)
from autograder.course.folder import ASSIGNMENT, Course
from autograder.errors import DownloadError


def test_moodles_folders_and_flat_files_are_collected(course: Course, tmp_path: Path) -> None:
    found = collect(course, pack(tmp_path / "moodle.zip", MOODLE), "moodle")

    assert outcomes(found) == {"Ada Lovelace": NEW, "Bert Müller": NEW, "Cleo O Neill": NEW}
    assert found.is_whole
    named = f"{ASSIGNMENT}.ipynb"
    assert handed_in(course, "Ada Lovelace") == {named: notebook("ada")}
    assert handed_in(course, "Bert Müller") == {named: notebook("bert"), "data/digits.csv": "1,2"}
    assert handed_in(course, "Cleo O Neill") == {named: notebook("cleo")}
    assert course.students() == ["Ada Lovelace", "Bert Müller", "Cleo O Neill"]


def test_an_unpacked_moodle_download_is_collected_too(course: Course, tmp_path: Path) -> None:
    with zipfile.ZipFile(pack(tmp_path / "moodle.zip", MOODLE)) as archive:
        archive.extractall(tmp_path / "unpacked" / "DL-Exercise 3-4711")

    assert outcomes(collect(course, tmp_path / "unpacked", "moodle")) == {
        "Ada Lovelace": NEW, "Bert Müller": NEW, "Cleo O Neill": NEW,
    }  # fmt: skip


def test_text_typed_into_moodle_is_reported(course: Course, tmp_path: Path) -> None:
    texts = {
        "Ada Lovelace_1234567_assignsubmission_onlinetext/onlinetext.html": "see my notebook",
        "Dora Ek_1234570_assignsubmission_onlinetext/onlinetext.html": "my notebook does not upload",
    }
    found = collect(course, pack(tmp_path / "moodle.zip", MOODLE | texts), "moodle")

    assert [note.what for note in found.notes] == [next(iter(texts))]
    assert list(reasons(found)) == [list(texts)[1]]
    assert not found.is_whole


def test_times_that_are_those_of_the_download_are_not_taken(course: Course, tmp_path: Path) -> None:
    collect(course, pack(tmp_path / "moodle.zip", MOODLE), "moodle")

    assert submitted_at(course, "Ada Lovelace") is None


def test_moodles_times_are_what_nbgraders_late_policy_reads(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = "Ada Lovelace_1234567_assignsubmission_file/activation_maximization.ipynb"
    collect(course, pack(tmp_path / "moodle.zip", MOODLE, {late: EVENING}), "moodle")
    ada, bert = (submitted_at(course, student) for student in ("Ada Lovelace", "Bert Müller"))

    assert ada is not None
    assert bert is not None
    assert ada == datetime(*EVENING).astimezone(UTC).replace(tzinfo=None)
    assert (ada - bert).total_seconds() == 8 * 3600
    # a new gradebook calls 'alembic', which is beside this Python
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db", "") as gradebook:
        gradebook.add_assignment(ASSIGNMENT, duedate="2026-11-20 12:00:00 UTC")
        gradebook.add_student("Ada Lovelace")
        recorded = gradebook.update_or_create_submission(ASSIGNMENT, "Ada Lovelace", timestamp=ada)
        assert recorded.total_seconds_late == (ada - datetime(2026, 11, 20, 12)).total_seconds()


def test_a_teams_submission_goes_to_the_team(course: Course, tmp_path: Path) -> None:
    files = {
        "Team 7_321_assignsubmission_file/nb.ipynb": notebook("7"),
        "Default group_assignsubmission_file/nb.ipynb": notebook("0"),
    }
    found = collect(course, pack(tmp_path / "moodle.zip", files), "moodle")

    assert outcomes(found) == {"Team 7": NEW, "Default group": NEW}


def test_canvas_files_are_collected_and_the_last_of_each_notebook_counts(
    course: Course, tmp_path: Path
) -> None:
    found = collect(course, pack(tmp_path / "canvas.zip", CANVAS), "canvas")

    assert outcomes(found) == {"lovelaceada": NEW, "mullerbert": NEW, "oneillcleo": NEW}
    named = f"{ASSIGNMENT}.ipynb"
    assert handed_in(course, "lovelaceada") == {named: notebook("ada")}
    assert handed_in(course, "mullerbert") == {
        named: notebook("bert, last"),
        "run-1.csv": "1",
        "run-2.csv": "2",
    }
    assert handed_in(course, "oneillcleo") == {named: notebook("cleo")}
    assert ["superseded" in note.why for note in found.notes] == [True]
    assert list(reasons(found)) == ["ekdora_14_text.html"]


def test_canvas_says_only_that_something_was_late(course: Course, tmp_path: Path) -> None:
    found = collect(course, pack(tmp_path / "canvas.zip", CANVAS, {"ekdora_14_text.html": EVENING}), "canvas")

    assert {line.student: line.late for line in found.lines} == {
        "lovelaceada": True, "mullerbert": False, "oneillcleo": False,
    }  # fmt: skip
    assert submitted_at(course, "lovelaceada") is None


def test_anonymous_canvas_submissions_keep_their_code(course: Course, tmp_path: Path) -> None:
    files = {
        "anon_Xy12z_5001_nb.ipynb": notebook("1"),
        "LATE_anon_Ab34c_5002_77_88_nb.ipynb": notebook("2"),
    }
    found = collect(course, pack(tmp_path / "canvas.zip", files), "canvas")

    assert {line.student: line.late for line in found.lines} == {"anon_Xy12z": False, "anon_Ab34c": True}


def test_gradescopes_export_is_collected_with_its_times(course: Course, tmp_path: Path) -> None:
    files = gradescope([
        (201, "Ada Lovelace/0101", "2026-11-20 09:15:07.938335000 Z"),
        (202, "Bert Müller/0102,Cleo Neill/0103", "2026-11-20 12:00:00.5 -08:00"),
    ])  # fmt: skip
    found = collect(course, pack(tmp_path / "export.zip", files), "gradescope")

    assert outcomes(found) == {"0101": NEW, "0102": NEW, "0103": NEW}
    assert found.is_whole
    assert handed_in(course, "0102") == handed_in(course, "0103") == {f"{ASSIGNMENT}.ipynb": notebook("202")}
    assert submitted_at(course, "0101") == datetime(2026, 11, 20, 9, 15, 7, 938335)
    assert submitted_at(course, "0103") == datetime(2026, 11, 20, 20, 0, 0, 500000)


def test_the_newest_of_a_students_submissions_is_taken(course: Course, tmp_path: Path) -> None:
    files = gradescope([
        (301, "Ada Lovelace/0101", "2026-11-21 09:00:00 Z"),
        (302, "Ada Lovelace/0101,Bert Müller/0102", "2026-11-20 09:00:00 Z"),
    ])  # fmt: skip
    found = collect(course, pack(tmp_path / "export.zip", files), "gradescope")

    assert [(line.student, line.outcome) for line in found.lines] == [
        ("0101", NEW), ("0101", SUPERSEDED), ("0102", NEW),
    ]  # fmt: skip
    assert handed_in(course, "0101") == {f"{ASSIGNMENT}.ipynb": notebook("301")}


def test_gradescope_lists_and_folders_that_do_not_fit_are_reported(course: Course, tmp_path: Path) -> None:
    files = gradescope([(401, "Ada Lovelace/0101", "no time"), (402, "Bert/0102", "2026-11-20 09:00:00 Z")])
    del files["assignment_1_export/submission_402/work.ipynb"]
    files["assignment_1_export/submission_499/work.ipynb"] = notebook("whose?")
    found = collect(course, pack(tmp_path / "export.zip", files), "gradescope")

    assert outcomes(found) == {"0101": NEW}
    assert set(reasons(found)) == {"submission_402", "assignment_1_export/submission_499/work.ipynb"}
    assert submitted_at(course, "0101") is None


def test_a_gradescope_export_without_its_list_is_refused(course: Course, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=METADATA):
        collect(course, pack(tmp_path / "export.zip", {"submission_1/a.ipynb": "{}"}), "gradescope")


PLAIN = {
    "ada.ipynb": notebook("ada"),
    "bert/work.ipynb": notebook("bert"),
    "bert/picture.png": "png",
    f"cleo/{ASSIGNMENT}/{ASSIGNMENT}.ipynb": notebook("cleo"),
    f"cleo/{ASSIGNMENT}/helper.py": "x = 1",
    "dora.zip": packed({"project/work.ipynb": notebook("dora"), "project/data/a.csv": "1"}),
}


@pytest.mark.parametrize("around", ["", "handed in/"])
def test_a_plain_folder_is_collected(course: Course, tmp_path: Path, around: str) -> None:
    files = {f"{around}{name}": content for name, content in PLAIN.items()}
    if around:  # only folders of students show that they are in another folder
        files = {name: content for name, content in files.items() if name.count("/") > 1}
        files[f"{around}ada/ada.ipynb"] = notebook("ada")
    found = collect(course, pack(tmp_path / "plain.zip", files), "plain")

    assert outcomes(found) == dict.fromkeys(("ada", "bert", "cleo", *(() if around else ("dora",))), NEW)
    named = f"{ASSIGNMENT}.ipynb"
    assert handed_in(course, "bert") == {named: notebook("bert"), "picture.png": "png"}
    assert handed_in(course, "cleo") == {named: notebook("cleo"), "helper.py": "x = 1"}
    if not around:
        assert handed_in(course, "dora") == {named: notebook("dora"), "data/a.csv": "1"}


def test_a_zip_that_a_student_handed_in_is_opened_once(course: Course, tmp_path: Path) -> None:
    inner = packed({"work/mine.ipynb": notebook("ada"), "work/older.zip": packed({"old.ipynb": "{}"})})
    files = {"Ada Lovelace_1_assignsubmission_file/abgabe.zip": inner}
    found = collect(course, pack(tmp_path / "moodle.zip", files), "moodle")

    assert outcomes(found) == {"Ada Lovelace": NEW}
    folder = course.submission_folder("Ada Lovelace")
    assert (folder / f"{ASSIGNMENT}.ipynb").read_text() == notebook("ada")
    assert (folder / "older.zip").is_file()
    assert "archive in an archive" in found.lines[0].notes[0]


def test_several_notebooks_are_left_to_a_person_unless_one_is_called_like_the_assignment(
    course: Course, tmp_path: Path
) -> None:
    files = {
        "ada/first.ipynb": notebook("1"), "ada/second.ipynb": notebook("2"),
        "bert/first.ipynb": notebook("1"), f"bert/{ASSIGNMENT.upper()}.ipynb": notebook("2"),
        "cleo/report.pdf": "pdf",
    }  # fmt: skip
    found = collect(course, pack(tmp_path / "plain.zip", files), "plain")

    notes = {line.student: line.notes for line in found.lines}
    assert "2 notebooks" in notes["ada"][0]
    assert notes["bert"] == ()
    assert notes["cleo"] == ("no notebook was handed in",)
    assert set(handed_in(course, "ada")) == {"first.ipynb", "second.ipynb"}
    assert handed_in(course, "bert")[f"{ASSIGNMENT}.ipynb"] == notebook("2")


def test_a_download_of_another_lms_is_refused_with_a_guess(course: Course, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="looks like --lms moodle"):
        collect(course, pack(tmp_path / "moodle.zip", MOODLE), "canvas")
    with pytest.raises(DownloadError, match="looks like --lms canvas"):
        collect(course, pack(tmp_path / "canvas.zip", CANVAS), "gradescope")


def test_the_course_itself_is_no_download(course: Course) -> None:
    course.submitted.mkdir()
    for folder in (course.root, course.submitted):
        with pytest.raises(DownloadError, match="the folder of collected submissions"):
            collect(course, folder, "plain")


def test_the_command_prints_what_happened_and_fails_if_something_was_left_out(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    roster: Callable[[str], Path],
) -> None:  # fmt: skip
    monkeypatch.setenv("COLUMNS", "140")
    download = str(
        pack(tmp_path / "moodle.zip", MOODLE | {"Ada Lovelace_1234567_assignsubmission_file/.DS_Store": ""})
    )
    command = ["collect", download, "--lms", "moodle", "--course", str(course.root)]

    succeed([*command, "--dry-run"])
    assert "3 submissions: 3 new; 1 hidden file skipped. Nothing was written." in capsys.readouterr().out
    assert run([*command, "--roster", str(roster(ROSTER))]) == 1
    said = capsys.readouterr().out
    assert "│ al01    │ activation_maximization.ipynb │ not known    │ new           │" in said
    assert "left out: Cleo O Neill: not in the roster" in said
    assert said.endswith("2 submissions: 2 new; 1 other left out; 1 hidden file skipped.\n")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>log in</html>", "neither a zip nor a tar"),
        (b"PK\x03\x04 cut off", "incompletely copied"),
        (None, "No such file"),
    ],
)
def test_the_command_says_in_one_line_why_a_download_cannot_be_read(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "d.zip").write_bytes(content)

    assert run(["collect", str(tmp_path / "d.zip"), "--lms", "moodle", "--course", str(course.root)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert words in said
