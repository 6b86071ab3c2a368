"""What students are called and what they write, as attacks."""

from __future__ import annotations

import os

import pytest

# What students are called: the names of their folders, so up to 255 bytes and no slash.
NAMES = {
    "a script": "<script>document.title='owned'<!--",
    "an image with a handler": "\"'><img src=x onerror=document.title='owned'>",
    "mathematics": "$x$",
    "broken mathematics": "$\\frac",
    "a link of rich": "[link=file:x]ada",
    "a style of rich": "[blink]ada",
    "an emoji code": ":smile:",
    "escape sequences": "\x1b]0;owned\x07\x1b[5mada\x1bc\x1b[6n",
    "control codes of 8 bits": "\x9b5mada\x90q\x9c",
    "lines of the grader": "ada\nbert: 90 of 90\rcleo",
    "writing from right to left": "\u202egnp.ada\u2066",
    "signs that the font lacks": "名前 👩\u200d👧",
    "250 wide letters": "W" * 250,
    "a hundred accents on one letter": "a" + "\u0301" * 100,
    "a formula": "=cmd|' calc'!A0",
    "a template": "{{ 7*7 }}{% raw %}",
    "SQL": "'; DROP TABLE student; --",
    "an address": "..%2f..%2fada#?javascript:alert(1)",
    "bytes that are no text": os.fsdecode(b"\xff\xfeada"),
}


# Bytes that are no text cannot stand in a database either; nothing is lost, since nbgrader refuses them.
SQL = {
    what: f"{name}'); DELETE FROM student; DROP TABLE grade; --\" OR 1=1"
    for what, name in NAMES.items()
    if what != "bytes that are no text"
}


EACH_NAME = pytest.mark.parametrize("what", NAMES)


# What they call layers, variables, losses, cells and errors.
WORDS = (
    "</dd></style></title></script><script>document.title='owned'</script>",
    "<img src='{canary}' onerror=\"document.title='owned'\"><iframe src='{canary}'></iframe>",
    "<svg onload=\"document.title='owned'\"><a href='javascript:alert(1)'>x</a><base href='{canary}'>",
    "conv\x08\x08\x08\x08\x1b[5m\x1b]0;owned\x07\x7f\x9b5m",
    "conv\r\nbert: 90 of 90\n",
    "\u202econv\u2067 \u200f",
    "$\\frac{{$ [/nope] :smile: {{{{ 7*7 }}}}",
)
