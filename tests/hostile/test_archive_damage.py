"""A damaged, encrypted or unusual archive is one line, and costs nothing else."""

from __future__ import annotations

import os
import random
import struct
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from downloads import ADA, MB, NEIGHBOUR, NOTEBOOK, Collect, tarred, zipped

from autograder.cli import run
from autograder.course.folder import ASSIGNMENT
from autograder.course.initialise import initialise

Tell = Callable[[str, str], None]


def test_an_archive_in_an_archive_in_an_archive_is_not_opened(hand_in_archive: Collect, tell: Tell) -> None:
    content = zipped(("zeros", bytes(MB)))
    for _ in range(20):
        content = zipped(("inner.zip", content))
    got = hand_in_archive(content)

    assert got.files() == {f"{ASSIGNMENT}.ipynb", "inner.zip"}
    tell("zips nested twenty deep", got.line("archive in an archive and was not opened"))


def test_encrypted_files_are_reported(hand_in_archive: Collect, tell: Tell) -> None:
    content = bytearray(zipped(("secret.ipynb", NOTEBOOK), ("data.csv", "1")))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + place] |= 1
    got = hand_in_archive(bytes(content))

    assert got.status == 1
    assert got.files() == {f"{ASSIGNMENT}.ipynb", "data.csv"}
    tell("a zip with an encrypted file", got.line("encrypted"))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression_without_a_bound_is_refused(
    method: int, hand_in_archive: Collect, tell: Tell
) -> None:
    got = hand_in_archive(zipped(("zeros", bytes(20 * MB)), method=method))

    assert got.status == 1
    assert got.files() == {f"{ASSIGNMENT}.ipynb"}
    tell(f"a zip packed by method {method}, whose unpacking takes unbounded memory", got.line("unusual way"))


DAMAGED: dict[str, bytes] = {
    "nothing": b"",
    "no archive at all": b"<html>Please log in</html>",
    "only the end of a zip": zipped()[:10] + b"PK\x05\x06",
    "a zip that is cut off": zipped(("a.ipynb", os.urandom(5000)))[:3000],
    "a name that is no UTF-8": zipped(("ä.csv", "1")).replace("ä".encode(), b"\xff\xff"),
    "an offset beyond the end": zipped(("a.csv", "1"))[:-6] + struct.pack("<IH", 2**31, 0),
    "a version of the far future": zipped(("a.csv", "1")).replace(b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\xff"),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_archive_is_reported(what: str, hand_in_archive: Collect, tell: Tell) -> None:
    got = hand_in_archive(DAMAGED[what])

    assert got.status == 1
    assert got.files() == {f"{ASSIGNMENT}.ipynb"}
    tell(f"a student's work.zip is {what}", got.line("left out: Ada"))


@pytest.mark.parametrize("what", sorted(DAMAGED.keys() - {"an offset beyond the end"}))
def test_a_damaged_download_is_one_line(what: str, collect: Collect, tell: Tell) -> None:
    got = collect(DAMAGED[what])

    assert got.status == 2
    assert len(got.said.splitlines()) == 1
    tell(f"the download is {what}", got.said)


def test_damaged_bytes_cost_one_file(collect: Collect, tell: Tell) -> None:
    content = bytearray(zipped((f"{ADA}/a.ipynb", os.urandom(5000)), (NEIGHBOUR, NOTEBOOK)))
    content[2000] ^= 0xFF
    got = collect(bytes(content))

    assert got.status == 1
    assert got.files("Bert Ek") == {f"{ASSIGNMENT}.ipynb"}
    assert not got.files()
    tell("one wrong bit in one submission of a download", got.line("nothing in it can be read"))


def test_a_tar_that_is_cut_off_says_so(collect: Collect, tell: Tell) -> None:
    whole = tarred(
        (NEIGHBOUR, NOTEBOOK.encode()),
        (f"{ADA}/a.ipynb", bytes(5000)),
        ("Cleo Oh_3_assignsubmission_file/a.ipynb", b"{}"),
    )
    got = collect(whole[: whole.index(b"Cleo")])

    assert got.status == 1
    assert got.files("Bert Ek") == {f"{ASSIGNMENT}.ipynb"}
    tell("a tar that ends before its end", got.line("the rest of the archive"))


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Change, insert and remove some bytes, as a bad copy or a person who knows the format would."""
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        place, length = chance.randrange(len(changed)), chance.choice([1, 4, 100])
        new = chance.choice([chance.randbytes(length), b"\xff" * 4, bytes(4), b"PK\x01\x02", b""])
        changed[place : place + chance.choice([0, len(new), length])] = new
    return bytes(changed)


@pytest.mark.parametrize("rounds", [20, pytest.param(400, marks=pytest.mark.deep)])
def test_no_damage_is_more_than_a_line(
    rounds: int, tmp_path: Path, tell: Tell, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(7)
    course = initialise(tmp_path / "course")
    files = [("work.ipynb", NOTEBOOK.encode()), (f"data/ä{'x' * 120}.csv", b"1,2" * 40), ("empty", b"")]
    inner = {"w.zip": zipped(*files), "w.tar": tarred(*files), "w.tgz": tarred(*files, mode="w:gz")}
    statuses: Counter[int] = Counter()
    for _ in range(rounds):
        name, content = chance.choice(list(inner.items()))
        if chance.random() < 0.6:
            download = zipped((f"{ADA}/{name}", damaged(content, chance)), (NEIGHBOUR, NOTEBOOK))
        else:
            download = damaged(zipped((f"{ADA}/{name}", content), (NEIGHBOUR, NOTEBOOK)), chance)
        (tmp_path / "download").write_bytes(download)
        command = ["collect", str(tmp_path / "download"), "--lms", "moodle", "--course", str(course.root)]
        statuses[run([*command, "--dry-run"])] += 1
        assert len(capsys.readouterr().err.splitlines()) <= 1

    assert set(statuses) == {0, 1, 2}
    assert not course.submitted.exists()
    tell(
        f"{rounds} downloads with random damage",
        f"exit statuses {dict(sorted(statuses.items()))}, no other error",
    )
