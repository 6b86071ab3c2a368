"""Turns Evidence into Measurements: the network, the choice of lattices, the maps and the figure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from autograder.evidence import Evidence
from autograder.exercises.ising_activation_maps.constants import CLASSES, LATTICES, MAPS, WRONG
from autograder.exercises.ising_activation_maps.data import Lattices
from autograder.exercises.ising_activation_maps.hints import HINTS
from autograder.exercises.ising_activation_maps.records import (
    ChoiceMeasurement,
    MapsMeasurement,
    OwnMeasurement,
    as_own,
    own_of,
)
from autograder.exercises.ising_activation_maps.verify.finding import (
    BETWEEN,
    Chosen,
    Handed,
    arrays_called,
    chosen_places,
    handed_in,
)
from autograder.exercises.ising_activation_maps.verify.head import Ingredients, find_way, ingredients
from autograder.exercises.ising_activation_maps.verify.hypotheses import (
    EXACT,
    Fit,
    best_fit,
    correlations,
    relative_errors,
)
from autograder.exercises.ising_activation_maps.verify.names import ASKED
from autograder.exercises.ising_activation_maps.verify.plot import ToShow, measure_figures
from autograder.measurements import Measurements, ModelMeasurement
from autograder.pictures import Pictures
from autograder.plain.text import plain_text
from autograder.verify.compiled import forget_compiled, too_many_compiled
from autograder.verify.cost import MOST_TIMES
from autograder.verify.diagnosis import diagnose
from autograder.verify.graph import call
from autograder.verify.models import MeasuredModel, accuracy_before_training, read_models

Floats = npt.NDArray[np.float32]

MOST_VERSIONS = 12
# Pixels of an image in the pages' grids.
TILE = 28
# Above this accuracy, it matters where a network has it from; the rubric gives points from there on.
READS_PHASES = 0.7
# A network below this accuracy may have been trained on lattices in other units; it was if it is so much better there.
UNLIKE_TRAINED, CLEARLY_BETTER = 0.9, 0.1


@dataclass(frozen=True)
class MeasuredMaps:
    """Handed-in maps beside what their network makes of the same lattices."""

    handed: Handed
    model: MeasuredModel
    right: Ingredients
    fit: Fit


def measure(
    evidence: Evidence, digits: Lattices, *, seed: int, most_times: float = MOST_TIMES
) -> tuple[Measurements, Pictures]:
    """Measure one submission again, from its evidence alone.

    If its network is not good on spins of -1 and 1, but on 0 and 1, the notebook has scaled them, and so does this.

    Raises:
        TooCostlyError: a network takes more than `most_times` times as long as the first exercise's solution.
    """
    del seed  # nothing here is drawn by lot
    measured, pictures = _measure(evidence, digits, most_times)
    if measured.model is not None and measured.model.accuracy < UNLIKE_TRAINED:
        scaled, its_pictures = _measure(evidence, digits.as_zero_and_one(), most_times)
        is_better = scaled.model and scaled.model.accuracy > measured.model.accuracy + CLEARLY_BETTER
        if is_better and _right_maps(scaled) >= _right_maps(measured):
            return scaled, its_pictures
    return measured, pictures


def _right_maps(measured: Measurements) -> int:
    maps = own_of(measured).maps
    return maps.fitting if maps is not None else 0


def _measure(evidence: Evidence, digits: Lattices, most_times: float) -> tuple[Measurements, Pictures]:
    models, refused = read_models(evidence, digits, most_times=most_times)
    networks = [model for model in models if model.without_accuracy.outputs in {1, CLASSES}] or models
    choices = chosen_places(evidence, digits)
    tried = [(best_maps(evidence, networks, one.places, digits), one) for one in choices]
    found, (places, variable) = max(
        tried,
        key=lambda pair: pair[0].fit.order if pair[0] is not None else (-1, 0.0),
        default=(None, Chosen((), "")),
    )
    model = found.model if found is not None else likeliest(networks)
    way = find_way(model.frozen) if model is not None else None
    choice = measure_choice(model, places, variable, digits) if model is not None and places else None
    wanted = _wanted(model, places, found, digits) if model is not None and places else None
    own = OwnMeasurement(
        head=way.head if way is not None else None,
        choice=choice,
        maps=measure_maps(found, places) if found is not None else _unusable_maps(evidence),
        figure=measure_figures(evidence, wanted),
    )
    measurements = Measurements(
        outcome=evidence.outcome,
        model=_with_accuracy(model, networks, evidence, digits) if model is not None else None,
        refused_model="" if model is not None else refused,
        errors=diagnose(evidence.cells, HINTS),
        changed_cells=evidence.changed_cells,
        own=as_own(own),
        is_cut_off=evidence.is_cut_off,
        stopped=evidence.reason,
    )
    return measurements, _pictures(found, places, digits)


def likeliest(networks: list[MeasuredModel]) -> MeasuredModel | None:
    """Return the network that is meant if no maps tell: that with a name and the most accurate, the last of equals."""
    last = {id(one.frozen): one for one in networks}
    return max(
        last.values(),
        key=lambda one: (one.without_accuracy.variable != "", one.measurement.accuracy, one.record.run),
        default=None,
    )


def best_maps(
    evidence: Evidence, networks: list[MeasuredModel], places: tuple[int, ...], lattices: Lattices
) -> MeasuredMaps | None:
    """Return the maps that count, with the network that they fit best.

    Versions of the variable are tried from the last to the first, as a later cell may scale the maps for its figure;
    a version counts if more of its maps are right, or closer to what something leads to.
    """
    known = [place for place in places if place >= 0]
    if not known:
        return None
    best: MeasuredMaps | None = None
    for handed in handed_in(evidence, len(places)):
        rows = [row for row, place in enumerate(places) if place >= 0 and row < len(handed.maps)]
        for model in _before(networks, handed.record.run):
            way = find_way(model.frozen)
            if way is None or not rows:
                continue
            spins = lattices.shown[[places[row] for row in rows]]
            right = ingredients(model.frozen, way, spins)
            fit = best_fit(handed.maps[rows], right)
            if best is None or fit.order > best.fit.order:
                best = MeasuredMaps(replace(handed, maps=handed.maps[rows]), model, right, fit)
            if fit.name == ASKED and fit.fitting == CLASSES * len(places):
                return best
    return best


def _before(networks: list[MeasuredModel], run: int) -> list[MeasuredModel]:
    """Return the last version of every network when a cell had run, the most accurate one first."""
    last = {one.without_accuracy.variable: one for one in networks if one.record.run <= run}
    distinct = {id(one.frozen): one for one in last.values()}
    versions = sorted(distinct.values(), key=lambda one: one.measurement.accuracy, reverse=True)
    return versions[:MOST_VERSIONS]


def measure_maps(found: MeasuredMaps, places: tuple[int, ...]) -> MapsMeasurement:
    """Say what the maps are, and how far they are from those asked for."""
    handed, right = found.handed, found.right.maps
    same_size = handed.maps.shape == right.shape
    likeness = float(np.median(correlations(handed.maps, right))) if same_size else 0.0
    error = float(np.median(relative_errors(handed.maps, right))) if same_size else -1.0
    is_single = handed.shape.count(CLASSES) == 0 and np.array_equal(handed.maps[:, 0], handed.maps[:, 1])
    maps = handed.maps.reshape(-1, *handed.maps.shape[2:])
    fit = found.fit
    if is_single and fit.name in {ASKED, "one_class_twice"}:  # each is the map of one of both classes
        fit = replace(fit, name=ASKED, fitting=min(fit.fitting, len(handed.maps)))
    return MapsMeasurement(
        variable=plain_text(str(handed.record.facts.get("variable")), at_most=100),
        shape=handed.shape,
        count=len(handed.maps) * (1 if is_single else CLASSES),
        wanted=CLASSES * max(len(places), LATTICES),
        found=fit.name,
        fitting=fit.fitting,
        resized=fit.resized,
        likeness=round(likeness, 6),
        error=round(min(error, 1e9), 6),
        units=same_size and 0 <= error < EXACT and bool(np.ptp(maps) > 0),
    )


def _unusable_maps(evidence: Evidence) -> MapsMeasurement | None:
    """Return the shape of what has the name of the maps but cannot be any; None if there is nothing."""
    for _, array in arrays_called(evidence, MAPS):
        return MapsMeasurement(MAPS, array.shape, 0, CLASSES * LATTICES, "", 0, False, 0.0, -1.0, False)  # noqa: FBT003
    return None


def measure_choice(
    model: MeasuredModel, places: tuple[int, ...], variable: str, lattices: Lattices
) -> ChoiceMeasurement:
    """Ask the network about the chosen lattices, and about all others to know how many wrong ones there are."""
    says = probabilities_of(model, lattices.shown)
    rows = np.arange(len(says))
    own = says[rows, lattices.shown_classes]
    is_wrong = says.argmax(axis=1) != lattices.shown_classes
    known = sorted({place for place in places if place >= 0})
    missing = max(WRONG - int(is_wrong.sum()), 0)
    doubt = np.where(is_wrong, np.inf, own)
    # Rounding may exchange two lattices of which the network is equally uncertain.
    limit = np.sort(doubt)[missing - 1] + 1e-4 if missing else -1.0
    return ChoiceMeasurement(
        variable=variable,
        places=places,
        distinct=len(known),
        right=int((~is_wrong[known]).sum()),
        wrong=int(is_wrong[known].sum()),
        wrong_there=int(is_wrong.sum()),
        doubtful=int((doubt[known] <= limit).sum()),
        probabilities=tuple(round(float(own[place]), 4) if place >= 0 else 0.0 for place in places),
    )


def probabilities_of(model: MeasuredModel, lattices: Floats) -> Floats:
    """Return the probabilities of both classes, (n, 2), whatever the network ends with."""
    frozen = model.frozen
    if len(frozen.shapes[frozen.output]) != 2:
        return np.tile(np.array([1.0, 0.0], np.float32), (len(lattices), 1))
    outputs = call(frozen, frozen.function(frozen.output), lattices)
    if outputs.shape[1] == 1:
        if outputs.min() < 0 or outputs.max() > 1:  # a logit
            outputs = 1 / (1 + np.exp(-outputs))
        return np.concatenate([1 - outputs, outputs], axis=1)
    if np.allclose(outputs.sum(axis=1), 1, atol=1e-3) and outputs.min() >= 0:
        return outputs[:, :CLASSES]
    exponentials = np.exp(outputs[:, :CLASSES] - outputs[:, :CLASSES].max(axis=1, keepdims=True))
    softmax: Floats = exponentials / exponentials.sum(axis=1, keepdims=True)
    return softmax


def _wanted(
    model: MeasuredModel, places: tuple[int, ...], found: MeasuredMaps | None, lattices: Lattices
) -> ToShow | None:
    known = [place for place in places if place >= 0]
    if not known:
        return None
    says = probabilities_of(model, lattices.shown[known])
    has_all = found is not None and len(found.handed.maps) == len(known)
    return ToShow(
        lattices.shown[known][..., 0],
        found.handed.maps if found is not None and has_all else np.zeros((0, CLASSES, 1, 1), np.float32),
        tuple(float(lattices.shown_temperatures[place]) for place in known),
        tuple(tuple(map(float, row)) for row in says),
    )


def _with_accuracy(
    model: MeasuredModel, networks: list[MeasuredModel], evidence: Evidence, digits: Lattices
) -> ModelMeasurement:
    measured = model.measurement
    if measured.outputs == 1:  # a single output is no choice among classes, but its probability is
        shares = [
            float(np.mean(probabilities_of(model, images).argmax(axis=1) == digits.labels))
            for images in (digits.images, digits.moved)
        ]
        return replace(measured, accuracy=min(shares))
    if measured.accuracy < READS_PHASES:  # then it does not matter
        return measured
    versions = [one for one in networks if one.without_accuracy.variable == measured.variable]
    return replace(measured, accuracy_before=accuracy_before_training(versions, evidence))


def _pictures(found: MeasuredMaps | None, places: tuple[int, ...], lattices: Lattices) -> Pictures:
    """Return the maps that were handed in, and those asked for, one after another, with the lattices for the panels."""
    if found is None:
        return Pictures()
    handed, right = found.handed.maps, found.right.maps
    known = [place for place in places if place >= 0][: len(handed)]
    return Pictures(
        student=_enlarged(handed),
        reference=_enlarged(right),
        dead=np.zeros(right.shape[0] * CLASSES, np.bool_),
        student_dead=np.zeros(handed.shape[0] * CLASSES, np.bool_),
        panels={
            "lattices": np.where(lattices.shown[known][..., 0] > BETWEEN, 1, -1).astype(np.int8),
            "temperatures": lattices.shown_temperatures[known],
            "classes": lattices.shown_classes[known],
            "logits": found.right.logits,
        },
    )


def _enlarged(maps: Floats) -> Floats:
    """Return maps, (n, 2, height, width), one after another and of the size of a tile of the pages, (2 n, 28, 28)."""
    rows, columns = (np.arange(TILE) * length // TILE for length in maps.shape[2:])
    return np.nan_to_num(maps[:, :, rows][:, :, :, columns].reshape(-1, TILE, TILE))


def forget_models() -> None:
    """Free compiled functions when there are too many."""
    if too_many_compiled():
        forget_compiled()
    tf.keras.backend.clear_session()
