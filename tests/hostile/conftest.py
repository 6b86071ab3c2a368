"""Attacks of every kind; `pytest -v` ends with a table that says of each what was tried and what happened."""

from __future__ import annotations

import math
import os
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from downloads import ADA, NEIGHBOUR, NOTEBOOK, Collect, Outcome, everything, zipped
from held_off import Case, as_property
from hypothesis import HealthCheck, configuration, given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode

from autograder.cli import run
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise
from autograder.course.notebooks import read_notebook, write_notebook
from autograder.course.submission import Submission
from autograder.errors import GradeascentError
from autograder.execute.sandbox import Sandbox
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.grading.grader import Grader, ready_to_grade
from autograder.progress.step import Step
from autograder.report import Report
from autograder.settings import Limits, Settings
from autograder.verify.verifier import Verifier

if TYPE_CHECKING:
    from forged_evidence import Evidences

REPOSITORY = Path(__file__).resolve().parents[2]

Tell = Callable[[str, str], None]


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """Take down `(tried, happened)` for the table; call it after the assertions, so that only what held is there."""
    family = request.path.stem.removeprefix("test_").replace("_", " ")

    def take_down(tried: str, happened: str) -> None:
        request.node.user_properties.append(as_property(Case(family, tried, happened)))

    return take_down


@pytest.fixture
def submission(tmp_path: Path) -> Submission:
    """The empty folder of a submission."""
    folder = tmp_path / "ada" / ASSIGNMENT
    folder.mkdir(parents=True)
    return Submission("ada", ASSIGNMENT, folder)


MostMemory = Callable[[], AbstractContextManager[list[int]]]


@pytest.fixture
def most_memory() -> MostMemory:
    """Measure by how many bytes this process, which is the grader's, grows at most."""

    @contextmanager
    def measure() -> Iterator[list[int]]:
        grader = psutil.Process()
        before, most, over = grader.memory_info().rss, [0], threading.Event()

        def watch() -> None:
            while not over.wait(0.02):
                most[0] = max(most[0], grader.memory_info().rss - before)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield most
        finally:
            over.set()
            watcher.join()

    return measure


# How many of the inputs that a test asks for are tried in every run.
FEW = 0.5

Fuzz = Callable[[st.SearchStrategy[Any], int, Callable[[Any], None]], int]


@pytest.fixture(params=["few", pytest.param("many", marks=pytest.mark.deep)])
def fuzz(request: pytest.FixtureRequest, tmp_path: Path) -> Fuzz:
    """Try a claim on this many inputs, always the same, or in a quick run on the first of them; return their number."""
    share = FEW if request.param == "few" else 1
    configuration.set_hypothesis_home_dir(tmp_path / "hypothesis")

    def try_all(inputs: st.SearchStrategy[Any], number: int, claim: Callable[[Any], None]) -> int:
        tried = 0

        def holds(value: Any) -> None:
            nonlocal tried
            tried += 1
            claim(value)

        limits = settings(
            max_examples=math.ceil(number * share),
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        limits(given(inputs)(holds))()
        return tried

    return try_all


class Quiet:
    """Progress that is not shown, but keeps what failed."""

    def __init__(self) -> None:
        self.failures: dict[str, str] = {}

    def started(self, student: str) -> None: ...

    def step(self, student: str, step: Step) -> None: ...

    def finished(self, student: str, report: Report, *, was_up_to_date: bool) -> None: ...

    def failed(self, student: str, error: GradeascentError | OSError) -> None:
        self.failures[student] = str(error)


@pytest.fixture(scope="session")
def quiet() -> Callable[[], Quiet]:
    """Make progress that is not shown."""
    return Quiet


MakeCourse = Callable[[Path, Mapping[str, Mapping[str, str]]], Course]


@pytest.fixture(scope="session")
def make_course(make_notebook: Callable[[Mapping[str, str]], NotebookNode]) -> MakeCourse:
    """Make a course folder in which each student has handed in a notebook of these cells."""

    def make(root: Path, submissions: Mapping[str, Mapping[str, str]]) -> Course:
        shutil.copytree(REPOSITORY / "source" / ASSIGNMENT, root / "source" / ASSIGNMENT)
        course = Course.open(root)
        for student, cells in submissions.items():
            folder = course.submission_folder(student)
            folder.mkdir(parents=True)
            write_notebook(make_notebook(cells), folder / f"{ASSIGNMENT}.ipynb")
        return course

    return make


@pytest.fixture(scope="module")
def grader(sandbox: Sandbox, digits_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    """A grader with the limits of a course."""
    root = tmp_path_factory.mktemp("course") / "empty"
    shutil.copytree(REPOSITORY / "source" / ASSIGNMENT, root / "source" / ASSIGNMENT)
    settings = Settings(jobs=2, data=str(digits_file))
    with ready_to_grade(Course.open(root), settings, announce=lambda line: None) as ready:
        yield ready


@pytest.fixture(scope="module")
def evidence() -> Evidences:
    """Makes evidence, by default of a trained network of the exercise's form and correct images."""
    # Here, since TensorFlow takes long to import, and most attacks do not need it.
    from forged_evidence import Evidences
    from trained_networks import LAYER, trained_small

    from solutions.gradient_ascent import visualize_filters

    network = trained_small()
    return Evidences(network, visualize_filters(network, LAYER, seed=5).images)


@pytest.fixture(scope="module")
def verifier(sandbox: Sandbox, digits_file: Path) -> Iterator[Verifier]:
    """The real verifier, in its sandbox."""
    with Verifier(EXERCISE, sandbox, digits_file, limits=Limits(), seed=7, threads=1) as started:
        yield started


@pytest.fixture(scope="session")
def said_in() -> Callable[[Course, str], dict[str, str]]:
    """Return what the cells of a graded notebook printed, or the error that they stopped with, by cell."""

    def words(course: Course, student: str) -> dict[str, str]:
        notebook = read_notebook(course.result_folder(student) / f"{ASSIGNMENT}.ipynb")
        return {
            cell.metadata.nbgrader.grade_id: "".join(
                out.get("text", "") or f"{out.get('ename', '')}: {out.get('evalue', '')}"
                for out in cell.outputs
            ).strip()
            for cell in notebook.cells
        }

    return words


@pytest.fixture
def collect(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Collect:
    """Collect a download and see to it that nothing is written elsewhere and nothing but text is printed."""
    monkeypatch.setenv("COLUMNS", "250")
    course = initialise(tmp_path / "there" / "course")
    course.graded.mkdir()
    (course.graded / ".lock").write_text("")
    (tmp_path / "canary").write_text("untouched")

    def run_command(download: bytes | Path, lms: str = "moodle", *options: str) -> Outcome:
        source = download if isinstance(download, Path) else tmp_path / "download"
        if isinstance(download, bytes):
            source.write_bytes(download)
        (course.graded / ".lock").write_text(str(os.getpid()))
        before = everything(tmp_path, course.submitted)
        status = run(["collect", str(source), "--lms", lms, "--course", str(course.root), *options])
        printed = capsys.readouterr()
        said = printed.out + printed.err
        assert everything(tmp_path, course.submitted) == before
        assert {sign for sign in said if not sign.isprintable()} <= {"\n"}
        assert not any(path.is_symlink() or path.is_fifo() for path in course.submitted.rglob("*"))
        assert len(printed.err.splitlines()) <= 1
        return Outcome(status, said, course)

    return run_command


@pytest.fixture
def hand_in(collect: Collect) -> Collect:
    """Collect what a student handed in, from a Moodle download in which a neighbour is too."""

    def collect_with_neighbour(*files: tuple[str | zipfile.ZipInfo, bytes | str]) -> Outcome:
        got = collect(zipped((NEIGHBOUR, NOTEBOOK), *files))
        assert got.files("Bert Ek") == {f"{ASSIGNMENT}.ipynb"}
        return got

    return collect_with_neighbour


@pytest.fixture
def hand_in_archive(hand_in: Collect) -> Collect:
    """Collect an archive that a student handed in, beside a notebook."""

    def collect_archive(content: bytes, name: str = "work.zip") -> Outcome:
        got = hand_in((f"{ADA}/work.ipynb", NOTEBOOK), (f"{ADA}/{name}", content))
        assert f"{ASSIGNMENT}.ipynb" in got.files()
        return got

    return collect_archive
