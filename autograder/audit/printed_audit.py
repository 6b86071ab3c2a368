"""Prints an audit: one confusion matrix per criterion and profile, every disagreement, and the margins."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.audit.audit import Audit
from autograder.audit.comparison import Comparison, Disagreement
from autograder.audit.margins import Margin
from autograder.plain.text import plain_text
from autograder.report import WORDS


def print_audit(result: Audit, console: Console) -> None:
    """Print the whole audit."""
    for comparison in result.comparisons:
        console.print(confusion_table(comparison))
        for one in comparison.disagreements:
            print_disagreement(one, console)
        console.print(summary(comparison), markup=False, soft_wrap=True)
    console.print(margin_table(result.margins))


def confusion_table(comparison: Comparison) -> Table:
    """Return the confusion matrices of a profile, one row per criterion and expected status."""
    table = Table(title=f"profile {comparison.profile}: expected (rows) and given (columns)")
    table.add_column("criterion")
    table.add_column("expected")
    for status in WORDS:
        table.add_column(status, justify="right")
    for criterion, matrix in comparison.matrices.items():
        rows = [row for row in WORDS if any(matrix[row].values())]
        for row in rows:
            counts = (_cell(row == given, matrix[row][given]) for given in WORDS)
            table.add_row(criterion if row == rows[0] else "", row, *counts, end_section=row == rows[-1])
    return table


def _cell(agrees: bool, count: int) -> str:  # noqa: FBT001 (private)
    if not count:
        return "·"
    return str(count) if agrees else f"[bold red]{count}[/]"


def print_disagreement(one: Disagreement, console: Console) -> None:
    """Print the expected and the given verdict on one criterion, and the measured values."""
    expected = " or ".join(one.expected)
    measured = ", ".join(f"{name} {value}" for name, value in one.measured.items())
    lines = [f"{one.submission}: {one.criterion} should be {expected} and is {one.given} ({measured})"]
    if one.not_mentioned:
        lines.append(f"  the feedback does not mention {', '.join(map(repr, one.not_mentioned))}")
    if one.wrong_cause:
        lines.append(f"  the cause '{one.wrong_cause}' is not true of it")
    lines.append(f"  {one.feedback}")
    console.print("\n".join(map(plain_text, lines)), markup=False, emoji=False, soft_wrap=True)


def summary(comparison: Comparison) -> str:
    """Return the outcome of a profile in one line."""
    share = comparison.sent_to_review / max(comparison.submissions, 1)
    known = comparison.causes_named + comparison.wrong_causes + comparison.causes_missing
    return (
        f"{comparison.submissions} submissions, profile {comparison.profile}: "
        f"{len(comparison.disagreements)} disagreements; {comparison.failed_correct} correct criteria lost points, "
        f"{comparison.passed_wrong} wrong criteria passed; {comparison.causes_named} of {known} causes named, "
        f"{comparison.wrong_causes} wrong; {comparison.sent_to_review} submissions ({100 * share:.1f} %) need a person"
    )


def margin_table(margins: list[Margin]) -> Table:
    """Return what was measured on both sides of every threshold."""
    table = Table(title="margins: what submissions measure on either side of a threshold")
    for heading in ("criterion", "measured", "threshold", "at", "largest wrong", "smallest right"):
        table.add_column(heading, overflow="fold")
    for one in margins:
        table.add_row(
            one.criterion, one.quantity, one.threshold, f"{one.at:g}",
            _side(one.largest_wrong, one.wrong_submission), _side(one.smallest_right, one.right_submission),
        )  # fmt: skip
    return table


def _side(value: float | None, submission: str) -> Text:
    return Text("-" if value is None else plain_text(f"{value:g} {submission}"))
