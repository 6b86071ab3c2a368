"""Course: the folder nbgrader knows, its notebooks, and the release that students get."""
