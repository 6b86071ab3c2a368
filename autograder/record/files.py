"""The results of one submission as files in its result folder.

`run.json` is written last of a run, and `report.json` last of all: if it exists, everything is complete.
Interrupted work continues from the last of these files.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from nbformat import NotebookNode
from pydantic import BaseModel

from autograder.course.notebooks import read_notebook, write_notebook
from autograder.errors import SubmissionError
from autograder.evidence import EVIDENCE_FILE, Evidence, read_evidence, write_evidence
from autograder.measurements import Measurements, measurements_from_json, measurements_to_json
from autograder.pictures import Pictures, pictures_from_npz, pictures_to_npz
from autograder.plain.files import remove_halves, write_whole
from autograder.record.notebook import with_results
from autograder.report import Report
from autograder.run import Origin, Run

REPORT = "report.json"
RUN = "run.json"
MEASUREMENTS = "measurements.json"
PICTURES = "pictures.npz"
GRID = "grid.png"
EVIDENCE = "evidence"
_EVIDENCE = re.compile(rf"{EVIDENCE}/(?:[0-9a-f]{{64}}|{re.escape(EVIDENCE_FILE)})")
FAULT = "fault.txt"  # where the kit stores an internal error
# A result folder holds these and the executed notebook; `recorded.json` belongs to the gradebook.
RESULT_FILES = (REPORT, RUN, MEASUREMENTS, PICTURES, GRID, EVIDENCE, FAULT, "recorded.json")


Draw = Callable[[Report, Measurements, Pictures], bytes]
_T = TypeVar("_T")
_LOG = logging.getLogger(__name__)


class _Note(BaseModel):
    origin: Origin
    timings: dict[str, float]
    verifier_sha256: str


def write_run(folder: Path, run: Run, evidence: Evidence, *, name: str) -> None:
    """Store the results of one run; an earlier report is no longer valid and is removed first.

    A run that is not final gets a report, but does not count as complete: the next command tries again.
    """
    _remove_note(folder)
    write_evidence(folder / EVIDENCE, evidence)
    if run.notebook is not None:
        write_notebook(run.notebook, folder / f"{name}.ipynb")
    else:
        (folder / f"{name}.ipynb").unlink(missing_ok=True)
    write_measurements(folder, run)


def write_measurements(folder: Path, run: Run) -> None:
    """Store the measurements of a run whose evidence and notebook are already stored."""
    _remove_note(folder)
    write_whole(folder / PICTURES, pictures_to_npz(run.pictures))
    write_whole(folder / MEASUREMENTS, measurements_to_json(run.measurements))
    if run.is_final:
        note = _Note(origin=run.origin, timings=run.timings, verifier_sha256=run.verifier_sha256)
        write_whole(folder / RUN, note.model_dump_json(indent=2) + "\n")


def _remove_note(folder: Path) -> None:
    """Remove the files that mark results as complete, and those that a killed writer left."""
    remove_halves(folder)
    for old in (REPORT, RUN):
        (folder / old).unlink(missing_ok=True)


def adopt_results(folder: Path, files: Mapping[str, bytes], *, name: str) -> None:
    """Store the files of a result folder that was filled elsewhere, and replace the existing ones.

    Raises:
        ValueError: there is an unknown file among them, or no report.
    """
    notes, notebook = (RUN, REPORT), f"{name}.ipynb"
    known = {MEASUREMENTS, PICTURES, GRID, notebook, *notes}
    if REPORT not in files:
        raise ValueError(f"no {REPORT}")
    if strangers := sorted(file for file in files if file not in known and not _EVIDENCE.fullmatch(file)):
        raise ValueError(f"{strangers[0]!r} is no result")
    _remove_note(folder)
    for old in (folder / EVIDENCE).glob("*"):
        old.unlink()
    if notebook not in files:
        (folder / notebook).unlink(missing_ok=True)
    for file, content in files.items():
        if file not in notes:
            write_whole(folder / file, content)
    for file in notes:
        if file in files:
            write_whole(folder / file, files[file])


def is_complete(folder: Path) -> bool:
    """Tell whether a result folder holds a complete run, which would end the same way again."""
    return (folder / RUN).is_file()


def read_run(folder: Path, origin: Origin, *, name: str) -> Run | None:
    """Return the stored run of this origin, or None if there is no complete one."""
    note = _read_note(folder)
    if note is None or not note.origin.cover(origin):
        return None
    try:
        measurements = read_measurements(folder)
        pictures = pictures_from_npz((folder / PICTURES).read_bytes())
        file = folder / f"{name}.ipynb"
        notebook = read_notebook(file) if file.exists() else None
    except (OSError, ValueError, KeyError, SubmissionError):
        return None
    return Run(note.origin, notebook, measurements, pictures, note.timings, note.verifier_sha256)


@dataclass(frozen=True)
class StoredExecution:
    """A stored run of a notebook with its evidence, without the measurements of an older verifier."""

    notebook: NotebookNode
    evidence: Evidence
    timings: dict[str, float]


def read_origin(folder: Path) -> Origin | None:
    """Return the origin of the stored run; None if there is no complete run."""
    note = _read_note(folder)
    return note.origin if note is not None else None


def read_verifier(folder: Path, origin: Origin) -> str | None:
    """Return which verifier measured the stored run of this origin; None if there is no such run."""
    note = _read_note(folder)
    return note.verifier_sha256 if note is not None and note.origin.cover(origin) else None


def read_execution(folder: Path, *, name: str) -> StoredExecution | None:
    """Return the stored execution, or None if a part of it cannot be read."""
    note = _read_note(folder)
    try:
        notebook, evidence = read_notebook(folder / f"{name}.ipynb"), read_evidence(folder / EVIDENCE)
    except (OSError, ValueError, SubmissionError):
        return None
    return StoredExecution(notebook, evidence, note.timings) if note is not None else None


def _read_note(folder: Path) -> _Note | None:
    try:
        return _Note.model_validate_json((folder / RUN).read_bytes())
    except (OSError, ValueError):
        return None


def read_measurements(folder: Path) -> Measurements:
    """Return the stored measurements of a complete run.

    Raises:
        OSError, ValueError: there are none.
    """
    return measurements_from_json((folder / MEASUREMENTS).read_bytes())


def write_report(folder: Path, report: Report, run: Run, draw: Draw, *, before: Report | None = None) -> None:
    """Store the verdict: the check cells' outputs, the picture and the report itself.

    Args:
        folder: the result folder.
        report: the report on the run.
        run: the stored run.
        draw: the exercise's, for the picture.
        before: the existing report on the same measurements; files that would not change are left alone.
    """
    remove_halves(folder)
    if run.notebook is not None and (before is None or before.criteria != report.criteria):
        write_notebook(with_results(run.notebook, report.criteria), folder / f"{report.assignment}.ipynb")
    if before is None or before.student != report.student or not (folder / GRID).exists():
        write_whole(folder / GRID, draw(report, run.measurements, run.pictures))
    # in ASCII, so that it can hold any folder name and any terminal can show it
    write_whole(folder / REPORT, json.dumps(report.model_dump(mode="json"), indent=2) + "\n")


class StoredReports(Mapping[str, Report]):
    """The reports of students, each read when it is asked for: those of a large course would fill the memory.

    Args:
        folders: the result folders, by student.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders

    def __getitem__(self, student: str) -> Report:
        report = read_report(self._folders[student])
        if report is None:  # removed or damaged since
            raise KeyError(student)
        return report

    def __iter__(self) -> Iterator[str]:
        return iter(self._folders)

    def __len__(self) -> int:
        return len(self._folders)


def read_report(folder: Path) -> Report | None:
    """Return the report in a result folder; None if there is none or it cannot be read."""

    def read(content: bytes) -> Report:
        return Report.model_validate(json.loads(content))

    return read_if_there(folder / REPORT, read, otherwise="it counts as not graded")


def measurements_if_there(folder: Path) -> Measurements | None:
    """Return the stored measurements; None if there are none or they cannot be read."""
    return read_if_there(
        folder / MEASUREMENTS, measurements_from_json, otherwise="what was measured is left out"
    )


def pictures_if_there(folder: Path, most_images: int) -> Pictures | None:
    """Return the images behind the measurements that pages show; None if there are none or they cannot be read."""
    pictures = read_if_there(folder / PICTURES, pictures_from_npz, otherwise="no images are shown")
    return pictures.first(most_images) if pictures is not None else None


def read_if_there(file: Path, read: Callable[[bytes], _T], *, otherwise: str) -> _T | None:
    """Return what a file holds; None if there is no such file or it cannot be read.

    Args:
        file: the file.
        read: turns its content into what it holds; a ValueError or KeyError says that the content is damaged.
        otherwise: what happens if it cannot be read, for the line that says so.
    """
    try:
        return read(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, RecursionError) as error:
        problem = " ".join(str(error).split())[:300]
        _LOG.warning("%s cannot be read, so %s: %s", file, otherwise, problem)
        return None
