"""The command `gradeascent feedback`: makes the pages, and PDFs and a zip of them to hand out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.course.folder import Course
from autograder.course.lock import only_writer
from autograder.feedback.bundle import MOODLE, Lms, write_bundle
from autograder.feedback.make import make_pages, students_of
from autograder.feedback.pdf import find_browser
from autograder.progress.bars import show_pages


def give_feedback(
    course: Course,
    students: Sequence[str],
    say: Callable[[str], None],
    *,
    pdf: bool,
    into_zip: Path | None,
    lms: Lms,
    download: Path | None,
) -> bool:
    """Make the pages of these students, or of all students; on request, also a PDF of each and a zip of all.

    Returns:
        Whether nothing was left out.

    Raises:
        CourseError: no student of that name submitted, or there is no browser for PDFs.
        DownloadError: the download for the names in the zip cannot be read.
    """
    browser = find_browser() if pdf else None
    chosen = students_of(course, students)
    with only_writer(course), show_pages(len(chosen)) as progress:
        pages = make_pages(course, chosen, progress, browser=browser)
    say(
        f"{len(pages)} of {len(chosen)} feedback pages are up to date, as feedback/<student>/<assignment>/*.html."
    )
    left_out = []
    if into_zip is not None:
        left_out = write_bundle(course, pages, into_zip, lms, download)
        for one in left_out:
            say(f"{one.what}: not in {into_zip}: {one.why}")
        how = ' for Moodle\'s "Upload multiple feedback files in a zip"' if lms == MOODLE else ""
        say(f"{len(pages) - len(left_out)} of them are in {into_zip}{how}.")
    return len(pages) == len(chosen) and not left_out
