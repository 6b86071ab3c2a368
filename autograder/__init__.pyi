from autograder.grading.alone import grade_notebook as grade_notebook
from autograder.report import Report as Report

__all__ = ["Report", "grade_notebook"]
