"""Evidence: facts and bytes that came out of the sandbox, none of them trusted.

`autograder.execute` writes it, and `autograder.verify` reads it. On disk it is a folder: `evidence.json` with
the records in the order of their arrival, and one file per payload, named by its SHA-256.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from autograder.plain.files import write_whole
from autograder.plain.untrusted_files import open_plain

Outcome = Literal["graded", "timeout", "out_of_memory", "kernel_died", "invalid_notebook", "too_large"]

EVIDENCE_FILE = "evidence.json"

_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class CellRun:
    """How one code cell of the submission went, as seen from outside the kernel."""

    index: int  # position in the notebook
    cell: str  # grade_id, else the cell's id
    status: Literal["ok", "error", "timeout", "not_run"]
    seconds: float = 0.0
    error_name: str = ""
    error_message: str = ""


@dataclass(frozen=True)
class ChangedCell:
    """A cell of the exercise that was not as it was released."""

    cell: str  # grade_id
    # "put_back": a given cell that was lost ran as released; "edited": a given cell ran as handed in;
    # "was_text": the cell of an answer had become a text cell, and ran as code;
    # "moved": a given cell came after one that it comes before in the release;
    # "lost": a given cell was gone, and nothing needed it
    change: Literal["put_back", "edited", "was_text", "moved", "lost"]
    # to the released cell, as lines that begin with + or -; "" if the change says it all
    difference: str = ""


@dataclass(frozen=True)
class Notice:
    """Something in a submission that a TA should know, though no score depends on it."""

    code: str
    message: str
    about: tuple[str, ...] = ()  # what it is about: names of modules, functions or files


@dataclass(frozen=True)
class Record:
    """One record from the recorder: its facts, and the SHA-256 of its payload if it has one."""

    kind: str
    run: int  # the executed cell that sent it, counted from 0 in order of execution
    facts: dict[str, Any]
    payload: str = ""


@dataclass(frozen=True)
class Evidence:
    """Everything that is known about the run of one submission."""

    outcome: Outcome
    cells: tuple[CellRun, ...] = ()
    records: tuple[Record, ...] = ()
    payloads: dict[str, bytes] = field(default_factory=dict, repr=False)
    is_cut_off: bool = False  # was there more than the limit allows?
    reason: str = ""  # why the notebook did not run to its end, as a sentence fragment
    changed_cells: tuple[ChangedCell, ...] = ()
    notices: tuple[Notice, ...] = ()
    is_watched: bool = False  # did a recorder that watches every gradient run? Earlier ones only counted them

    def of_kind(self, kind: str) -> list[Record]:
        """Return the records of one kind, in order."""
        return [record for record in self.records if record.kind == kind]

    def payload(self, record: Record) -> bytes:
        """Return the bytes that came with a record; empty if there were none."""
        return self.payloads.get(record.payload, b"")


@dataclass(frozen=True)
class _Stored:
    outcome: Outcome
    cells: tuple[CellRun, ...]
    records: tuple[Record, ...]
    is_cut_off: bool
    reason: str = ""
    changed_cells: tuple[ChangedCell, ...] = ()
    notices: tuple[Notice, ...] = ()
    is_watched: bool = False


_STORED = TypeAdapter(_Stored)


def digest(payload: bytes) -> str:
    """Return the file name of a stored payload, its SHA-256."""
    return hashlib.sha256(payload).hexdigest()


def evidence_to_files(evidence: Evidence) -> dict[str, bytes]:
    """Return the evidence as a mapping from file names to contents; the index comes last."""
    index = _STORED.dump_json(
        _Stored(
            evidence.outcome,
            evidence.cells,
            evidence.records,
            evidence.is_cut_off,
            evidence.reason,
            evidence.changed_cells,
            evidence.notices,
            evidence.is_watched,
        ),
        indent=1,
    )
    return {**evidence.payloads, EVIDENCE_FILE: index}


def evidence_from_files(files: dict[str, bytes]) -> Evidence:
    """Return the evidence from the files that `evidence_to_files` made.

    Raises:
        ValueError: the index is missing or malformed.
    """
    if EVIDENCE_FILE not in files:
        raise ValueError(f"no {EVIDENCE_FILE}")
    try:
        stored = _STORED.validate_json(files[EVIDENCE_FILE])
    except ValidationError as error:
        raise ValueError(f"{EVIDENCE_FILE}: {error.errors()[0]['msg']}") from error
    payloads = {name: content for name, content in files.items() if name != EVIDENCE_FILE}
    return Evidence(
        stored.outcome,
        stored.cells,
        stored.records,
        payloads,
        stored.is_cut_off,
        stored.reason,
        stored.changed_cells,
        stored.notices,
        stored.is_watched,
    )


def write_evidence(folder: Path, evidence: Evidence) -> None:
    """Store the evidence; in a folder without an index, the writing was interrupted."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / EVIDENCE_FILE).unlink(missing_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, content in evidence_to_files(evidence).items():
        write_whole(folder / name, content)


def read_evidence(folder: Path) -> Evidence:
    """Read stored evidence.

    Raises:
        ValueError: there is none, its writing was interrupted, or a payload is missing or changed.
    """
    index = evidence_from_files({EVIDENCE_FILE: _read(folder, EVIDENCE_FILE)})
    payloads = {}
    for name in {record.payload for record in index.records} - {""}:
        payloads[name] = _read(folder, name) if _DIGEST.fullmatch(name) else b""
        if digest(payloads[name]) != name:
            raise ValueError(f"{name[:64]} in {folder} is not what was written there")
    return replace(index, payloads=payloads)


def _read(folder: Path, name: str) -> bytes:
    try:
        with open_plain(folder / name) as file:
            return file.read()
    except OSError as error:
        raise ValueError(f"no {name} in {folder}: {error.strerror or error}") from error
