"""Images as one small picture of panels, for pages."""

from __future__ import annotations

import base64
import io

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from PIL import Image

from autograder.pictures import Floats
from solutions.data import SIDE
from solutions.deprocess import deprocess

GAP = 2
# A page is light or dark; this grey between the panels suits both.
BETWEEN = 128
# Browsers blur pictures that they enlarge; pictures enlarged here keep sharp pixels.
ENLARGED = 3
# A dead filter's image is its initial noise: the cross keeps it from being mistaken for a pattern.
CROSSED = np.where(np.eye(SIDE, dtype=bool) | np.eye(SIDE, dtype=bool)[::-1], 90, BETWEEN).astype(np.uint8)


def draw_mosaic(
    images: Floats, dead: npt.NDArray[np.bool_], columns: int, *, enlarged: int = ENLARGED
) -> bytes | None:
    """Return images as a PNG of one panel each, so many in a row, dead filters crossed out.

    None if there are no images.
    """
    if (mosaic := arrange(images, dead, columns)) is None:
        return None
    buffer = io.BytesIO()
    Image.fromarray(mosaic.repeat(enlarged, axis=0).repeat(enlarged, axis=1)).save(
        buffer, "PNG", optimize=True
    )
    return buffer.getvalue()


def arrange(images: Floats, dead: npt.NDArray[np.bool_], columns: int) -> npt.NDArray[np.uint8] | None:
    """Return the pixels of the mosaic at their original size; None if there are no images."""
    if not len(images):
        return None
    pitch = SIDE + GAP
    mosaic = np.full(mosaic_size(len(images), columns)[::-1], BETWEEN, dtype=np.uint8)
    crossed = np.flatnonzero(dead)
    for index, panel in enumerate(deprocess(images)):
        top, left = index // columns * pitch, index % columns * pitch
        mosaic[top : top + SIDE, left : left + SIDE] = CROSSED if index in crossed else panel
    return mosaic


def mosaic_size(count: int, columns: int) -> tuple[int, int]:
    """Return width and height of a mosaic in pixels, at its original size."""
    rows, pitch = -(-count // columns), SIDE + GAP
    return columns * pitch - GAP, rows * pitch - GAP


def picture_address(png: bytes) -> Markup:
    """Return a PNG as an address that is embedded in the page."""
    return Markup("data:image/png;base64," + base64.b64encode(png).decode())  # noqa: S704 (letters, digits, + and /)
