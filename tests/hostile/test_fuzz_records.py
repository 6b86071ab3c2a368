"""Whatever comes over the evidence socket, or is in stored evidence, is refused or can be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from changed_json import counted, damaged, mutate
from hypothesis import strategies as st

from autograder.evidence import (
    EVIDENCE_FILE,
    CellRun,
    Evidence,
    Record,
    digest,
    evidence_from_files,
    evidence_to_files,
    read_evidence,
    write_evidence,
)
from autograder.execute.collector import parse_facts

Fuzz = Callable[[st.SearchStrategy[Any], int, Callable[[Any], None]], int]


Tell = Callable[[str, str], None]


RECORD = {
    "kind": "images", "cell": 3, "bytes": 0, "variable": "visualized_feature", "positions": [0, 1, 2],
    "history": {"loss": [0.5, float("nan")]}, "panels": [{"title": "feature 1", "shapes": [[28, 28]]}],
}  # fmt: skip


@st.composite
def mutated_records(draw: st.DrawFn) -> bytes:
    line = json.dumps(mutate(draw, RECORD), ensure_ascii=draw(st.booleans()))
    return line.encode(errors=draw(st.sampled_from(["replace", "surrogatepass"])))


def test_any_line_on_the_evidence_socket_is_refused_or_can_be_stored(fuzz: Fuzz, tell: Tell) -> None:
    said: list[str] = []

    def claim(line: bytes) -> None:
        try:
            facts = parse_facts(line)
        except ValueError:
            said.append("refused")
            return
        record = Record(facts.pop("kind"), facts.pop("cell"), facts)
        files = evidence_to_files(Evidence("graded", records=(record,)))
        assert evidence_to_files(evidence_from_files(files)) == files
        said.append("read")

    tried = fuzz(mutated_records() | st.binary(max_size=100), 300, claim)

    assert said.count("read") > tried / 20
    tell(f"{tried:,} random or changed records through the evidence socket", counted(said))


@pytest.mark.parametrize("depth", [20, 60, 150, 196, 197, 198, 199, 200, 1000])
def test_facts_nested_as_deep_as_possible_are_refused_or_can_be_stored(depth: int, tell: Tell) -> None:
    line = b'{"kind": "x", "bytes": 0, "facts": ' + b"[" * depth + b"]" * depth + b"}"

    try:
        facts = parse_facts(line)
    except ValueError:
        said = "refused"
    else:
        said = "stored and read again"
        files = evidence_to_files(Evidence("graded", records=(Record("x", 0, facts),)))
        assert evidence_from_files(files).records[0].facts == facts

    tell(f"facts of {depth} lists in each other", said)


STORED = Evidence(
    "timeout",
    (CellRun(0, "cnn", "ok", 1.5), CellRun(4, "train", "error", 0.1, "NameError", "name 'x' is not defined")),
    (
        Record("names", 0, {"values": {"layer_name": "conv2d_3", "step_size": 1.0}}),
        Record("images", 3, {"variable": "visualized_feature", "positions": [0, 1]}, digest(b"images")),
    ),
    {digest(b"images"): b"images"},
)


@st.composite
def changed_index(draw: st.DrawFn) -> bytes:
    index = evidence_to_files(STORED)[EVIDENCE_FILE]
    if draw(st.booleans()):
        return draw(damaged(index))
    return json.dumps(mutate(draw, json.loads(index))).encode()


def test_any_stored_evidence_is_refused_or_read(fuzz: Fuzz, tmp_path: Path, tell: Tell) -> None:
    said: list[str] = []
    folder = tmp_path / "evidence"
    write_evidence(folder, STORED)

    def claim(index: bytes) -> None:
        (folder / EVIDENCE_FILE).write_bytes(index)
        try:
            evidence = read_evidence(folder)
        except ValueError:
            said.append("refused")
            return
        files = evidence_to_files(evidence)
        assert evidence_to_files(evidence_from_files(files)) == files
        said.append("read")

    tried = fuzz(changed_index(), 200, claim)

    assert said.count("read") > tried / 100
    tell(f"{tried:,} indexes of stored evidence, damaged or with values changed", counted(said))
