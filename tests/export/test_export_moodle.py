"""Moodle's worksheet gets scores and comments and nothing else, in every language; or a table for its gradebook."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from lms_readers import (
    ENGLISH,
    MoodleLanguage,
    MoodleStopsError,
    moodle_gradebook_import,
    moodle_worksheet_import,
)

from autograder.cli import run

Fill = Callable[..., None]

HEADINGS = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"'
)
LINES = (
    HEADINGS,
    '"Participant 101","Ada Byron",ada@example.org,"Submitted for grading",,100.00,Yes,"Fri, 1 May 2026, 1:30 PM",-,',
    '"Participant 102","Grace Hopper",grace@example.org,"Submitted, late",12.00,100.00,Yes,"Friday, 1 May 2026",-,',
    '"Participant 103","Emmy Noether",emmy@example.org,"No submission",,100.00,Yes,-,-,',
    '"Participant 104","Sofja Kowalewskaja",sofja@example.org,Submitted,,100.00,Yes,-,-,',
)
PEOPLE = {101: "ada", 102: "grace", 103: "emmy", 104: "sofja"}
COMMENTS = {"interpretation": "=What is <this>?\nLook again & think.", "ascent": "Good."}


@pytest.fixture
def worksheet(tmp_path: Path) -> Path:
    file = tmp_path / "worksheet.csv"
    file.write_bytes("\n".join((*LINES, "")).encode())
    return file


def export(course: Path, into: Path, *options: str) -> int:
    to = into.parent / "filled.csv"
    return run(["export", "moodle", "--course", str(course), "--into", str(into), "--to", str(to), *options])


def filled(worksheet: Path) -> Path:
    return worksheet.parent / "filled.csv"


def test_moodle_enters_scores_and_comments(course: Path, four: None, fill: Fill, worksheet: Path) -> None:
    fill("u9", names=("Lise", "Meitner", ""), comments=COMMENTS)
    worksheet.write_text(
        worksheet.read_text() + '"Participant 105","Lise Meitner",,Submitted,,100.00,Yes,-,-,\n'
    )
    assert export(course, worksheet) == 1  # sofja waits
    grades, comments = moodle_worksheet_import(filled(worksheet), {**PEOPLE, 105: "lise"}, 100)
    assert grades == {"ada": 100, "grace": 85.5, "lise": 100}
    # Moodle takes it for HTML; the cell does not begin with the formula
    assert comments == {
        "lise": "ascent: Good.<br>interpretation: =What is &lt;this&gt;?<br>Look again &amp; think."
    }


def test_every_other_cell_stays(course: Path, four: None, worksheet: Path) -> None:
    worksheet.write_bytes(b"\xef\xbb\xbf" + "\r\n".join((*LINES, "")).encode())
    export(course, worksheet)
    expected = list(LINES)
    # what changes is written by the csv module, which quotes where it must
    expected[1] = (
        'Participant 101,Ada Byron,ada@example.org,Submitted for grading,100,100.00,Yes,"Fri, 1 May 2026, 1:30 PM",-,'
    )
    expected[2] = (
        'Participant 102,Grace Hopper,grace@example.org,"Submitted, late",85.5,100.00,Yes,"Friday, 1 May 2026",-,'
    )
    assert filled(worksheet).read_bytes() == b"\xef\xbb\xbf" + "\r\n".join((*expected, "")).encode()


GERMAN = MoodleLanguage(
    "ID", "Teilnehmer/in", "Bewertung", "Zuletzt geändert (Bewertung)", "Feedback als Kommentar"
)
JAPANESE = MoodleLanguage("識別子", "参加者", "評点", "最終更新日時 (評定)", "フィードバックコメント")


@pytest.mark.parametrize("language", [GERMAN, JAPANESE])
@pytest.mark.parametrize("more", [[], ["Workflow", "Onlinetext"]])
def test_the_columns_are_found_in_every_language(
    course: Path, fill: Fill, worksheet: Path, language: MoodleLanguage, more: list[str]
) -> None:
    fill("ada", comments=COMMENTS)
    headings = [language.identifier, "N", "E", "S", language.grade, "M", *more[:1], "C", "L", *more[1:]]
    headings += [language.modified, language.comments]
    cells = [
        f"{language.participant}101",
        "Ada Byron",
        "ada@example.org",
        "x",
        "",
        '"100,00"',
        *more[:1],
        "Ja",
    ]
    cells += ['"1. Mai 2026, 13:30"', *more[1:], "-", ""]
    worksheet.write_text("\n".join((",".join(headings), ",".join(cells), "")))
    assert export(course, worksheet) == 0
    grades, comments = moodle_worksheet_import(filled(worksheet), PEOPLE, 100, language)
    assert grades == {"ada": 100}
    assert list(comments) == ["ada"]


def test_the_number_from_collecting_distinguishes_namesakes(
    course: Path, fill: Fill, worksheet: Path
) -> None:
    for student, person, score in (("Ida Rhodes", "201", 0.0), ("Ida Rhodes_202", "202", 20.0)):
        fill(student, names=("", "", ""), check_cnn=score)
        folder = course / "submitted" / student
        folder.mkdir(parents=True)
        record = {"activation_maximization": {"lms": "moodle", "person": person, "sha256": ""}}
        (folder / ".collected.json").write_text(json.dumps(record))
    lines = [f'"Participant {number}","Ida Rhodes",,Submitted,,100.00,Yes,-,-,' for number in (202, 201)]
    worksheet.write_text("\n".join((HEADINGS, *lines)))
    assert export(course, worksheet) == 0
    assert moodle_worksheet_import(filled(worksheet), {201: "201", 202: "202"}, 100)[0] == {
        "201": 80,
        "202": 100,
    }


def test_what_a_ta_wrote_in_moodle_is_kept(
    course: Path, fill: Fill, worksheet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill("ada", comments=COMMENTS)
    lines = [HEADINGS, LINES[1] + "Come and see me."]
    worksheet.write_text("\n".join(lines))
    assert export(course, worksheet) == 1
    assert "left out: ada: has another comment in Moodle" in capsys.readouterr().out
    assert moodle_worksheet_import(filled(worksheet), PEOPLE, 100) == (
        {"ada": 100},
        {"ada": "Come and see me."},
    )


def test_filling_what_was_filled_changes_nothing(course: Path, fill: Fill, worksheet: Path) -> None:
    fill("ada", comments=COMMENTS)
    worksheet.write_text("\n".join(LINES[:2]))
    assert export(course, worksheet) == 0
    first = filled(worksheet).read_bytes()
    worksheet.write_bytes(first)
    assert export(course, worksheet) == 0
    assert filled(worksheet).read_bytes() == first


def test_comments_without_a_column_and_scores_above_the_maximum_are_listed(
    course: Path, fill: Fill, worksheet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill("ada", comments=COMMENTS, check_ascent=0.0)
    fill("grace")
    text = "\n".join(line.rpartition(",")[0] for line in LINES[:3]).replace("100.00", "90.00")
    worksheet.write_text(text)
    assert export(course, worksheet) == 1
    said = capsys.readouterr().out
    assert "Moodle has a maximum of 90, the gradebook one of 100" in said
    assert "left out: grace: Moodle ignores 100" in said
    assert "left out: ada: has comments" in said
    assert moodle_worksheet_import(filled(worksheet), PEOPLE, 90)[0] == {"ada": 80, "grace": 12}


def test_another_separator_is_reported(
    course: Path, fill: Fill, worksheet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill("ada")
    worksheet.write_text("Identifier;N;E;S;Grade;M;C\nParticipant 101;Ada Byron;;x;;100,00;Ja\n")
    assert export(course, worksheet) == 0
    assert "divided by ';'" in capsys.readouterr().out
    assert filled(worksheet).read_text().endswith("Participant 101;Ada Byron;;x;100;100,00;Ja\n")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("Student,ID,Section,Activation Maximization (1)\nAda,1,A,\n", "gradebook of Canvas"),
        ("Name,SID,Total Score,Max Points\nAda,1,3,4\n", "download of Gradescope"),
        (f"{HEADINGS}\n", "not a Moodle grading worksheet"),
        ("ID,N,Bewertung,Skala\nTeilnehmer/in1,Ada,,gut\n", "--column"),
        (
            HEADINGS.replace('"Full name"', "Grade") + "\nParticipant 1,,,,,,,,,\n",
            "2 columns are called 'Grade'",
        ),
        ("", "empty"),
    ],
)
def test_what_is_no_worksheet_gives_one_line(
    course: Path, four: None, worksheet: Path, content: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    worksheet.write_text(content)
    assert export(course, worksheet) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    assert words in said


def test_the_gradebook_takes_a_plain_table(course: Path, four: None, fill: Fill, tmp_path: Path) -> None:
    fill("=cmd|' /C calc'!A0", names=("-2+3", 'Ω, "x"', "x@example.org"), comments=COMMENTS)
    to = tmp_path / "grades.csv"
    assert run(["export", "moodle", "--course", str(course), "--to", str(to)]) == 1
    name = "activation_maximization"
    users = ["ada@example.org", "grace@example.org", "x@example.org"]
    taken = moodle_gradebook_import(to, "email", users, name, f"{name} feedback")
    assert {user: score for user, (score, _) in taken.items()} == dict(
        zip(users, (100, 85.5, 100), strict=True)
    )
    assert taken["x@example.org"][1].startswith("ascent: Good.<br>")
    assert "'=cmd|" in to.read_text()
    assert "'-2+3" in to.read_text()
    with pytest.raises(MoodleStopsError):  # so no other student may be in it
        moodle_gradebook_import(to, "email", users[:1], name, f"{name} feedback")


def test_the_reader_needs_the_words_of_its_language(worksheet: Path) -> None:
    with pytest.raises(ValueError, match="ID"):
        moodle_worksheet_import(worksheet, PEOPLE, 100, GERMAN)
    assert moodle_worksheet_import(worksheet, PEOPLE, 100, ENGLISH)[0] == {"grace": 12}
