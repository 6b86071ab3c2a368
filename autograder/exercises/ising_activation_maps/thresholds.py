"""The numbers of the rubric, each described where it is set."""

from __future__ import annotations

from pydantic import Field

from autograder.settings import Section


class MapThresholds(Section):
    """The numbers of the rubric. Of these, students see what `state_thresholds` states, and no other."""

    conv_layers: int = Field(2, ge=1, description="convolutions asked for between lattice and classes")
    accuracy_none: float = Field(
        0.8, ge=0, le=1, description="held-out accuracy up to which `training` earns nothing"
    )
    accuracy_full: float = Field(
        0.95, ge=0, le=1, description="held-out accuracy from which `training` earns all"
    )
    lattices: int = Field(4, ge=2, description="lattices to choose")
    mistaken_maps: float = Field(
        0.4, ge=0, le=1, description="share of `maps` for sums over the right features with one mistake"
    )


def scales(thresholds: MapThresholds) -> dict[str, tuple[float, float]]:
    """Return what earns nothing and what earns all, by the names in `selfcheck.py`."""
    return {"accuracy": (thresholds.accuracy_none, thresholds.accuracy_full)}
