"""CSV tables: an LMS's, in which a few cells change and every other byte stays the same, and new ones.

A line without changes is written as it was read, so quotes, blank lines and line ends stay as they were. Text
that a spreadsheet program would read as a formula is never written as one.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import ExportError
from autograder.plain.untrusted_files import open_plain

# Enough for a thousand assignments of ten thousand students.
MOST_BYTES = 64 * 1024 * 1024
DELIMITERS = ",;\t"

# The last four are the full-width forms, which East Asian versions treat the same.
_FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?", re.ASCII)
_MOST_DIGITS = 40
_END = "\r\n"


@dataclass(frozen=True)
class TableLine:
    """A line of a table: its text with its line end, and its cells; a blank line has no cells."""

    raw: str
    cells: tuple[str, ...]

    def cell(self, place: int) -> str:
        """Return a cell; a line may be shorter than the headings."""
        return self.cells[place] if place < len(self.cells) else ""


@dataclass(frozen=True)
class Table:
    """An LMS's table.

    Attributes:
        file: the file that it was read from, for messages.
        mark: the UTF-8 byte order mark at the beginning, if any.
        lines: the headings, then all other lines.
    """

    file: Path
    mark: bytes
    delimiter: str
    lines: tuple[TableLine, ...]

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings, without white space around them."""
        return tuple(cell.strip() for cell in self.lines[0].cells)

    def filled(self, changes: Mapping[int, Mapping[int, str]]) -> bytes:
        """Return the file with some cells changed, by line and column."""
        text = "".join(
            self._changed(line, changes[place]) if changes.get(place) else line.raw
            for place, line in enumerate(self.lines)
        )
        return self.mark + text.encode()

    def _changed(self, line: TableLine, cells: Mapping[int, str]) -> str:
        width = max(len(line.cells), max(cells) + 1)
        new = [cells.get(place, line.cell(place)) for place in range(width)]
        body = line.raw.rstrip("\r\n")
        all_quoted = _written(line.cells, self.delimiter, quote_all=True) == body
        return _written(new, self.delimiter, quote_all=all_quoted) + line.raw[len(body) :]


def read_table(file: Path, lms: str) -> Table:
    """Read a table that an LMS has exported.

    Raises:
        ExportError: it cannot be read, or is not CSV in UTF-8, as every LMS writes it.
    """
    content = _content(file, lms)
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    text = content[len(mark) :].decode()
    delimiter = _delimiter(text)
    physical = list(io.StringIO(text, newline=""))
    lines: list[TableLine] = []
    reader = csv.reader(physical, delimiter=delimiter, strict=True)
    begin = 0
    try:
        for cells in reader:
            lines.append(TableLine("".join(physical[begin : reader.line_num]), tuple(cells)))
            begin = reader.line_num
    except csv.Error as error:
        raise ExportError(f"{file} is damaged in line {reader.line_num} ({error}); {_again(lms)}") from error
    if not lines[0].cells:
        raise ExportError(f"{file} begins with a blank line instead of headings; {_again(lms)}")
    return Table(file, mark, delimiter, tuple(lines))


def write_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a new table; its cells are harmless in every spreadsheet program."""
    lines = ([harmless(cell) for cell in row] for row in (headings, *rows))
    return "".join(_written(line, ",") + "\n" for line in lines).encode()


def harmless(text: str) -> str:
    """Return text that no spreadsheet program reads as a formula; a number stays a number."""
    if text[:1] in _FORMULA and text and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def number(value: float) -> str:
    """Return a number as every LMS reads it: with a decimal point, and no more digits than Moodle keeps."""
    return f"{value:.5f}".rstrip("0").rstrip(".")


def read_number(text: str) -> float | None:
    """Return the number in a cell, in any language; the last of several separators is the decimal one."""
    found = re.fullmatch(r"([0-9.,\s'\u2019]*?)(?:[.,]([0-9]+))?", text[:_MOST_DIGITS].strip())
    if found is None or len(text) > _MOST_DIGITS:
        return None
    digits = re.sub(r"[^0-9]", "", found[1])
    return float(f"{digits or 0}.{found[2] or 0}") if digits or found[2] else None


def _content(file: Path, lms: str) -> bytes:
    try:
        with open_plain(file.expanduser().resolve()) as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise ExportError(f"{file} cannot be read: {error.strerror or error}") from error
    if len(content) > MOST_BYTES:
        raise ExportError(f"{file} is too large for a table of scores")
    if not content.strip():
        raise ExportError(f"{file} is empty; {_again(lms)}")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ExportError(f"{file} is UTF-16, so a different program has saved it; {_again(lms)}")
    if b"\0" in content or content.startswith(b"PK\x03\x04"):
        raise ExportError(f"{file} is not a CSV file; {_again(lms)}")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ExportError(
            f"{file} is not UTF-8 (line {line}), so a different program has saved it; {_again(lms)}"
        ) from error
    return content


def _again(lms: str) -> str:
    return f"export it from {lms} again and do not open it in between"


def _delimiter(text: str) -> str:
    """Return the delimiter that splits the headings into the most cells."""

    def count(delimiter: str) -> int:
        try:
            return len(next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)))
        except csv.Error:
            return 0

    return max(DELIMITERS, key=count)


def _written(cells: Sequence[str], delimiter: str, *, quote_all: bool = False) -> str:
    line = io.StringIO(newline="")
    # csv quotes a cell's line end only if it knows the terminator, so csv writes one, removed below
    writer = csv.writer(
        line,
        delimiter=delimiter,
        quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
        lineterminator=_END,
    )
    writer.writerow(cells)
    return line.getvalue().removesuffix(_END)
