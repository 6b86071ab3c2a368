"""No name and no special file in an archive or a download leads anywhere else."""

from __future__ import annotations

import os
import socket
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from downloads import ADA, NEIGHBOUR, NOTEBOOK, Collect, entry, special, tarred, zipped

from autograder.course.folder import ASSIGNMENT

Tell = Callable[[str, str], None]


ELSEWHERE = {
    "the folder above": "../../../../canary",
    "a folder above from within": "data/../../../../../canary",
    "an absolute path": "/tmp/canary",
    "another drive": "C:\\canary",
    "backslashes": "..\\..\\..\\..\\canary",
    "a shared folder": "\\\\server\\share\\canary",
}


@pytest.mark.parametrize("what", ELSEWHERE)
def test_a_name_in_a_students_zip_leads_nowhere(what: str, hand_in_archive: Collect, tell: Tell) -> None:
    got = hand_in_archive(zipped((ELSEWHERE[what], "owned"), ("data.csv", "1")))

    assert got.status == 1
    assert got.files() == {f"{ASSIGNMENT}.ipynb", "data.csv"}
    tell(f"a name in a student's zip leads to {what}", got.line("leads out of the archive"))


@pytest.mark.parametrize("what", ELSEWHERE)
def test_a_name_in_a_students_tar_leads_nowhere(what: str, hand_in_archive: Collect, tell: Tell) -> None:
    got = hand_in_archive(tarred((ELSEWHERE[what], b"owned"), ("data.csv", b"1"), mode="w:gz"), "work.tar.gz")

    assert got.status == 1
    assert got.files() == {f"{ASSIGNMENT}.ipynb", "data.csv"}
    tell(f"a name in a student's tar leads to {what}", got.line("leads out of the archive"))


@pytest.mark.parametrize("what", ELSEWHERE)
def test_a_name_in_the_download_leads_nowhere(what: str, collect: Collect, tell: Tell) -> None:
    got = collect(
        zipped((NEIGHBOUR, NOTEBOOK), (ELSEWHERE[what], "owned"), (f"{ADA}/{ELSEWHERE[what]}", "owned"))
    )

    assert got.status == 1
    assert got.files("Bert Ek") == {f"{ASSIGNMENT}.ipynb"}
    tell(
        f"a name in the download itself leads to {what}", "left out, with a line; the neighbour is collected"
    )


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_a_zip_makes_no_links_pipes_or_devices(kind: int, hand_in_archive: Collect, tell: Tell) -> None:
    got = hand_in_archive(zipped((special("data", kind), "/etc"), ("data/passwd", "owned")))

    assert got.status == 1
    assert got.files() == {f"{ASSIGNMENT}.ipynb", "data/passwd"}
    tell(f"a zip holds {oct(kind)}, and a file that would go through it", got.line("left out: Ada"))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, b"?"]
)
def test_a_tar_makes_no_links_pipes_or_devices(kind: bytes, hand_in_archive: Collect, tell: Tell) -> None:
    leads_to = "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
    got = hand_in_archive(tarred((entry("data", kind, leads_to), b""), ("data.csv", b"1")), "work.tar")

    assert got.files() >= {f"{ASSIGNMENT}.ipynb", "data.csv"}
    if kind != b"?":  # an unknown kind is a plain file, says the standard
        assert "data" not in got.files()
        assert got.status == 1
    tell(
        f"a tar holds an entry of kind {kind.decode()}",
        "left out, with a line" if kind != b"?" else "a plain file",
    )


def test_links_pipes_and_sockets_in_a_folder_are_not_followed(
    collect: Collect, tmp_path: Path, tell: Tell
) -> None:
    folder = tmp_path / "unpacked"
    for name in (NEIGHBOUR, f"{ADA}/work.ipynb"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(NOTEBOOK)
    (folder / ADA / "secret.txt").symlink_to("/etc/passwd")
    (folder / ADA / "root").symlink_to("/", target_is_directory=True)
    (folder / "Cleo Oh_3_assignsubmission_file").symlink_to(tmp_path / "there", target_is_directory=True)
    os.mkfifo(folder / ADA / "pipe.ipynb")
    with socket.socket(socket.AF_UNIX) as door:
        here = Path.cwd()
        os.chdir(folder / ADA)  # the name of a socket must be short
        door.bind("door")
        os.chdir(here)
        got = collect(folder)

    assert got.status == 1
    assert got.files() == got.files("Bert Ek") == {f"{ASSIGNMENT}.ipynb"}
    assert got.course.students() == ["Ada Lovelace", "Bert Ek"]
    assert got.said.count("a link, which is not followed") == 3
    tell(
        "a folder with links to files, folders and /, a pipe and a socket",
        "not opened; five lines, both are collected",
    )


def test_a_name_that_comes_twice_is_reported(hand_in_archive: Collect, tell: Tell) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = zipped(("data.csv", "first"), ("data.csv", "last"))
    got = hand_in_archive(content)

    assert (got.course.submission_folder("Ada Lovelace") / "data.csv").read_text() == "last"
    tell("two files of one name in a zip", got.line("twice in the archive"))


def test_a_file_in_the_place_of_a_folder_costs_neither(hand_in_archive: Collect, tell: Tell) -> None:
    got = hand_in_archive(zipped(("data", "a file"), ("data/a.csv", "1"), (f"{ASSIGNMENT}.ipynb/a", "1")))

    assert got.status == 0
    assert len(got.files()) == 4
    tell(
        "a file and a folder of one name, and a folder called like the notebook",
        ", ".join(sorted(got.files())),
    )


def test_folders_a_thousand_deep_are_not_made(hand_in_archive: Collect, tell: Tell) -> None:
    got = hand_in_archive(zipped(("/".join("d" * 1000) + "/a.txt", "1")))

    assert got.status == 1
    assert got.files() == {f"{ASSIGNMENT}.ipynb"}
    tell("folders a thousand deep", got.line("too many folders"))
