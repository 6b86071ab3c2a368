"""The record through which the kit knows this exercise.

What is heavy to import (TensorFlow, pytest, matplotlib) is imported where it is used.
"""

from __future__ import annotations

from pathlib import Path

from autograder.exercise import Compared, Exercise, WallChoice, Watch, Wording, packaged_source
from autograder.exercises.ising_activation_maps import shown
from autograder.exercises.ising_activation_maps.constants import CHOSEN, CLASSES, LATTICES, MAPS, SIDE
from autograder.exercises.ising_activation_maps.hints import HINTS
from autograder.exercises.ising_activation_maps.margins import QUANTITIES
from autograder.exercises.ising_activation_maps.records import own_of
from autograder.exercises.ising_activation_maps.rubric.cells import CELLS_BEHIND
from autograder.exercises.ising_activation_maps.rubric.mistakes import GENERAL, MISTAKES
from autograder.exercises.ising_activation_maps.thresholds import MapThresholds, scales
from autograder.measurements import Measurements
from autograder.report import Flag

HERE = Path(__file__).parent


def flags_of(measurements: Measurements) -> list[Flag]:
    """Return a flag for every name that is not the exercise's."""
    own, names = own_of(measurements), {}
    if own.maps is not None and own.maps.variable != MAPS:
        names["The maps were"] = own.maps.variable
    if own.choice is not None and own.choice.variable != CHOSEN:
        names["The choice was"] = own.choice.variable
    if measurements.model is not None and measurements.model.variable != "model":
        names["The network was"] = measurements.model.variable
    return [
        Flag(code="other_name", message=f"{what} found under the name '{name}'.")
        for what, name in names.items()
    ]


def is_unknown(measurements: Measurements) -> bool:
    """Tell whether there are maps of which it is not known how they were made."""
    maps = own_of(measurements).maps
    return maps is not None and maps.count > 0 and not maps.found


def traits_of(measurements: Measurements) -> tuple[float, ...] | None:
    """Return the numbers by which maps differ from those of others; None without maps."""
    maps = own_of(measurements).maps
    if maps is None or not maps.count:
        return None
    return (maps.likeness, min(max(maps.error, 0.0), 2.0), maps.fitting / max(maps.wanted, 1))


def quick_accuracy(thresholds: MapThresholds) -> float:
    """Return the held-out accuracy from which a training earns full marks.

    The best that any network can reach is 0.98, and so no margin above this one is left for an early end: in profile
    quick, a training runs to its own end.
    """
    del thresholds
    return 1.0


EXERCISE = Exercise(
    name="ising_activation_maps",
    title="Class activation maps of magnetic phases",
    heading="What your network looks at",
    wording=Wording(
        item="map",
        items="maps",
        held_out="lattices",
        comments=(
            "Well observed, and said in terms of what the network computes.",
            "You describe the maps; also say what they tell you about the phases.",
            "What is different in the lattices that your network gets wrong?",
            "Name a place in a lattice and what the map says there, so that a reader can follow.",
        ),
    ),
    source=packaged_source("ising_activation_maps"),
    brought=("ising.py", "ising.npz"),
    data="autograder.exercises.ising_activation_maps.data",
    watch=Watch(side=SIDE, arrays=(MAPS, CHOSEN)),
    measuring="autograder.exercises.ising_activation_maps.verify.measure",
    measured_by=(
        HERE / "verify",
        HERE / "constants.py",
        HERE / "data.py",
        HERE / "hints.py",
        HERE / "records.py",
    ),
    checks=HERE / "rubric" / "test_ising_activation_maps.py",
    scored_by=(HERE / "rubric", HERE / "constants.py", HERE / "records.py"),
    fixtures="autograder.exercises.ising_activation_maps.rubric.fixtures",
    thresholds=MapThresholds,
    scales=scales,
    always_stated=frozenset(),
    quick_accuracy=quick_accuracy,
    cells_behind=CELLS_BEHIND,
    slow_cells={"training": "train", "maps": "maps"},
    mistakes=MISTAKES,
    general_causes=GENERAL,
    hints=HINTS,
    flags=flags_of,
    most_images=CLASSES * LATTICES,
    columns=CLASSES * 2,  # two lattices in a row
    draw=shown.draw,
    desk=shown.desk,
    table=shown.table,
    page=shown.page,
    style=shown.style,
    shown_by=(HERE / "exercise.py", HERE / "shown.py", HERE / "constants.py"),
    choices={"unknown_maps": WallChoice("maps of unknown origin", is_unknown)},
    traits=traits_of,
    compared=Compared(images=MAPS, after_network=("maps", "plot"), after_images=("plot",)),
    quantities=QUANTITIES,
    samples=HERE / "samples",
)
