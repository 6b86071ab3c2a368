"""Makes pictures from a student's kernel safe: reads them, shrinks them and writes them as plain pixels.

A picture of a few kilobytes can make a browser use gigabytes, and one file can be valid in two formats. So no
picture reaches a page unchanged.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import warnings

from markupsafe import Markup
from PIL import Image, UnidentifiedImageError

from autograder.pages.mosaic import picture_address

# A matplotlib figure of 20 x 20 inches at 300 dots per inch has 36 million pixels.
MOST_PIXELS = 40_000_000
MOST_BYTES = 24 * 1024 * 1024
# The page's picture size: sharp on a screen of twice the usual density, and in print.
WIDEST, HIGHEST = 1600, 4000
_MOST_IN_TEXT = 2_000_000  # characters of a picture embedded in markdown
_IN_TEXT = re.compile(r"data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=\s]+)")
_FORMATS = ("PNG", "JPEG")


class PixelsError(ValueError):
    """Not a picture that a page can show; the message says why, for the student."""


def open_picture(encoded: str) -> Image.Image:
    """Read the header of a base64 picture, which contains its size.

    Raises:
        PixelsError: it is not a picture, or far too large.
    """
    return _opened(_decoded(encoded))


def plain_picture(image: Image.Image) -> Markup:
    """Return the address, `data:image/png;...`, of a picture whose header was read.

    Raises:
        PixelsError: it is damaged.
    """
    try:
        image.load()
        plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    except (OSError, ValueError, SyntaxError, MemoryError) as error:
        raise PixelsError("a picture that is damaged") from error
    plain.thumbnail((WIDEST, HIGHEST))
    return picture_address(_as_png(plain))


def is_harmless_address(address: str) -> bool:
    """Tell whether a picture's address contains the picture itself, small enough to be shown unchanged."""
    if len(address) > _MOST_IN_TEXT or not (found := _IN_TEXT.fullmatch(address)):
        return False
    try:
        image = _opened(_decoded(found[1]))
    except PixelsError:
        return False
    return image.width <= WIDEST * 2 and image.height <= HIGHEST


def _decoded(encoded: str) -> bytes:
    if len(encoded) > MOST_BYTES * 4 // 3:
        raise PixelsError(f"a picture of more than {MOST_BYTES // 1024**2} MB")
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise PixelsError("a picture that is damaged") from error


def _opened(data: bytes) -> Image.Image:
    """Read the header of a picture, with its size."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except (Image.DecompressionBombError, UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise PixelsError("a picture that is damaged, or far too large") from error
    if image.width * image.height > MOST_PIXELS:
        raise PixelsError(f"a picture of {image.width} x {image.height} pixels")
    return image


def _as_png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    colours = image.convert("L") if image.mode == "RGB" and _is_grey(image) else image
    colours.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _is_grey(image: Image.Image) -> bool:
    red, green, blue = image.split()
    return red.tobytes() == green.tobytes() == blue.tobytes()
