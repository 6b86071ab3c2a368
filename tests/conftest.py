"""What several stages need: digits that are always there, the sandbox, and notebooks made of a few cells."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import nbformat
import pytest
from held_off import cases_in, print_cases
from made_reports import make_report
from nbformat import NotebookNode
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise
from autograder.course.notebooks import compose, write_notebook
from autograder.course.release import released_notebook
from autograder.execute.kernel import KernelOptions, kernel_environment, packed_recorder
from autograder.execute.runner import Execution, execute
from autograder.execute.sandbox import Sandbox, bubblewrap_problem, make_sandbox
from autograder.execute.warm import Template
from autograder.plain.machine import cores
from autograder.report import Flag, Report, Result
from autograder.settings import Limits
from solutions.data import embedded_digits, write_npz

# A test that asks for one of these runs kernels, or computes with a network, and takes long.
TAKES_LONG = {"sandbox", "template", "network", "trained_cnn"}


# And these longest of all, so that no worker is left with one of them at the end.
TAKES_LONGEST = (
    "test_exercise.py",
    "test_measured_again.py",
    "test_demonstrate.py",
    "test_course.py",
    "test_labelled_lattices.py",
)


def pytest_xdist_auto_num_workers() -> int:
    """Three for two cores: a test often waits, for a clock, a browser or a kernel."""
    return max(1, cores() * 3 // 2)


class FilesTogether(LoadFileScheduling):
    """Keeps the tests of a file on one worker, since they share what it has made.

    A file whose tests are parametrized as `[part0]`, `[part1]`, ... is shared out by parts. (`--dist=loadgroup` has no
    effect on pytest 9.2 with pytest-xdist 3.8.)
    """

    def _split_scope(self, nodeid: str) -> str:
        part = re.search(r"\[(part\d+)", nodeid)
        return super()._split_scope(nodeid) + (part[1] if part else "")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FilesTogether:
    return FilesTogether(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long."""
    long = {item.path for item in items if TAKES_LONG & set(getattr(item, "fixturenames", ()))}
    items.sort(key=lambda item: (item.path.name not in TAKES_LONGEST, item.path not in long))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.getreports("passed")
    if cases := cases_in(report for report in reports if report.when == "call"):
        print_cases(cases, whole=terminalreporter.verbosity > 0)


@pytest.fixture(scope="session")
def digits_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("digits") / "mnist.npz"
    write_npz(embedded_digits(), path)
    return path


MakeOnce = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def make_once(tmp_path_factory: pytest.TempPathFactory) -> MakeOnce:
    """Let the first worker that asks for a folder make it, while the others wait; tests change only copies of it."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                fill(folder)
                done.touch()
        return folder

    return make


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    if problem := bubblewrap_problem():  # a green run must not mean that nothing was tried
        pytest.fail(f"the tests need a working sandbox: {problem}")
    return make_sandbox("bwrap")


@pytest.fixture(scope="session")
def make_notebook() -> Callable[[Mapping[str, str]], NotebookNode]:
    """Make a notebook of code cells, from their names and sources; nbgrader knows a cell by its name."""

    def make(cells: Mapping[str, str]) -> NotebookNode:
        notebook = nbformat.v4.new_notebook()
        for name, source in cells.items():
            nbgrader = {"grade_id": name, "schema_version": 3, "solution": False, "locked": True}
            nbgrader |= {"grade": name.startswith("check_"), "task": False}
            if nbgrader["grade"]:
                nbgrader["points"] = 20
            notebook.cells.append(nbformat.v4.new_code_cell(source, metadata={"nbgrader": nbgrader}))
        return notebook

    return make


@pytest.fixture(scope="session")
def correct_cells() -> dict[str, str]:
    """A correct submission, made small: four filters, and all of them climb at once."""
    return {
        "imports": "import numpy as np, tensorflow as tf\nfrom tensorflow import keras\nlayers = keras.layers",
        "data": "(x, y), _ = keras.datasets.mnist.load_data()\nx = x[:500, ..., None].astype('float32') / 255",
        "cnn": "model = keras.Sequential([layers.Input((28, 28, 1))] + [\n"
        "    layers.Conv2D(4, 3, strides=strides, padding='same', activation='elu', name=name) for name, strides in\n"
        "    [('conv2d', 2), ('conv2d_1', 1), ('conv2d_2', 2), ('conv2d_3', 1)]] + [\n"
        "    layers.Flatten(), layers.Dense(10, activation='softmax')])",
        "train": "model.compile('adam', 'sparse_categorical_crossentropy')\n"
        "results = model.fit(x, y[:500], epochs=1, verbose=0)",
        "ascent": "extractor = keras.Model(model.inputs, model.get_layer('conv2d_3').output)\n"
        "images = tf.Variable(np.random.rand(4, 28, 28, 1).astype('float32'))\n"
        "for update in range(50):\n"
        "    with tf.GradientTape() as tape:\n"
        "        loss = tf.reduce_sum(tf.linalg.diag_part(tf.reduce_mean(extractor(images), axis=(1, 2))))\n"
        "    gradient = tape.gradient(loss, images)\n"
        "    rms = tf.sqrt(tf.reduce_mean(gradient ** 2, axis=(1, 2, 3), keepdims=True))\n"
        "    images.assign_add(gradient / (rms + 1e-7))\n"
        "visualized_feature = list(images.numpy())",
    }


RunCells = Callable[..., Execution]


@pytest.fixture(scope="session")
def template() -> Iterator[Template]:
    """What most kernels of the tests are forked from, as when a course is graded."""
    with Template("", kernel_environment(threads=1), packed_recorder()) as template:
        assert template.problem() == ""
        yield template


@pytest.fixture(scope="session")
def run_cells(
    sandbox: Sandbox,
    digits_file: Path,
    make_notebook: Callable[[Mapping[str, str]], NotebookNode],
    template: Template,
) -> RunCells:
    def run(
        cells: Mapping[str, str], submission: Path | None = None, *, forked: bool = True, **limits: float
    ) -> Execution:
        options = KernelOptions(
            sandbox,
            digits_file,
            Limits.model_validate(limits),
            seed=7,
            threads=1,
            template=template if forked else None,
        )
        return execute(make_notebook(cells), submission, options)

    return run


@pytest.fixture(scope="session")
def said() -> Callable[[Execution, str], str]:
    """Return what a cell of an executed notebook printed, or the error that it stopped with."""

    def words(execution: Execution, name: str) -> str:
        cell = next(cell for cell in execution.notebook.cells if cell.metadata.nbgrader.grade_id == name)
        return "".join(out.get("text", "") or out.get("ename", "") for out in cell.outputs).strip()

    return words


@pytest.fixture(scope="session")
def graded_by_hand() -> Callable[[Path, Mapping[str, float]], Course]:
    """Make a course whose students were graded: a report and an executed notebook for each, as graders leave them.

    Nothing was run, so it costs seconds. Students have these points for their plot, and an answer to be read.
    """

    def make(root: Path, plots: Mapping[str, float]) -> Course:
        course = initialise(root)
        notebook = compose(released_notebook(course), {"interpretation": "The first layers want edges."})
        points = course.points()
        for student, score in plots.items():
            results = {
                name: Result(status="fail", score=0, max_score=most, feedback="As measured.")
                for name, most in points.items()
            }
            results["plot"] = Result(
                status="partial", score=score, max_score=points["plot"], feedback="As measured."
            )
            report = make_report(student, results)
            for folder in (course.submission_folder(student), course.result_folder(student)):
                write_notebook(notebook, folder / f"{ASSIGNMENT}.ipynb")
            (course.result_folder(student) / "report.json").write_text(report.model_dump_json())
        return course

    return make


@pytest.fixture
def report() -> Report:
    """A report as the grader makes it, without having graded."""
    measured = {"conv_layers": 4}
    criteria = {
        "cnn": Result(status="pass", score=20, max_score=20, feedback="Four.", measured=measured),
        "training": Result(status="partial", score=7.5, max_score=15, feedback="70 %."),
    }
    flags = [Flag(code="timeout", message="It took too long.", needs_review=True)]
    return make_report(
        "ada", criteria, outcome="timeout", flags=flags, needs_review=True, timings={"run": 31.2}
    )
