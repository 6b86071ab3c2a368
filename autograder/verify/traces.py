"""The traces of the work besides its results: gradient steps that were watched, figures that were drawn."""

from __future__ import annotations

import numpy as np

from autograder.evidence import Evidence, Record
from autograder.measurements import PlotMeasurement, StepsMeasurement
from autograder.verify.arrays import read_array


def measure_steps(evidence: Evidence, images: Record, count: int) -> StepsMeasurement | None:
    """Count the gradient steps that were seen in the cell that made the images."""
    tapes = [record for record in evidence.of_kind("tape") if record.run <= images.run]
    calls = read_array(evidence.payload(tapes[-1])) if tapes else None
    if calls is None or calls.ndim != 2 or calls.shape[1] != 3 or not np.isfinite(calls).all():
        return None
    per_image = float(calls[:, 0].sum()) / count
    losses = calls[:, 1].astype(np.float32)
    curves: tuple[tuple[float, ...], ...] = ()
    if (calls[:, 0] == 1).all() and len(losses) % count == 0:
        steps = len(losses) // count
        curves = tuple(
            tuple(round(float(loss), 5) for loss in curve) for curve in losses.reshape(count, steps)
        )
    return StepsMeasurement(per_image, curves)


# Cells of the exercise that draw something themselves.
GIVEN_PICTURES = frozenset({"look_at_data", "look_at_deprocess"})


def measure_plot(evidence: Evidence) -> PlotMeasurement | None:
    """Return the facts of the figure with the most panels that show a 28 x 28 image."""
    figures = [
        _figure(evidence, record)
        for record in evidence.of_kind("figure")
        if not (0 <= record.run < len(evidence.cells) and evidence.cells[record.run].cell in GIVEN_PICTURES)
    ]
    return max(figures, key=lambda plot: (plot.panels, plot.titled, -plot.blank), default=None)


def _figure(evidence: Evidence, record: Record) -> PlotMeasurement:
    facts = record.facts.get("panels")
    panels = [panel for panel in facts if isinstance(panel, dict)] if isinstance(facts, list) else []
    with_image = [panel for panel in panels if any(shape[:2] == [28, 28] for shape in _shapes(panel))]
    images = read_array(evidence.payload(record))
    if images is None or images.shape[1:] != (28, 28):
        images = np.zeros((0, 28, 28))
    flat = images.reshape(len(images), 28 * 28)
    return PlotMeasurement(
        panels=min(len(with_image), len(images)),
        titled=sum(bool(str(panel.get("title", "")).strip()) for panel in with_image),
        blank=int(sum(np.ptp(image) == 0 for image in flat)),
        distinct=len(np.unique(flat, axis=0)) if len(flat) else 0,
        mosaic=any(is_mosaic(shape) for panel in panels for shape in _shapes(panel)),
    )


def is_mosaic(shape: list[int]) -> bool:
    """Tell whether a picture is large enough to hold a grid of at least 4 x 4 features."""
    return len(shape) >= 2 and min(shape[:2]) >= 4 * 28


def _shapes(panel: dict[str, object]) -> list[list[int]]:
    shapes = panel.get("shapes")
    if not isinstance(shapes, list):
        return []
    return [shape for shape in shapes if isinstance(shape, list) and all(type(n) is int for n in shape)]
