"""Grading in a Gradescope container."""
