"""What hostile tests tried and what happened, gathered from the reports of all workers for the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import pytest
from rich.console import Console
from rich.table import Table

# The name under which a test's report carries a case.
PROPERTY = "held off"


class Case(NamedTuple):
    """One attack: of which family, what was tried, what happened."""

    family: str
    tried: str
    happened: str


def as_property(case: Case) -> tuple[str, tuple[str, ...]]:
    """Return a case as what a worker can send: plain text without half characters."""
    return PROPERTY, tuple(text.encode(errors="backslashreplace").decode() for text in case)


def cases_in(reports: Iterable[pytest.TestReport]) -> list[Case]:
    """Return the cases of passed tests, by family."""
    properties = [one for report in reports for one in report.user_properties]
    cases = (Case(*content) for name, content in properties if name == PROPERTY)  # type: ignore[misc]
    return sorted(cases, key=lambda case: case.family)


def print_cases(cases: list[Case], *, whole: bool) -> None:
    """Print how many cases each family has, and every one of them if the `whole` table is wanted."""
    console = Console(width=150, highlight=False, markup=False, emoji=False)
    console.print()
    if whole:
        table = Table("family", "what was tried", "what happened", title="Hostile cases that were held off")
        for before, case in zip([None, *cases], cases, strict=False):
            if before and before.family != case.family:
                table.add_section()
            table.add_row(case.family, case.tried, " ".join(case.happened.split())[:120])
        console.print(table)
    counts = Counter(case.family for case in cases)
    told = ", ".join(f"{family} {count}" for family, count in counts.items())
    console.print(f"{len(cases)} hostile cases held off: {told}", soft_wrap=True)
