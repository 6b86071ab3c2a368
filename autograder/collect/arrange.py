"""Decides where the files of a submission go in its folder.

The notebook gets the name of the assignment, since graders look for it. Other files keep their name and their
path relative to the notebook, if that is safe. An archive that a student handed in is opened; archives inside
it are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from autograder.collect.archive import open_contents
from autograder.collect.handed_in import (
    NOTEBOOK,
    OTHER_ARCHIVES,
    File,
    is_archive,
    is_notebook,
    without_number,
)
from autograder.collect.members import (
    Budget,
    Contents,
    LeftOut,
    Member,
    SpentError,
    UnreadableError,
    copy_member,
)
from autograder.collect.names import file_name, is_hidden, numbered, same

# nbgrader's own file with the submission time. Only the LMS may set it, so no student's file gets this name.
TIMESTAMP = "timestamp.txt"
# Per submission; a notebook and its data need far less.
MOST_SUBMISSION_BYTES = 512 * 1024 * 1024
MOST_SUBMISSION_FILES = 2_000
# Of an archive that was handed in: no more than this is listed.
MOST_IN_ARCHIVE = 100_000
MOST_ARCHIVES = 20


@dataclass(frozen=True)
class PlacedFiles:
    """The files of a submission, each with its path in the folder.

    Attributes:
        files: pairs of a path in the folder and a file.
        notebook: the notebook's original name; empty if there is none, or it is unclear which.
        notes: what an instructor should know, such as that there are two notebooks.
        left_out: what could not be opened.
        hidden: how many hidden files were skipped.
    """

    files: tuple[tuple[Path, Member], ...]
    notebook: str
    notes: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    hidden: int


@contextmanager
def arranged(files: Sequence[File], assignment: str, scratch: Path, budget: Budget) -> Iterator[PlacedFiles]:
    """Open a submission's archives and choose a path for every file; files can be read until the block ends.

    Raises:
        UnreadableError: it holds far more than a submission should.
        OSError: an archive cannot be unpacked into `scratch`.
    """
    with ExitStack() as opened:
        found: list[File] = []
        left_out: list[LeftOut] = []
        notes: list[str] = []
        hidden = archives = 0
        for parts, member in files:
            path = "/".join(parts)
            if any(map(is_hidden, parts)):
                hidden += 1
            elif not is_archive(parts[-1]):
                found.append((parts, member))
                if parts[-1].lower().endswith(OTHER_ARCHIVES):
                    notes.append(f"{path} cannot be opened; ask for a zip")
            elif archives >= MOST_ARCHIVES:
                left_out.append(LeftOut(path, f"one of more than {MOST_ARCHIVES} archives"))
            else:
                archives += 1
                try:
                    contents = opened.enter_context(_inside(member, Path(mkdtemp(dir=scratch)), budget))
                except SpentError:
                    raise
                except UnreadableError as error:
                    left_out.append(LeftOut(path, str(error)))
                    continue
                found += ((parts[:-1] + inner.parts, inner) for inner in contents.members)
                left_out += (LeftOut(f"{path}: {one.what}", one.why) for one in contents.left_out)
                hidden += len(contents.hidden)
                deeper = [inner.path for inner in contents.members if is_archive(inner.parts[-1])]
                notes += (f"{path}: {one} is an archive in an archive and was not opened" for one in deeper)
            if len(found) > MOST_IN_ARCHIVE:
                break
        if len(found) > MOST_SUBMISSION_FILES:
            found, rest = _around_the_notebook(found, assignment)
            left_out.append(rest)
        notebook = _notebook(found, assignment)
        notes += _about_notebooks(found, notebook, assignment)
        placed = tuple(_places(found, notebook, assignment))
        name = notebook[0][-1] if notebook else ""
        yield PlacedFiles(placed, name, tuple(notes), tuple(left_out), hidden)


def write_arrangement(arrangement: PlacedFiles, folder: Path, budget: Budget) -> tuple[LeftOut, ...]:
    """Write the files into a new folder; return those that could not be read.

    Raises:
        SpentError: together they are larger than a submission may be.
        OSError: they cannot be written.
    """
    folder.mkdir(parents=True)
    unreadable: list[LeftOut] = []
    for path, member in arrangement.files:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            copy_member(member, file, budget)
        except SpentError:
            raise
        except UnreadableError as error:
            unreadable.append(LeftOut(member.path, str(error)))
    return tuple(unreadable)


@contextmanager
def _inside(member: Member, scratch: Path, budget: Budget) -> Iterator[Contents]:
    packed = scratch / "archive"
    copy_member(member, packed, budget)
    with open_contents(packed, scratch, budget, most=MOST_IN_ARCHIVE) as contents:
        yield contents


def _notebook(files: Sequence[File], assignment: str) -> File | None:
    """Return the only notebook, or the only one that is named after the assignment."""
    notebooks = [file for file in files if is_notebook(file[0][-1])]
    wanted = same(f"{assignment}{NOTEBOOK}")
    named = [file for file in notebooks if same(file[0][-1]) == wanted]
    named_again = [file for file in notebooks if same(without_number(file[0][-1])[0]) == wanted]
    return next((some[0] for some in (notebooks, named, named_again) if len(some) == 1), None)


def _around_the_notebook(files: Sequence[File], assignment: str) -> tuple[list[File], LeftOut]:
    """Return the notebook and the files in its own folder, and what became of all others.

    A virtual environment that was handed in holds other notebooks, deep inside.

    Raises:
        UnreadableError: it is not clear which notebook is meant.
    """
    many = f"holds more than {MOST_SUBMISSION_FILES:,} files"
    notebooks = [file for file in files if is_notebook(file[0][-1])]
    depth = min((len(parts) for parts, _ in notebooks), default=0)
    outermost = [file for file in notebooks if len(file[0]) == depth]
    notebook = _notebook(files, assignment) or _notebook(outermost, assignment)
    if notebook is None:
        raise UnreadableError(f"{many}, and it is not clear which notebook is meant")
    folder = notebook[0][:-1]
    beside = [file for file in files if file[0][:-1] == folder and not is_notebook(file[0][-1])]
    kept = [notebook, *beside] if len(beside) < MOST_SUBMISSION_FILES else [notebook]
    return kept, LeftOut(
        f"{len(files) - len(kept):,} files",
        f"the submission {many}; {notebook[0][-1]} and the files beside it are kept",
    )


def _about_notebooks(files: Sequence[File], notebook: File | None, assignment: str) -> Iterator[str]:
    several = [file for file in files if is_notebook(file[0][-1])]
    if not several:
        yield "no notebook was handed in"
    elif notebook is None:
        yield f"{len(several)} notebooks; rename the right one to {assignment}{NOTEBOOK}"


def _places(files: Sequence[File], notebook: File | None, assignment: str) -> Iterator[tuple[Path, Member]]:
    """Yield a path for every file; the paths are distinct on any file system."""
    names = _Names()
    names.free(Path(TIMESTAMP))
    named = names.free(Path(f"{assignment}{NOTEBOOK}"))
    root = notebook[0][:-1] if notebook else ()
    others = [
        (parts[len(root) :] if parts[: len(root)] == root else parts, member)
        for parts, member in files
        if notebook is None or member is not notebook[1]
    ]
    if notebook:
        yield named, notebook[1]
    folders: dict[tuple[str, ...], Path] = {(): Path()}
    for parts, _ in others:
        for depth in range(1, len(parts)):
            key = parts[:depth]
            if key not in folders:
                folders[key] = names.free(folders[key[:-1]] / file_name(key[-1]))
    for parts, member in others:
        yield names.free(folders[parts[:-1]] / file_name(parts[-1])), member


class _Names:
    """The names in use in a folder."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}

    def free(self, path: Path) -> Path:
        """Return the path, with a number in its name if it is taken, and mark it as taken."""
        number = self._next.get(same(str(path)))
        free = path
        while number is not None and same(str(free)) in self._next:
            free = path.with_name(numbered(path.name, number))
            number += 1
        if number is not None:
            self._next[same(str(path))] = number
        self._next[same(str(free))] = 2
        return free
