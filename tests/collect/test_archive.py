"""Zip and tar archives and folders are read alike, and nothing is believed of them that can be looked at."""

from __future__ import annotations

import io
import os
import tarfile
import time
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.collect.archive import open_contents
from autograder.collect.members import Budget, UnreadableError, copy_member, read_member
from autograder.collect.names import MOST_BYTES, file_name, folder_name, same

FILES = {"ada/notebook.ipynb": b"{}", "ada/data/table.csv": b"1,2\n", "bert/notebook.ipynb": b"[]"}


def as_zip(files: Mapping[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def as_tar(files: Mapping[str, bytes], path: Path, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), 1_790_000_000
            archive.addfile(info, io.BytesIO(content))
    return path


def as_tar_gz(files: Mapping[str, bytes], path: Path) -> Path:
    return as_tar(files, path, "w:gz")


def as_folder(files: Mapping[str, bytes], path: Path) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


def budget() -> Budget:
    return Budget("the download", 10_000_000)


@pytest.mark.parametrize("make", [as_zip, as_tar, as_tar_gz, as_folder])
def test_all_kinds_are_read_alike(
    make: Callable[[Mapping[str, bytes], Path], Path], tmp_path: Path, scratch: Path
) -> None:
    with open_contents(make(FILES, tmp_path / "made"), scratch, budget()) as contents:
        read = {member.path: read_member(member, at_most=100) for member in contents.members}

    assert read == FILES
    assert not contents.left_out
    assert not list(scratch.iterdir())


@pytest.mark.parametrize("make", [as_zip, as_tar, as_folder])
def test_what_systems_hide_is_skipped_and_counted(
    make: Callable[[Mapping[str, bytes], Path], Path], tmp_path: Path, scratch: Path
) -> None:
    hidden = ["__MACOSX/ada/._n.ipynb", "ada/.DS_Store", ".git/config", "ada/.ipython/startup/0.py"]
    made = make({**FILES, **dict.fromkeys(hidden, b"x")}, tmp_path / "made")

    with open_contents(made, scratch, budget()) as contents:
        assert {member.path for member in contents.members} == set(FILES)
    assert set(contents.hidden) == set(hidden)


def test_a_zip_gives_the_wall_time_of_this_machine(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        with zipfile.ZipFile(tmp_path / "made.zip", "w") as archive:
            archive.writestr(zipfile.ZipInfo("summer.txt", (2026, 7, 1, 12, 0, 0)), "")
            archive.writestr(zipfile.ZipInfo("winter.txt", (2026, 12, 1, 12, 0, 0)), "")
            archive.writestr(zipfile.ZipInfo("none.txt"), "")
        with open_contents(tmp_path / "made.zip", scratch, budget()) as contents:
            times = {member.path: member.changed for member in contents.members}
    finally:
        monkeypatch.undo()
        time.tzset()

    assert times == {
        "summer.txt": datetime(2026, 7, 1, 10, tzinfo=UTC),
        "winter.txt": datetime(2026, 12, 1, 11, tzinfo=UTC),
        "none.txt": None,
    }


def test_a_tar_and_a_folder_give_the_moment(tmp_path: Path, scratch: Path) -> None:
    made = as_folder({"a.txt": b""}, tmp_path / "made")
    os.utime(made / "a.txt", (1_790_000_000, 1_790_000_000))
    for source in (made, as_tar({"a.txt": b""}, tmp_path / "made.tar")):
        with open_contents(source, scratch, budget()) as contents:
            assert contents.members[0].changed == datetime.fromtimestamp(1_790_000_000, UTC)


def test_utf8_names_are_read_whether_a_zip_says_so_or_not(tmp_path: Path, scratch: Path) -> None:
    said = as_zip({"Müller/名前.ipynb": b""}, tmp_path / "said.zip")
    not_said = bytearray(said.read_bytes())
    for place, signature in ((6, b"PK\x03\x04"), (8, b"PK\x01\x02")):
        not_said[not_said.index(signature) + place + 1] &= ~0x08  # bit 11 of the flags
    (tmp_path / "not_said.zip").write_bytes(not_said)

    for name in ("said.zip", "not_said.zip"):
        with open_contents(tmp_path / name, scratch, budget()) as contents:
            assert [member.path for member in contents.members] == ["Müller/名前.ipynb"]


def test_copying_stops_at_the_budget_and_leaves_nothing(tmp_path: Path, scratch: Path) -> None:
    made = as_zip({"zeros": bytes(5_000_000)}, tmp_path / "made.zip")

    with (
        open_contents(made, scratch, budget()) as contents,
        pytest.raises(UnreadableError, match="the submission unpacks to more than 1 MB"),
    ):
        copy_member(contents.members[0], tmp_path / "copy", Budget("the submission", 1024**2, budget()))

    assert not (tmp_path / "copy").exists()


def test_something_else_is_no_archive(tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "file.zip").write_bytes(b"<html>Please log in</html>")

    with (
        pytest.raises(UnreadableError, match="neither a zip nor a tar archive"),
        open_contents(tmp_path / "file.zip", scratch, budget()),
    ):
        pass


@pytest.mark.parametrize(
    "name", ["ada", "ada-lovelace_2", "Müller, Bert".replace(",", ""), "1234567", "名前", "o@uni.org"]
)
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert folder_name(name) == name
    assert file_name(f"{name}.ipynb") == f"{name}.ipynb"


@pytest.mark.parametrize(
    ("name", "harmless"),
    [
        ("..", ""),
        ("", ""),
        ("???", ""),
        ("\u202eada\u2066", "_ada_"),
        ("ada\nbert", "ada_bert"),
        ("=cmd|' calc'!A0", "_cmd__ calc__A0"),
        ("--force", "_-force"),
        (".ada", "_ada"),
        ("ada/../bert", "ada_.._bert"),
        ("CON", "_CON"),
        ("com1.txt", "_com1.txt"),
        ("ada. ", "ada"),
        ("  ada   lovelace ", "ada lovelace"),
        ("U\u0308nal", "\u00dcnal"),
        ("<script>", "_script_"),
        ("👩ada", "_ada"),
        ("\udcffada", "_ada"),
    ],
)
def test_folder_names_are_made_harmless(name: str, harmless: str) -> None:
    assert folder_name(name) == harmless


@pytest.mark.parametrize("sign", ["a", "Ü", "名", "\u0301"])
def test_long_names_are_cut_between_characters_and_keep_their_extension(sign: str) -> None:
    for name in (folder_name(f"x{sign * 300}"), file_name(f"x{sign * 300}.ipynb")):
        assert MOST_BYTES - 4 < len(name.encode()) <= MOST_BYTES
    assert file_name(f"x{sign * 300}.ipynb").endswith(".ipynb")


def test_names_that_some_systems_take_for_one_are_the_same() -> None:
    assert same("Stra\u00dfe") == same("STRASSE")
    assert same("U\u0308nal") == same("\u00fcnal")
    assert same("ada") != same("adb")
