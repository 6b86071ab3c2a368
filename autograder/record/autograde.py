"""Makes `nbgrader autograde` and formgrader's button use the kit instead of running student code.

`nbgrader_config.py` names these classes. nbgrader grades other assignments of the same course as usual.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import Execute, NbGraderPreprocessor, SaveAutoGrades
from nbgrader.utils import is_solution
from traitlets import Bool

from autograder.course.folder import Course
from autograder.course.matching import restore_cells
from autograder.course.notebooks import parse_handed_in
from autograder.course.release import released_notebook
from autograder.errors import CourseError, GradeascentError, SubmissionError
from autograder.exercise import offered
from autograder.record.files import (
    read_report,
)
from autograder.record.final import final_notebook
from autograder.record.recorded import note_recorded, read_recorded
from autograder.settings import load_settings

Resources = dict[str, Any]

# The preprocessors share what they know about a submission under this key.
KIT = "gradeascent"


class SubmissionExporter(NotebookExporter):  # type: ignore[misc]  # nbconvert's types are unreliable
    """Reads submissions; a file that is no notebook is graded as such, and shown as the released notebook."""

    def from_file(
        self, file_stream: Any, resources: Resources | None = None, **options: Any
    ) -> tuple[str, Resources]:
        """Return a notebook's text after all preprocessors have run."""
        if resources is None or not is_ours(resources):
            return super().from_file(file_stream, resources=resources, **options)  # type: ignore[no-any-return]
        try:
            limits = load_settings(_course(self).root).limits
            notebook = parse_handed_in(file_stream.buffer, limits)
        except (SubmissionError, UnicodeDecodeError):
            notebook = _released(self)
        return self.from_notebook_node(notebook, resources=resources, **options)  # type: ignore[no-any-return]


class RestoreCells(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """Restores the metadata that an editor dropped or damaged in a submission."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Return the notebook with every graded cell exactly once."""
        if is_ours(resources):
            nb = restore_cells(nb, _released(self.parent)).notebook
        return nb, resources


class VerifiedResults(Execute):  # type: ignore[misc]
    """Replaces nbgrader's own execution with the sandboxed run and the kit's measurements of it."""

    is_graded = Bool(
        default_value=False, help="Whether the submission was graded just now and needs only to be read."
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: Resources, km: Any = None
    ) -> tuple[NotebookNode, Resources]:
        """Return the executed notebook with the verified results in its check cells."""
        if not is_ours(resources):
            self.log.warning("'%s' is run by nbgrader itself, without a sandbox", assignment_of(resources))
            return super().preprocess(nb, resources, km)  # type: ignore[no-any-return]
        course, student = _course(self.parent), str(resources["nbgrader"]["student"])
        if not self.is_graded:
            grade_alone(course, student)
        final = final_notebook(course, student, assignment_of(resources), _released(self.parent))
        resources[KIT] = {
            "unsure": final.unsure,
            "recorded": read_recorded(course, student, assignment_of(resources)),
        }
        return final.notebook, resources


class SaveVerifiedGrades(SaveAutoGrades):  # type: ignore[misc]
    """Records scores as nbgrader does, but keeps a person's decision until there is a reason to review it."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Record the score of every graded cell."""
        self.changed_answers = False
        if is_ours(resources) and (recorded := resources[KIT]["recorded"]):
            report = _course(self.parent).result_folder(
                resources["nbgrader"]["student"], assignment_of(resources)
            )
            self.changed_answers = recorded.submission_sha256 != _submission_sha256(report)
        return super().preprocess(nb, resources)  # type: ignore[no-any-return]

    def _add_score(self, cell: NotebookNode, resources: Resources) -> None:
        if not is_ours(resources):
            super()._add_score(cell, resources)
            return
        name = cell.metadata["nbgrader"]["grade_id"]
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        before, waiting = grade.auto_score, bool(grade.needs_manual_grade)
        super()._add_score(cell, resources)
        unsure = name in resources[KIT]["unsure"]
        if unsure and is_solution(cell):
            grade.auto_score = None  # the answer was not read yet, so its score is unknown, not zero
        if grade.manual_score is None:
            grade.needs_manual_grade = unsure or grade.auto_score is None
        else:
            other_answer = self.changed_answers and is_solution(cell)
            grade.needs_manual_grade = waiting or other_answer or before != grade.auto_score
        self.gradebook.db.commit()


class NoteRecorded(NbGraderPreprocessor):  # type: ignore[misc]
    """Notes what is in the gradebook now; runs last.

    nbgrader writes the notebook only after that, over one without results. So the note says which must be
    there.
    """

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Return the notebook unchanged."""
        if is_ours(resources):
            with Gradebook(resources["nbgrader"]["db_url"]) as gradebook:
                note_recorded(
                    _course(self.parent),
                    gradebook,
                    resources["nbgrader"]["student"],
                    assignment_of(resources),
                    self._as_written(nb),
                )
        return nb, resources

    def _as_written(self, nb: NotebookNode) -> bytes:
        """Return the file content that nbgrader writes for a notebook."""
        text: str = nbformat.writes(nb, version=self.parent.nbformat_version)
        return (text.rstrip("\n") + "\n").encode()


def assignment_of(resources: Resources) -> str:
    """Return the assignment that nbgrader is working on."""
    return str(resources["nbgrader"]["assignment"])


def is_ours(resources: Resources) -> bool:
    """Tell whether nbgrader is working on an exercise that the kit can grade."""
    return assignment_of(resources) in offered()


def grade_alone(course: Course, student: str) -> None:
    """Grade one submission in a separate process, unless it is up to date; nothing is recorded.

    Raises:
        CourseError: it could not be graded; the message is the command's own.
    """
    command = [sys.executable, "-m", "autograder", "grade", student, "--no-record"]
    done = subprocess.run(
        [*command, "--course", str(course.root)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["it said nothing"]
        raise CourseError(f"'{student}' could not be graded: {lines[-1]}")


def _course(exporter: Any) -> Course:
    """Return the course folder in which nbgrader is working."""
    converter = exporter.parent
    try:
        return Course.open(Path(converter.coursedir.root))
    except AttributeError as error:
        raise GradeascentError("gradeascent's preprocessors only work in nbgrader's Autograde") from error


def _released(exporter: Any) -> NotebookNode:
    return released_notebook(_course(exporter))


def _submission_sha256(folder: Path) -> str:
    report = read_report(folder)
    return report.submission_sha256 if report else ""
