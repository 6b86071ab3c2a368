"""The old name of `autograder.export`, which older courses pass to `nbgrader export`."""

from autograder.export import CanvasExport, CsvExport, GradescopeExport, MoodleExport

__all__ = ["CanvasExport", "CsvExport", "GradescopeExport", "MoodleExport"]
