"""Turns what typer says of a wrong command line into a sentence that says what to type instead."""

from __future__ import annotations

import difflib
import re

from typer.exceptions import TyperException

_POSSIBLE = re.compile(r" \(Possible options: (?P<first>[^,)]+).*\)")
_CHOICE = re.compile(r"'(?P<given>[^']*)' is not one of (?P<choices>'.+')\.?$")


def corrected(error: TyperException) -> str:
    """Return what is wrong as a sentence, with the nearest word that would have been right."""
    message = error.format_message().strip().replace("Value error, ", "")
    if found := _POSSIBLE.search(message):
        message = f"{message[: found.start()]}. Did you mean {found['first']}?"
    elif found := _CHOICE.search(message):
        choices = re.findall(r"'([^']*)'", found["choices"])
        near = difflib.get_close_matches(found["given"].lower(), choices, n=1)
        message = message.rstrip(".") + "."
        message += f" Did you mean '{near[0]}'?" if near else ""
    return message if message.endswith((".", "?")) else f"{message}."
