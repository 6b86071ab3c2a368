"""Attacks of every kind, and a table at the end that says of each what was tried and what happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

import pytest
from rich.console import Console
from rich.table import Table

Tell = Callable[[str, str], None]


class Case(NamedTuple):
    """One attack: of which family, what was tried, what happened."""

    family: str
    tried: str
    happened: str


CASES = pytest.StashKey[dict[str, list[Case]]]()


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """Take down `(tried, happened)` for the table; call it after the assertions, so that only what held is there."""
    cases = request.config.stash.setdefault(CASES, defaultdict(list))
    family = request.path.stem.removeprefix("test_").replace("_", " ")

    def take_down(tried: str, happened: str) -> None:
        cases[family].append(Case(family, tried, happened))

    return take_down


def pytest_terminal_summary(config: pytest.Config) -> None:
    cases = config.stash.get(CASES, None)
    if not cases:
        return
    table = Table("family", "what was tried", "what happened", title="Hostile cases that were held off")
    for family in sorted(cases):
        for case in cases[family]:
            table.add_row(family, case.tried, " ".join(case.happened.split())[:120])
        table.add_section()
    console = Console(width=150, highlight=False, markup=False)
    console.print()
    console.print(table)
    console.print(", ".join(f"{family}: {len(cases[family])}" for family in sorted(cases)))
