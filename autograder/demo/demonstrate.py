"""The demo: the whole workflow with the real components, on built-in data and sample submissions.

Nothing is staged: every other command works in the course folder that it leaves behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from autograder.course.folder import Course
from autograder.course.gradebook import open_gradebook
from autograder.course.initialise import initialise
from autograder.course.lock import only_writer
from autograder.course.notebooks import compose, read_answers, read_notebook, write_notebook
from autograder.course.release import generate_release
from autograder.errors import CourseError
from autograder.execute.sandbox import bubblewrap_problem
from autograder.exercise import USUAL, DemoData, find_exercise
from autograder.export.export import export
from autograder.feedback.command import give_feedback
from autograder.grading.course import Progress, grade_course, submissions_of
from autograder.grading.grader import Grader, ready_to_grade
from autograder.grading.release_check import check_instructor_version
from autograder.plain.files import write_whole
from autograder.progress.bars import show_recording
from autograder.record.recording import record_reports
from autograder.report import Report
from autograder.review.gallery import write_gallery
from autograder.settings import SETTINGS_FILE, Settings, load_settings
from solutions.data import write_npz

GALLERY = "gallery"
SCORES = "scores.csv"

Say = Callable[[str], None]
MakeProgress = Callable[[int], AbstractContextManager[Progress]]


def demonstrate(directory: Path, say: Say, make_progress: MakeProgress, exercise: str = USUAL) -> Path:
    """Run the whole workflow in a new course folder: release, submit, grade, record, give feedback, view.

    Args:
        directory: where the course is made; it must be empty or hold an interrupted demo.
        say: prints a line for the user.
        make_progress: makes the progress display for a number of submissions.
        exercise: the exercise of the course.

    Returns:
        The page that shows the results.

    Raises:
        SettingsError: there is no such exercise.
        CourseError: the folder is not empty, or the instructor's version does not earn full marks.
        GradeascentError: a part of the kit does not work on this machine; the message says which.
    """
    samples, data = find_exercise(exercise).samples, find_exercise(exercise).load_data().for_demo()
    course = demo_course(directory, exercise, data)
    say(f"A new course, as 'gradeascent init' makes it, in {course.root}")
    say(f"Data: {data.words}, so no download is needed")
    say("Profile quick: the same verdicts in less time")
    settings = demo_settings(course, say)

    with ready_to_grade(course, settings, announce=say) as grader:
        say("\nRelease: the instructor's own version must earn full marks first")
        report = check_source(course, grader, make_progress)
        release = generate_release(course, hidden_thresholds=settings.thresholds.model_dump())
        say(f"It earns {report.score:g} of {report.max_score:g}. The release leaks no solution: {release}")

        students = hand_in_samples(course, samples)
        say(f"\nHanded in by {', '.join(students)}. Each notebook is run, and what it made is measured again")
        with make_progress(len(students)) as progress:
            reports = grade_course(course, students, grader, progress)

    say("\nRecorded in nbgrader's gradebook; then a feedback page for each student, and a table of scores")
    give_back(course, sorted(reports), say)
    page = write_gallery(course, exercise, course.root / GALLERY)
    say_results(course, reports, page, samples, say)
    return page


def demo_course(directory: Path, exercise: str, data: DemoData) -> Course:
    """Return a new course for the demo, or the course of an interrupted demo.

    Raises:
        CourseError: the folder contains something else.
    """
    if (directory / data.file).is_file():
        return Course.open(directory)
    course = initialise(directory, exercise)
    fill_in_settings(course, data)
    # Written last: this file is the sign that the course is complete.
    write_npz(data.data, course.root / data.file)
    return course


def fill_in_settings(course: Course, data: DemoData) -> None:
    """Set the built-in data and the quick profile in the course's settings.

    Raises:
        CourseError: the settings lack the lines to fill in.
    """
    file = course.root / SETTINGS_FILE
    text = file.read_text(encoding="utf-8")
    for line, filled_in in (
        ('# data = ""', f'data = "{data.file}"'),
        ('# profile = "full"', 'profile = "quick"'),
    ):
        if line not in text:
            raise CourseError(f"{file} has no line '{line}' to fill in; install gradeascent again")
        text = text.replace(line, filled_in)
    write_whole(file, text)


def demo_settings(course: Course, say: Say) -> Settings:
    """Return the course's settings; without a working sandbox, they run the kit's own samples unsandboxed."""
    settings = load_settings(course.root)
    problem = bubblewrap_problem()
    if problem is None:
        return settings
    say(f"No sandbox: {problem}. The demo runs its own samples without; grade would refuse")
    return settings.model_copy(update={"sandbox": "none"})


def check_source(course: Course, grader: Grader, make_progress: MakeProgress) -> Report:
    """Grade the instructor's version like a submission, and show the progress."""
    name = "instructor"
    with make_progress(1) as progress:
        progress.started(name)
        report = check_instructor_version(course, grader, on_step=lambda step: progress.step(name, step))
        progress.finished(name, report, was_up_to_date=False)
    return report


def hand_in_samples(course: Course, samples: Path) -> list[str]:
    """Fill in and submit the released notebook for every sample student; return the students."""
    name = f"{course.assignment}.ipynb"
    released = read_notebook(course.release_folder() / name)
    for student, answers in sample_answers(samples).items():
        write_notebook(compose(released, answers), course.submission_folder(student) / name)
    return submissions_of(course, [])


def sample_answers(samples: Path) -> dict[str, dict[str, str]]:
    """Return the sample students' answers: cells by grade_id, by student."""
    files = sorted(samples.glob("*.py"))
    return {file.stem: read_answers(file.read_text(encoding="utf-8")) for file in files}


def give_back(course: Course, students: list[str], say: Say) -> None:
    """Record the reports, and make the files for students and an LMS from the gradebook.

    Raises:
        CourseError: a report could not be recorded; the message says why.
    """
    with only_writer(course), show_recording(len(students)) as recording:
        recorded = record_reports(course, students, recording)
    if len(recorded) < len(students):
        raise CourseError("not all reports could be recorded in the gradebook; the lines above say why")
    give_feedback(course, students, say, pdf=False, into_zip=None, lms="plain", download=None)
    with open_gradebook(course) as gradebook:
        export(gradebook, course, "csv", course.root / SCORES, partial=True)


def say_results(course: Course, reports: Mapping[str, Report], page: Path, samples: Path, say: Say) -> None:
    """Print the outcome and where everything is."""
    assignment = course.assignment
    earned = ", ".join(f"{student} {reports[student].score:g}" for student in sorted(reports))
    maximum = max((report.max_score for report in reports.values()), default=0)
    lines = [
        f"\n{len(reports)} graded, of {maximum:g} points: {earned}",
        f"  to look at      {page}",
        f"  reports         {course.graded}/<student>/{assignment}/report.json",
        f"  feedback        {course.root}/feedback/<student>/{assignment}/{assignment}.html",
        f"  scores          {course.root / SCORES}, and nbgrader's {course.gradebook}",
        f"  notebooks       {course.submitted}/<student>/{assignment}/",
        f"  what is wrong   the first lines of {samples}/<student>.py",
        "\nIt is a course like any other: put more notebooks beside these, then run "
        f"'gradeascent grade --course {course.root}'",
    ]
    for line in lines:
        say(line)
