"""What a TA sees of a submission: what reaches beyond the exercise, and no usual habit."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
from made_reports import make_report
from nbformat import NotebookNode

import autograder.execute.inside
from autograder.audit.audit import labelled_submissions
from autograder.course.folder import ASSIGNMENT
from autograder.course.given import with_lost_cells
from autograder.course.notebooks import compose, grade_id, read_notebook
from autograder.course.submission import Submission
from autograder.evidence import (
    CellRun,
    ChangedCell,
    Evidence,
    Notice,
    Record,
    evidence_from_files,
    evidence_to_files,
)
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.gradescope.results import results_of
from autograder.grading.notices import code
from autograder.grading.notices.all import with_notices
from autograder.grading.notices.code import notices_on_code
from autograder.grading.notices.files import notices_on_files
from autograder.grading.notices.functions import notices_on_functions
from autograder.grading.notices.metadata import notices_on_metadata
from autograder.grading.notices.troubles import notices_on_troubles
from autograder.grading.stages import make_flags
from autograder.measurements import CellError, Measurements
from autograder.report import Flag
from autograder.run import Origin

REPOSITORY = Path(__file__).resolve().parents[2]
ORIGIN = Origin(
    profile="full", seed=7, dataset="digits", sandbox="bwrap", versions={}, submission_sha256="0" * 64
)


@pytest.fixture(scope="module")
def released() -> NotebookNode:
    return read_notebook(REPOSITORY / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")


def cell_of(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if grade_id(cell) == name)


def codes(found: tuple[Notice, ...]) -> dict[str, tuple[str, ...]]:
    return {one.code: one.about for one in found}


def test_code_in_a_check_cell_is_read_like_any_other(released: NotebookNode) -> None:
    notebook = compose(released, {})
    cell = cell_of(notebook, "check_cnn")
    cell.source = f"import ctypes\n{cell.source}"

    assert codes(notices_on_code(notebook, released)) == {"reaches_beyond": ("ctypes",)}


@pytest.mark.parametrize(
    ("source", "code", "about"),
    [
        ("np.isfinite = lambda x: True", "library_replaced", "numpy.isfinite"),
        ("keras.Model.fit = lambda *a, **k: None", "library_replaced", "tensorflow.keras.Model.fit"),
        (
            "layers.Conv2D.call = None or (lambda self, x: x)",
            "library_replaced",
            "tensorflow.keras.layers.Conv2D.call",
        ),
        ("import builtins\nbuiltins.print = id", "library_replaced", "builtins.print"),
        ("__builtins__.max = min", "library_replaced", "builtins.max"),
        ("setattr(np, 'mean', min)", "library_replaced", "numpy.mean"),
        ("from keras import Model\nModel.predict = id", "library_replaced", "keras.Model.predict"),
        ("import sys\nsys.modules['numpy'] = 3", "library_replaced", "sys.modules"),
        ("import ctypes", "reaches_beyond", "ctypes"),
        ("from socket import socket", "reaches_beyond", "socket"),
        ("__import__('subprocess').run('ls')", "reaches_beyond", "subprocess"),
        ("exec('import ctypes')", "reaches_beyond", "ctypes"),
        ("import os\nos.kill(1, 9)", "reaches_beyond", "os.kill"),
        ("from os import kill as k\nk(1, 9)", "reaches_beyond", "os.kill"),
        ("import os as o\ngetattr(o, 'fork')()", "reaches_beyond", "os.fork"),
        ("import gc\ngc.get_objects()", "reaches_beyond", "gc.get_objects"),
        ("import sys\nsys._getframe(1)", "reaches_beyond", "sys._getframe"),
        ("f = (i for i in ()).gi_frame", "reaches_beyond", "frames (gi_frame)"),
        ("next(o for o in things if type(o).__name__ == 'Recorder')", "recorder_named", "Recorder"),
        ("get_ipython().events.callbacks['post_run_cell'].clear()", "recorder_named", "post_run_cell"),
    ],
)
def test_code_that_reaches_beyond_the_exercise_is_noticed(
    released: NotebookNode, source: str, code: str, about: str
) -> None:
    assert about in codes(notices_on_code(compose(released, {"cnn": source}), released))[code]


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (f"weights = np.frombuffer(b64decode('{'QUJD' * 800}'))", "a text of 3,200 characters"),
        (f"kernel = np.array({[[0.5] * 20] * 20})", "a list of 400 numbers"),
    ],
)
def test_data_that_were_pasted_into_the_code_are_noticed(
    released: NotebookNode, source: str, what: str
) -> None:
    assert codes(notices_on_code(compose(released, {"cnn": source}), released)) == {"pasted_data": (what,)}


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\n!pip install tqdm",
        "import os\nos.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'\nos.path.join('a', 'b')",
        "import os, gc, sys\nos.makedirs('out', exist_ok=True)\ngc.collect()\nsys.version",
        "import ssl\nssl._create_default_https_context = ssl._create_unverified_context",
        "import pandas as pd\npd.options.display.max_rows = 10\nplt.rcParams['figure.figsize'] = (8, 8)",
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "InteractiveShell.ast_node_interactivity = 'all'",
        "layers = list(model.layers)\nfor layer in layers:\n    layer.trainable = True",
        "opt = keras.optimizers.Adam\nopt = opt(1e-3)\nopt.learning_rate = 2 * opt.learning_rate",
        "class Watch(keras.callbacks.Callback):\n    def __init__(self):\n        self.losses = []",
        "%%bash\nimport subprocess",
        f'note = """{"The filters respond to edges. " * 200}"""',
        f"sizes = {list(range(64))}",
    ],
)
def test_usual_habits_are_not_noticed(released: NotebookNode, source: str) -> None:
    assert notices_on_code(compose(released, {"cnn": source}), released) == ()


@pytest.mark.parametrize(
    "source",
    [
        "x = " + " + ".join("1" * 3000),
        "x" + ".y" * 3000 + " = 1",
        "f = " + "lambda: " * 80 + "1",
        "-" * 900 + "1",
    ],
)
def test_code_that_is_nested_deeply_is_read_as_far_as_it_goes(released: NotebookNode, source: str) -> None:
    found = notices_on_code(compose(released, {"cnn": source, "train": "import ctypes"}), released)

    assert codes(found)["reaches_beyond"] == ("ctypes",)


def test_at_most_one_of_a_hundred_correct_submissions_is_noticed_for_its_code(released: NotebookNode) -> None:
    correct = [one for one in labelled_submissions(None) if not one.label.verdicts]
    noticed = [
        one.name
        for one in correct
        if notices_on_code(one.notebook(released), released)
        or notices_on_metadata(one.notebook(released), released)
    ]

    assert len(correct) > 50
    assert len(noticed) <= len(correct) / 100, noticed


def test_the_recorders_names_are_those_in_its_code() -> None:
    folder = Path(autograder.execute.inside.__file__ or "").parent
    nodes = [node for file in folder.glob("*.py") for node in ast.walk(ast.parse(file.read_text()))]
    defined = {node.name for node in nodes if isinstance(node, ast.ClassDef | ast.FunctionDef)}

    assert code._OF_THE_RECORDER - defined == {"post_run_cell", "pre_run_cell"}


def test_an_edited_given_cell_is_shown_with_the_difference(released: NotebookNode) -> None:
    notebook = compose(released, {})
    cell_of(notebook, "normalize").source = cell_of(notebook, "normalize").source.replace("= 50", "= 500")
    (changed,) = with_lost_cells(notebook, released)[1]
    (flag,) = make_flags(EXERCISE, Measurements("graded", changed_cells=(changed,)), ORIGIN)

    assert (flag.code, flag.for_staff) == ("cell_edited", False)
    assert flag.details == ["-gradient_updates = 50", "+gradient_updates = 500"]


def test_a_given_cell_that_was_moved_is_noticed(released: NotebookNode) -> None:
    notebook = compose(released, {})
    notebook.cells.append(notebook.cells.pop(notebook.cells.index(cell_of(notebook, "deprocess"))))

    assert with_lost_cells(notebook, released)[1] == (ChangedCell("deprocess", "moved"),)


def test_a_given_cell_that_nothing_needs_is_noticed_when_it_is_gone(released: NotebookNode) -> None:
    own = "def deprocess_image(x):\n    return x"
    notebook = compose(released, {"ascent": own, "plot": "deprocess_image(1)"})
    notebook.cells.remove(cell_of(notebook, "deprocess"))
    (changed,) = with_lost_cells(notebook, released)[1]
    (flag,) = make_flags(EXERCISE, Measurements("graded", changed_cells=(changed,)), ORIGIN)

    assert (changed.cell, flag.code, flag.for_staff) == ("deprocess", "cell_lost", True)


def test_a_given_cell_that_was_merged_with_another_is_not_lost(released: NotebookNode) -> None:
    notebook = compose(released, {})
    given = cell_of(notebook, "deprocess")
    notebook.cells.remove(given)
    cell_of(notebook, "ascent").source = f"{given.source}\ndeprocess_image(1)"

    assert with_lost_cells(notebook, released)[1] == ()


def test_metadata_with_other_points_are_noticed(released: NotebookNode) -> None:
    notebook = compose(released, {})
    cell_of(notebook, "check_plot").metadata["nbgrader"]["points"] = 500
    own = nbformat.v4.new_code_cell(
        "1", metadata={"nbgrader": {"grade_id": "mine", "grade": True, "points": 9}}
    )
    notebook.cells.append(own)

    (notice,) = notices_on_metadata(notebook, released)
    assert notice.about == (
        "'points' of 'check_plot'",
        "'mine' carries points but is not in the released notebook",
    )


def test_a_notebook_that_says_it_is_in_another_language_is_noticed(released: NotebookNode) -> None:
    notebook = compose(released, {})
    notebook.metadata = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}

    assert codes(notices_on_metadata(notebook, released)) == {"other_language": ("R",)}


@pytest.fixture
def handed_in(tmp_path: Path) -> Submission:
    (tmp_path / f"{ASSIGNMENT}.ipynb").write_text("{}")
    return Submission("ada", ASSIGNMENT, tmp_path)


def test_files_like_results_and_libraries_are_noticed(handed_in: Submission) -> None:
    (handed_in.folder / "report.json").write_text("{}")
    (handed_in.folder / "matplotlib.py").write_text("")
    (handed_in.folder / "pandas").mkdir()
    (handed_in.folder / "pandas" / "__init__.py").write_text("")

    assert codes(notices_on_files(handed_in)) == {
        "files_like_results": ("report.json",),
        "own_module": ("matplotlib", "pandas"),
    }


def test_data_and_own_helpers_are_not_noticed(handed_in: Submission) -> None:
    for name in ("helpers.py", "test.py", "data/numpy.py", "random/0.png", "evidence/a.txt"):
        (handed_in.folder / name).parent.mkdir(exist_ok=True)
        (handed_in.folder / name).write_text("")

    assert notices_on_files(handed_in) == ()


@pytest.mark.parametrize(
    "error",
    [
        "ModuleNotFoundError: No module named 'matplotlib.pyplot'; 'matplotlib' is not a package",
        "AttributeError: module 'matplotlib' has no attribute 'pyplot'",
        "ImportError: cannot import name 'pyplot' from 'matplotlib' (/home/student/matplotlib.py)",
    ],
)
def test_an_error_from_an_own_module_says_that_this_is_the_cause(handed_in: Submission, error: str) -> None:
    (handed_in.folder / "matplotlib.py").write_text("")
    failed = Measurements("graded", errors=(CellError("plot", error, "", "matplotlib"),))
    measured = with_notices(failed, Evidence("graded", notices=notices_on_files(handed_in)))

    assert "matplotlib beside the notebook is imported in place of the library" in measured.errors[0].hint
    assert not measured.errors[0].missing_module


def test_another_error_is_not_laid_to_an_own_module(handed_in: Submission) -> None:
    (handed_in.folder / "matplotlib.py").write_text("")
    failed = Measurements("graded", errors=(CellError("plot", "NameError: name 'x' is not defined", ""),))

    assert (
        with_notices(failed, Evidence("graded", notices=notices_on_files(handed_in))).errors == failed.errors
    )


def test_functions_that_the_kernel_found_replaced_are_noticed_whatever_is_sent() -> None:
    records = [
        Record("replaced", cell, {"names": names})
        for cell, names in enumerate((["numpy.mean"], "x", None, [["\x1b[2J"] * 9], ["numpy.mean"]))
    ]
    (notice,) = notices_on_functions(Evidence("graded", records=tuple(records)))

    assert notice.about[0] == "numpy.mean"
    assert notice.message.isprintable()


def test_notices_are_kept_with_the_evidence_and_become_flags_for_staff() -> None:
    notice = Notice("library_replaced", "The notebook assigns to numpy.isfinite.", ("numpy.isfinite",))
    kept = evidence_from_files(evidence_to_files(Evidence("graded", notices=(notice,))))
    flags = make_flags(EXERCISE, with_notices(Measurements("graded"), kept), ORIGIN)

    assert kept.notices == (notice,)
    assert flags == [Flag(code="library_replaced", message=notice.message, for_staff=True)]
    assert not any(flag.needs_review for flag in flags)


def test_students_at_gradescope_do_not_read_what_is_for_staff() -> None:
    flags = [Flag(code="a", message="for staff", for_staff=True), Flag(code="b", message="for all")]
    said = results_of(make_report("ada", {}, flags=flags), {}, seconds=1).output

    assert "for all" in said
    assert "for staff" not in said


def test_what_the_recorder_could_not_look_at_is_shown_with_its_reason() -> None:
    trouble = {"where": "look_at_models", "message": "ValueError('no input\\nshape')"}
    evidence = Evidence(
        "graded",
        (CellRun(3, "imports", "ok"), CellRun(5, "cnn", "ok")),
        (
            Record("trouble", 1, trouble),
            Record("trouble", 1, trouble),
            Record("trouble", 7, {"where": "gradient"}),
            Record("trouble", 0, {"where": ["forged"], "message": {}}),
        ),
    )
    (notice,) = notices_on_troubles(evidence)

    assert notice.code == "not_recorded"
    assert (
        "networks in cell 'cnn': ValueError('no input\\nshape'); gradients in cell '7'; something"
        in notice.message
    )
    assert notices_on_troubles(Evidence("graded")) == ()


def test_many_troubles_are_a_short_notice() -> None:
    records = (Record("trouble", run, {"where": "gradient", "message": "x" * 5000}) for run in range(100))
    (notice,) = notices_on_troubles(Evidence("graded", (), tuple(records)))

    assert notice.message.endswith("; and 95 more.")
    assert len(notice.message) < 1500
