"""The numbers of the rubric, each described where it is set."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from pydantic import Field

from autograder.settings import Section

# Further than any image moves.
LARGEST = 1e9


class Thresholds(Section):
    """The numbers of the rubric. Of these, students see what `state_thresholds` states, and no other."""

    taken_from: ClassVar[dict[str, tuple[str, Callable[[float], float]]]] = {
        "accuracy_reads": ("accuracy_none", float),
        "images_least": ("filters_none", float),
        "judged_least": ("filters_none", float),
        "pattern_fallen": ("pattern_raised", float),
        "own_nearly_all": ("filters_full", float),
        "movement_large": ("movement_small", lambda small: 1 / small if small else LARGEST),
        "short_ascents_most": ("filters_full", lambda full: 1 - full),
    }

    conv_layers: int = Field(4, ge=1, description="convolutions asked for between image and classes")
    accuracy_none: float = Field(
        0.5, ge=0, le=1, description="held-out accuracy up to which `training` earns nothing"
    )
    accuracy_full: float = Field(
        0.9, ge=0, le=1, description="held-out accuracy from which `training` earns all"
    )
    accuracy_reads: float = Field(
        0.5, ge=0, le=1, description="held-out accuracy above which a network is one that reads digits"
    )
    filters_full: float = Field(0.85, gt=0, le=1, description="share of living filters that earns all points")
    filters_none: float = Field(
        0.1, ge=0, lt=1, description="share of living filters up to which nothing is earned"
    )
    images_least: float = Field(
        0.1, ge=0, lt=1, description="share of the images asked for below which `images` earns nothing"
    )
    judged_least: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="share of the layer's filters that need an image before the way to the images is judged",
    )
    gain_none: float = Field(
        0.03, ge=0, description="share of the reference's rise up to which an activation has not risen"
    )
    gain_raised: float = Field(
        0.05, gt=0, description="share of the reference's rise from which an activation counts as raised"
    )
    pattern_raised: float = Field(
        0.25, gt=0, description="pattern score below which a rise is only brightness, not a pattern"
    )
    pattern_fallen: float = Field(
        0.25,
        gt=0,
        description="how far below 0 a pattern score is from which the activation counts as fallen",
    )
    pattern_own: float = Field(
        0.6, gt=0, description="pattern score from which an image shows what its filter responds to"
    )
    own_margin: float = Field(
        0.6, gt=0, description="pattern score of the image's filter, relative to the best other filter"
    )
    recognised_least: float = Field(
        0.1,
        ge=0,
        le=1,
        description="share of images that must resemble their own filter's pattern more than any other's",
    )
    own_nearly_all: float = Field(
        0.85,
        gt=0,
        le=1,
        description="share of images with the pattern of their own filter from which they need not resemble it most",
    )
    movement_small: float = Field(
        0.03,
        ge=0,
        description="spread of the pixels, relative to the reference, below which an image has hardly moved",
    )
    movement_large: float = Field(
        33.3,
        gt=0,
        description="spread of the pixels, relative to the reference, that 50 steps of size 1 never reach",
    )
    short_ascents_most: float = Field(
        0.15,
        ge=0,
        le=1,
        description="share of images that may climb less than half as far as the others at no cost",
    )
    step_size_far: float = Field(
        3.0, gt=1, description="factor by which a step may differ from size 1 at no cost"
    )
    step_size_tolerance: float = Field(
        0.1, ge=0, description="relative deviation of a watched step size from 1 that costs nothing"
    )
    step_size_least: float = Field(
        0.03, ge=0, le=1, description="watched step size up to which `updates` earns nothing"
    )
    step_size_most: float = Field(
        33.3, ge=1, description="watched step size from which `updates` earns nothing"
    )
    step_length_far: float = Field(
        1.5,
        gt=1,
        description="factor by which watched steps that follow no simple rule may be longer or shorter at no cost",
    )
    steps_tolerance: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="share of the 50 steps that may be missing at no cost; too many cost nothing up to 50 / (1 - 0.1)",
    )
    steps_none: float = Field(
        0.3,
        ge=0,
        lt=1,
        description="share of the 50 steps up to which `updates` earns nothing, as from 50 / 0.3 steps",
    )


# The notebook asks for this number of convolutions, so it is no secret of the rubric.
ALWAYS_STATED = frozenset({"convolutions"})


def scales(thresholds: Thresholds) -> dict[str, tuple[float, float]]:
    """Return what earns nothing and what earns all, by the names in `selfcheck.py`."""
    return {
        "convolutions": (0, thresholds.conv_layers),
        "accuracy": (thresholds.accuracy_none, thresholds.accuracy_full),
        "filters": (thresholds.filters_none, thresholds.filters_full),
        "steps": (thresholds.steps_none, round(1 - thresholds.steps_tolerance, 6)),
    }
