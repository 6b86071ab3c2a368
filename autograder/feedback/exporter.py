"""The exporter with which nbgrader's GenerateFeedback writes the kit's page.

With this line in `nbgrader_config.py`, `nbgrader generate_feedback` and formgrader's button make the same
page as `gradeascent feedback`, and `release_feedback` hands it out:

    c.GenerateFeedback.exporter_class = "autograder.feedback.exporter.FeedbackExporter"
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory

from autograder.course.folder import Course
from autograder.course.gradebook import open_database
from autograder.course.marks import no_marks, read_marks
from autograder.course.notebooks import read_notebook
from autograder.errors import CourseError
from autograder.exercise import find_exercise
from autograder.feedback.page import Material, render_page
from autograder.settings import load_settings


class FeedbackExporter(Exporter):  # type: ignore[misc] # not known to have types
    """Makes a student's feedback page from the autograded notebook and the gradebook.

    It does not use nbgrader's preprocessors: it reads the gradebook itself, so a cell that a student
    disguised as a graded cell changes nothing.
    """

    output_mimetype = "text/html"
    export_from_notebook = "gradeascent feedback"

    def _file_extension_default(self) -> str:
        return ".html"

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **_: Any
    ) -> tuple[str, dict[str, Any]]:
        """Return the page of a notebook whose student nbgrader has named.

        Raises:
            SubmissionError: it is not a notebook.
            CourseError: the gradebook does not know the submission, or does not answer.
        """
        about = dict((resources or {}).get("nbgrader", {}))
        if not {"student", "assignment", "notebook", "db_url"} <= about.keys():
            raise CourseError("this exporter only works within nbgrader's GenerateFeedback")
        notebook = read_notebook(Path(filename))
        material = self._material(about, Path(filename))
        return render_page(material, notebook), {**(resources or {}), "output_extension": self.file_extension}

    def from_notebook_node(
        self,
        nb: NotebookNode,  # noqa: ARG002
        resources: dict[str, Any] | None = None,  # noqa: ARG002
        **_: Any,
    ) -> tuple[str, dict[str, Any]]:
        """Refuse: without its file, the notebook's student is unknown."""
        raise CourseError("this exporter only works within nbgrader's GenerateFeedback")

    def _material(self, about: dict[str, str], file: Path) -> Material:
        directory = getattr(self.parent, "coursedir", None) or CourseDirectory(config=self.config)
        student, assignment, notebook = about["student"], about["assignment"], about["notebook"]
        with open_database(about["db_url"], directory.course_id) as gradebook:
            standing = read_marks(gradebook, assignment, notebook, student).get(student)
        if standing is None:
            raise no_marks(student, assignment)
        root = Path(directory.root)
        return Material(
            about["student"],
            about["assignment"],
            standing,
            Course(root).result_folder(about["student"], about["assignment"]),
            file.read_bytes(),
            find_exercise(load_settings(root).exercise),
        )
