"""A submission that changes while it is read, or between two commands."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from odd_files import GOOD, MEGABYTE, NAME, SECRET, Make, make_sparse, write, write_many

from autograder.course.submission import Submission
from autograder.errors import SubmissionError
from autograder.settings import Limits

Tell = Callable[[str, str], None]


SWAPS: dict[str, Make] = {
    "a link to a secret": lambda file: file.symlink_to(file.parent.parent / "secret.ipynb"),
    "a pipe": os.mkfifo,
    "another notebook": lambda file: file.write_text(GOOD.replace("x", "y")),
    "nothing": lambda file: None,
    "half a notebook": lambda file: file.write_text(GOOD[:50]),
}


@pytest.mark.parametrize("what", SWAPS)
def test_a_file_that_changes_meanwhile_is_read_or_refused(
    what: str, submission: Submission, tell: Tell
) -> None:
    file, spare = submission.folder / NAME, submission.folder / "spare"
    (submission.folder.parent / "secret.ipynb").write_text(GOOD.replace("x = 1", SECRET))
    over, said = threading.Event(), []

    def swap() -> None:
        while not over.is_set():
            for make in (lambda new: new.write_text(GOOD), SWAPS[what]):
                spare.unlink(missing_ok=True)
                file.unlink(missing_ok=True)
                make(spare)
                if os.path.lexists(spare):
                    spare.rename(file)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(2000):
            submission.sha256()
            try:
                said.append(submission.read(Limits(notebook_mb=1)).cells[0].source)
            except SubmissionError as error:
                said.append("refused" if str(submission.folder) not in str(error) else str(error))
    finally:
        over.set()
        swapper.join()

    assert set(said) <= {"x = 1", "y = 1", "refused"}
    tell(f"a notebook that becomes {what} and back while it is read, 2,000 times", "read or refused")


def test_a_file_that_becomes_a_link_after_it_was_looked_at_is_not_read(
    submission: Submission, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    file = submission.folder / NAME
    file.symlink_to("/etc/passwd")
    really, plain = Path.lstat, Path(__file__).stat()
    monkeypatch.setattr(Path, "lstat", lambda path: plain if path == file else really(path))

    with pytest.raises(SubmissionError, match="cannot be read"):
        submission.read(Limits(notebook_mb=1))

    tell("a file that becomes a link at the last moment", "is not opened")


def test_a_file_that_becomes_a_pipe_after_it_was_looked_at_is_not_waited_for(
    submission: Submission, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    file = submission.folder / NAME
    os.mkfifo(file)
    really, plain = Path.lstat, Path(__file__).stat()
    monkeypatch.setattr(Path, "lstat", lambda path: plain if path == file else really(path))

    with pytest.raises(SubmissionError, match="a pipe, not a plain file"):
        submission.read(Limits(notebook_mb=1))

    tell("a file that becomes a pipe at the last moment", "is opened, seen to be a pipe, and not waited for")


def changed(submission: Submission, make: Make, change: Make) -> bool:
    """Tell whether a change to a submission changes what identifies it."""
    make(submission.folder)
    before = submission.sha256()
    assert submission.sha256() == before
    change(submission.folder)
    return submission.sha256() != before


def replace(name: str, make: Make) -> Make:
    return lambda folder: ((folder / name).unlink(), make(folder / name))


CHANGES: dict[str, tuple[Make, Make]] = {
    "the last of 300 files": (write_many(300), lambda folder: (folder / "00299.txt").write_text("y")),
    "one file more beside 300": (write_many(300), lambda folder: (folder / "z.txt").write_text("x")),
    "a file split in two": (
        lambda folder: (folder / "a").write_bytes(b"x\0b\0y"),
        lambda folder: ((folder / "a").write_bytes(b"x"), (folder / "b").write_bytes(b"y")),
    ),
    "a file renamed": (
        lambda folder: (folder / "a").write_text("x"),
        lambda folder: (folder / "a").rename(folder / "b"),
    ),
    "a link in place of nothing": (lambda folder: None, lambda folder: (folder / NAME).symlink_to("x")),
    "a link that leads elsewhere": (
        lambda folder: (folder / NAME).symlink_to("x"),
        replace(NAME, lambda file: file.symlink_to("y")),
    ),
    "a file in place of a link to it": (
        lambda folder: ((folder / "x").write_text(GOOD), (folder / NAME).symlink_to("x")),
        replace(NAME, lambda file: file.write_text(GOOD)),
    ),
    "a file in place of a pipe": (
        lambda folder: os.mkfifo(folder / NAME),
        replace(NAME, lambda file: file.touch()),
    ),
    "an empty folder": (lambda folder: None, lambda folder: (folder / NAME).mkdir()),
    "a notebook beside 2 GB": (
        lambda folder: (make_sparse(folder / "a.bin", 2048 * MEGABYTE), write(GOOD)(folder)),
        write(GOOD.replace("x", "y")),
    ),
    "2 GB that became larger": (
        lambda folder: make_sparse(folder / "a.bin", 2048 * MEGABYTE),
        lambda folder: os.truncate(folder / "a.bin", 2049 * MEGABYTE),
    ),
    "2 GB in which a byte was written": (
        lambda folder: make_sparse(folder / "a.bin", 2048 * MEGABYTE),
        lambda folder: os.pwrite(os.open(folder / "a.bin", os.O_WRONLY), b"x", 1000),
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_submission_is_recognized_as_changed(what: str, submission: Submission, tell: Tell) -> None:
    assert changed(submission, *CHANGES[what])

    tell(f"handed in again: {what}", "recognized as changed, so it is graded again")


def test_what_a_link_leads_to_is_not_looked_at(submission: Submission, tmp_path: Path, tell: Tell) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.txt").write_text("x")

    assert not changed(
        submission,
        lambda folder: ((folder / "file").symlink_to(other / "x.txt"), (folder / "folder").symlink_to(other)),
        lambda folder: ((other / "x.txt").write_text("y"), (other / "z.txt").write_text("z")),
    )
    tell("links to files and folders outside", "are not followed")
