"""What all pages of the kit have in common: one look, escaped text, and a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder.plain.text import plain_text
from autograder.report import Status

# Not by colour alone: every verdict has a sign, too.
SIGNS: dict[Status, str] = {"pass": "✓", "partial": "◐", "fail": "✗", "review": "?"}


def make_environment(*packages: str) -> Environment:
    """Return the templates of packages, which may include those that all pages share.

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
    environment.globals.update(signs=SIGNS)
    return environment


def _points(value: float) -> str:
    """Return points with as many digits as anybody needs."""
    return f"{round(value, 2):g}"


def _plain(value: object) -> object:
    """Make text of students harmless; what is HTML already was made so before."""
    return plain_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def style_hash(style: str) -> str:
    """Return by what a Content-Security-Policy knows a style sheet that stands in the page itself."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
