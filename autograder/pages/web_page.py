"""What all the kit's pages share: one look, escaped text, and a policy that allows no outside content."""

from __future__ import annotations

import base64
import hashlib

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder.plain.text import plain_text
from autograder.report import WORDS, Status

# Colour alone must not carry meaning: every verdict also has a sign and words.
SIGNS: dict[Status, str] = {"pass": "✓", "partial": "◐", "fail": "✗", "review": "?"}


def make_environment(*packages: str) -> Environment:
    """Return the templates of these packages, which may include the shared templates.

    Every value in them is made plain text and escaped, whatever the file's name.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in (*packages, "autograder.pages")]),
        autoescape=True,
        finalize=_plain,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(points=_points)
    environment.globals.update(signs=SIGNS, words=WORDS)
    return environment


def _points(value: float) -> str:
    """Return points with as many digits as people need."""
    return f"{round(value, 2):g}"


def _plain(value: object) -> object:
    """Make students' text harmless; HTML values were made harmless earlier."""
    return plain_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def style_hash(style: str) -> str:
    """Return the hash by which a Content-Security-Policy allows a style sheet embedded in the page."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
