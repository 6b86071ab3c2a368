"""Prints what another rubric changes, and for whom, before anything is recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.grading.rescore.changes import Rescored, Rescoring, VerdictChange
from autograder.plain.text import plain_text
from autograder.report import Report, Result


def print_rescoring(rescoring: Rescoring, console: Console, say: Callable[[str], None]) -> None:
    """Print a row per changed criterion, who was left out and why, and a summary in one line."""
    if changed := rescoring.changed():
        console.print(change_table(changed))
    for one in rescoring.left_out:
        say(f"{one.what}: not scored again: {one.why}")
    say(summary(rescoring))


def change_table(changed: Sequence[Rescored]) -> Table:
    """Return the table of the submissions with a verdict that changes."""
    table = Table("student", "criterion", "before", "now", "total before", "total now")
    for column in table.columns[-2:]:
        column.justify = "right"
    for one in changed:
        rows = list(map(_row, one.changes()))
        head = [_text(one.student)] + [Text()] * (len(rows) - 1)
        totals = [(_total(one.before), _total(one.now))] + [(Text(), Text())] * (len(rows) - 1)
        for name, row, total in zip(head, rows, totals, strict=True):
            table.add_row(name, *row, *total)
        table.rows[-1].end_section = True
    return table


def summary(rescoring: Rescoring) -> str:
    """Return the outcome in one line."""
    changed, rescored = rescoring.changed(), rescoring.rescored
    worded = sum(not one.changes() and _words(one.before) != _words(one.now) for one in rescored)
    gained = sum(one.difference() > 0 for one in changed)
    lost = sum(one.difference() < 0 for one in changed)
    parts = [
        f"{len(rescored)} submissions scored again: {len(changed)} change ({gained} gain points, {lost} lose some), "
        f"{len(rescored) - len(changed)} keep their verdicts"
    ]
    if worded:
        parts.append(f"for {worded} of these, only the feedback text changes")
    if again := sum(one.was_measured_again for one in rescored):
        parts.append(f"{again} were measured again")
    if rescoring.left_out:
        parts.append(
            f"{len(rescoring.left_out)} have to be graded first ('gradeascent grade' runs their notebooks)"
        )
    return "; ".join(parts) + "."


def _row(change: VerdictChange) -> tuple[Text, Text, Text]:
    return _text(change.criterion), _verdict(change.before), _verdict(change.now)


def _verdict(result: Result | None) -> Text:
    if result is None:
        return Text("-")
    return _text(f"{result.status} {result.score:g}/{result.max_score:g}")


def _total(report: Report | None) -> Text:
    return Text("-" if report is None else f"{report.score:g}/{report.max_score:g}")


def _words(report: Report | None) -> object:
    return report and (report.criteria, report.flags)


def _text(text: str) -> Text:
    return Text(plain_text(text, at_most=60), overflow="fold")
