"""Names and lists in a download: none takes another student's place, and none deceives who reads the output."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from downloads import ADA, NEIGHBOUR, NOTEBOOK, Collect, special, tarred, zipped

from autograder.course.folder import ASSIGNMENT, Course

Tell = Callable[[str, str], None]


def test_names_that_some_systems_take_for_one_stay_apart(hand_in: Collect, tell: Tell) -> None:
    names = (
        "work.ipynb",
        "Data.csv",
        "data.csv",
        "DATA.csv",
        "data/a",
        "Data/a",
        "u\u0308.txt",
        "\u00fc.txt",
    )
    got = hand_in(
        *((f"{ADA}/{name}", name) for name in names if "ipynb" not in name), (f"{ADA}/work.ipynb", NOTEBOOK)
    )

    assert got.status == 0
    assert len({file.casefold() for file in got.files()}) == len(names)
    tell("files whose names differ in capitals only", ", ".join(sorted(got.files())))


def test_names_that_are_empty_or_cut_by_a_null_are_harmless(hand_in_archive: Collect, tell: Tell) -> None:
    content = zipped(("empty", "1"), ("xx.csv", "1")).replace(b"xx.csv", b"x\0.csv")
    got = hand_in_archive(content.replace(b"empty", b"/////"))

    assert got.files() == {f"{ASSIGNMENT}.ipynb", "x_.csv"}
    tell("a name of slashes only, and one with a null byte", ", ".join(sorted(map(repr, got.files()))))


def test_hidden_files_are_skipped(hand_in: Collect, tell: Tell) -> None:
    names = (".bashrc", ".ipython/profile_default/startup/0.py", "__MACOSX/._work.ipynb", ".DS_Store")
    flat = f"{ADA}_.pythonrc"
    inner = zipped((".jupyter/a.py", "owned"), ("data.csv", "1"))
    got = hand_in(*((f"{ADA}/{name}", "owned") for name in names), (flat, "owned"), (f"{ADA}/w.zip", inner))

    assert got.files() == {"data.csv"}
    assert "6 hidden files skipped" in got.said
    tell("files that change how a shell or a kernel starts", "skipped and counted")


def test_students_do_not_say_when_they_handed_in(hand_in: Collect, tell: Tell) -> None:
    got = hand_in((f"{ADA}/work.ipynb", NOTEBOOK), (f"{ADA}/Timestamp.TXT", "2000-01-01 00:00:00 UTC"),
                  (f"{ADA}/work.zip", zipped(("timestamp.txt", "2000-01-01 00:00:00 UTC"))))  # fmt: skip

    assert got.files() == {f"{ASSIGNMENT}.ipynb", "Timestamp_2.TXT", "timestamp_3.txt"}
    tell("a handed-in timestamp.txt of the year 2000", "kept under another name; nbgrader does not read it")


def test_a_file_name_does_not_make_another_student(hand_in: Collect, tell: Tell) -> None:
    other = "Bert Ek_2_assignsubmission_file_work.ipynb"
    got = hand_in((f"{ADA}/{other}", "forged"), (f"{ADA}/Cleo Oh_3_assignsubmission_file/a.csv", "forged"))

    assert got.course.students() == ["Ada Lovelace", "Bert Ek"]
    assert "forged" not in (got.course.submission_folder("Bert Ek") / f"{ASSIGNMENT}.ipynb").read_text()
    tell("a file of Ada's is called as Moodle calls one of Bert's", "it stays Ada's")


def test_a_canvas_file_name_does_not_make_another_student(collect: Collect, tell: Tell) -> None:
    forged = "lovelaceada_1_10_ekbert_2_99_work.ipynb"
    got = collect(zipped((forged, "forged"), ("ekbert_2_11_work.ipynb", NOTEBOOK)), "canvas")

    assert got.course.students() == ["ekbert", "lovelaceada"]
    assert (got.course.submission_folder("ekbert") / f"{ASSIGNMENT}.ipynb").read_text() == NOTEBOOK
    tell("a file of Ada's is called as Canvas calls one of Bert's", "it stays Ada's")


NAMES = {
    "nothing but signs": "???",
    "quotes and a newline": "Ada \"x\" 'y'\nBert Ek",
    "markup": "<script>alert(1)</script>",
    "markup of the terminal": "[blink]Ada[/] :smile:",
    "escape sequences": "\x1b]0;owned\x07\x1b[5mAda\x9b2J",
    "marks that turn the line around": "\u202egnp.adA\u2066\u200f",
    "emoji": "👩\u200d💻🔥",
    "a formula": "=cmd|' calc'!A0",
    "an option": "--force",
    "250 letters": "W" * 250,
    "250 accents": "a" + "\u0301" * 250,
    "a device": "CON",
    "a pattern": "*[a-z]?",
    "another script": "名前 Иван",
}


@pytest.mark.parametrize("what", NAMES)
def test_a_students_name_becomes_a_harmless_folder(what: str, hand_in: Collect, tell: Tell) -> None:
    got = hand_in((f"{NAMES[what]}_77_assignsubmission_file_work.ipynb", NOTEBOOK))

    assert got.status == 0, got.said
    (folder,) = {path.name for path in got.course.submitted.iterdir()} - {"Bert Ek"}
    assert len(folder.encode()) <= 100
    assert folder[0].isalnum() or folder[0] == "_"
    assert not set(folder) & set("\"'<>[]*?=|/\\\n:!")
    assert folder.isprintable()
    assert got.files(folder) == {f"{ASSIGNMENT}.ipynb"}
    tell(f"a student called {what}", f"the folder is {folder[:60]}")


@pytest.mark.parametrize("what", NAMES)
def test_a_files_name_becomes_harmless(what: str, hand_in_archive: Collect, tell: Tell) -> None:
    got = hand_in_archive(
        tarred((f"{NAMES[what]}.csv", b"1"), (f"{NAMES[what]}/b.csv", b"1"), mode="w:gz"), "work.tar.gz"
    )

    others = got.files() - {f"{ASSIGNMENT}.ipynb"}
    assert len(others) == 2
    for name in others:
        assert name.isprintable()
        assert not set(name) & set("\"'<>*?|\\:")
        assert all(len(part.encode()) <= 100 and part[0] not in "-=.+@~" for part in name.split("/"))
    tell(f"a file called {what}", f"it is {min(others)[:60]}")


@pytest.mark.parametrize("what", NAMES)
def test_a_notebooks_name_is_shown_as_plain_text(what: str, hand_in: Collect, tell: Tell) -> None:
    name = f"{NAMES[what]}.ipynb"
    got = hand_in((f"{ADA}/{name}", NOTEBOOK), (f"{ADA}/data.zip", "no zip"))

    assert got.status == 1
    assert got.files() == {f"{ASSIGNMENT}.ipynb"}
    tell(f"a notebook called {what}", got.line("│ Ada Lovelace").split("│")[2].strip())


@pytest.mark.parametrize("name", ["..", ".collecting", ".Ada"])
def test_a_students_name_that_would_be_hidden_is_reported(name: str, hand_in: Collect, tell: Tell) -> None:
    got = hand_in((f"{name}_77_assignsubmission_file_work.ipynb", NOTEBOOK))

    assert got.course.students() == ["Bert Ek"]
    tell(f"a student called {name}", got.line("hidden, so it was skipped"))


def test_two_people_whose_names_become_one_stay_apart(hand_in: Collect, tell: Tell) -> None:
    names = ("Ada?", "Ada*", "ada_", "W" * 150 + "a", "W" * 150 + "b")
    got = hand_in(
        *((f"{name}_{number}_assignsubmission_file/a.ipynb", name) for number, name in enumerate(names, 10))
    )

    contents = {
        (got.course.submission_folder(name) / f"{ASSIGNMENT}.ipynb").read_text()
        for name in got.course.students()
    }
    assert contents == {*names, NOTEBOOK}
    tell("five people whose names become two", ", ".join(name[-12:] for name in got.course.students()))


YAML = {
    "references that multiply": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "a tag that runs code": "submission_1: !!python/object/apply:os.system ['touch owned']\n",
    "lists ten thousand deep": "submission_1: " + "[" * 10_000,
    "lists a hundred deep": "submission_1: " + "[" * 100 + "]" * 100,
    "no mapping": "- submission_1\n",
    "bytes that are no text": b"submission_1: \xff\xfe\xfa\n",
    "nothing": "",
}


@pytest.mark.parametrize("what", YAML)
def test_a_hostile_list_of_gradescope_is_one_line(what: str, collect: Collect, tell: Tell) -> None:
    got = collect(
        zipped(("submission_metadata.yml", YAML[what]), ("submission_1/a.ipynb", NOTEBOOK)), "gradescope"
    )

    assert got.status in (1, 2)
    assert not got.course.students()
    tell(f"submission_metadata.yml holds {what}", got.said)


def test_names_in_gradescopes_list_are_harmless(collect: Collect, tell: Tell) -> None:
    names = ["../../../canary", "=cmd|'x'!A0", "\x1b[5mAda", "\u202eada", "/etc/passwd", "null", ""]
    entries = {
        f"submission_{place}": {":submitters": [{":name": name, ":sid": name}]}
        for place, name in enumerate(names)
    }
    text = json.dumps(entries)  # which is YAML too
    got = collect(
        zipped(("submission_metadata.yml", text), *((f"{folder}/a.ipynb", NOTEBOOK) for folder in entries)),
        "gradescope",
    )

    assert len(got.course.students()) == 6
    assert got.line("does not say whose it is")
    tell("student ids in Gradescope's list that lead elsewhere", ", ".join(got.course.students()))


def test_a_hostile_roster_gives_harmless_folders(collect: Collect, tmp_path: Path, tell: Tell) -> None:
    (tmp_path / "roster.csv").write_text(
        "id,name\n../../canary,Ada Lovelace\n=1+1,Bert Ek\n", encoding="utf-8"
    )
    download = zipped((f"{ADA}/a.ipynb", NOTEBOOK), (NEIGHBOUR, NOTEBOOK))
    got = collect(download, "moodle", "--roster", str(tmp_path / "roster.csv"))

    assert got.status == 0
    assert got.course.students() == ["_._.._canary", "_1+1"]
    tell("a roster whose student ids lead elsewhere or are formulas", ", ".join(got.course.students()))


@pytest.mark.parametrize("kind", ["a pipe", "a device", "a folder"])
def test_a_download_or_roster_that_is_no_file_is_not_waited_for(
    kind: str, collect: Collect, tmp_path: Path, tell: Tell
) -> None:
    path = Path("/dev/zero") if kind == "a device" else tmp_path / "strange"
    if kind == "a pipe":
        os.mkfifo(path)
    if kind == "a folder":
        path.mkdir()
    got = collect(path)
    roster = collect(zipped((NEIGHBOUR, NOTEBOOK)), "moodle", "--roster", str(path))

    assert got.status == roster.status == 2
    assert not got.course.students()
    tell(f"the download or the roster is {kind}", roster.said.replace(str(path), "it"))


def test_a_dry_run_of_a_hostile_download_writes_nothing(collect: Collect, tell: Tell) -> None:
    inner = zipped(("../../canary", "owned"), (special("link", stat.S_IFLNK), "/etc/passwd"))
    got = collect(zipped((f"{ADA}/work.zip", inner), (f"{ADA}/a.ipynb", NOTEBOOK)), "moodle", "--dry-run")

    assert got.status == 1
    assert not got.course.submitted.exists()
    tell("a hostile download with --dry-run", "the same lines, and nothing is written")


def collected(course: Course) -> Mapping[str, str]:
    return {
        name: (course.submission_folder(name) / f"{ASSIGNMENT}.ipynb").read_text()
        for name in course.students()
    }


def test_a_record_that_was_forged_or_broken_is_no_record(collect: Collect, tell: Tell) -> None:
    download = zipped((f"{ADA}/a.ipynb", NOTEBOOK), (NEIGHBOUR, NOTEBOOK))
    course = collect(download).course
    for number, content in enumerate(
        (b"", b"[]", b'{"activation_maximization": 3}', b"\xff", b"[" * 100_000)
    ):
        (course.submitted / "Ada Lovelace" / ".collected.json").write_bytes(content)
        got = collect(zipped((f"{ADA}/a.ipynb", f"{number}"), (NEIGHBOUR, NOTEBOOK)))
        assert got.status == 0
        assert collected(got.course)["Ada Lovelace"] == f"{number}"
    tell("a damaged record of what was collected", "taken for none; the submission is collected")
