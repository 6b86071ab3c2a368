"""Commands that use the reports: scores for an LMS, feedback for students, pages for TAs, hints about shared work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from autograder.commands.options import CourseFolder, Students, open_course, say, settings_of, students_there


def export_command(
    form: Annotated[
        Literal["canvas", "moodle", "gradescope", "csv"],
        typer.Argument(metavar="canvas|moodle|gradescope|csv", help="What the file is for."),
    ],
    course: CourseFolder = Path(),
    into: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="The file exported from the LMS, to fill in; it is not changed."
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="The file to write.", show_default="course/grades_<format>.csv"
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            help="The heading of the column to fill in.",
            show_default="found automatically",
        ),
    ] = None,
    partial: Annotated[  # noqa: FBT002
        bool,
        typer.Option("--partial", help="Also export the scores of submissions that a TA still has to grade."),
    ] = False,
) -> None:
    """Export the gradebook's scores to a file for an LMS."""
    from autograder.course.gradebook import open_gradebook
    from autograder.export.export import default_file, export, remarks, summary

    opened = open_course(course)
    to = to or default_file(opened, form)
    with open_gradebook(opened) as gradebook:
        exported = export(gradebook, opened, form, to, into=into, column=column, partial=partial)
    for line in (*remarks(exported), summary(exported, to)):
        say(line)
    if exported.left_out:
        raise typer.Exit(1)


def report_case_command(
    student: Annotated[
        str, typer.Argument(metavar="STUDENT", help="The student id.", autocompletion=students_there)
    ],
    course: CourseFolder = Path(),
    to: Annotated[Path, typer.Option(metavar="FILE.zip", help="The file to write.")] = Path("case.zip"),
) -> None:
    """Bundle a submission that the kit was wrong about, without names, comments, outputs and answers."""
    from autograder.audit.case import make_case, what_is_in, write_case

    opened = open_course(course)
    case = make_case(opened, student, settings_of(opened.root))
    write_case(case, to)
    for line in what_is_in(case, to):
        say(line)


def duplicates_command(
    course: CourseFolder = Path(),
    into: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Also write the complete result to this file."),
    ] = None,
) -> None:
    """List submissions that share weights, images or code: hints for you alone, which change no score."""
    from autograder.duplicates.find import find_duplicates
    from autograder.duplicates.findings import duplicates_to_json
    from autograder.duplicates.printed_findings import print_duplicates
    from autograder.plain.files import write_whole

    found = find_duplicates(open_course(course))
    print_duplicates(found, say)
    if into:
        write_whole(into, duplicates_to_json(found))
    if found.left_out:
        raise typer.Exit(1)


def feedback_command(
    students: Students = None,
    course: CourseFolder = Path(),
    pdf: Annotated[bool, typer.Option("--pdf", help="Also print each page as a PDF.")] = False,  # noqa: FBT002
    into_zip: Annotated[
        Path | None,
        typer.Option("--zip", metavar="FILE.zip", help="Also write all pages to one file, for an LMS."),
    ] = None,
    lms: Annotated[
        Literal["moodle", "plain"],
        typer.Option(help="How folders in the zip are named; 'plain': by student id."),
    ] = "plain",
    download: Annotated[
        Path | None,
        typer.Option(
            "--into",
            metavar="DOWNLOAD",
            help="The download of submissions from Moodle, for the names of the folders.",
        ),
    ] = None,
) -> None:
    """Make a feedback page for each student; pages that are up to date stay as they are."""
    from autograder.feedback.command import give_feedback

    if (lms == "moodle" or download) and not into_zip:
        raise typer.BadParameter("--lms and --into describe a zip: name the zip with --zip FILE.zip")
    if download and lms != "moodle":
        raise typer.BadParameter("--into is for --lms moodle")
    opened = open_course(course)
    if not give_feedback(opened, students or [], say, pdf=pdf, into_zip=into_zip, lms=lms, download=download):
        raise typer.Exit(1)


def review_command(
    course: CourseFolder = Path(),
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port.", show_default="a free port")
    ] = None,
    blind: Annotated[bool, typer.Option("--blind", help="Hide the students' names.")] = False,  # noqa: FBT002
    browser: Annotated[bool, typer.Option(help="Open the pages in a browser.")] = True,  # noqa: FBT002
    static: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a gallery as files instead of serving pages.")
    ] = None,
) -> None:
    """Serve the TAs' pages for looking at feature grids and grading answers."""
    opened = open_course(course)
    if static is not None:
        from autograder.review.gallery import write_gallery

        say(f"The gallery is {write_gallery(opened, opened.assignment, static.expanduser().resolve())}")
        return
    from autograder.review.serve import serve

    serve(opened, say, host=host, port=port, blind=blind, browser=browser)
