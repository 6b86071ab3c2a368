"""How Sphinx builds these pages; warnings are errors: `sphinx-build -W docs OUT`."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version as version_of
from pathlib import Path

# The reference imports TensorFlow, which would greet with remarks on the processor.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent))

project = "gradeascent"
author = "The gradeascent developers"
copyright = author  # noqa: A001 - Sphinx' own name
version = release = version_of("gradeascent")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "from_code"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_heading_anchors = 3
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
# docstrings say in their own words what is raised
napoleon_custom_sections = [("Raises", "params_style")]

# furo: kept up by a maintainer of pip, one column on a phone, light and dark by the reader's system, no foreign server
html_theme = "furo"
html_title = "gradeascent"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"source_directory": "docs/"}
