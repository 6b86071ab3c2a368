"""Reads where the recorder could not look at something, so that a TA knows why it was not measured."""

from __future__ import annotations

from autograder.evidence import Evidence, Notice
from autograder.plain.text import plain_text

MOST_TROUBLES, LONGEST_TROUBLE = 5, 200
# What the recorder was looking at, by the name that it sends.
LOOKED_AT = {
    "look_at_models": "networks",
    "look_at_images": "images",
    "look_at_tape": "gradients",
    "look_at_figures": "figures",
    "look_at_names": "names",
    "look_at_libraries": "functions of libraries",
    "gradient": "gradients",
}


def notices_on_troubles(evidence: Evidence) -> tuple[Notice, ...]:
    """Return a notice if something could not be recorded, with what the kernel says about it."""
    cells = {number: run.cell for number, run in enumerate(evidence.cells)}
    troubles: dict[str, str] = {}
    for record in evidence.of_kind("trouble"):
        what = LOOKED_AT.get(str(record.facts.get("where")), "something")
        said = plain_text(str(record.facts.get("message") or ""), at_most=LONGEST_TROUBLE)
        place = f"{what} in cell '{cells.get(record.run, record.run)}'"
        troubles.setdefault(place, f"{place}: {said}" if said else place)
    if not troubles:
        return ()
    shown = list(troubles)[:MOST_TROUBLES]
    more = f"; and {len(troubles) - len(shown)} more" if len(troubles) > len(shown) else ""
    message = f"The recorder could not look at {'; '.join(troubles[place] for place in shown)}{more}."
    return (Notice("not_recorded", message, tuple(shown)),)
