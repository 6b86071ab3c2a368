"""Downloads of each LMS, and what became of them when they were collected."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from autograder.collect.gradescope import METADATA
from autograder.collect.outcome import (
    SUPERSEDED,
    Collection,
)
from autograder.course.folder import Course

Content = str | bytes
Time = tuple[int, int, int, int, int, int]
NOON: Time = (2026, 11, 20, 12, 0, 0)
EVENING: Time = (2026, 11, 20, 20, 0, 0)


def notebook(words: str) -> str:
    cell = {"cell_type": "code", "source": words, "metadata": {}, "outputs": [], "execution_count": None}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def pack(path: Path, files: Mapping[str, Content], times: Mapping[str, Time] | None = None) -> Path:
    """Make a zip; a file without a time was packed at noon."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (times or {}).get(name, NOON)), content)
    return path


def packed(files: Mapping[str, Content]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def handed_in(course: Course, student: str) -> dict[str, str]:
    """The files of a submission and what is in them, but for the time."""
    folder = course.submission_folder(student)
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "timestamp.txt"
    }


def submitted_at(course: Course, student: str) -> datetime | None:
    """When something was handed in, as nbgrader reads it."""
    found: datetime | None = CourseDirectory().get_existing_timestamp(str(course.submission_folder(student)))
    return found


def outcomes(collection: Collection) -> dict[str, str]:
    return {line.student: line.outcome for line in collection.lines if line.outcome != SUPERSEDED}


def reasons(collection: Collection) -> dict[str, str]:
    return {one.what: one.why for one in collection.left_out}


MOODLE = {
    "Ada Lovelace_1234567_assignsubmission_file/activation_maximization.ipynb": notebook("ada"),
    "Bert Müller_1234568_assignsubmission_file_/Mein Notebook.ipynb": notebook("bert"),
    "Bert Müller_1234568_assignsubmission_file_/data/digits.csv": "1,2",
    "Cleo O Neill_1234569_assignsubmission_file_final_version.ipynb": notebook("cleo"),
}
CANVAS = {
    "lovelaceada_LATE_11_5001_activation_maximization-1.ipynb": notebook("ada"),
    "mullerbert_12_5002_activation_maximization.ipynb": notebook("bert, first"),
    "mullerbert_12_5007_activation_maximization-2.ipynb": notebook("bert, last"),
    "mullerbert_12_5008_run-1.csv": "1",
    "mullerbert_12_5009_run-2.csv": "2",
    "oneillcleo_13_5003_my_notebook_2_7_.ipynb": notebook("cleo"),
    "ekdora_14_text.html": "<p>none</p>",
}


def gradescope(
    entries: Iterable[tuple[int, str, str]], around: str = "assignment_1_export/"
) -> dict[str, Content]:
    """An export of `(number, submitters, time)`; each submitter is `name/sid`."""
    text, files = "---\n", {}
    for number, submitters, time in entries:
        text += f"submission_{number}:\n  :submitters:\n"
        for submitter in submitters.split(","):
            name, sid = submitter.split("/")
            text += f"  - :name: {name}\n    :sid: '{sid}'\n    :email: {sid}@uni.example\n"
        text += f'  :created_at: {time}\n  :score: 0.0\n  :results:\n    tests: []\n    output: "a\\nb"\n'
        text += f"  :history:\n  - :submitters: []\n    :created_at: {time}\n    :id: 1\n"
        files[f"{around}submission_{number}/work.ipynb"] = notebook(str(number))
    return {f"{around}{METADATA}": text, **files}


ROSTER = "Student_ID;First Name;Last Name;E-Mail;LMS id\nal01;ADA;Lovelace;ada@uni.example;\nbm02;Bert;Mu\u0308ller;;\n"
