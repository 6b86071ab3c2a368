"""Measures the figure: how many panels show an image of the result, and whether they say which one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from autograder.evidence import Evidence, Record
from autograder.exercises.activation_maximization.constants import SIDE
from autograder.exercises.activation_maximization.verify.conditions import Floats
from autograder.exercises.activation_maximization.verify.figures import drawn, panel_images
from autograder.measurements import PlotMeasurement
from autograder.verify.arrays import read_array
from solutions.deprocess import deprocess

# A panel shows an image if their pixels correlate at least this much; two different features rarely do.
SAME_IMAGE = 0.6
# The tiles of a grid made by hand may be this many pixels apart.
WIDEST_GAP = 12
MOST_TILES = 32


def measure_plot(evidence: Evidence, images: Floats | None) -> PlotMeasurement | None:
    """Return the facts about the figure that shows the most of the result.

    Args:
        evidence: the evidence of the submission.
        images: float32 (n, 28, 28), the result; if there is none, every distinct image counts.
    """
    known = _standardised(np.concatenate([images, _deprocessed(images)])) if images is not None else None
    figures = [
        *(_figure(evidence, record, known) for record in drawn(evidence, "figure")),
        *_spread_over_figures(evidence, known),
        *(_mosaic(evidence, record, known) for record in drawn(evidence, "mosaic")),
    ]
    return max(figures, key=lambda plot: (plot.shown, -plot.figures, plot.titled, plot.panels), default=None)


def _figure(evidence: Evidence, record: Record, known: Floats | None) -> PlotMeasurement:
    facts = record.facts.get("panels")
    panels = [panel for panel in facts if isinstance(panel, dict)] if isinstance(facts, list) else []
    with_image = [panel for panel in panels if _shows_an_image(panel)]
    images = panel_images(evidence, record)
    flat = images.reshape(len(images), SIDE * SIDE)
    return PlotMeasurement(
        panels=min(len(with_image), len(images)) if with_image else len(images),
        titled=sum(bool(str(panel.get("title", "")).strip()) for panel in with_image),
        blank=int(sum(np.ptp(image) == 0 for image in flat)),
        distinct=len(np.unique(flat, axis=0)) if len(flat) else 0,
        shown=_shown(images, known),
        figures=1,
        mosaic=False,
    )


def _spread_over_figures(evidence: Evidence, known: Floats | None) -> Iterator[PlotMeasurement]:
    """Yield, for every cell that draws many figures of one panel each, what they show together."""
    records = drawn(evidence, "figure")
    for run, count in Counter(record.run for record in records).items():
        single = (
            [(one, panel_images(evidence, one)) for one in records if one.run == run] if count > 1 else []
        )
        single = [(one, images) for one, images in single if len(images) == 1]
        if len(single) > 1:
            together = np.concatenate([images for _, images in single])
            parts = [_figure(evidence, one, known) for one, _ in single]
            yield PlotMeasurement(
                panels=len(together),
                titled=sum(part.titled for part in parts),
                blank=sum(part.blank for part in parts),
                distinct=len(np.unique(together.reshape(len(together), -1), axis=0)),
                shown=_shown(together, known),
                figures=len(single),
                mosaic=False,
            )


def _mosaic(evidence: Evidence, record: Record, known: Floats | None) -> PlotMeasurement:
    """Measure one large picture, cut into tiles in the way that shows the most."""
    picture = read_array(evidence.payload(record))
    best = np.zeros((0, SIDE, SIDE), np.float32)
    if picture is not None and picture.ndim == 2:
        best = max(_cut(picture.astype(np.float32)), key=lambda tiles: _shown(tiles, known), default=best)
    return PlotMeasurement(
        panels=len(best),
        titled=0,
        blank=0,
        distinct=len(np.unique(best.reshape(len(best), SIDE * SIDE), axis=0)) if len(best) else 0,
        shown=_shown(best, known) if known is not None else 0,
        figures=1,
        mosaic=True,
    )


def _cut(picture: Floats) -> Iterator[Floats]:
    """Yield the tiles, (n, 28, 28), of every regular grid that fills the picture, with or without a frame."""
    for gap in range(WIDEST_GAP + 1):
        for frame in {0, gap}:
            counts = [(length - 2 * frame + gap) / (SIDE + gap) for length in picture.shape]
            if all(count == int(count) and 2 <= count <= MOST_TILES for count in counts):
                rows, columns = map(int, counts)
                starts = [
                    (frame + row * (SIDE + gap), frame + column * (SIDE + gap))
                    for row in range(rows)
                    for column in range(columns)
                ]
                yield np.stack([picture[y : y + SIDE, x : x + SIDE] for y, x in starts])


def _shown(panels: Floats, known: Floats | None) -> int:
    """Return how many different images are shown; if there is a result, only its images count."""
    varied = panels[[bool(np.ptp(panel) > 0) for panel in panels]] if len(panels) else panels
    if not len(varied):
        return 0
    if known is None:
        return len(np.unique(varied.reshape(len(varied), SIDE * SIDE), axis=0))
    # (panels, 2 n): the image itself, then deprocessed; its first row may be at the bottom, as pcolormesh draws it
    likeness = np.maximum(*(np.abs(_standardised(one) @ known.T) for one in (varied, varied[:, ::-1])))
    count = known.shape[0] // 2
    likeness = np.maximum(likeness[:, :count], likeness[:, count:])
    return len({int(row.argmax()) for row in likeness if row.max() >= SAME_IMAGE})


def _standardised(images: Floats) -> Floats:
    """Return images as vectors, (n, 784), of mean 0 and length 1: their dot products are correlations."""
    flat = np.nan_to_num(images, nan=0.0, posinf=0.0, neginf=0.0).reshape(len(images), -1).astype(np.float64)
    centred = flat - flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    vectors: Floats = np.divide(centred, length, out=np.zeros_like(centred), where=length > 1e-12)
    return vectors.astype(np.float32)


def _deprocessed(images: Floats) -> npt.NDArray[np.float32]:
    clean = np.nan_to_num(images, nan=0.0, posinf=0.0, neginf=0.0)
    return deprocess(clean[..., np.newaxis])[..., 0].astype(np.float32)


def _shows_an_image(panel: dict[str, object]) -> bool:
    shapes = panel.get("shapes")
    return isinstance(shapes, list) and any(_is_square(shape) for shape in shapes)


def _is_square(shape: object) -> bool:
    return (
        isinstance(shape, list)
        and len(shape) >= 2
        and shape[0] == shape[1]
        and shape[0] in {SIDE, 2 * SIDE, 3 * SIDE}
    )
