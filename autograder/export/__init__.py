"""Exports scores for an LMS, as `gradeascent export` and as exporters of `nbgrader export`."""

from autograder.export.plugins import CanvasExport, CsvExport, GradescopeExport, MoodleExport

__all__ = ["CanvasExport", "CsvExport", "GradescopeExport", "MoodleExport"]
