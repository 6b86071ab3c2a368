"""Downloads that were made to write elsewhere, fill the disk, take somebody's place or deceive who reads the output.

Each case is a download as it comes from an LMS, with a neighbour who has handed in honestly. Whatever the archive
holds, the neighbour is collected, nothing changes outside `submitted/`, and the terminal gets only plain text.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import socket
import stat
import struct
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.cli import run
from autograder.course.collect import archive, arrange, members, student
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise

Tell = Callable[[str, str], None]

NOTEBOOK = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
NEIGHBOUR = "Bert Ek_2_assignsubmission_file/work.ipynb"
ADA = "Ada Lovelace_1_assignsubmission_file"
MB = 1024 * 1024


def zipped(*files: tuple[str | zipfile.ZipInfo, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as packed:
        for name, content in files:
            packed.writestr(name, content)
    return made.getvalue()


def tarred(*files: tuple[tarfile.TarInfo | str, bytes], mode: str = "w") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as packed:
        for info, content in files:
            named = tarfile.TarInfo(info) if isinstance(info, str) else info
            named.size = len(content)
            packed.addfile(named, io.BytesIO(content))
    return made.getvalue()


def special(name: str, kind: int) -> zipfile.ZipInfo:
    """A zip's entry for something that is no plain file."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (kind | 0o777) << 16
    return info


def entry(name: str, kind: bytes, leads_to: str = "") -> tarfile.TarInfo:
    """A tar's entry for something that is no plain file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, leads_to
    return info


@dataclass(frozen=True)
class Outcome:
    """What a command did: its status, what it said, and the course that it wrote into."""

    status: int
    said: str
    course: Course

    def line(self, words: str) -> str:
        """The only line that has these words in it."""
        lines = [line for line in self.said.splitlines() if words in line]
        assert len(lines) == 1, self.said
        return lines[0]

    def files(self, name: str = "Ada Lovelace") -> set[str]:
        folder = self.course.submission_folder(name)
        return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def everything(root: Path, apart_from: Path) -> dict[str, object]:
    """All files below a folder with their contents, but for those of one folder."""
    return {
        str(path): (path.lstat().st_mode, path.read_bytes() if path.is_file() else None)
        for path in root.rglob("*")
        if not path.is_relative_to(apart_from)
    }


Collect = Callable[..., Outcome]


@pytest.fixture
def collect(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Collect:
    """Collect a download and see to it that nothing is written elsewhere and nothing but text is printed."""
    monkeypatch.setenv("COLUMNS", "250")
    course = initialise(tmp_path / "there" / "course")
    course.graded.mkdir()
    (course.graded / ".lock").write_text("")
    (tmp_path / "canary").write_text("untouched")

    def run_command(download: bytes | Path, lms: str = "moodle", *options: str) -> Outcome:
        source = download if isinstance(download, Path) else tmp_path / "download"
        if isinstance(download, bytes):
            source.write_bytes(download)
        (course.graded / ".lock").write_text(str(os.getpid()))
        before = everything(tmp_path, course.submitted)
        status = run(["collect", str(source), "--lms", lms, "--course", str(course.root), *options])
        printed = capsys.readouterr()
        said = printed.out + printed.err
        assert everything(tmp_path, course.submitted) == before
        assert {sign for sign in said if not sign.isprintable()} <= {"\n"}
        assert not any(path.is_symlink() or path.is_fifo() for path in course.submitted.rglob("*"))
        assert len(printed.err.splitlines()) <= 1
        return Outcome(status, said, course)

    return run_command


@pytest.fixture
def hand_in(collect: Collect) -> Collect:
    """Collect what a student handed in, from a Moodle download in which a neighbour is too."""

    def collect_with_neighbour(*files: tuple[str | zipfile.ZipInfo, bytes | str]) -> Outcome:
        got = collect(zipped((NEIGHBOUR, NOTEBOOK), *files))
        assert got.files("Bert Ek") == {f"{ASSIGNMENT}.ipynb"}
        return got

    return collect_with_neighbour


@pytest.fixture
def hand_in_archive(hand_in: Collect) -> Collect:
    """Collect an archive that a student handed in, beside a notebook."""

    def collect_archive(content: bytes, name: str = "work.zip") -> Outcome:
        got = hand_in((f"{ADA}/work.ipynb", NOTEBOOK), (f"{ADA}/{name}", content))
        assert f"{ASSIGNMENT}.ipynb" in got.files()
        return got

    return collect_archive


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


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that are passed within a second."""
    monkeypatch.setattr(members, "MOST_MEMBER_BYTES", 2 * MB)
    monkeypatch.setattr(archive, "MOST_AT_ONCE", MB)
    monkeypatch.setattr(archive, "MOST_MEMBERS", 500)
    monkeypatch.setattr(student, "MOST_SUBMISSION_BYTES", 6 * MB)
    monkeypatch.setattr(arrange, "MOST_SUBMISSION_FILES", 100)


@pytest.mark.usefixtures("small")
def test_a_file_that_unpacks_to_very_much_is_left_out(hand_in_archive: Collect, tell: Tell) -> None:
    got = hand_in_archive(zipped(("zeros.npy", bytes(50 * MB)), ("data.csv", "1")))

    assert got.status == 1
    assert got.files() == {f"{ASSIGNMENT}.ipynb", "data.csv"}
    tell("a zip of 50 kB holds a file of 50 MB (limit 2)", got.line("unpacks to more than 2 MB"))


@pytest.mark.usefixtures("small")
def test_many_files_that_together_are_very_much_cost_only_that_submission(
    hand_in: Collect, tell: Tell
) -> None:
    bomb = zipped(*((f"{number}.npy", bytes(2 * MB)) for number in range(20)))
    got = hand_in((f"{ADA}/work.ipynb", NOTEBOOK), (f"{ADA}/work.zip", bomb))

    assert got.status == 1
    assert not got.files()
    tell(
        "20 files of 2 MB in a zip of 40 kB (limit 6 MB)",
        got.line("the submission unpacks to more than 6 MB"),
    )


@pytest.mark.usefixtures("small")
def test_a_download_that_is_very_much_keeps_what_came_before(
    collect: Collect, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    monkeypatch.setattr("autograder.course.collect.collect.MOST_BYTES", 7 * MB)
    names = ("Ada", "Bert", "Cleo", "Dora", "Emil")
    got = collect(
        zipped(
            *((f"{name} X_{name.encode()[0]}_assignsubmission_file/a.ipynb", bytes(2 * MB)) for name in names)
        )
    )

    assert got.status == 1
    assert got.course.students() == ["Ada X", "Bert X", "Cleo X"]
    assert got.said.count("the download unpacks to more than 7 MB") == 2
    tell("five submissions of 2 MB where 7 are allowed", "three are collected, two lines")


@pytest.mark.usefixtures("small")
def test_a_size_that_is_a_lie_is_not_believed(hand_in_archive: Collect, tell: Tell) -> None:
    honest = bytearray(zipped(("zeros.npy", bytes(50 * MB)), ("data.csv", "1")))
    for signature, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = honest.index(signature) + place
        honest[at : at + 4] = struct.pack("<I", 10)
    got = hand_in_archive(bytes(honest))

    assert got.status == 1
    assert got.files() == {f"{ASSIGNMENT}.ipynb", "data.csv"}
    tell("a file of 50 MB says that it has 10 bytes", got.line("zeros.npy"))


@pytest.mark.usefixtures("small")
def test_files_that_overlap_are_each_counted(hand_in: Collect, tell: Tell) -> None:
    """One compressed kernel of zeros that many entries share, as in the densest bombs."""
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = kernel.compress(bytes(2 * MB)) + kernel.flush()
    crc = zlib.crc32(bytes(2 * MB))
    head = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 8, 0, 0x21, crc, len(data), 2 * MB, 1, 0) + b"a"
    central = b"".join(
        struct.pack(
            "<4sHHHHHHIIIHHHHHII",
            *(b"PK\x01\x02", 20, 20, 0, 8, 0, 0x21, crc, len(data), 2 * MB, 1, 0, 0, 0, 0, 0, 0),
        )
        + name.encode()
        for name in "abcdefghij"
    )
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 10, 10, len(central), len(head) + len(data), 0)
    got = hand_in((f"{ADA}/work.zip", head + data + central + end), (f"{ADA}/work.ipynb", NOTEBOOK))

    assert got.status == 1
    assert got.files() <= {f"{ASSIGNMENT}.ipynb", "a"}
    tell("ten entries of a zip share the same bytes", "one is read, the others are damaged")


@pytest.mark.usefixtures("small")
def test_very_many_files_are_too_many(hand_in: Collect, collect: Collect, tell: Tell) -> None:
    many = zipped(*((f"{number}.txt", "") for number in range(400)))
    got = hand_in((f"{ADA}/work.zip", many))
    assert got.status == 1
    assert not got.files()
    assert "holds more than 100 files" in got.said

    more = collect(zipped(*((f"{number}.txt", "") for number in range(600))))
    assert more.status == 2
    tell("a submission of 400 files, a download of 600", got.line("holds more than 100 files"))


@pytest.mark.usefixtures("small")
def test_a_list_of_contents_that_fills_the_memory_is_not_read(hand_in_archive: Collect, tell: Tell) -> None:
    entries = [zipfile.ZipInfo(f"{number}.txt") for number in range(20)]
    for one in entries:
        one.comment = bytes(60_000)
    got = hand_in_archive(zipped(*((one, "") for one in entries)))

    assert got.status == 1
    tell("a zip whose list of contents takes 1.2 MB (limit 1)", got.line("lists far more"))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("packed", ["work.tar", "work.tar.gz"])
def test_a_tar_header_that_fills_the_memory_is_not_read(
    packed: str, hand_in_archive: Collect, tell: Tell
) -> None:
    header = tarfile.TarInfo("pax")
    header.type = tarfile.XHDTYPE
    made = tarred((header, b"100 comment=" + b"x" * (3 * MB // 2)), ("data.csv", b"1"))
    got = hand_in_archive(gzip.compress(made) if packed.endswith("gz") else made, packed)

    assert got.status == 1
    tell(f"{packed} has a header of 1.5 MB (limit 1)", got.line("left out: Ada"))


@pytest.mark.usefixtures("small")
def test_a_compressed_tar_that_is_very_large_is_not_unpacked(hand_in: Collect, tell: Tell) -> None:
    got = hand_in((f"{ADA}/work.tgz", gzip.compress(bytes(100 * MB))), (f"{ADA}/work.ipynb", NOTEBOOK))

    assert got.status == 1
    assert not got.files()
    tell("a tar.gz of 100 kB unpacks to 100 MB (limit 6)", got.line("unpacks to more than 6 MB"))


def test_a_file_of_holes_is_not_filled_with_zeros(hand_in_archive: Collect, tell: Tell) -> None:
    info = tarfile.TarInfo("holes")
    info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,1",
                        "GNU.sparse.size": str(2**60), "GNU.sparse.name": "holes"}  # fmt: skip
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as packed:
        info.size = 1
        packed.addfile(info, io.BytesIO(b"x"))
    got = hand_in_archive(made.getvalue(), "work.tar")

    assert got.status == 1
    assert got.files() == {f"{ASSIGNMENT}.ipynb"}
    tell("a tar with a file of 10^18 bytes, all holes", got.line("no plain file"))


@pytest.mark.parametrize("size", [-512, -1024, -(2**62)])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_tar_whose_sizes_lead_backwards_is_not_read_for_ever(
    size: int, kind: bytes, hand_in_archive: Collect, tell: Tell
) -> None:
    header = bytearray(entry("again", kind).tobuf(tarfile.GNU_FORMAT))
    header[124:136] = size.to_bytes(12, "big", signed=True)
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + sum(header[156:512]) + 8 * 32)
    got = hand_in_archive(tarred(("data.csv", b"1"))[:1024] + bytes(header) + bytes(1024), "work.tar")

    assert got.status == 1
    assert got.files() <= {f"{ASSIGNMENT}.ipynb", "data.csv", "again"}
    tell(f"a tar entry of kind {kind.decode()} has a size of {size} bytes", got.line("left out: Ada"))


def test_an_archive_in_an_archive_in_an_archive_is_not_opened(hand_in_archive: Collect, tell: Tell) -> None:
    content = zipped(("zeros", bytes(MB)))
    for _ in range(20):
        content = zipped(("inner.zip", content))
    got = hand_in_archive(content)

    assert got.files() == {f"{ASSIGNMENT}.ipynb", "inner.zip"}
    tell("zips nested twenty deep", got.line("archive in an archive and was not opened"))


def test_encrypted_files_are_told(hand_in_archive: Collect, tell: Tell) -> None:
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
def test_a_damaged_archive_is_told(what: str, hand_in_archive: Collect, tell: Tell) -> None:
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


def test_a_name_that_comes_twice_is_told(hand_in_archive: Collect, tell: Tell) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = zipped(("data.csv", "first"), ("data.csv", "last"))
    got = hand_in_archive(content)

    assert (got.course.submission_folder("Ada Lovelace") / "data.csv").read_text() == "last"
    tell("two files of one name in a zip", got.line("twice in the archive"))


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


def test_a_file_name_does_not_make_somebody_else(hand_in: Collect, tell: Tell) -> None:
    other = "Bert Ek_2_assignsubmission_file_work.ipynb"
    got = hand_in((f"{ADA}/{other}", "forged"), (f"{ADA}/Cleo Oh_3_assignsubmission_file/a.csv", "forged"))

    assert got.course.students() == ["Ada Lovelace", "Bert Ek"]
    assert "forged" not in (got.course.submission_folder("Bert Ek") / f"{ASSIGNMENT}.ipynb").read_text()
    tell("a file of Ada's is called as Moodle calls one of Bert's", "it stays Ada's")


def test_a_canvas_file_name_does_not_make_somebody_else(collect: Collect, tell: Tell) -> None:
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
def test_a_students_name_that_would_be_hidden_is_told(name: str, hand_in: Collect, tell: Tell) -> None:
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


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Change, insert and remove some bytes, as a bad copy or somebody who knows the format would."""
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        place, length = chance.randrange(len(changed)), chance.choice([1, 4, 100])
        new = chance.choice([chance.randbytes(length), b"\xff" * 4, bytes(4), b"PK\x01\x02", b""])
        changed[place : place + chance.choice([0, len(new), length])] = new
    return bytes(changed)


def test_no_damage_is_more_than_a_line(
    tmp_path: Path, request: pytest.FixtureRequest, tell: Tell, capsys: pytest.CaptureFixture[str]
) -> None:
    rounds = 1000 if request.config.getoption("--thorough") else 100
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
