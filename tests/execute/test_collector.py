"""What comes through the evidence socket may have been written by anybody."""

from __future__ import annotations

import json

import pytest

from autograder.evidence import Evidence, Record, evidence_from_files, evidence_to_files
from autograder.execute.collector import parse_facts


def test_a_record_keeps_its_facts() -> None:
    facts = parse_facts(b'{"kind": "names", "cell": 3, "bytes": 0, "values": {"step_size": 1.0}}')

    assert facts == {"kind": "names", "cell": 3, "bytes": 0, "values": {"step_size": 1.0}}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"not json",
        b"[1, 2]",
        b'{"bytes": 0}',
        b'{"kind": 7, "bytes": 0}',
        b'{"kind": "names", "bytes": -1}',
        b'{"kind": "names", "bytes": 1e3}',
        b'{"kind": "names", "bytes": true}',
        b'{"kind": "names", "bytes": 0, "cell": "first"}',
        b'{"kind": "names", "bytes": 0, "title": "\\ud800"}',
        b'{"kind": "names", "bytes": 0, "deep": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)
def test_what_is_no_record_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (of whatever kind: it ends the connection)
        parse_facts(line)


def test_whatever_is_let_in_can_be_stored_and_read_again() -> None:
    loss = {"kind": "model", "bytes": 0, "history": {"loss": [float("nan"), float("inf")]}}
    facts = parse_facts(json.dumps(loss).encode())

    files = evidence_to_files(Evidence("graded", records=(Record("model", 0, facts),)))

    assert evidence_from_files(files).of_kind("model")
