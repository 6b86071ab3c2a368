"""Finds submissions that have more in common than chance explains, and tells only the instructor.

It reads the submissions and the stored results of grading, and writes nothing: reports, feedback and scores
do not depend on it.
"""

from __future__ import annotations

from autograder.course.folder import Course
from autograder.duplicates.compare import compare
from autograder.duplicates.findings import Duplicates
from autograder.duplicates.reader import ResultsReader
from autograder.duplicates.traits import GivenCode, traits_of
from autograder.errors import CourseError
from autograder.execute.sandbox import make_sandbox
from autograder.exercise import find_exercise
from autograder.settings import load_settings


def find_duplicates(course: Course, assignment: str = "") -> Duplicates:
    """Compare all submissions of a course with each other.

    Raises:
        CourseError: there are fewer than two submissions, or the instructor's notebook cannot be read.
        SettingsError: the course's settings cannot be read.
        SandboxError: the sandbox does not work here.
    """
    assignment = assignment or course.assignment
    students = course.students(assignment)
    if len(students) < 2:
        raise CourseError(
            f"nothing to compare: put two or more submissions into {course.submitted / '<student>' / assignment}"
        )
    given = GivenCode.of(course, assignment)
    settings = load_settings(course.root)
    compared = find_exercise(settings.exercise).compared
    with ResultsReader(make_sandbox(settings.sandbox), settings.limits, compared.images) as reader:
        all_traits = [
            traits_of(course, student, given, compared, reader, settings.limits, assignment=assignment)
            for student in students
        ]
    return compare(all_traits, given.reference)
