"""Finds the student's network among the models in the evidence, and measures what it can do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property

from autograder.evidence import Evidence, Record
from autograder.measurements import ModelMeasurement
from autograder.plain.text import plain_text
from autograder.verify.accuracy import accuracy
from autograder.verify.allowed import RefusedGraphError
from autograder.verify.cost import MOST_TIMES, REFERENCE_PRODUCTS
from autograder.verify.graph import FrozenModel, read_graph
from autograder.verify.held_out import HeldOut
from autograder.verify.network import Network

MOST_MODELS = 24
MOST_CLASSIFIERS = 3
# All different networks of a submission may take this many times as much as a single one may: one of them is measured
# in full, of others only the accuracy is.
IN_ALL = 5
LONGEST_REASON = 300
# This accuracy decides which network is meant, not how many points it earns.
GOOD_ACCURACY = 0.9


class TooCostlyError(Exception):
    """The networks of a submission would take longer to measure than they may; the message says how long."""


@dataclass(frozen=True, eq=False)
class MeasuredModel:
    """A measured model of the submission, with its record.

    Accuracy is measured only when needed. For most models it is not, above all for versions before the
    training.
    """

    record: Record
    frozen: FrozenModel
    without_accuracy: ModelMeasurement
    read_accuracy: Callable[[], float]

    @cached_property
    def measurement(self) -> ModelMeasurement:
        """The complete measurement, with accuracy."""
        return replace(self.without_accuracy, accuracy=self.read_accuracy())


def read_models(
    evidence: Evidence, digits: HeldOut, *, most_times: float = MOST_TIMES
) -> tuple[list[MeasuredModel], str]:
    """Return all models whose graphs pass the reader, and why the last refused one did not.

    Args:
        evidence: the evidence of the submission.
        digits: what accuracy is measured on.
        most_times: what a network may take, in networks of the solution.

    Raises:
        TooCostlyError: one of them, or all together, would take longer.
    """
    models: list[MeasuredModel] = []
    refused = ""
    known: dict[str, MeasuredModel] = {}
    for record in evidence.of_kind("model")[:MOST_MODELS]:
        if "refused" in record.facts:
            refused = plain_text(str(record.facts["refused"]), at_most=LONGEST_REASON)
            continue
        if record.payload in known:  # the same computation under another name or at a later time
            twin = known[record.payload]
            facts = _with_facts(twin.without_accuracy, record)
            models.append(MeasuredModel(record, twin.frozen, facts, twin.read_accuracy))
            continue
        try:
            frozen = read_graph(evidence.payload(record), record.facts, side=digits.images.shape[1])
        except RefusedGraphError as error:
            name = plain_text(str(record.facts.get("variable")), at_most=LONGEST_REASON)
            refused = f"the computation of '{name}' was refused: {error}"
            continue
        models.append(measure_model(record, frozen, digits))
        known[record.payload] = models[-1]
        all_times = [model.frozen.products / REFERENCE_PRODUCTS for model in known.values()]
        if max(all_times) > most_times or sum(all_times) > IN_ALL * most_times:
            raise TooCostlyError(
                f"its networks take {sum(all_times):.0f} times as long to measure as the solution's"
            )
    return models, refused


def measure_model(record: Record, frozen: FrozenModel, digits: HeldOut) -> MeasuredModel:
    """Count the convolutions of one model, and prepare measuring its accuracy."""
    network = Network(frozen.graph)
    used = network.convolutions_between(frozen.input, frozen.output)
    output = frozen.shapes[frozen.output]
    measurement = ModelMeasurement(
        variable="",
        conv_layers=len(used),
        unused_conv_layers=len(network.all_convolutions() - used),
        input_shape=tuple(length or 0 for length in frozen.shapes[frozen.input][1:]),
        outputs=output[1] or 0 if len(output) == 2 else 0,
        compiled=False,
        epochs=0,
        updates=0,
        loss="",
        learning_rate=0.0,
        accuracy=0.0,
        digits=len(digits.labels),
    )
    return MeasuredModel(
        record, frozen, _with_facts(measurement, record), cache(lambda: accuracy(frozen, digits))
    )


def _with_facts(measurement: ModelMeasurement, record: Record) -> ModelMeasurement:
    history = record.facts.get("history")
    series = history.values() if isinstance(history, dict) else ()
    lengths = [len(values) for values in series if isinstance(values, list)]
    return replace(
        measurement,
        variable=str(record.facts.get("variable"))[:100],
        compiled=record.facts.get("compiled") is True,
        epochs=max(lengths, default=0),
        updates=_whole(record.facts.get("updates")),
        loss=str(record.facts.get("loss", ""))[:100],
        learning_rate=_number(record.facts.get("learning_rate")),
    )


def _whole(value: object) -> int:
    return value if type(value) is int and 0 <= value < 2**31 else 0


def _number(value: object) -> float:
    return value if isinstance(value, float) and math.isfinite(value) else 0.0


def classifiers(models: list[MeasuredModel]) -> list[list[MeasuredModel]]:
    """Return the networks that may be the student's classifier, likeliest first.

    Each is a list of all its versions, in the order they were seen. They are ranked by ten outputs, then a
    variable that holds the network, then meeting the exercise's requirements, then the exercise's variable
    name, then accuracy. More than one is returned only if the first and others meet the requirements.
    """
    names = list(dict.fromkeys(model.without_accuracy.variable for model in models))
    versions = [[model for model in models if model.without_accuracy.variable == name] for name in names]
    versions = [some for some in versions if any(map(_has_ten_outputs, some))] or versions
    if len(versions) < 2:
        return versions
    ranked = sorted(versions, key=lambda one: max(map(_preference, one)), reverse=True)
    good = [one for one in ranked if any(is_what_was_asked_for(model) for model in one)]
    return good[:MOST_CLASSIFIERS] if ranked and ranked[0] in good else ranked[:1]


def _has_ten_outputs(model: MeasuredModel) -> bool:
    return model.without_accuracy.outputs == 10


def _preference(model: MeasuredModel) -> tuple[bool, bool, bool, bool, float]:
    measured = model.measurement
    return (
        _has_ten_outputs(model),
        measured.variable != "",
        is_what_was_asked_for(model),
        measured.variable == "model",
        measured.accuracy,
    )


def is_what_was_asked_for(model: MeasuredModel) -> bool:
    """Tell whether a network roughly does what the exercise asks.

    This only chooses among networks; it gives no points.
    """
    measured = model.measurement
    return measured.outputs == 10 and measured.conv_layers >= 4 and measured.accuracy >= GOOD_ACCURACY


def accuracy_before_training(versions: list[MeasuredModel], evidence: Evidence) -> float | None:
    """Return the best accuracy of a network before any training was seen; None if there is no such version.

    Every training, by Keras or by the student's own loop, takes gradients with respect to something other than images.
    The training of any network counts, since weights may have been copied from the trained one. A number of updates
    proves nothing: it is stored with a network. All this is what the kernel reports: code in it can claim a training
    that never happened.
    """
    notes = evidence.of_kind("gradients")
    if evidence.is_cut_off or not any("others" in note.facts for note in notes):  # or an earlier recorder's
        return None
    seen_in = min((note.run for note in notes if _whole(note.facts.get("others"))), default=2**31)
    untrained = [one for one in versions if one.record.run < seen_in]
    # The first and the last tell enough: weights that are no training's stay, or come with the last.
    chosen = [untrained[0], untrained[-1]] if untrained else []
    return max((one.measurement.accuracy for one in chosen), default=None)


def final_version(versions: list[MeasuredModel], run: int) -> MeasuredModel:
    """Return the version of a network that counts: the one that the images were made with, or a later one.

    A network that is trained further becomes better; a network that a later cell rebuilds was better before.
    But a version discarded before the images were made was not submitted.

    Args:
        versions: all versions of one network, in the order they were seen.
        run: the executed cell in which the images were seen; -1 without images.
    """
    before = [model for model in versions if model.record.run <= run]
    remaining = versions[versions.index(before[-1]) :] if before else versions
    return max(remaining, key=_preference)
