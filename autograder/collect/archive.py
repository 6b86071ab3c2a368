"""Lists untrusted zip and tar archives and folders as simple records.

Nothing is unpacked here: a member is a checked name and a function that reads it. The archive libraries never
write files themselves.
"""

from __future__ import annotations

import gzip
import io
import re
import stat
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from autograder.collect.handed_in import is_notebook
from autograder.collect.members import (
    DAMAGED,
    MOST_BYTES,
    Budget,
    Contents,
    LeftOut,
    Member,
    UnreadableError,
    copy_member,
)
from autograder.collect.names import is_hidden
from autograder.plain.untrusted_files import FILE, FOLDER, LINK, Entry, kind_of, list_folder, open_plain

# A class of 1,000 with 500 files each. Every entry takes about 2 kB of memory while it is listed.
MOST_MEMBERS = 500_000
# How many files of a folder within a folder are listed, since LMSs pack a submission as such a folder. If it holds
# more, like a virtual environment that was handed in, then only its notebooks, so that the rest of the class has room.
MOST_IN_A_FOLDER, MOST_NOTEBOOKS = 20_000, 1_000
# For a zip's table of contents or a tar member's header, which are read in one piece: this is enough for the
# names of all files that are listed; more would only fill memory.
MOST_AT_ONCE = 96 * 1024 * 1024
# Nested folders.
MOST_DEPTH = 12

# Archives give older times if they do not know the time.
_FIRST_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_ELSEWHERE = re.compile(r"[A-Za-z]:|/")
_UTF8_NAMES, _ENCRYPTED = 0x800, 0x1
_ZIP, _GZIP, _TAR = (b"PK\x03\x04", b"PK\x05\x06"), b"\x1f\x8b", b"ustar"


@contextmanager
def open_contents(
    path: Path, scratch: Path, budget: Budget, *, most: int | None = None
) -> Iterator[Contents]:
    """List a zip, tar or tar.gz archive, or a folder; members can be read until the block ends.

    Args:
        path: the archive or folder.
        scratch: an empty folder; a compressed tar is unpacked there.
        budget: how large it may get there.
        most: how many files and folders it may hold; by default, the number that a whole download may hold.

    Raises:
        UnreadableError: it is neither an archive nor a folder, or is too damaged to be listed.
    """
    most = most or MOST_MEMBERS
    file = _opened(path, most)
    if isinstance(file, Contents):
        yield file
        return
    with file:
        beginning = file.read(512)
        file.seek(0)
        if beginning.startswith(_ZIP):
            with _zip(file, most) as contents:
                yield contents
        elif beginning.startswith(_GZIP):
            with (
                _gunzipped(file, scratch / "unpacked.tar", budget) as unpacked,
                _tar(unpacked, most) as contents,
            ):
                yield contents
        elif beginning[257:262] == _TAR:
            with _tar(file, most) as contents:
                yield contents
        else:
            raise UnreadableError("neither a zip nor a tar archive")


def _opened(path: Path, most: int) -> Contents | _Careful:
    try:
        if kind_of(path) == FOLDER:
            return _folder(path, most)
        return _Careful(cast("io.BufferedReader", open_plain(path)).detach())
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from error


class _Careful(io.BufferedReader):
    """A file that refuses to read too much at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        most = MOST_AT_ONCE + 1 if size is None or size < 0 else min(size, MOST_AT_ONCE + 1)
        data = super().read(most)
        if len(data) > MOST_AT_ONCE:
            raise UnreadableError("lists far more files than any course has")
        return data


class _Listing:
    """Checks member names and collects what an archive contains."""

    def __init__(self, most: int) -> None:
        self._found: dict[tuple[str, ...], Member] = {}
        self._left_out: list[LeftOut] = []
        self._hidden: list[str] = []
        self._most, self._seen = most, 0
        self._room = _FolderTally()

    def contents(self) -> Contents:
        return Contents(
            tuple(self._found.values()), (*self._left_out, *self._room.left_out()), tuple(self._hidden)
        )

    def leave_out(self, what: str, why: str) -> None:
        self._left_out.append(LeftOut(what, why))

    def count(self) -> None:
        self._seen += 1
        if self._seen > self._most:
            raise UnreadableError(f"holds more than {self._most:,} files and folders")

    def add(
        self,
        name: str,
        changed: datetime | None,
        opener: Callable[[], AbstractContextManager[BinaryIO]],
        *,
        problem: str = "",
    ) -> None:
        """Add a file; `problem` says why it cannot be collected."""
        parts = tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
        if any(map(is_hidden, (part for part in parts if part != ".."))):
            self._hidden.append(name)
            return
        if not self._room.has(parts):
            return
        why = problem or _leads_elsewhere(name, parts)
        if why:
            self.leave_out(name, why)
            return
        if parts in self._found:
            self.leave_out(name, "twice in the archive; the last one is taken")
        self._found[parts] = Member(parts, changed, opener)


class _FolderTally:
    """How many files of each folder within a folder are listed."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, ...]] = Counter()
        self._notebooks: Counter[tuple[str, ...]] = Counter()

    def has(self, parts: tuple[str, ...]) -> bool:
        """Count a file, and tell whether it is still listed."""
        if len(parts) < 3:
            return True
        folder = parts[:2]
        self._seen[folder] += 1
        if self._seen[folder] <= MOST_IN_A_FOLDER:
            return True
        self._notebooks[folder] += is_notebook(parts[-1])
        return is_notebook(parts[-1]) and self._notebooks[folder] <= MOST_NOTEBOOKS

    def left_out(self) -> Iterator[LeftOut]:
        """Yield the folders that were not listed to their end."""
        for folder, count in self._seen.items():
            if count > MOST_IN_A_FOLDER:
                why = (
                    f"holds {count:,} files; of more than {MOST_IN_A_FOLDER:,}, only notebooks are looked at"
                )
                yield LeftOut("/".join(folder), why)


def _leads_elsewhere(name: str, parts: tuple[str, ...]) -> str:
    if ".." in parts or _ELSEWHERE.match(name.replace("\\", "/")) or not parts:
        return "its name leads out of the archive"
    return "too many folders within folders" if len(parts) > MOST_DEPTH else ""


@contextmanager
def _zip(file: _Careful, most: int) -> Iterator[Contents]:
    try:
        archive = zipfile.ZipFile(file)
    except DAMAGED as error:
        raise UnreadableError("not a whole zip archive: damaged, or incompletely copied") from error
    with archive:
        listing = _Listing(most)
        for info in archive.infolist():
            listing.count()
            name = _zip_name(info)
            if not name.endswith(("/", "\\")):
                listing.add(name, _wall_time(info), _zip_opener(archive, info), problem=_zip_problem(info))
        yield listing.contents()


def _zip_opener(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo
) -> Callable[[], AbstractContextManager[BinaryIO]]:
    return lambda: cast("AbstractContextManager[BinaryIO]", archive.open(info))


def _zip_problem(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "a link" if kind == stat.S_IFLNK else "no plain file"
    if info.flag_bits & _ENCRYPTED:
        return "encrypted"
    # Other methods decompress without a memory limit, and no LMS uses them.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "compressed in an unusual way; it has to be packed again as an ordinary zip"
    return ""


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name; many programs write UTF-8 without setting the flag for it."""
    name = info.orig_filename
    if not info.flag_bits & _UTF8_NAMES:
        try:
            return name.encode("cp437").decode("utf-8")
        except UnicodeError:
            return name
    return name


def _wall_time(info: zipfile.ZipInfo) -> datetime | None:
    try:
        return _sensible(datetime(*info.date_time).astimezone(UTC))
    except (ValueError, OverflowError, OSError):
        return None


@contextmanager
def _gunzipped(file: _Careful, into: Path, budget: Budget) -> Iterator[_Careful]:
    packed = Member((), None, lambda: cast("AbstractContextManager[BinaryIO]", gzip.GzipFile(fileobj=file)))
    try:
        copy_member(packed, into, budget, at_most=MOST_BYTES)
        with _Careful(into.open("rb", buffering=0)) as unpacked:
            yield unpacked
    finally:
        into.unlink(missing_ok=True)


@contextmanager
def _tar(file: _Careful, most: int) -> Iterator[Contents]:
    try:
        archive = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115 (closed below)
    except DAMAGED as error:
        raise UnreadableError("not a tar archive, or damaged") from error
    with archive:
        listing = _Listing(most)
        for info in _tar_members(archive, file, listing):
            listing.count()
            if not info.isdir():
                listing.add(
                    info.name, _moment(info.mtime), _tar_opener(archive, info), problem=_tar_problem(info)
                )
        yield listing.contents()


def _tar_members(archive: tarfile.TarFile, file: _Careful, listing: _Listing) -> Iterator[tarfile.TarInfo]:
    """Yield the members before the first damaged one; that one and all later ones are left out."""
    last = -1
    try:
        while (info := archive.next()) is not None and info.offset > last:
            last = info.offset
            yield info
        file.seek(archive.offset)
        is_whole = file.read(512) == bytes(512)  # marks the end of a tar
    except DAMAGED:
        is_whole = False
    if not is_whole:
        listing.leave_out("the rest of the archive", "damaged, or incompletely copied")


def _tar_opener(
    archive: tarfile.TarFile, info: tarfile.TarInfo
) -> Callable[[], AbstractContextManager[BinaryIO]]:
    return lambda: cast("AbstractContextManager[BinaryIO]", archive.extractfile(info))


def _tar_problem(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "a link"
    return "" if info.isreg() and info.sparse is None else "no plain file"


def _folder(folder: Path, most: int) -> Contents:
    entries = list_folder(folder, most + 1)
    if len(entries) > most:
        raise UnreadableError(f"holds more than {most:,} files and folders")
    room = _FolderTally()
    found: list[Member] = []
    left_out: list[LeftOut] = []
    hidden: list[str] = []
    for entry in sorted(entries, key=lambda entry: entry.path):
        parts = tuple(entry.path.split("/"))
        if any(map(is_hidden, parts)):
            hidden += [entry.path] if entry.kind != FOLDER else []
        elif entry.kind != FOLDER and not room.has(parts):
            continue
        elif entry.kind == FILE and len(parts) <= MOST_DEPTH:
            found.append(Member(parts, _moment(entry.changed / 1e9), _file_opener(folder, entry)))
        elif entry.kind != FOLDER:
            left_out.append(LeftOut(entry.path, _folder_problem(entry)))
    return Contents(tuple(found), (*left_out, *room.left_out()), tuple(hidden))


def _folder_problem(entry: Entry) -> str:
    if entry.kind == FILE:
        return "too many folders within folders"
    return "a link, which is not followed" if entry.kind == LINK else entry.kind


def _file_opener(folder: Path, entry: Entry) -> Callable[[], AbstractContextManager[BinaryIO]]:
    return lambda: open_plain(folder / entry.path)


def _moment(seconds: float) -> datetime | None:
    try:
        return _sensible(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _sensible(moment: datetime) -> datetime | None:
    return moment if moment >= _FIRST_TIME else None
