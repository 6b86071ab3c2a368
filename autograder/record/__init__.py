"""A `Report` becomes files in `graded/` and scores in nbgrader's gradebook."""
