"""Pictures and markup of students are written anew, and keep no page waiting."""

from __future__ import annotations

import base64
import io
import re
import struct
import time
import zlib
from collections.abc import Callable

import pytest
from hostile_markup import FORBIDDEN, MARKUP
from PIL import Image
from read_page import Page

from autograder.feedback.clean_markup import clean, markdown, mathematics
from autograder.feedback.pixels import PixelsError, is_harmless_address, open_picture, plain_picture

Tell = Callable[[str, str], None]


def png_of(width: int, height: int) -> bytes:
    """A PNG that says that it is of this size, with hardly any bytes in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("60,000 x 60,000 pixels", png_of(60_000, 60_000)),
        ("a billion rows", png_of(1, 1_000_000_000)),
        ("cut off", png_of(2000, 2000)),
        ("an SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a PostScript program", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
        ("nothing", b""),
    ],
)
def test_what_is_no_picture_of_sane_size_is_not_shown(what: str, data: bytes, tell: Tell) -> None:
    with pytest.raises(PixelsError):
        plain_picture(open_picture(base64.b64encode(data).decode()))
    assert what == "cut off" or not is_harmless_address(
        "data:image/png;base64," + base64.b64encode(data).decode()
    )
    tell(f"an output that says it is a PNG: {what}", "not shown, and said so")


def test_a_picture_is_written_anew(tell: Tell) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(buffer, "PNG")
    both = buffer.getvalue() + b"<script>document.title='owned'</script>"

    shown = base64.b64decode(plain_picture(open_picture(base64.b64encode(both).decode())).partition(",")[2])

    assert b"script" not in shown
    assert Image.open(io.BytesIO(shown)).size == (30, 20)
    tell("a PNG that is a page as well", "only its pixels are left")


@pytest.mark.parametrize(
    ("what", "source"),
    [
        ("a hundred thousand brackets", "[" * 100_000),
        ("brackets", "[" * 20_000),
        ("quotes in each other", "> " * 10_000),
        ("stars", "*a **b " * 2_800),
        ("environments that never end", "\\begin{a}" * 2_200),
        ("4,000 elements in each other", "<div>" * 4_000),
        ("tables in tables", "<table><tr><td>" * 1_300),
        ("badly nested elements", "<b><a><i><p>" * 1_600),
        ("formulas in each other", "$" + "{" * 490 + "}" * 490 + "$"),
        ("thousands of formulas", "$x^{y^z}$ " * 1_990),
    ],
)
def test_no_markup_keeps_the_page_waiting(what: str, source: str, tell: Tell) -> None:
    began = time.process_time()

    made = markdown(source)

    took = time.process_time() - began
    assert took < 5
    assert len(made) < 10_000_000
    tell(f"markdown: {what}", f"a page after {took:.1f} s")


@pytest.mark.parametrize(
    "tex",
    [
        "x<script>",
        r"\href{javascript:alert(1)}{x}",
        r"\text{</math><script>}",
        r"\class{a}{x}",
        "\\" * 9,
        "{",
        "",
    ],
)
def test_a_formula_is_only_a_formula(tex: str, tell: Tell) -> None:
    made = Page(str(mathematics(tex, display="inline")))

    assert "script" not in made.tags
    assert made.attributes <= {"display", "mathvariant", "width", "stretchy"}
    tell(f"a formula: {tex}", "MathML of harmless elements, or the text")


def test_cleaning_twice_changes_nothing(fuzz: Callable[..., int], tell: Tell) -> None:
    from hypothesis import strategies as st

    parts = st.sampled_from(
        [*"<>\"'/= &;!-x", *(word for attack in MARKUP.values() for word in re.split(r"(\W)", attack))]
    )

    def holds(words: list[str]) -> None:
        once = clean("".join(words))
        assert clean(once) == once
        assert Page(str(once)).tags.isdisjoint({*FORBIDDEN, "svg", "style", "math"})

    tried = fuzz(st.lists(parts, max_size=40), 300, holds)
    tell(f"{tried} random mixtures of markup", "cleaned once for all")
