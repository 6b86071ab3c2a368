"""Makes a table with the columns of Gradescope's "Download Grades", for scripts that read those.

Gradescope itself imports no scores; it gets them from the autograder that runs there. Columns that only
Gradescope can fill, such as the submission number, stay empty.
"""

from __future__ import annotations

from datetime import UTC

from autograder.export.csv_table import number, write_table
from autograder.export.outcome import Exported, Request
from autograder.export.plain_csv import GRADED, MISSING, WAITING, cell_score, criteria_of, state
from autograder.export.scores import Score
from autograder.plain.text import plain_text

_STATUS = {GRADED: "Graded", WAITING: "Ungraded", MISSING: "Missing"}
_NOTE = "Gradescope imports no scores; this table is for programs that read its 'Download Grades'"


def export_gradescope(request: Request) -> Exported:
    """Return the table; it includes all students, like Gradescope's own."""
    criteria = criteria_of(request)
    ready = set(map(id, request.ready()))
    headings = (
        *("First Name", "Last Name", "SID", "Email", "Sections", "Total Score", "Max Points", "Status"),
        *("Submission ID", "Submission Time", "Lateness (H:M:S)", "View Count", "Submission Count"),
        *(f"{place}: {name} ({points} pts)" for place, (name, points) in enumerate(criteria.items(), 1)),
    )
    rows = [
        (
            *map(plain_text, (one.first_name, one.last_name, one.student, one.email)),
            "",
            number(one.score) if id(one) in ready else "",
            number(one.max_score),
            _STATUS[state(one)],
            "",
            f"{one.submitted_at.replace(tzinfo=UTC):%Y-%m-%d %H:%M:%S %z}" if one.submitted_at else "",
            _lateness(one),
            "",
            "",
            *(cell_score(one, criterion) for criterion in criteria),
        )
        for one in request.wanted()
    ]
    return Exported(write_table(headings, rows), len(ready), tuple(request.waiting()), (_NOTE,))


def _lateness(one: Score) -> str:
    if one.seconds_late is None:
        return ""
    minutes, seconds = divmod(int(one.seconds_late), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}"
