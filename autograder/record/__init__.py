"""Writes a `Report` to files in `graded/` and its scores to nbgrader's gradebook."""
