"""Prints which submissions have more in common than chance explains."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograder.duplicates.findings import Duplicates, Finding
from autograder.plain.text import plain_text

_MOST_CHARACTERS = 200
# If many students share something, this many names are enough; the JSON lists all.
_MOST_NAMES = 12


def print_duplicates(duplicates: Duplicates, say: Callable[[str], None]) -> None:
    """Print the whole comparison, one line each: groups, weak findings, and what was left out."""
    for number, group in enumerate(duplicates.groups, start=1):
        say(f"Group {number}: {_names(group.students)}")
        for finding in group.findings:
            say(f"  {finding.strength}: {_finding(finding, group.students)}")
    if duplicates.weak:
        say("Weak, because something else explains it:")
        for finding in duplicates.weak:
            say(f"  {_finding(finding, ())}")
    for one in duplicates.left_out:
        say(f"left out: {_short(one.student)}: {_short(one.why)}")
    many = len(duplicates.groups)
    say(
        f"{duplicates.compared} submissions compared; {many or 'no'} group{'s' * (many != 1)} to look at. "
        "These are hints for you alone: read the submissions before you draw a conclusion. No score depends on them."
    )


def _finding(finding: Finding, group: Sequence[str]) -> str:
    what = f"code of the cell {finding.cell}" if finding.cell else finding.kind
    who = f" ({_names(finding.students)})" if tuple(group) != finding.students else ""
    return f"{'nearly equal' if finding.nearly else 'equal'} {_short(what)}{who}: {finding.why}"


def _names(students: Sequence[str]) -> str:
    shown = ", ".join(_short(student) for student in students[:_MOST_NAMES])
    more = len(students) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _short(text: str) -> str:
    return plain_text(text, at_most=_MOST_CHARACTERS)
