"""The templates of the review pages, and the files that they refer to."""

from __future__ import annotations

import hashlib
import json

from jinja2 import Environment
from markupsafe import Markup, escape

from autograder.feedback.clean_markup import lines
from autograder.pages import web_page
from autograder.review.forms import LONGEST_COMMENT

# Browsers that support these rules load the next submission before the TA opens it.
AHEAD = "ahead.json"
_AHEAD = {
    "prefetch": [
        {
            "where": {"selector_matches": "a[data-key=j], a[data-key=n]"},
            "eagerness": "immediate",
        }
    ]
}


def make_environment(style: str = "") -> Environment:
    """Return the templates of the review pages; the notebook frame looks the same as in the feedback.

    Args:
        style: the style sheet of an exercise's panels.
    """
    environment = web_page.make_environment("autograder.review", "autograder.feedback")
    environment.filters.update(typed=_typed, span=_span)
    environment.globals.update(assets_version=assets_version(style))
    return environment


def assets(style: str = "") -> dict[str, tuple[str, str]]:
    """Return the files that pages refer to, an exercise's style sheet included: type and content by name."""
    environment = web_page.make_environment("autograder.review")
    return {
        "review.css": ("text/css", environment.get_template("review.css").render() + style),
        AHEAD: ("application/speculationrules+json", json.dumps(_AHEAD)),
        "review.js": ("text/javascript", _source(environment, "review.js")),
    }


def _source(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def assets_version(style: str = "") -> str:
    """Return a version that changes with these files, so that browsers can cache them."""
    return hashlib.sha256(repr(assets(style)).encode()).hexdigest()[:12]


def _typed(text: str) -> Markup:
    """Return multi-line text for a field in which the user can keep editing it."""
    return escape(lines(text, at_most=LONGEST_COMMENT))


def _span(seconds: float) -> str:
    for size, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {word}"
    return "1 min"
