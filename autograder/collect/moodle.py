"""Reads Moodle's "Download all submissions".

Moodle (`mod/assign/classes/downloader.php`) names a folder
`<full name>_<participant number>_assignsubmission_<plugin>`, before version 4 with another underscore at the
end. Without "Download submissions in folders", file names begin like this. A team has its group's name and
number, or no number; with anonymous marking the name is the word for "Participant". Moodle never gives a
submission time, so the times of the files are used if that is plausible; some versions of Moodle set them all
to the time of the download.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.collect.handed_in import DownloadReading, File, HandedIn, Person, by_file_times
from autograder.collect.members import LeftOut, Member

_ENTRY = re.compile(
    r"(?P<name>.+?)(?:_(?P<number>[0-9]{1,20}))?_assignsubmission_(?P<plugin>[a-z0-9]+)(?:_(?P<file>.*))?",
    re.DOTALL,
)
FILES = "file"  # the plugin for files; the others are for text


def read_moodle(members: Sequence[Member], assignment: str) -> DownloadReading:  # noqa: ARG001 (shared signature)
    """Return who handed in what."""
    submissions: dict[tuple[str, ...], list[File]] = {}
    people: dict[tuple[str, ...], Person] = {}
    texts: dict[tuple[str, ...], LeftOut] = {}
    unknown: list[LeftOut] = []
    for member in members:
        place, found = _entry(member.parts)
        file = _file(member.parts[place:], found) if found else ()
        if found is None or not file:
            unknown.append(LeftOut(member.path, "not named as Moodle names a submission"))
            continue
        person = _person(found)
        key = (*member.parts[:place], person.key)
        if found["plugin"] != FILES:
            texts[key] = LeftOut(member.path, f"no file, but what Moodle calls '{found['plugin']}'")
            continue
        people[key] = person
        submissions.setdefault(key, []).append((file, member))
    handed_in = (
        HandedIn(people[key], "/".join((*key[:-1], people[key].called)), tuple(files))
        for key, files in submissions.items()
    )
    return DownloadReading(
        by_file_times(handed_in),
        (*unknown, *(text for key, text in texts.items() if key not in submissions)),
        tuple(text for key, text in texts.items() if key in submissions),
    )


def _entry(parts: tuple[str, ...]) -> tuple[int, re.Match[str] | None]:
    """Find the outermost part that names a submission; the names inside it are the student's."""
    for place, part in enumerate(parts):
        if found := _ENTRY.fullmatch(part):
            return place, found
    return 0, None


def _file(parts: tuple[str, ...], found: re.Match[str]) -> tuple[str, ...]:
    return tuple(filter(None, (found["file"], *parts[1:])))


def _person(found: re.Match[str]) -> Person:
    name, number = found["name"], found["number"]
    return Person(number or name, name, lms_ids=(number,) if number else ())
