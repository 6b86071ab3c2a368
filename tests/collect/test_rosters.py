"""Who a submission is of: by a roster or by the LMS' own words, and never by guessing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lms_downloads import CANVAS, MOODLE, ROSTER, Content, handed_in, notebook, outcomes, pack, reasons

from autograder.collect.collect import collect
from autograder.collect.outcome import (
    NEW,
    UNCHANGED,
)
from autograder.collect.roster import read_roster
from autograder.course.folder import ASSIGNMENT, Course
from autograder.errors import DownloadError


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


def test_no_student_is_matched_by_guessing(
    course: Course, tmp_path: Path, roster: Callable[[str], Path]
) -> None:
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


def test_namesakes_with_numbers_in_the_roster_are_distinguished(
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
        ("id,name\n,\n", "this roster is empty"),
        ("id,name\nada/1,A\nada?1,B\n", "would be one folder"),
        ("id,name\n???,A\n", "no letter or digit"),
        ('id,name\n"' + "x" * 200_000 + '",A\n', "not a CSV file"),
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
