"""The small picture of a submission, for pages that show many: its features as one mosaic."""

from __future__ import annotations

from autograder.pages.mosaic import draw_mosaic
from autograder.pictures import Pictures


def draw_features(pictures: Pictures) -> bytes | None:
    """Return the handed-in images as a PNG of up to 8 x 8 panels, dead filters crossed out.

    None if there are no images.
    """
    return draw_mosaic(pictures.student, pictures.student_dead)
