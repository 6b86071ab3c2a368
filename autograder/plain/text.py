"""Makes text that students wrote harmless wherever it is shown: every character in it shows itself.

Control codes would move a terminal's cursor, rename its window or hide what follows; marks of the writing
direction turn around the rest of a line or page; half characters cannot be written to any file.
"""

from __future__ import annotations


def plain_text(text: str, *, at_most: int | None = None) -> str:
    r"""Return one line in which what is invisible is spelt out, such as `\x1b`, and all white space is spaces.

    Args:
        text: anything.
        at_most: characters; of a longer text, the beginning is returned, and an ellipsis.
    """
    plain = "".join(map(_visible, text if at_most is None else text[: at_most + 1]))
    return plain if at_most is None or len(plain) <= at_most else plain[: at_most - 1] + "…"


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else ascii(character)[1:-1]
