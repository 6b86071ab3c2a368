"""What was measured of the labelled submissions, as it is committed: a line of JSON for each.

The rubric is tested on these in seconds. What they hold are values, rounded to what a person would compare, so that
a changed docstring does not make them stale; a changed answer does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from autograder.audit.labelled import LabelledSubmission
from autograder.measurements import Measurements, measurements_from_json, measurements_to_json
from autograder.plain.files import write_whole

QUICK = Path(__file__).with_name("quick.jsonl")
DIGITS_KEPT = 5  # of every number that is not whole
# Fields that came later: left out where nothing is known, as in lines that were written before.
LATER = frozenset({"accuracy_before", "pictures_shown", "notices", "difference", "followed"})


@dataclass(frozen=True)
class Source:
    """When and with what a submission was measured."""

    date: str
    commit: str
    versions: Mapping[str, str]
    # sets of instructions of the processor by which TensorFlow rounds differently
    instructions: tuple[str, ...]


@dataclass(frozen=True)
class Committed:
    """What was measured of one submission, of which answers, and with what."""

    answers_sha256: str
    measurements: Measurements
    source: Source


def answers_sha256(submission: LabelledSubmission) -> str:
    """What identifies the notebook that was measured: the answers and where they stand, whatever the label says."""
    cells = submission.label.cells.model_dump(exclude_defaults=True)
    return hashlib.sha256(json.dumps([sorted(submission.answers.items()), cells]).encode()).hexdigest()


def rounded(measurements: Measurements) -> Measurements:
    """The measurements as they are committed; without the curves, which no check looks at."""
    if measurements.steps is not None:
        measurements = replace(measurements, steps=replace(measurements.steps, curves=()))
    return measurements_from_json(
        json.dumps(_rounded(json.loads(measurements_to_json(measurements)))).encode()
    )


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS_KEPT}g}")
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return value


def _without_unknown(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_unknown(one) for one in value]
    if isinstance(value, dict):
        return {key: _without_unknown(one) for key, one in value.items() if one or key not in LATER}
    return value


def read_committed(file: Path = QUICK) -> dict[str, Committed]:
    """Return what is committed, by submission; nothing, if there is no file yet."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {entry["submission"]: _of_entry(entry) for entry in map(json.loads, lines)}


def write_committed(committed: Mapping[str, Committed], file: Path = QUICK) -> None:
    """Write a line for each submission, sorted by name."""
    entries = (_entry_of(name, one) for name, one in sorted(committed.items()))
    write_whole(file, "".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in entries))


def _entry_of(name: str, one: Committed) -> dict[str, Any]:
    measurements = _without_unknown(json.loads(measurements_to_json(rounded(one.measurements))))
    if images := measurements["images"]:  # as columns, or the names of the fields would take half of the file
        filters = images["filters"]
        images["filters"] = {key: [each[key] for each in filters] for key in (filters[0] if filters else ())}
    return {
        "submission": name,
        "answers_sha256": one.answers_sha256,
        "source": asdict(one.source),
        "measurements": measurements,
    }


def _of_entry(entry: dict[str, Any]) -> Committed:
    measurements = entry["measurements"]
    if images := measurements["images"]:
        columns = images["filters"]
        images["filters"] = [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ]
    source = entry["source"]
    return Committed(
        entry["answers_sha256"],
        measurements_from_json(json.dumps(measurements).encode()),
        Source(**source | {"instructions": tuple(source["instructions"])}),
    )
