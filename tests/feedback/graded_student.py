"""A student who was graded and recorded, and the command that makes the pages."""

from __future__ import annotations

import numpy as np
from made_reports import make_report
from nbgrader.api import Gradebook

from autograder.cli import run
from autograder.course.folder import ASSIGNMENT, Course
from autograder.pictures import Pictures, pictures_to_npz
from autograder.plain.files import write_whole
from autograder.record.files import (
    PICTURES,
    REPORT,
)
from autograder.report import Flag, Result

SCORES = {"cnn": 20, "training": 15, "images": 10, "ascent": 12.5, "objective": 0, "updates": 5, "plot": 5}
ADA = "ada"


def store_results(course: Course, student: str) -> None:
    points = course.points()
    criteria = {
        name: Result(
            status="pass" if score == points[name] else "partial" if score else "fail",
            score=score,
            max_score=points[name],
            feedback=f"The grader's words on {name}.",
        )
        for name, score in SCORES.items()
    }
    flags = [
        Flag(code="other_layer", message="Another layer was used."),
        Flag(code="same_as", message="secret"),
    ]
    images = np.random.default_rng(1).random((64, 28, 28), dtype=np.float32)
    rising = np.cumsum(np.ones((64, 51), np.float32), axis=1)
    pictures = Pictures(student=images, reference=images, curves=rising, reference_curves=rising)
    write_whole(course.result_folder(student) / PICTURES, pictures_to_npz(pictures))
    report = make_report(student, criteria, flags=flags)
    write_whole(course.result_folder(student) / REPORT, report.model_dump_json())


def find_grade(gradebook: Gradebook, student: str, cell: str) -> object:
    return gradebook.find_grade(cell, ASSIGNMENT, ASSIGNMENT, student)


def feedback(course: Course, *arguments: str) -> int:
    return run(["feedback", "--course", str(course.root), *arguments])
