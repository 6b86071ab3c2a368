"""Turns markdown, HTML and formulas that a student may have written into harmless HTML.

nbconvert's own renderer turns markup into HTML, and only allowed elements are kept: no script, style or
frame, no name that other code could look up, and pictures only as plain pixels in the page itself. Text that
is too long or breaks the renderer is shown as it was typed.
"""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import latex2mathml.converter
import nh3
from markupsafe import Markup, escape
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.feedback.pixels import is_harmless_address
from autograder.plain.text import plain_text

# Longer than what people write by hand; some texts take time that grows with the square of their length.
LONGEST_MARKUP = 20_000
# A pandas table with 60 rows and 20 columns has 50,000 characters.
LONGEST_HTML = 60_000
LONGEST_FORMULA = 1_000
MOST_FORMULAS = 400

_TEXT = "p br hr div span h1 h2 h3 h4 h5 h6 blockquote pre code kbd samp tt"
_INLINE = "b strong i em u s del ins mark small sub sup abbr cite q var"
_LISTS_AND_TABLES = "ul ol li dl dt dd table caption thead tbody tfoot tr th td"
TAGS = frozenset(f"{_TEXT} {_INLINE} {_LISTS_AND_TABLES} a img".split())
# The text inside these elements is not for people either.
DROPPED = frozenset(
    "script style iframe object embed noscript template svg math title textarea select xmp audio video".split()
)
ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
_SMALL_NUMBER = re.compile(r"[0-9]{1,3}")
_MATHML = "{http://www.w3.org/1998/Math/MathML}"
_MATHML_TAGS = frozenset(
    "math mrow mi mn mo ms mtext mspace msub msup msubsup mfrac msqrt mroot mover munder munderover mtable mtr mtd "
    "mstyle mpadded mphantom menclose mmultiscripts mprescripts none".split()
)
_MATHML_ATTRIBUTES = frozenset(
    "display mathvariant stretchy fence form separator accent accentunder linethickness displaystyle scriptlevel "
    "columnalign rowspacing columnspacing minsize maxsize movablelimits largeop".split()
)


def markdown(source: str, attachments: Mapping[str, Any] | None = None) -> Markup:
    """Return a markdown cell or a comment as harmless HTML, with formulas as MathML."""
    if len(source) > LONGEST_MARKUP:
        return typed(source)
    formulas = _Formulas()
    renderer = _Renderer(formulas, dict(attachments or {}))
    try:
        text = MarkdownWithMath(renderer=renderer).render(source)
    except Exception:  # noqa: BLE001 (whatever breaks the parser, the text itself is still readable)
        return typed(source)
    return formulas.put_into(clean(text))


def clean(text: str) -> Markup:
    """Return HTML reduced to harmless elements."""
    return Markup(  # noqa: S704 (that is what this function makes sure of)
        nh3.clean(
            text,
            tags=set(TAGS),
            clean_content_tags=set(DROPPED),
            attributes=ATTRIBUTES,
            attribute_filter=_harmless,
            url_schemes={"http", "https", "data"},
            url_relative="deny",
            strip_comments=True,
            link_rel="noopener noreferrer nofollow",
        )
    )


def typed(text: str, *, at_most: int = LONGEST_MARKUP) -> Markup:
    """Return text as it was typed, with every character visible."""
    return Markup("<pre>{}</pre>").format(lines(text, at_most=at_most))


def lines(text: str, *, at_most: int) -> str:
    """Return multi-line text with every character visible; of long text, the beginning and the end."""
    if len(text) > at_most:
        half = at_most // 2
        text = f"{text[:half]}\n… {len(text) - 2 * half:,} characters are left out …\n{text[-half:]}"
    return "\n".join(plain_text(line.expandtabs()) for line in text.split("\n"))


def _harmless(_: str, name: str, value: str) -> str | None:
    if name == "href":
        return value if value.lower().startswith(("http://", "https://")) else None
    if name == "src":
        return value if is_harmless_address(value) else None
    if name in ("colspan", "rowspan", "start"):
        return value if _SMALL_NUMBER.fullmatch(value) else None
    return plain_text(value, at_most=200)


class _Renderer(IPythonRenderer):  # type: ignore[misc] # not known to have types
    """Renders like nbconvert, but sets formulas without an external script."""

    def __init__(self, formulas: _Formulas, attachments: dict[str, Any]) -> None:
        super().__init__(escape=False, attachments=attachments, exclude_anchor_links=True)
        self._formulas = formulas

    def block_math(self, body: str) -> str:
        return self._formulas.keep(body, display="block")

    def inline_math(self, body: str) -> str:
        return self._formulas.keep(body, display="inline")

    def latex_environment(self, name: str, body: str) -> str:
        return self._formulas.keep(rf"\begin{{{name}}}{body}\end{{{name}}}", display="block")


class _Formulas:
    """Holds formulas behind an unguessable placeholder while the HTML around them is cleaned."""

    def __init__(self) -> None:
        self._word = f"formula{secrets.token_hex(8)}n"
        self._kept: list[tuple[str, str]] = []

    def keep(self, tex: str, *, display: str) -> str:
        if len(self._kept) >= MOST_FORMULAS:
            return str(Markup("<code>{}</code>").format(tex))
        self._kept.append((tex, display))
        return f"{self._word}{len(self._kept) - 1}."

    def put_into(self, text: Markup) -> Markup:
        def formula(found: re.Match[str]) -> str:
            tex, display = self._kept[int(found[1])]
            return str(mathematics(tex, display=display))

        return Markup(re.sub(rf"{self._word}([0-9]+)\.", formula, text))  # noqa: S704 (both parts are harmless)


def mathematics(tex: str, *, display: str) -> Markup:
    """Return a formula as MathML; if that fails, as it was typed."""
    as_typed = Markup("<code>{}</code>").format(plain_text(tex, at_most=LONGEST_FORMULA))
    if len(tex) > LONGEST_FORMULA:
        return as_typed
    try:
        made = latex2mathml.converter.convert(html.unescape(tex), display=display)
        # anything that the converter left unescaped fails here, because it is not XML
        tree = ElementTree.fromstring(made)  # noqa: S314 (it begins with <math>, so it can declare no entities)
        parts = [_mathml(tree)]
    except Exception:  # noqa: BLE001 (the converter takes good TeX for granted)
        return as_typed
    return Markup("").join(parts)


def _mathml(element: ElementTree.Element) -> Markup:
    tag = element.tag.removeprefix(_MATHML)
    inside = Markup("").join([escape(element.text or ""), *map(_with_tail, element)])
    if tag not in _MATHML_TAGS:
        return inside
    attributes = Markup("").join(
        Markup(' {}="{}"').format(name, value)
        for name, value in element.attrib.items()
        if name in _MATHML_ATTRIBUTES or (tag == "mspace" and name == "width" and _is_narrow(value))
    )
    return Markup("<{0}{1}>{2}</{0}>").format(tag, attributes, inside)


def _with_tail(element: ElementTree.Element) -> Markup:
    return _mathml(element) + escape(element.tail or "")


def _is_narrow(width: str) -> bool:
    return re.fullmatch(r"-?[0-2](\.[0-9]{1,4})?em", width) is not None
