"""Reads Canvas's "Download Submissions".

Canvas (`lib/content_zipper.rb`) names a file `<name>[_LATE]_<user>_<file number>_<file name>`. The name is
"last, first" in lower case, reduced to letters and digits; with anonymous grading there is no name, and the
user is `anon_<code>`. Text and links are `<name>_<user>_text.html` and `..._link.html`. A file that is handed
in again is named `...-1.ipynb`, `...-2.ipynb`. All files get the time of the download, so only the word LATE
tells anything about the submission time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.collect.handed_in import DownloadReading, HandedIn, Person, is_notebook, without_number
from autograder.collect.members import LeftOut, Member

_WHO = (
    r"(?:(?P<late_unnamed>LATE_)?(?P<unnamed>anon_[A-Za-z0-9]{1,20})"
    r"|(?P<name>(?!LATE_).+?)_(?P<late>(?:LATE|late)_)?(?P<user>[0-9]{1,20}))"
)
_FILE = re.compile(_WHO + r"_(?P<number>[0-9]{1,20})_(?P<file>.+)", re.DOTALL)
_TEXT = re.compile(_WHO + r"_(?P<kind>text|link)\.html", re.DOTALL)

_Entry = tuple[re.Match[str], Member]


def read_canvas(members: Sequence[Member], assignment: str) -> DownloadReading:  # noqa: ARG001 (shared signature)
    """Return who handed in what; of a notebook that was handed in again, only the last version."""
    submissions: dict[tuple[str, ...], list[_Entry]] = {}
    texts: dict[tuple[str, ...], LeftOut] = {}
    unknown: list[LeftOut] = []
    for member in members:
        *folder, name = member.parts
        if found := _FILE.fullmatch(name):
            submissions.setdefault((*folder, _user(found)), []).append((found, member))
        elif found := _TEXT.fullmatch(name):
            kind = "a text" if found["kind"] == "text" else "a link to a page"
            texts[(*folder, _user(found))] = LeftOut(member.path, f"{kind}, no file")
        else:
            unknown.append(LeftOut(member.path, "not named as Canvas names a submission"))
    handed_in: list[HandedIn] = []
    superseded: list[LeftOut] = []
    for entries in submissions.values():
        newest = _newest(entries)
        older = (member for found, member in entries if (found, member) not in newest)
        superseded += (
            LeftOut(member.path, "superseded: the same file was handed in again") for member in older
        )
        handed_in.append(_handed_in(newest))
    return DownloadReading(
        tuple(handed_in),
        (*unknown, *(text for key, text in texts.items() if key not in submissions)),
        (*superseded, *(text for key, text in texts.items() if key in submissions)),
    )


def _user(found: re.Match[str]) -> str:
    return found["user"] or found["unnamed"]


def _newest(entries: Sequence[_Entry]) -> list[_Entry]:
    """Return every notebook's last version, and all other files: `run-1.csv` may be a student's own name."""
    newest: dict[str, _Entry] = {}
    for entry in sorted(entries, key=_order):
        name = entry[0]["file"]
        newest[without_number(name)[0] if is_notebook(name) else entry[1].path] = entry
    return list(newest.values())


def _order(entry: _Entry) -> tuple[int, int]:
    found, _ = entry
    return int(found["number"]), without_number(found["file"])[1]


def _handed_in(entries: Sequence[_Entry]) -> HandedIn:
    first, member = entries[0]
    user, name = _user(first), first["name"] or ""
    return HandedIn(
        Person(user, name, squeezed=True, lms_ids=(user,), student_ids=(user,)),
        "/".join((*member.parts[:-1], f"{name}_{user}" if name else user)),
        tuple(((found["file"],), one) for found, one in entries),
        number=max(int(found["number"]) for found, _ in entries),
        late=any(found["late"] or found["late_unnamed"] for found, _ in entries),
    )
