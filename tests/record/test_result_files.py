"""A result folder is complete, or is seen not to be."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from nbformat import NotebookNode

from autograder.evidence import Evidence, Record, digest, read_evidence
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.measurements import Measurements
from autograder.pictures import Pictures
from autograder.plain.files import write_whole
from autograder.record.files import (
    measurements_if_there,
    pictures_if_there,
    read_origin,
    read_report,
    read_run,
    read_verifier,
    write_report,
    write_run,
)
from autograder.report import Report
from autograder.run import Origin, Run

ORIGIN = Origin(
    submission_sha256="0" * 64,
    profile="full",
    seed=7,
    dataset="digits",
    sandbox="bwrap",
    versions={"keras": "3"},
)
EVIDENCE = Evidence(
    "graded", (), (Record("images", 0, {"variable": "x"}, digest(b"one")),), {digest(b"one"): b"one"}
)
NAME = "activation_maximization"


@pytest.fixture
def run(make_notebook: Callable[[Mapping[str, str]], NotebookNode]) -> Run:
    notebook = make_notebook({"cnn": "1", "check_cnn": "2"})
    return Run(ORIGIN, notebook, Measurements("graded"), Pictures(), {"run": 1.0}, "")


def test_a_run_can_be_read_again(tmp_path: Path, run: Run) -> None:
    write_run(tmp_path, run, EVIDENCE, name=NAME)

    again = read_run(tmp_path, ORIGIN, name=NAME)

    assert again is not None
    assert (again.measurements, again.timings) == (run.measurements, run.timings)
    assert read_evidence(tmp_path / "evidence") == EVIDENCE


READERS: dict[str, Callable[[Path], object]] = {
    "report.json": read_report,
    "measurements.json": measurements_if_there,
    "pictures.npz": lambda folder: pictures_if_there(folder, 64),
}


@pytest.mark.parametrize("file", READERS)
def test_what_is_damaged_is_left_out_and_said_in_one_line(
    tmp_path: Path, file: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / file).write_bytes(b"damaged\nfile")

    assert READERS[file](tmp_path) is None
    (line,) = caplog.messages
    assert f"{tmp_path / file} cannot be read, so " in line
    assert "\n" not in line


@pytest.mark.parametrize("file", READERS)
def test_what_is_not_there_is_left_out(tmp_path: Path, file: str, caplog: pytest.LogCaptureFixture) -> None:
    assert READERS[file](tmp_path) is None
    assert caplog.messages == []


def test_a_run_of_something_else_is_not_taken_for_it(tmp_path: Path, run: Run) -> None:
    write_run(tmp_path, run, EVIDENCE, name=NAME)

    assert read_run(tmp_path, ORIGIN.model_copy(update={"seed": 8}), name=NAME) is None


@pytest.mark.parametrize(("needed", "is_enough"), [(0.95, True), (0.9, True), (0.97, False)])
def test_a_training_that_quick_ended_too_early_for_today_is_run_again(
    needed: float, is_enough: bool, tmp_path: Path, run: Run
) -> None:
    quick = ORIGIN.model_copy(update={"profile": "quick", "quick_accuracy": 0.95})
    write_run(tmp_path, replace(run, origin=quick), EVIDENCE, name=NAME)

    today = quick.model_copy(update={"quick_accuracy": needed})

    assert (read_run(tmp_path, today, name=NAME) is not None) is is_enough
    assert (read_verifier(tmp_path, today) is not None) is is_enough


def test_a_run_from_before_this_was_noted_ended_at_the_default(tmp_path: Path, run: Run) -> None:
    quick = ORIGIN.model_copy(update={"profile": "quick", "quick_accuracy": 0.95})
    for origin in (quick, ORIGIN):
        write_run(tmp_path, replace(run, origin=origin), EVIDENCE, name=NAME)
        note = json.loads((tmp_path / "run.json").read_text())
        del note["origin"]["quick_accuracy"]
        (tmp_path / "run.json").write_text(json.dumps(note))

        assert read_origin(tmp_path) == origin


@pytest.mark.parametrize("lost", ["run.json", "measurements.json", "pictures.npz"])
def test_half_a_run_is_none(lost: str, tmp_path: Path, run: Run) -> None:
    write_run(tmp_path, run, EVIDENCE, name=NAME)
    (tmp_path / lost).unlink()

    assert read_run(tmp_path, ORIGIN, name=NAME) is None


@pytest.mark.parametrize("spoiled", ["run.json", "measurements.json", "pictures.npz", f"{NAME}.ipynb"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_run_of_which_a_file_is_cut_off_is_none(
    spoiled: str, share: float, tmp_path: Path, run: Run
) -> None:
    write_run(tmp_path, run, EVIDENCE, name=NAME)
    whole = (tmp_path / spoiled).read_bytes()
    (tmp_path / spoiled).write_bytes(whole[: int(share * len(whole))])

    assert read_run(tmp_path, ORIGIN, name=NAME) is None


def test_a_new_run_takes_the_old_report_away(tmp_path: Path, run: Run, report: Report) -> None:
    write_run(tmp_path, run, EVIDENCE, name=NAME)
    write_report(tmp_path, report, run, EXERCISE.draw)
    assert read_report(tmp_path) == report

    write_run(tmp_path, run, EVIDENCE, name=NAME)

    assert read_report(tmp_path) is None


@pytest.mark.parametrize("content", [b'{"schema_version": 1', b"\xff", b"[]", b"[" * 100_000])
def test_half_a_report_is_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(content)

    assert read_report(tmp_path) is None


@pytest.mark.parametrize("student", ["\udcff", "名前", "\x9b5m\u202e"])
def test_a_report_can_be_stored_whatever_the_folder_is_called(
    student: str, tmp_path: Path, run: Run, report: Report
) -> None:
    named = report.model_copy(update={"student": student})

    write_report(tmp_path, named, run, EXERCISE.draw)

    assert read_report(tmp_path) == named
    assert (tmp_path / "report.json").read_bytes().isascii()


def test_nothing_but_whole_files_is_left_in_the_folder(tmp_path: Path, run: Run, report: Report) -> None:
    write_run(tmp_path, run, EVIDENCE, name=NAME)
    write_report(tmp_path, report, run, EXERCISE.draw)

    assert sorted(file.name for file in tmp_path.iterdir()) == [
        f"{NAME}.ipynb", "evidence", "grid.png", "measurements.json", "pictures.npz", "report.json", "run.json",
    ]  # fmt: skip


@pytest.fixture
def placed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What takes its place on the disk, in order; "fsync" where a file's content is written out."""
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def note_fsync(file: int) -> None:
        fsync(file)
        steps.append("fsync")

    def note_replace(source: Path, target: Path) -> None:
        replace(source, target)
        steps.append(Path(target).name)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    return steps


def test_a_file_takes_its_place_when_its_content_is_on_the_disk(tmp_path: Path, placed: list[str]) -> None:
    write_whole(tmp_path / "report.json", "{}")

    assert placed == ["fsync", "report.json"]


def test_of_a_run_the_note_comes_last_and_of_all_the_report(
    tmp_path: Path, run: Run, report: Report, placed: list[str]
) -> None:
    write_run(tmp_path, run, EVIDENCE, name=NAME)
    of_run = [step for step in placed if step != "fsync"]
    write_report(tmp_path, report, run, EXERCISE.draw)

    assert of_run[-1] == "run.json"
    assert {"measurements.json", "pictures.npz", f"{NAME}.ipynb"} <= set(of_run[:-1])
    assert placed[-2:] == ["fsync", "report.json"]
