"""Runs the stages: grade one submission, grade a course, rescore it with another rubric."""
