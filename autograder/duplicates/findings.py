"""The findings of a comparison: hints for the instructor only."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Literal

Kind = Literal["code", "weights", "images"]


@dataclass(frozen=True)
class Finding:
    """Something that several students have in common.

    Attributes:
        kind: what they share.
        cell: for code, the grade_id of the cell; empty for weights and images.
        students: the students who share it, sorted.
        nearly: is it only nearly equal?
        strength: "strong" if hardly anything but copying explains it, "some" if it is rare and no other
            finding explains it better, "weak" if something else explains it.
        why: the reason for this strength, as a sentence.
    """

    kind: Kind
    cell: str
    students: tuple[str, ...]
    nearly: bool
    strength: Literal["strong", "some", "weak"]
    why: str


@dataclass(frozen=True)
class Group:
    """Students who are connected by findings that are not weak, the strongest finding first."""

    students: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class NotCompared:
    """A part of a student's work that could not be compared, and why."""

    student: str
    why: str


@dataclass(frozen=True)
class Duplicates:
    """The whole comparison.

    Attributes:
        compared: how many students were compared.
        groups: the most important first.
        weak: shared work that has another explanation.
        left_out: what could not be compared.
    """

    compared: int
    groups: tuple[Group, ...]
    weak: tuple[Finding, ...]
    left_out: tuple[NotCompared, ...]


def duplicates_to_json(duplicates: Duplicates) -> str:
    """Return the comparison as ASCII JSON, which can hold the name of any folder."""
    return json.dumps(dataclasses.asdict(duplicates), indent=1) + "\n"
