"""The course folder: notebooks, the release, the leak check, submissions, nbgrader's gradebook."""
