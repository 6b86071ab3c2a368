"""Makes text that students wrote safe to show: every character in it becomes visible.

Control codes could move a terminal's cursor, rename its window or hide text. Direction marks reverse the rest
of a line or page. Lone surrogates cannot be written to any file.
"""

from __future__ import annotations


def plain_text(text: str, *, at_most: int | None = None) -> str:
    r"""Return the text as one line: invisible characters spelled out, such as `\x1b`, white space as spaces.

    Args:
        text: any text.
        at_most: limit in characters; longer text is cut and ends in an ellipsis.
    """
    plain = "".join(map(_visible, text if at_most is None else text[: at_most + 1]))
    return plain if at_most is None or len(plain) <= at_most else plain[: at_most - 1] + "…"


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else ascii(character)[1:-1]
