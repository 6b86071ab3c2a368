"""What an LMS gives becomes submissions: each with the right student, the right time, and nothing lost."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from autograder.cli import run
from autograder.course.collect import place
from autograder.course.collect.collect import collect
from autograder.course.collect.gradescope import METADATA
from autograder.course.collect.outcome import (
    KEPT,
    LEFT_OUT,
    NEW,
    REPLACES,
    SUPERSEDED,
    UNCHANGED,
    Collection,
)
from autograder.course.collect.roster import read_roster
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.lock import only_writer
from autograder.errors import CourseError, DownloadError

Content = str | bytes
Time = tuple[int, int, int, int, int, int]
NOON: Time = (2026, 11, 20, 12, 0, 0)
EVENING: Time = (2026, 11, 20, 20, 0, 0)


def notebook(words: str) -> str:
    cell = {"cell_type": "code", "source": words, "metadata": {}, "outputs": [], "execution_count": None}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def pack(path: Path, files: Mapping[str, Content], times: Mapping[str, Time] | None = None) -> Path:
    """Make a zip; a file without a time was packed at noon."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (times or {}).get(name, NOON)), content)
    return path


def packed(files: Mapping[str, Content]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def handed_in(course: Course, student: str) -> dict[str, str]:
    """The files of a submission and what is in them, but for the time."""
    folder = course.submission_folder(student)
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "timestamp.txt"
    }


def submitted_at(course: Course, student: str) -> datetime | None:
    """When something was handed in, as nbgrader reads it."""
    found: datetime | None = CourseDirectory().get_existing_timestamp(str(course.submission_folder(student)))
    return found


def outcomes(collection: Collection) -> dict[str, str]:
    return {line.student: line.outcome for line in collection.lines if line.outcome != SUPERSEDED}


def reasons(collection: Collection) -> dict[str, str]:
    return {one.what: one.why for one in collection.left_out}


@pytest.fixture
def roster(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        (tmp_path / "roster.csv").write_text(text, encoding="utf-8")
        return tmp_path / "roster.csv"

    return write


MOODLE = {
    "Ada Lovelace_1234567_assignsubmission_file/activation_maximization.ipynb": notebook("ada"),
    "Bert Müller_1234568_assignsubmission_file_/Mein Notebook.ipynb": notebook("bert"),
    "Bert Müller_1234568_assignsubmission_file_/data/digits.csv": "1,2",
    "Cleo O Neill_1234569_assignsubmission_file_final_version.ipynb": notebook("cleo"),
}


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


def test_text_typed_into_moodle_is_told(course: Course, tmp_path: Path) -> None:
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
    # a new gradebook calls 'alembic', which lies beside this Python
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


CANVAS = {
    "lovelaceada_LATE_11_5001_activation_maximization-1.ipynb": notebook("ada"),
    "mullerbert_12_5002_activation_maximization.ipynb": notebook("bert, first"),
    "mullerbert_12_5007_activation_maximization-2.ipynb": notebook("bert, last"),
    "mullerbert_12_5008_run-1.csv": "1",
    "mullerbert_12_5009_run-2.csv": "2",
    "oneillcleo_13_5003_my_notebook_2_7_.ipynb": notebook("cleo"),
    "ekdora_14_text.html": "<p>none</p>",
}


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


def gradescope(
    entries: Iterable[tuple[int, str, str]], around: str = "assignment_1_export/"
) -> dict[str, Content]:
    """An export of `(number, submitters, time)`; each submitter is `name/sid`."""
    text, files = "---\n", {}
    for number, submitters, time in entries:
        text += f"submission_{number}:\n  :submitters:\n"
        for submitter in submitters.split(","):
            name, sid = submitter.split("/")
            text += f"  - :name: {name}\n    :sid: '{sid}'\n    :email: {sid}@uni.example\n"
        text += f'  :created_at: {time}\n  :score: 0.0\n  :results:\n    tests: []\n    output: "a\\nb"\n'
        text += f"  :history:\n  - :submitters: []\n    :created_at: {time}\n    :id: 1\n"
        files[f"{around}submission_{number}/work.ipynb"] = notebook(str(number))
    return {f"{around}{METADATA}": text, **files}


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


def test_gradescope_lists_and_folders_that_do_not_fit_are_told(course: Course, tmp_path: Path) -> None:
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
    if around:  # only folders of students tell that they lie in another one
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


ROSTER = "Student_ID;First Name;Last Name;E-Mail;LMS id\nal01;ADA;Lovelace;ada@uni.example;\nbm02;Bert;Mu\u0308ller;;\n"


def test_a_roster_gives_the_student_ids(
    course: Course, tmp_path: Path, roster: Callable[[str], Path]
) -> None:
    known = read_roster(roster(ROSTER))
    found = collect(course, pack(tmp_path / "moodle.zip", MOODLE), "moodle", known)

    assert outcomes(found) == {"al01": NEW, "bm02": NEW}
    assert reasons(found) == {"Cleo O Neill": "not in the roster"}
    assert not found.is_whole
    assert course.students() == ["al01", "bm02"]


def test_canvas_names_and_numbers_are_found_in_canvas_own_export(
    course: Course, tmp_path: Path, roster: Callable[[str], Path]
) -> None:
    text = (
        "Student,ID,SIS User ID,SIS Login ID,Section,Exercise (77)\n"
        "    Points Possible,,,,,100\n"
        '"Lovelace, Ada",11,S1,al01,1,\n'
        '"M\u00fcller, Berthold",12,S2,bm02,1,\n'
        '"O\'Neill, Cleo",,S3,co03,1,\n'
        '"Ek, Dora",14,S4,de04,1,\n'
    )
    found = collect(course, pack(tmp_path / "canvas.zip", CANVAS), "canvas", read_roster(roster(text)))

    assert outcomes(found) == {"al01": NEW, "bm02": NEW, "co03": NEW}
    assert found.missing == ("de04",)


def test_moodles_grading_worksheet_is_a_roster_once_it_has_ids(
    course: Course, tmp_path: Path, roster: Callable[[str], Path]
) -> None:
    text = (
        "\ufeffIdentifier,Full name,Email address,ID number,Status,Grade\n"
        "Participant 1234567,Augusta King,a@uni.example,al01,,\n"
        "Teilnehmer/in1234568,,,bm02,,\n"
        "Participant 1234569,Cleo O'Neill,c@uni.example,co03,,\n"
    )
    found = collect(course, pack(tmp_path / "moodle.zip", MOODLE), "moodle", read_roster(roster(text)))

    assert outcomes(found) == {"al01": NEW, "bm02": NEW, "co03": NEW}


def test_moodles_numbers_are_not_taken_for_student_ids(
    course: Course, tmp_path: Path, roster: Callable[[str], Path]
) -> None:
    known = read_roster(roster("id,name\n1234567,Bert Müller\n7654321,Ada Lovelace\n"))
    found = collect(course, pack(tmp_path / "moodle.zip", MOODLE), "moodle", known)

    assert outcomes(found) == {"7654321": NEW, "1234567": NEW}
    assert handed_in(course, "7654321") == {f"{ASSIGNMENT}.ipynb": notebook("ada")}


def test_nobody_is_matched_by_guessing(course: Course, tmp_path: Path, roster: Callable[[str], Path]) -> None:
    files = {
        "Ada Lovelace_1_assignsubmission_file/a.ipynb": notebook("one Ada"),
        "Ada Lovelace_2_assignsubmission_file/a.ipynb": notebook("another Ada"),
        "Bert Ek_3_assignsubmission_file/a.ipynb": notebook("whose?"),
        "Cleo Ek_4_assignsubmission_file/a.ipynb": notebook("number and name disagree"),
    }
    text = "id,name,lms id\nal01,Ada Lovelace,\nb1,Bert Ek,\nb2,bert  EK,\nc1,Cleo Ek,\nd1,Dora Ek,4\n"
    found = collect(course, pack(tmp_path / "moodle.zip", files), "moodle", read_roster(roster(text)))

    assert not found.lines
    assert len(found.left_out) == 4
    assert not course.students()


def test_namesakes_with_numbers_in_the_roster_are_told_apart(
    course: Course, tmp_path: Path, roster: Callable[[str], Path]
) -> None:
    files = {
        "Ada Lovelace_1_assignsubmission_file/a.ipynb": notebook("one Ada"),
        "Ada Lovelace_2_assignsubmission_file/a.ipynb": notebook("another Ada"),
    }
    text = "id,name,user id\nal01,Ada Lovelace,1\nal02,Ada Lovelace,2\n"
    collect(course, pack(tmp_path / "moodle.zip", files), "moodle", read_roster(roster(text)))

    assert handed_in(course, "al02") == {f"{ASSIGNMENT}.ipynb": notebook("another Ada")}


def test_a_roster_in_an_old_encoding_is_read(course: Course, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_bytes("Username;Nachname;Name\nbm02;;Bert Müller\n".encode("cp1252"))
    found = collect(course, pack(tmp_path / "m.zip", MOODLE), "moodle", read_roster(tmp_path / "roster.csv"))

    assert outcomes(found) == {"bm02": NEW}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("name,email\nada,a@b\n", "no column holds the student ids"),
        ("id,name\n,\n", "nobody"),
        ("id,name\nada/1,A\nada?1,B\n", "would be one folder"),
        ("id,name\n???,A\n", "no letter or digit"),
        ('id,name\n"' + "x" * 200_000 + '",A\n', "no CSV file"),
    ],
)
def test_a_roster_that_cannot_be_used_is_refused(
    roster: Callable[[str], Path], text: str, words: str
) -> None:
    with pytest.raises(DownloadError, match=words):
        read_roster(roster(text))


def test_namesakes_get_folders_of_their_own_and_keep_them(course: Course, tmp_path: Path) -> None:
    def ada(number: int) -> dict[str, Content]:
        return {f"Ada Lovelace_{number}_assignsubmission_file/a.ipynb": notebook(str(number))}

    collect(course, pack(tmp_path / "1.zip", ada(1)), "moodle")
    collect(course, pack(tmp_path / "2.zip", ada(2)), "moodle")
    both = collect(course, pack(tmp_path / "3.zip", ada(1) | ada(2)), "moodle")

    assert outcomes(both) == {"Ada Lovelace": UNCHANGED, "Ada Lovelace_2": UNCHANGED}
    assert handed_in(course, "Ada Lovelace") == {f"{ASSIGNMENT}.ipynb": notebook("1")}
    assert handed_in(course, "Ada Lovelace_2") == {f"{ASSIGNMENT}.ipynb": notebook("2")}


def test_namesakes_of_one_download_keep_their_folders_when_they_come_alone(
    course: Course, tmp_path: Path
) -> None:
    files = {
        f"ada {name}_{number}_assignsubmission_file/a.ipynb": notebook(str(number))
        for name, number in (("B", 1), ("b", 2))
    }
    collect(course, pack(tmp_path / "1.zip", files), "moodle")
    alone = collect(course, pack(tmp_path / "2.zip", dict(list(files.items())[:1])), "moodle")

    assert course.students() == ["ada B_1", "ada b_2"]
    assert outcomes(alone) == {"ada B_1": UNCHANGED}


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


def killed_at(step: int, action: Callable[[], object]) -> bool:
    """Do something in another process that is killed at the given step that touches a file; tell whether it was."""
    child = os.fork()
    if not child:
        left = step

        def count(event: str, arguments: object) -> None:
            nonlocal left
            if event == "open" or event.startswith(("os.", "shutil.", "ctypes.")):
                left -= 1
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            action()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.slow
@pytest.mark.parametrize("exchanges", [True, False])
def test_a_kill_at_any_step_leaves_the_old_or_the_new_submission_whole(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchanges: bool
) -> None:
    if not exchanges:
        monkeypatch.setattr(place, "_exchange", lambda one, other: False)
    files = {name: {f"ada/{file}.csv": name for file in "ab"} for name in ("old", "new")}
    download = {name: pack(tmp_path / f"{name}.zip", some) for name, some in files.items()}
    collect(course, download["old"], "plain")
    shutil.copytree(course.submitted, tmp_path / "before")
    found: list[set[str]] = []
    step = 0
    was_killed = True
    while was_killed:
        shutil.rmtree(course.submitted)
        shutil.copytree(tmp_path / "before", course.submitted)
        step += 1
        was_killed = killed_at(step, lambda: collect(course, download["new"], "plain"))
        if not exchanges and not course.submission_folder("ada").exists():
            place.Shelf(course, ASSIGNMENT).clear()  # what the next command does first
        found.append(set(handed_in(course, "ada").values()))
        assert len(handed_in(course, "ada")) == 2
        collect(course, download["new"], "plain")
        assert set(handed_in(course, "ada").values()) == {"new"}
        assert not (course.submitted / place.WORK).exists()

    assert step > 30
    assert found.index({"new"}) > 20
    assert all(words in ({"old"}, {"new"}) for words in found)


def test_a_download_of_another_lms_is_refused_with_a_guess(course: Course, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="looks like --lms moodle"):
        collect(course, pack(tmp_path / "moodle.zip", MOODLE), "canvas")
    with pytest.raises(DownloadError, match="looks like --lms canvas"):
        collect(course, pack(tmp_path / "canvas.zip", CANVAS), "gradescope")


def test_the_course_itself_is_no_download(course: Course) -> None:
    course.submitted.mkdir()
    for folder in (course.root, course.submitted):
        with pytest.raises(DownloadError, match="collected already"):
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

    assert run([*command, "--dry-run"]) == 0
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
        (b"PK\x03\x04 cut off", "cut off"),
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
