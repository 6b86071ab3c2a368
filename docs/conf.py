"""How Sphinx builds these pages; warnings are errors: `sphinx-build -W docs OUT`."""

from __future__ import annotations

project = "gradeascent"
author = "the authors of gradeascent"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 3

html_theme = "alabaster"
html_theme_options = {"description": "Grades deep-learning notebooks by measuring", "fixed_sidebar": True}
