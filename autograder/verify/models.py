"""The student's networks: which of the models in the evidence is meant, and what it can do."""

from __future__ import annotations

from dataclasses import dataclass, replace

from autograder.evidence import Evidence, Record
from autograder.measurements import ModelMeasurement
from autograder.verify.accuracy import HeldOut, accuracy
from autograder.verify.graph import FrozenModel, RefusedGraphError, read_graph
from autograder.verify.network import Network

MOST_MODELS = 24


@dataclass(frozen=True)
class MeasuredModel:
    """A model of the submission with its record, measured."""

    record: Record
    frozen: FrozenModel
    measurement: ModelMeasurement


def read_models(evidence: Evidence, digits: HeldOut) -> tuple[list[MeasuredModel], str]:
    """Return all models whose graphs pass the reader, and why the last other one did not."""
    models: list[MeasuredModel] = []
    refused = ""
    known: dict[str, MeasuredModel] = {}
    for record in evidence.of_kind("model")[:MOST_MODELS]:
        if "refused" in record.facts:
            refused = str(record.facts["refused"])[:300]
            continue
        if record.payload in known:  # the same computation under another name or at a later time
            twin = known[record.payload]
            models.append(MeasuredModel(record, twin.frozen, _with_facts(twin.measurement, record)))
            continue
        try:
            frozen = read_graph(evidence.payload(record), record.facts)
        except RefusedGraphError as error:
            refused = f"the computation of '{record.facts.get('variable')}' was refused: {error}"
            continue
        models.append(MeasuredModel(record, frozen, measure_model(record, frozen, digits)))
        known[record.payload] = models[-1]
    return models, refused


def measure_model(record: Record, frozen: FrozenModel, digits: HeldOut) -> ModelMeasurement:
    """Count the convolutions of one model and measure its accuracy."""
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
        accuracy=accuracy(frozen, digits),
        digits=len(digits.labels),
    )
    return _with_facts(measurement, record)


def _with_facts(measurement: ModelMeasurement, record: Record) -> ModelMeasurement:
    history = record.facts.get("history")
    series = history.values() if isinstance(history, dict) else ()
    lengths = [len(values) for values in series if isinstance(values, list)]
    return replace(
        measurement,
        variable=str(record.facts.get("variable"))[:100],
        compiled=record.facts.get("compiled") is True,
        epochs=max(lengths, default=0),
    )


def best_model(models: list[MeasuredModel]) -> MeasuredModel | None:
    """Return the student's classifier: ten outputs, then the name of the exercise, then the most accurate."""

    def preference(model: MeasuredModel) -> tuple[bool, bool, float, int, bool]:
        measured = model.measurement
        return (
            measured.outputs == 10,
            measured.variable == "model",
            measured.accuracy,
            model.record.run,
            measured.compiled,
        )

    return max(models, key=preference, default=None)


def model_at(
    models: list[MeasuredModel], classifier: MeasuredModel | None, record: Record
) -> MeasuredModel | None:
    """Return the version of the classifier that existed when the images were seen, else the classifier."""
    if classifier is None:
        return None
    variable = classifier.measurement.variable
    versions = [model for model in models if model.measurement.variable == variable]
    before = [model for model in versions if model.record.run <= record.run]
    return before[-1] if before else classifier
