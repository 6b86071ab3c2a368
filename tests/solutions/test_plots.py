import io
import threading

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from solutions.deprocess import deprocess
from solutions.plots import draw_activations, draw_feature_grid, plot_activations, plot_feature_grid


def images(count: int = 10) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, 28, 28, 1)).astype(np.float32)


def words(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_every_panel_is_labelled_with_its_filter() -> None:
    axes = plot_feature_grid(images(10)).axes[0]
    assert words(axes) == [str(index) for index in range(10)]


def test_the_grid_shows_the_deprocessed_images() -> None:
    axes = plot_feature_grid(images(10), columns=4).axes[0]

    mosaic = np.asarray(axes.images[0].get_array())

    assert len(axes.images) == 1
    assert mosaic.shape == (3 * (7 + 28), 4 * 30 - 2)
    np.testing.assert_array_equal(mosaic[7:35, :28], deprocess(images(10)[0, ..., 0]))
    np.testing.assert_array_equal(mosaic[42:70, 30:58], deprocess(images(10)[5, ..., 0]))


def test_a_dead_filter_is_named_and_its_noise_not_shown() -> None:
    dead = np.arange(10) == 3

    axes = plot_feature_grid(images(10), dead=dead, title="conv2d_3").axes[0]

    assert words(axes).count("dead") == 1
    panel = np.asarray(axes.images[0].get_array())[7:35, 90:118]
    assert len(np.unique(panel)) == 2
    assert axes.get_title() == "conv2d_3"


def test_missing_images_are_named() -> None:
    entries = [*images(3), None, np.full((28, 28, 1), np.nan), np.array(np.nan)]
    axes = plot_feature_grid(entries).axes[0]
    assert words(axes).count("missing") == 3


def test_a_grid_of_nothing_can_be_drawn() -> None:
    for entries in ([], [None] * 3):
        plot_feature_grid(entries).savefig(io.BytesIO())


def test_images_may_carry_a_batch_axis_and_own_labels() -> None:
    axes = Figure().add_subplot()
    draw_feature_grid(axes, [image[np.newaxis] for image in images(2)], labels=["ada", "grace"])
    assert words(axes) == ["ada", "grace"]


def test_entries_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match="10 images, but 3 entries in dead"):
        plot_feature_grid(images(10), dead=[False] * 3)
    with pytest.raises(ValueError, match="one height and width"):
        plot_feature_grid([np.zeros((28, 28)), np.zeros((14, 14))])


def test_activations_are_a_line_each_and_the_median_of_the_live_ones() -> None:
    rise = np.outer(np.arange(51), [1.0, 2.0, 3.0, 0.0])

    axes = plot_activations(rise, dead=[False, False, False, True]).axes[0]

    assert len(axes.collections[0].get_segments()) == 3  # type: ignore[attr-defined]
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), rise[:, 1])
    assert [text.get_text() for text in axes.get_legend().get_texts()][-1] == "dead: 3"
    assert axes.get_ylim()[1] >= 150


def test_activations_of_dead_filters_only_can_be_drawn() -> None:
    axes = Figure().add_subplot()
    draw_activations(axes, np.zeros((5, 12)), dead=[True] * 12)
    assert axes.get_legend().get_texts()[0].get_text() == "dead: 0, 1, 2, 3, 4, 5 and 6 more"


def test_figures_can_be_drawn_in_threads() -> None:
    pictures: list[bytes] = []

    def draw() -> None:
        buffer = io.BytesIO()
        plot_feature_grid(images(8)).savefig(buffer, format="png")
        pictures.append(buffer.getvalue())

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(pictures) == 4
    assert len({len(picture) for picture in pictures}) == 1
