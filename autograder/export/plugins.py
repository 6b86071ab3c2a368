"""The exports as nbgrader's own plugins, for `nbgrader export --exporter=autograder.export.CanvasExport`."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NoReturn

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin
from traitlets import Bool, Unicode

from autograder.course.folder import Course
from autograder.errors import GradeascentError
from autograder.export.export import Format, default_file, export, remarks, summary
from autograder.plain.text import plain_text


class _Export(ExportPlugin):  # type: ignore[misc] # nbgrader has no types
    """Exports one assignment; exits with status 1 if anything was left out, like the kit's own command."""

    form: ClassVar[Format]

    partial = Bool(False, help="also scores to which a person may still add").tag(config=True)  # noqa: FBT003

    def export(self, gradebook: Gradebook) -> None:
        """Export what nbgrader's options select."""
        course = Course(Path(self.parent.coursedir.root).resolve())
        assignments = list(map(str, self.assignment)) or [course.assignment]
        if len(assignments) > 1:
            self._fail("one file holds one assignment; name one with --assignment")
        to = Path(self.to) if self.to else default_file(course, self.form)
        into, column = (getattr(self, name, "") or None for name in ("into", "column"))
        try:
            exported = export(
                gradebook,
                course,
                self.form,
                to,
                into=Path(into) if into else None,
                column=column,
                partial=self.partial,
                assignment=assignments[0],
                students=list(map(str, self.student)),
            )
        except GradeascentError as error:
            self._fail(" ".join(str(error).split()))
        for remark in remarks(exported):
            self.log.warning("%s", plain_text(remark))
        self.log.info("%s", plain_text(summary(exported, to)))
        if exported.left_out:
            raise SystemExit(1)

    def _fail(self, message: str) -> NoReturn:
        self.log.error("%s", plain_text(message))
        raise SystemExit(2)


class _FillingExport(_Export):
    into = Unicode("", help="the file exported from the LMS, to be filled").tag(config=True)
    column = Unicode("", help="the heading of the column for the scores").tag(config=True)


class CanvasExport(_FillingExport):
    """Fills in the gradebook exported from Canvas."""

    form = "canvas"


class MoodleExport(_FillingExport):
    """Fills in Moodle's grading worksheet, or makes a table for Moodle's gradebook."""

    form = "moodle"


class GradescopeExport(_Export):
    """Makes a table like Gradescope's own download."""

    form = "gradescope"


class CsvExport(_Export):
    """Makes a table with every criterion."""

    form = "csv"
