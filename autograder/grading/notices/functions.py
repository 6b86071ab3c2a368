"""Reads which functions of libraries were others at the end of a cell than before the notebook ran."""

from __future__ import annotations

from autograder.evidence import Evidence, Notice
from autograder.plain.text import plain_text

MOST_NAMES, LONGEST_NAME = 8, 80


def notices_on_functions(evidence: Evidence) -> tuple[Notice, ...]:
    """Return a notice if functions were replaced; what the kernel says is not trusted, so it stays a notice."""
    names: dict[str, None] = {}
    for record in evidence.of_kind("replaced"):
        said = record.facts.get("names")
        for name in said if isinstance(said, list) else ():
            names[plain_text(str(name), at_most=LONGEST_NAME)] = None
    if not names:
        return ()
    shown = ", ".join(list(names)[:MOST_NAMES])
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    message = f"Functions of libraries were replaced while the notebook ran: {shown}{more}."
    return (Notice("functions_replaced", message, tuple(names)[:MOST_NAMES]),)
