"""Reads Gradescope's "Export Submissions".

It is a folder `assignment_<number>_export` with one folder `submission_<number>` for each submission of a
student or a group, and `submission_metadata.yml`. That file says for each submission who handed it in
(`:submitters:`, each with `:name:`, `:sid:` and `:email:`) and when (`:created_at:`, with its time zone).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import yaml

from autograder.collect.handed_in import DownloadReading, File, HandedIn, Person
from autograder.collect.members import LeftOut, Member, UnreadableError, read_member
from autograder.errors import DownloadError

METADATA = "submission_metadata.yml"
# The file also holds all test results.
MOST_METADATA_BYTES = 64 * 1024 * 1024
# The values that are read are four levels deep.
_MOST_LEVELS = 20

_TIME = re.compile(
    r"(?P<second>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))? ?"
    r"(?:Z|UTC|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d))",
    re.ASCII,
)


def read_gradescope(members: Sequence[Member], assignment: str) -> DownloadReading:  # noqa: ARG001 (shared signature)
    """Return who handed in what; the submission of a group counts for every member.

    Raises:
        DownloadError: the export's list of submissions is missing or broken.
    """
    lists = [member for member in members if member.parts[-1] == METADATA]
    if not lists:
        raise DownloadError(f"there is no {METADATA}, so the students are unknown")
    outermost = min(lists, key=lambda member: len(member.parts))
    around = outermost.parts[:-1]
    said = _metadata(outermost)
    files: dict[str, list[File]] = {}
    left_out: list[LeftOut] = []
    for member in members:
        inner = member.parts[len(around) :]
        if member.parts[: len(around)] == around and len(inner) > 1 and inner[0] in said:
            files.setdefault(inner[0], []).append((inner[1:], member))
        elif member is not outermost:
            left_out.append(LeftOut(member.path, f"not in {METADATA}"))
    handed_in: list[HandedIn] = []
    for folder, entry in said.items():
        people = list(_people(entry))
        if folder not in files:
            left_out.append(LeftOut(folder, f"in {METADATA}, but not in the download"))
        elif not people:
            left_out.append(LeftOut(folder, f"{METADATA} does not say whose it is"))
        else:
            submitted_at, number = _time(entry.get(":created_at")), _number(folder)
            handed_in += (
                HandedIn(person, f"{folder} ({person.called})", tuple(files[folder]), submitted_at, number)
                for person in people
            )
    return DownloadReading(tuple(handed_in), tuple(left_out))


def _metadata(member: Member) -> Mapping[str, Mapping[str, Any]]:
    try:
        text = read_member(member, at_most=MOST_METADATA_BYTES)
        content = _plain_yaml(yaml.parse(text, Loader=yaml.CSafeLoader))
    except (UnreadableError, yaml.YAMLError, UnicodeError, ValueError) as error:
        why = " ".join(str(error).split())
        raise DownloadError(f"{METADATA} cannot be read ({why}); export the submissions again") from error
    if not isinstance(content, dict) or not all(isinstance(entry, dict) for entry in content.values()):
        raise DownloadError(f"{METADATA} is not a list of submissions; export the submissions again")
    return content


def _plain_yaml(events: Iterator[yaml.Event]) -> Any:
    """Return a document as dicts, lists and strings; refuse references and tags, which can blow it up."""
    for event in events:
        if isinstance(event, yaml.NodeEvent):
            return _node(event, events, _MOST_LEVELS)
    return None


def _node(event: yaml.Event, events: Iterator[yaml.Event], levels: int) -> Any:
    if isinstance(event, yaml.ScalarEvent):
        is_nothing = event.implicit[0] and event.value in ("", "~", "null")
        return None if is_nothing else event.value
    if not levels or not isinstance(event, yaml.CollectionStartEvent):
        raise ValueError("it refers to itself, or is nested too deeply")
    items: list[Any] = []
    while not isinstance(inner := next(events), yaml.CollectionEndEvent):
        items.append(_node(inner, events, levels - 1))
    if isinstance(event, yaml.SequenceStartEvent):
        return items
    return {str(key): value for key, value in zip(items[::2], items[1::2], strict=True)}


def _people(entry: Mapping[str, Any]) -> Iterator[Person]:
    submitters = entry.get(":submitters")
    for one in submitters if isinstance(submitters, list) else ():
        if isinstance(one, dict):
            name, sid, email = (_text(one.get(key)) for key in (":name", ":sid", ":email"))
            if key := sid or email or name:
                sids = (sid,) if sid else ()
                yield Person(key, name, lms_ids=sids, student_ids=sids, email=email, own_id=sid)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _time(value: Any) -> datetime | None:
    found = _TIME.fullmatch(_text(value))
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(found["second"])
        offset = timedelta(hours=int(found["hours"] or 0), minutes=int(found["minutes"] or 0))
        zone = timezone(-offset if found["sign"] == "-" else offset)
        fraction = int((found["fraction"] or "0").ljust(6, "0")[:6])
        return moment.replace(microsecond=fraction, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _number(folder: str) -> int:
    digits = folder.rpartition("_")[2]
    return int(digits) if re.fullmatch("[0-9]{1,20}", digits) else 0
