"""The old name of `autograder.feedback.exporter`, which older courses use in their nbgrader_config.py."""

from autograder.feedback.exporter import FeedbackExporter

__all__ = ["FeedbackExporter"]
