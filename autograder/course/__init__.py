"""The instructor's folder: notebooks, the release, leaks, submissions, nbgrader's gradebook."""
