"""The former name of `autograder.feedback.exporter`, which older courses have in their nbgrader_config.py."""

from autograder.feedback.exporter import FeedbackExporter

__all__ = ["FeedbackExporter"]
