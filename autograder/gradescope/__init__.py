"""Grading in a container at Gradescope."""
