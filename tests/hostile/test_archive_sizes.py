"""Downloads that were made to fill disk or memory.

Each case is a download as it comes from an LMS, with a neighbour who has handed in honestly. Whatever the archive
holds, the neighbour is collected, nothing changes outside `submitted/`, and the terminal gets only plain text.
"""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from downloads import ADA, MB, NEIGHBOUR, NOTEBOOK, Collect, entry, tarred, zipped

from autograder.collect import archive, arrange, members, student
from autograder.course.folder import ASSIGNMENT

Tell = Callable[[str, str], None]


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
    monkeypatch.setattr("autograder.collect.collect.MOST_BYTES", 7 * MB)
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
@pytest.mark.parametrize("packs", [True, False], ids=["in a zip", "as files"])
def test_of_very_many_files_the_notebook_and_those_beside_it_are_kept(
    packs: bool,
    collect: Collect,
    tell: Tell,
) -> None:
    venv = [(f"venv/lib/site-packages/{number}.py", "") for number in range(300)]
    work = [("work.ipynb", NOTEBOOK), ("data.csv", "1"), ("venv/lib/doc/tour.ipynb", NOTEBOOK), *venv]
    given = (
        [(f"{ADA}/work.zip", zipped(*work))] if packs else [(f"{ADA}/{name}", text) for name, text in work]
    )
    got = collect(zipped((NEIGHBOUR, NOTEBOOK), *given))

    assert got.status == 1
    assert got.files() == {f"{ASSIGNMENT}.ipynb", "data.csv"}
    assert got.files("Bert Ek") == {f"{ASSIGNMENT}.ipynb"}
    tell(
        "a virtual environment of 300 files (limit 100)",
        got.line("301 files: the submission holds more than"),
    )


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("unpacks", [True, False], ids=["as a folder", "as a zip"])
def test_one_students_folder_without_end_stops_no_other(
    unpacks: bool,
    collect: Collect,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tell: Tell,
) -> None:
    monkeypatch.setattr(archive, "MOST_IN_A_FOLDER", 50)
    files = {f"{ADA}/000/{part}.txt": "" for part in range(400)}
    files |= {NEIGHBOUR: NOTEBOOK, f"{ADA}/000/zz/work.ipynb": NOTEBOOK}
    for name, text in files.items():
        (tmp_path / "unpacked" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "unpacked" / name).write_text(text)
    got = collect(tmp_path / "unpacked" if unpacks else zipped(*files.items()))

    assert got.status == 1
    assert f"{ASSIGNMENT}.ipynb" in got.files()
    assert got.files("Bert Ek") == {f"{ASSIGNMENT}.ipynb"}
    tell("a folder of 401 files (limit 50)", got.line("only notebooks are looked at"))


@pytest.mark.deep  # listing this many files takes long
def test_a_download_may_be_ten_times_as_large_as_a_class_of_1000(tmp_path: Path) -> None:
    packed = tmp_path / "download.tar"
    with tarfile.open(packed, "w") as made:
        for student in range(1000):
            for number in range(60):
                made.addfile(tarfile.TarInfo(f"S {student}_{student}_assignsubmission_file/{number}.txt"))
    with archive.open_contents(packed, tmp_path, members.Budget("the download", MB)) as contents:
        assert len(contents.members) == 60_000
    assert archive.MOST_MEMBERS >= 10 * 50 * 1000


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
