"""An image that was enlarged to be shown is a panel like any other, and a grid in one picture is not one image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from autograder.execute.inside.recorder import Recorder, as_panel

SIDE = 28
DIGIT = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), dtype=np.uint8)


def enlarged(times: int, how: Image.Resampling) -> np.ndarray:
    return np.asarray(Image.fromarray(DIGIT).resize((times * SIDE, times * SIDE), how))


@pytest.mark.parametrize(
    "how", [Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC]
)
@pytest.mark.parametrize("times", [2, 3, 4, 8, 16])
def test_an_enlarged_image_is_seen_as_it_was(times: int, how: Image.Resampling) -> None:
    panel = as_panel(enlarged(times, how))
    assert panel.shape == (SIDE, SIDE)
    assert np.corrcoef(panel.ravel(), DIGIT.ravel())[0, 1] > 0.85


@pytest.mark.parametrize("tiles", [4, 8])
def test_a_grid_in_one_picture_is_no_enlarged_image(tiles: int) -> None:
    grid = np.random.default_rng(1).random((tiles * SIDE, tiles * SIDE))
    assert as_panel(grid) is None


def test_what_was_enlarged_is_sent_as_a_panel_and_a_grid_as_a_mosaic() -> None:
    sent: list[dict[str, Any]] = []
    recorder = Recorder.__new__(Recorder)
    recorder.send = lambda facts, payload=b"": sent.append(facts)  # type: ignore[method-assign]
    grid = np.tile(np.random.default_rng(1).random((SIDE, SIDE)), (4, 4))

    recorder.saw_panels([("feature 0", [enlarged(4, Image.Resampling.NEAREST)]), ("all", [grid])])

    assert [one["kind"] for one in sent] == ["mosaic", "figure"]
    assert [panel["shapes"] for panel in sent[1]["panels"]] == [[[SIDE, SIDE]], [[4 * SIDE, 4 * SIDE]]]
