"""The command line: reads what the user wants, calls one stage, and turns every error into one line."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

# TensorFlow would otherwise greet the user with remarks on the processor.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import typer
from rich.console import Console
from typer.exceptions import TyperException

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise
from autograder.course.release import generate_release
from autograder.errors import GradeascentError
from autograder.gradescope.time_limits import LEAST_MINUTES, MOST_MINUTES
from autograder.plain_text import plain_text
from autograder.settings import Settings, load_settings
from solutions.data import DataError

# The exit status of a command that ^C has stopped, as shells know it.
STOPPED = 130

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Grade the activation maximization exercise: from the instructor's notebook to the verified report.",
)


def jobs_or_auto(text: str) -> int:
    """Read a number of jobs; 0 stands for what fits."""
    if text == "auto":
        return 0
    if not text.isdecimal() or int(text) < 1:
        raise typer.BadParameter(f"'{text}' is neither a number from 1 nor auto")
    return int(text)


CourseFolder = Annotated[Path, typer.Option("--course", help="The course folder.", show_default="here")]
Data = Annotated[str | None, typer.Option("--data", help="An mnist.npz.", show_default="found by itself")]
Jobs = Annotated[
    int | None,
    typer.Option(
        parser=jobs_or_auto,
        metavar="N|auto",
        help="Submissions at the same time; auto: what cores and memory allow.",
        show_default="auto",
    ),
]
Record = Annotated[
    bool, typer.Option("--record/--no-record", help="Write the scores into nbgrader's gradebook.")
]
SandboxName = Annotated[
    Literal["bwrap", "none"] | None,
    typer.Option("--sandbox", help="'none' runs notebooks as you: only for code that you trust."),
]
Profile = Annotated[
    Literal["full", "quick"] | None,
    typer.Option(
        help="'full' runs notebooks exactly as written, 'quick' with shortcuts that keep the verdict.",
        show_default="full",
    ),
]


def say(text: str) -> None:
    """Print a line, or a few, for the user."""
    lines = "\n".join(map(plain_text, text.split("\n")))
    Console(file=sys.stdout, highlight=False, soft_wrap=True, emoji=False).print(lines, markup=False)


def settings_of(course: Path | None, **given: Any) -> Settings:
    """Return the course's settings, or the defaults without one, with what the command line overrides."""
    settings = load_settings(course) if course is not None else Settings()
    if given.get("data"):
        given["data"] = str(Path(given["data"]).expanduser().resolve())
    return settings.model_copy(update={key: value for key, value in given.items() if value is not None})


@app.command("init")
def init_command(directory: Annotated[Path, typer.Argument(metavar="DIR")]) -> None:
    """Make a new course folder with the assignment in it."""
    course = initialise(directory)
    say(f"The course is in {course.root}.")
    say(f"'gradeascent release --course {directory}' makes the students' version.")


@app.command("release")
def release_command(course: CourseFolder = Path(), data: Data = None, sandbox: SandboxName = None) -> None:
    """Make the students' notebook, if the instructor's one earns full marks and nothing leaks."""
    from autograder.grader import ready_to_grade
    from autograder.release_check import check_instructor_version

    opened = Course.open(course)
    settings = settings_of(opened.root, data=data, sandbox=sandbox, jobs=1)
    say("Running the instructor's version; it must earn full marks ...")
    with ready_to_grade(opened, settings, announce=say) as grader:
        report = check_instructor_version(opened, grader)
    folder = generate_release(opened, ASSIGNMENT, hidden_thresholds=settings.thresholds.model_dump())
    say(f"{report.score:g} of {report.max_score:g} points. The release is in {folder}; it leaks nothing.")


@app.command("collect")
def collect_command(
    download: Annotated[Path, typer.Argument(metavar="ARCHIVE_OR_DIR", help="As it came from the LMS.")],
    lms: Annotated[
        Literal["moodle", "canvas", "gradescope", "plain"],
        typer.Option(help="Where it comes from; 'plain' is a folder of <student>/<notebook>."),
    ],
    course: CourseFolder = Path(),
    roster: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Student ids by name or LMS id.", show_default="names are ids"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,  # noqa: FBT002
) -> None:
    """Put what students handed in to an LMS into the course folder."""
    from autograder.course.collect.collect import collect
    from autograder.course.collect.roster import read_roster
    from autograder.course.collect.table import print_collection

    opened = Course.open(course)
    known = read_roster(roster) if roster else None
    collection = collect(opened, download, lms, known, dry_run=dry_run)
    print_collection(
        collection, Console(file=sys.stdout, highlight=False, markup=False, emoji=False), dry_run=dry_run
    )
    if not collection.is_whole:
        raise typer.Exit(1)


@app.command("grade")
def grade_command(
    students: Annotated[
        list[str] | None, typer.Argument(metavar="[STUDENT]...", help="All, if none.")
    ] = None,
    course: CourseFolder = Path(),
    jobs: Jobs = None,
    profile: Profile = None,
    data: Data = None,
    sandbox: SandboxName = None,
    force: Annotated[bool, typer.Option("--force", help="Also what is up to date.")] = False,  # noqa: FBT002
    record: Record = True,  # noqa: FBT002
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Grade on the workers of a Dask scheduler.", show_default="this machine"
        ),
    ] = None,
) -> None:
    """Run, measure and score submissions, then record them; what is up to date already is skipped."""
    from autograder.course.lock import only_writer
    from autograder.grade import grade_course, submissions_of
    from autograder.grader import ready_to_grade
    from autograder.progress import show_progress, show_recording

    if cluster and jobs is not None:
        raise typer.BadParameter("--jobs is for this machine; on a cluster, the threads of its workers count")
    opened = Course.open(course)
    settings = settings_of(opened.root, jobs=jobs, profile=profile, data=data, sandbox=sandbox)
    chosen = submissions_of(opened, students or [])
    if cluster:
        from autograder.cluster.coordinate import grade_on_cluster

        with show_progress(len(chosen)) as progress:
            reports = grade_on_cluster(opened, chosen, settings, cluster, progress, announce=say, force=force)
    else:
        with (
            ready_to_grade(opened, settings, announce=say) as grader,
            show_progress(len(chosen)) as progress,
        ):
            reports = grade_course(opened, chosen, grader, progress, force=force)
    review = sum(report.needs_review for report in reports.values())
    say(
        f"{len(reports)} of {len(chosen)} graded, {review} for a person to look at; "
        f"the reports are in {opened.graded}."
    )
    if record:
        from autograder.record.recording import record_reports

        with only_writer(opened), show_recording(len(reports)) as recording:
            recorded = record_reports(opened, sorted(reports), recording, force=force)
        say(f"{len(recorded)} of {len(reports)} recorded in the gradebook.")
    if len(reports) < len(chosen) or (record and len(recorded) < len(reports)):
        raise typer.Exit(1)


@app.command("grade-one")
def grade_one_command(
    submission: Annotated[Path, typer.Argument(metavar="SUBMISSION_DIR", help="With the notebook in it.")],
    results: Annotated[Path, typer.Argument(metavar="RESULT_DIR", help="Made, or with earlier results.")],
    course: Annotated[
        Path | None,
        typer.Option(help="A course with rubric, points and settings.", show_default="the kit's own"),
    ] = None,
    student: Annotated[
        str | None, typer.Option(help="Whose it is.", show_default="the submission's folder")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Calls like this at the same time on this machine.")] = 1,
    profile: Profile = None,
    data: Data = None,
    sandbox: SandboxName = None,
    force: Annotated[bool, typer.Option("--force", help="Also what is up to date.")] = False,  # noqa: FBT002
) -> None:
    """Grade one submission into one folder, without course or gradebook: for job arrays and GNU parallel."""
    from autograder.grade_one import grade_one, submission_in
    from autograder.progress import show_progress

    opened = Course.open(course) if course else None
    settings = settings_of(
        opened.root if opened else None, jobs=jobs, profile=profile, data=data, sandbox=sandbox
    )
    report = grade_one(
        submission_in(submission, student),
        results,
        opened,
        settings,
        announce=say,
        progress=show_progress(1),
        force=force,
    )
    if report is None:
        raise typer.Exit(1)


@app.command("rescore")
def rescore_command(
    students: Annotated[
        list[str] | None, typer.Argument(metavar="[STUDENT]...", help="All, if none.")
    ] = None,
    course: CourseFolder = Path(),
    apply: Annotated[  # noqa: FBT002
        bool, typer.Option("--apply", help="Write the new reports; without it, only show what changes.")
    ] = False,
    jobs: Jobs = None,
    data: Data = None,
    sandbox: SandboxName = None,
    record: Record = True,  # noqa: FBT002
) -> None:
    """Score what is stored again, with other thresholds, points or checks; no notebook is run."""
    from autograder.grade import submissions_of
    from autograder.rescore.command import rescore_course

    opened = Course.open(course)
    settings = settings_of(opened.root, jobs=jobs, data=data, sandbox=sandbox)
    chosen = submissions_of(opened, students or [])
    if not rescore_course(opened, chosen, settings, say, apply=apply, record=record):
        raise typer.Exit(1)


@app.command("audit")
def audit_command(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Labelled submissions.", show_default="the kit's own"),
    ] = None,
    course: CourseFolder = Path(),
    jobs: Jobs = None,
    profile: Annotated[
        Literal["full", "quick", "both"], typer.Option(help="In which profile the submissions are graded.")
    ] = "both",
    data: Data = None,
    sandbox: SandboxName = None,
    force: Annotated[bool, typer.Option("--force", help="Also run what was run before.")] = False,  # noqa: FBT002
    into: Annotated[
        Path | None,
        typer.Option(
            "--json", metavar="FILE", help="Where the result is written.", show_default="audit/audit.json"
        ),
    ] = None,
) -> None:
    """Test the rubric on labelled submissions: what was expected, what was given, where they disagree."""
    from autograder.audit.audit import audit, labelled_submissions
    from autograder.audit.table import print_audit
    from autograder.progress import show_progress

    opened = Course.open(course)
    settings = settings_of(opened.root, jobs=jobs, data=data, sandbox=sandbox)
    labelled = labelled_submissions(directory)
    profiles = ("quick", "full") if profile == "both" else (profile,)
    result, file = audit(
        opened,
        labelled,
        settings,
        profiles,
        announce=say,
        make_progress=show_progress,
        force=force,
        into=into,
    )
    print_audit(result, Console(file=sys.stdout, highlight=False, emoji=False))
    say(f"The same as JSON: {file}")
    if not result.agrees:
        raise typer.Exit(1)


@app.command("gradescope-bundle")
def gradescope_bundle_command(
    course: CourseFolder = Path(),
    to: Annotated[Path, typer.Option(metavar="FILE.zip", help="The archive.")] = Path("autograder.zip"),
    minutes: Annotated[
        int, typer.Option(min=LEAST_MINUTES, max=MOST_MINUTES, help="The time that Gradescope allows.")
    ] = 20,
    profile: Profile = None,
    data: Data = None,
    sandbox: SandboxName = None,
) -> None:
    """Make the autograder.zip with which Gradescope grades every submission as it comes."""
    from autograder.gradescope.bundle import how_to_use, write_bundle

    opened = Course.open(course)
    settings = settings_of(opened.root, profile=profile, data=data, sandbox=sandbox)
    write_bundle(opened, settings, to, minutes=minutes, announce=say)
    say(how_to_use(opened, settings, to, minutes=minutes))


@app.command("export")
def export_command(
    form: Annotated[
        Literal["canvas", "moodle", "gradescope", "csv"],
        typer.Argument(metavar="canvas|moodle|gradescope|csv", help="What the file is for."),
    ],
    course: CourseFolder = Path(),
    into: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="What the LMS has exported, to be filled; it is only read."),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Where to write.", show_default="course/grades_<format>.csv"),
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="The heading of the column to fill.", show_default="found by itself")
    ] = None,
    partial: Annotated[  # noqa: FBT002
        bool, typer.Option("--partial", help="Also scores to which a person may still add.")
    ] = False,
) -> None:
    """Write the gradebook's scores into a file for an LMS."""
    from autograder.course.gradebook import open_gradebook
    from autograder.record.export.export import default_file, export, remarks, summary

    opened = Course.open(course)
    to = to or default_file(opened, form)
    with open_gradebook(opened) as gradebook:
        exported = export(gradebook, opened, form, to, into=into, column=column, partial=partial)
    for line in (*remarks(exported), summary(exported, to)):
        say(line)
    if exported.left_out:
        raise typer.Exit(1)


@app.command("duplicates")
def duplicates_command(
    course: CourseFolder = Path(),
    into: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the whole result there.")
    ] = None,
) -> None:
    """List submissions that share weights, images or code: hints for you, never shown, never a deduction."""
    from autograder.files import write_whole
    from autograder.record.duplicates.find import find_duplicates
    from autograder.record.duplicates.findings import duplicates_to_json
    from autograder.record.duplicates.table import print_duplicates

    found = find_duplicates(Course.open(course))
    print_duplicates(found, say)
    if into:
        write_whole(into, duplicates_to_json(found))
    if found.left_out:
        raise typer.Exit(1)


@app.command("feedback")
def feedback_command(
    students: Annotated[
        list[str] | None, typer.Argument(metavar="[STUDENT]...", help="All, if none.")
    ] = None,
    course: CourseFolder = Path(),
    pdf: Annotated[bool, typer.Option("--pdf", help="Each page as PDF, too.")] = False,  # noqa: FBT002
    into_zip: Annotated[
        Path | None, typer.Option("--zip", metavar="FILE.zip", help="All pages in one file, for an LMS.")
    ] = None,
    lms: Annotated[
        Literal["moodle", "plain"],
        typer.Option(help="How the folders in it are named; 'plain' by student id."),
    ] = "plain",
    download: Annotated[
        Path | None,
        typer.Option(
            "--into", metavar="DOWNLOAD", help="Moodle's download of submissions, for the names there."
        ),
    ] = None,
) -> None:
    """Make a feedback page for each student; what is up to date already is left alone."""
    from autograder.record.feedback.command import give_feedback

    if (lms == "moodle" or download) and not into_zip:
        raise typer.BadParameter("--lms and --into say how a zip is made: name it with --zip FILE.zip")
    if download and lms != "moodle":
        raise typer.BadParameter("--into is for --lms moodle")
    opened = Course.open(course)
    if not give_feedback(opened, students or [], say, pdf=pdf, into_zip=into_zip, lms=lms, download=download):
        raise typer.Exit(1)


@app.command("review")
def review_command(
    course: CourseFolder = Path(),
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port.", show_default="one that is free")
    ] = None,
    blind: Annotated[bool, typer.Option("--blind", help="Hide names from everyone.")] = False,  # noqa: FBT002
    browser: Annotated[bool, typer.Option(help="Open the first page.")] = True,  # noqa: FBT002
    static: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Only write a gallery to look at, as files.")
    ] = None,
) -> None:
    """Serve the TAs' pages, in which feature grids are looked at and answers are graded."""
    opened = Course.open(course)
    if static is not None:
        from autograder.review.gallery import write_gallery

        say(f"The gallery is {write_gallery(opened, ASSIGNMENT, static.expanduser().resolve())}")
        return
    from autograder.review.serve import serve

    serve(opened, say, host=host, port=port, blind=blind, browser=browser)


@app.command("demo")
def demo_command(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]")] = Path("gradeascent-demo"),
) -> None:
    """Show the whole cycle on built-in data and six sample submissions, offline."""
    from autograder.demo.demonstrate import demonstrate
    from autograder.progress import show_progress

    demonstrate(directory, say, show_progress)


@app.command("check")
def check_command(notebook: Annotated[Path, typer.Argument(metavar="NOTEBOOK")], data: Data = None) -> None:
    """Run the public self-checks on a notebook, before it is handed in."""
    from autograder.check import self_check

    for line in self_check(notebook, settings_of(notebook.parent, data=data), announce=say):
        say(line)


@app.command("doctor")
def doctor_command(course: CourseFolder = Path(), data: Data = None) -> None:
    """Say what is installed, which sandbox works and where the data is."""
    from autograder.doctor import examine

    healthy = True
    for finding in examine(settings_of(course, data=data), course):
        healthy = healthy and finding.state != "MISSING"
        say(f"{finding.state:8}  {finding.what}: {finding.detail}")
    if not healthy:
        raise typer.Exit(1)


@app.callback(invoke_without_command=True)
def version_option(
    show: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,  # noqa: FBT002
) -> None:
    """Grade the activation maximization exercise: from the instructor's notebook to the verified report."""
    if show:
        say(f"gradeascent {version('gradeascent')}")
        raise typer.Exit


def run(arguments: list[str] | None = None) -> int:
    """Run a command line; return its exit status after printing every error for people as one line."""
    try:
        status = app(arguments, standalone_mode=False)
    except (GradeascentError, DataError) as error:
        return _complain(str(error))
    except TyperException as error:
        return _complain(f"{error.format_message()} See 'gradeascent --help'.")
    except OSError as error:
        return _complain(f"{error.strerror or error}: {error.filename}" if error.filename else str(error))
    except (KeyboardInterrupt, typer.Abort):
        status = STOPPED
    if status == STOPPED:
        print("stopped; the same command goes on from here", file=sys.stderr)  # noqa: T201
    return status if isinstance(status, int) else 0


def _complain(message: str) -> int:
    print(f"gradeascent: {plain_text(' '.join(message.split()))}", file=sys.stderr)  # noqa: T201
    return 2


def main() -> None:
    """Be the program `gradeascent`."""
    sys.exit(run())
