"""A temporary folder goes away, whatever is in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.plain.scratch import remove_tree


def a_deep_folder(folder: Path) -> None:
    here = os.open(".", os.O_PATH)
    os.chdir(folder)
    try:
        for _ in range(3000):
            Path("d").mkdir()
            os.chdir("d")
    finally:
        os.fchdir(here)
        os.close(here)


def long_names(folder: Path) -> None:
    here = os.open(".", os.O_PATH)
    os.chdir(folder)
    try:
        for _ in range(20):
            Path("d" * 250).mkdir()
            os.chdir("d" * 250)
        Path("e" * 250).touch()
    finally:
        os.fchdir(here)
        os.close(here)


def odd_names(folder: Path) -> None:
    for name in (b"\xff\xfe", b" ", b"-rf", b"a\nb", "\u202e".encode()):
        (folder / os.fsdecode(name)).mkdir()
        (folder / os.fsdecode(name) / "file").touch()


def closed_folders(folder: Path) -> None:
    (folder / "closed" / "inner").mkdir(parents=True)
    (folder / "closed" / "inner").chmod(0)
    (folder / "closed").chmod(0)


def links_and_pipes(folder: Path) -> None:
    (folder / "up").symlink_to("..")
    (folder / "nowhere").symlink_to("/nonexistent")
    os.mkfifo(folder / "pipe")


KINDS = (a_deep_folder, long_names, odd_names, closed_folders, links_and_pipes)


@pytest.mark.parametrize("fill", KINDS, ids=lambda fill: fill.__name__)
def test_a_folder_is_removed_whatever_is_in_it(fill: object, tmp_path: Path) -> None:
    folder, neighbour = tmp_path / "folder", tmp_path / "neighbour"
    folder.mkdir()
    neighbour.mkdir()
    assert callable(fill)
    fill(folder)

    remove_tree(folder)

    assert list(tmp_path.iterdir()) == [neighbour]


def test_a_link_in_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "kept").touch()
    (tmp_path / "link").symlink_to("folder")

    remove_tree(tmp_path / "link")

    assert (tmp_path / "folder" / "kept").exists()
