"""All feedback in one zip file, with names that tell an LMS which student each folder belongs to.

Moodle ("Upload multiple feedback files in a zip", `mod/assign/feedback/file/importziplib.php`) splits a
folder's name at its underscores into full name, participant number and plugin, and uses the number. Versions
up to 4.0 need one more underscore at the end; later versions accept both.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from autograder.collect.archive import open_contents
from autograder.collect.members import MOST_BYTES, Budget, LeftOut, UnreadableError
from autograder.collect.moodle import FILES, read_moodle
from autograder.collect.names import file_name, same
from autograder.collect.place import Shelf
from autograder.course.folder import Course
from autograder.errors import DownloadError
from autograder.feedback.make import StudentPages
from autograder.plain.files import writing_whole
from autograder.plain.scratch import temporary_folder

Lms = Literal["moodle", "plain"]
MOODLE: Lms = "moodle"
NAME = "feedback"


def write_bundle(
    course: Course,
    pages: Mapping[str, StudentPages],
    target: Path,
    lms: Lms,
    download: Path | None = None,
    *,
    assignment: str = "",
) -> list[LeftOut]:
    """Write a zip file with the feedback of these students; it replaces the old file only when complete.

    Args:
        course: the course folder.
        pages: the pages of each student.
        target: the zip file.
        lms: the LMS that it is for; 'plain' has a folder for each student id.
        download: Moodle's "Download all submissions", for the names in it.
        assignment: the assignment.

    Returns:
        The students whose feedback is not in it, and why.

    Raises:
        DownloadError: the download cannot be read, or is not from Moodle.
        OSError: the file cannot be written.
    """
    assignment = assignment or course.assignment
    folders, left_out = _plain(pages) if lms != MOODLE else _moodle(course, pages, download, assignment)
    with (
        writing_whole(target.expanduser().resolve()) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for student, folder in sorted(folders.items()):
            archive.write(pages[student].html, f"{folder}/{NAME}.html")
            if (pdf := pages[student].pdf) is not None:
                archive.write(pdf, f"{folder}/{NAME}.pdf")
    return left_out


def _plain(pages: Mapping[str, StudentPages]) -> tuple[dict[str, str], list[LeftOut]]:
    folders, taken, left_out = {}, set(), []
    for student in sorted(pages):
        folder = file_name(student)
        if same(folder) in taken:
            left_out.append(LeftOut(student, "on some systems, this name is the same as another student's"))
            continue
        taken.add(same(folder))
        folders[student] = folder
    return folders, left_out


def _moodle(
    course: Course, pages: Mapping[str, StudentPages], download: Path | None, assignment: str
) -> tuple[dict[str, str], list[LeftOut]]:
    """Use the numbers noted when the submissions were collected; students are never matched by name."""
    names = _names_in(download, assignment) if download is not None else None
    shelf = Shelf(course, assignment)
    folders, left_out = {}, []
    for student in sorted(pages):
        record = shelf.record(student)
        number = record.person if record is not None and record.lms == MOODLE else ""
        if not (number.isascii() and number.isdigit()):
            left_out.append(
                LeftOut(student, "its Moodle participant number is unknown: collect it with --lms moodle")
            )
        elif names is not None and number not in names:
            left_out.append(LeftOut(student, f"participant {number} is not in the download"))
        else:
            name = names[number] if names is not None else student
            # Moodle counts underscores, so the name must not contain any
            folders[student] = (
                f"{file_name(name).replace('_', ' ').strip() or 'student'}_{number}_assignsubmission_{FILES}_"
            )
    return folders, left_out


def _names_in(download: Path, assignment: str) -> dict[str, str]:
    """Return the full names in a Moodle download, by participant number."""
    with temporary_folder() as scratch:
        try:
            with open_contents(
                download.expanduser(), Path(scratch), Budget("the download", MOST_BYTES)
            ) as contents:
                reading = read_moodle(contents.members, assignment)
        except UnreadableError as error:
            raise DownloadError(f"{download}: {error}") from error
    names = {number: one.person.name for one in reading.handed_in for number in one.person.lms_ids}
    if not names:
        raise DownloadError(f"{download}: nothing in it is named like a submission from Moodle")
    return names
