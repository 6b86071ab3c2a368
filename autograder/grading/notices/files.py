"""Finds files beside a notebook that a TA should know of: those named like results, or like a library."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace

from autograder.course.submission import Submission
from autograder.errors import SubmissionError
from autograder.evidence import Notice
from autograder.execute.student_modules import OFFERED
from autograder.measurements import CellError
from autograder.plain.untrusted_files import FILE, Entry
from autograder.record.files import EVIDENCE, RESULT_FILES

OWN_MODULE = "own_module"
_PYTHON = ".py"
# No notebook depends on these modules, and students often call their files like this.
_UNIMPORTANT = frozenset({"code", "test", "this", "antigravity"})
_LIBRARIES = (frozenset({*OFFERED, "keras", "numpy", "IPython"}) | sys.stdlib_module_names) - _UNIMPORTANT
# The files that the kit or nbgrader writes; many folders are called `evidence` for other reasons.
_RESULTS = frozenset({*RESULT_FILES, "gradebook.db", "results.json"}) - {EVIDENCE}
_FAILS_TO_IMPORT = ("ImportError", "ModuleNotFoundError", "AttributeError")


def notices_on_files(submission: Submission) -> tuple[Notice, ...]:
    """Return what stands out among the files that were handed in; nothing if they cannot be listed."""
    try:
        entries = submission.entries()
    except SubmissionError:
        return ()
    return tuple(_notices(entries))


def _notices(entries: list[Entry]) -> Iterable[Notice]:
    results = sorted(entry.path for entry in entries if entry.path in _RESULTS)
    if results:
        yield Notice(
            "files_like_results", f"Files like results were handed in: {', '.join(results)}.", tuple(results)
        )
    modules = sorted(set(map(_module, entries)) & _LIBRARIES)
    if modules:
        message = (
            f"Files beside the notebook have the names of libraries and hide them: {', '.join(modules)}."
        )
        yield Notice(OWN_MODULE, message, tuple(modules))


def _module(entry: Entry) -> str:
    """Return the name under which Python would import what is there; empty if it would not."""
    if entry.kind != FILE:
        return ""
    folder, _, name = entry.path.rpartition("/")
    if name == "__init__.py":
        return folder
    return name.removesuffix(_PYTHON) if not folder and name.endswith(_PYTHON) else ""


def with_own_modules(errors: Iterable[CellError], notices: Iterable[Notice]) -> tuple[CellError, ...]:
    """Return the errors; those about a library that the student's own file hides say that this is the cause."""
    own = [name for notice in notices if notice.code == OWN_MODULE for name in notice.about]
    return tuple(_explained(error, own) for error in errors)


def _explained(error: CellError, own: list[str]) -> CellError:
    kind, _, message = error.error.partition(":")
    hidden = next((name for name in own if f"'{name}" in message or f" {name} " in f"{message} "), "")
    if not hidden or kind not in _FAILS_TO_IMPORT:
        return error
    hint = f"{hidden} beside the notebook is imported in place of the library {hidden}: rename your own"
    return replace(error, hint=hint, missing_module="")
