"""What a figure shows of the result, however it was drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from autograder.evidence import CellRun, Evidence, Record, digest
from autograder.execute.inside.recorder import as_npy
from autograder.exercises.activation_maximization.verify.plot import measure_plot
from autograder.measurements import PlotMeasurement
from solutions.deprocess import deprocess

Images = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def images() -> Images:
    return np.random.default_rng(0).normal(size=(16, 28, 28)).astype(np.float32) * 40


def figure(panels: Images, titles: Sequence[str] = (), run: int = 0) -> tuple[Record, bytes]:
    named = [*titles, *[""] * (len(panels) - len(titles))]
    facts = {"panels": [{"title": title, "shapes": [[28, 28]]} for title in named]}
    payload = as_npy(panels.astype(np.float32))
    return Record("figure", run, facts, digest(payload)), payload


def measured(*figures: tuple[Record, bytes], images: Images | None) -> PlotMeasurement:
    evidence = Evidence(
        "graded",
        (CellRun(0, "plot", "ok"),),
        tuple(record for record, _ in figures),
        {digest(payload): payload for _, payload in figures},
    )
    plot = measure_plot(evidence, images)
    assert plot is not None
    return plot


def test_deprocessed_images_are_recognised(images: Images) -> None:
    grey = deprocess(images[..., None])[..., 0].astype(np.float32)

    plot = measured(figure(grey, [f"feature {i}" for i in range(16)]), images=images)

    assert (plot.panels, plot.shown, plot.titled, plot.figures) == (16, 16, 16, 1)


def test_images_that_were_handed_over_upside_down_are_shown_upright(images: Images) -> None:
    """As for pcolormesh, which draws the first row at the bottom."""
    assert measured(figure(images[:, ::-1]), images=images).shown == 16


def test_noise_in_the_panels_shows_nothing(images: Images) -> None:
    noise = np.random.default_rng(1).random((16, 28, 28), dtype=np.float32)

    plot = measured(figure(noise), images=images)

    assert (plot.shown, plot.distinct) == (0, 16)


def test_the_same_image_in_every_panel_counts_once(images: Images) -> None:
    plot = measured(figure(images[[3] * 16]), images=images)

    assert (plot.panels, plot.shown, plot.distinct) == (16, 1, 1)


def test_without_a_result_every_different_picture_counts(images: Images) -> None:
    panels = np.concatenate([images[:4], images[:4], np.zeros((1, 28, 28), np.float32)])

    plot = measured(figure(panels), images=None)

    assert (plot.panels, plot.shown, plot.blank) == (9, 4, 1)


def test_one_figure_per_feature_is_put_together(images: Images) -> None:
    plot = measured(*(figure(images[i : i + 1], [f"feature {i}"]) for i in range(16)), images=images)

    assert (plot.panels, plot.shown, plot.titled, plot.figures) == (16, 16, 16, 16)


@pytest.mark.parametrize(("gap", "frame"), [(0, 0), (2, 0), (1, 1)])
def test_a_mosaic_is_cut_into_its_tiles(gap: int, frame: int, images: Images) -> None:
    side = 4 * 28 + 3 * gap + 2 * frame
    picture = np.zeros((side, side), np.float32)
    for i, image in enumerate(images):
        y, x = (frame + (i // 4) * (28 + gap), frame + (i % 4) * (28 + gap))
        picture[y : y + 28, x : x + 28] = image
    payload = as_npy(picture)

    plot = measured((Record("mosaic", 0, {}, digest(payload)), payload), images=images)

    assert (plot.mosaic, plot.shown, plot.titled) == (True, 16, 0)


def test_the_figure_that_shows_most_counts(images: Images) -> None:
    plot = measured(figure(images[:3]), figure(images), figure(images[:5]), images=images)

    assert plot.shown == 16


def test_the_pictures_of_the_given_cells_do_not_count(images: Images) -> None:
    record, payload = figure(images)
    evidence = Evidence("graded", (CellRun(0, "look_at_data", "ok"),), (record,), {digest(payload): payload})

    assert measure_plot(evidence, images) is None
