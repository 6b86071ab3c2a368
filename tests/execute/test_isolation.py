"""Claims about what a notebook can see and do, checked from inside by one notebook that tries."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from autograder.errors import SandboxError
from autograder.execute import inside
from autograder.execute.kernel import KernelOptions
from autograder.execute.runner import Execution, execute
from autograder.execute.sandbox import Python, find_python, make_sandbox
from autograder.plain.scratch import temporary_folder
from autograder.settings import Limits

SECRET = "the-graders-own-secret"


@dataclass(frozen=True)
class Intruder:
    """A notebook that looked around, and what was there to be found."""

    execution: Execution
    course: Path
    temporary_before: set[str]
    processes_before: set[int]


def cells(course: Path) -> dict[str, str]:
    home = str(Path.home())
    return {
        "network": "import socket\nsocket.create_connection(('1.1.1.1', 53), timeout=3)",
        "interfaces": "print([name for _, name in socket.if_nameindex()])",
        "others": f"open({str(course / 'submitted/bob/exercise/exercise.ipynb')!r})",
        "course": f"open({str(course / 'source/exercise/exercise.ipynb')!r})",
        "repository": f"open({str(Path(__file__).resolve())!r})",
        "home": "import json, os\n"
        f"print(json.dumps(os.listdir({home!r}) if os.path.exists({home!r}) else []))",
        "environment": "print(json.dumps(dict(os.environ)))",
        "parents": "print(open('/proc/1/environ').read())",
        "user": "print(os.getuid(), os.getgid())",
        "root": "os.setuid(0)",
        "processes": "import glob\n"
        "print(json.dumps([open(file).read().strip() for file in glob.glob('/proc/[0-9]*/comm')]))",
        "system": "open('/usr/forged', 'w')",
        "packages": "import numpy\nopen(os.path.join(os.path.dirname(numpy.__file__), 'forged.py'), 'w')",
        "data": f"open({str(course / 'submitted/ada/exercise/points.csv')!r}, 'w')",
        "kit": "import autograder.exercises.activation_maximization.verify.measure",
        "reference": "import solutions.cnn",
        "jupyter": "import site, sys\n"
        "after = sys.path.index(site.getsitepackages()[0])\n"
        "print(json.dumps([sys.path[after - 1], [part.rpartition('/')[2] for part in sys.argv]]))",
        "recorder": "print([name for name in {**sys.modules, **globals()} if name.partition('.')[0] == 'inside'])\n"
        "import inside",
        "beside": "import helper\nprint(helper.ANSWER, open('data/points.csv').read())",
        "hidden": "print(os.path.exists('.ipython/profile_default/startup/start.py'))",
        "write": "open('mine.txt', 'w').write('written')\nprint(open('mine.txt').read(), os.getcwd())",
        "keras_digits": "import keras\nprint(keras.datasets.mnist.load_data()[0][0].shape)",
        "tf_digits": "import tensorflow as tf\nprint(tf.keras.datasets.mnist.load_data()[0][0].shape)",
        "imported_digits": "from tensorflow.keras.datasets import mnist\nprint(mnist.load_data()[0][0].shape)",
        "left": "import subprocess\nsubprocess.Popen(['sleep', '3600'], start_new_session=True)\n"
        "print(os.path.exists('/proc'))",
        "last": "print('reached the end')",
    }


@pytest.fixture(scope="module", params=[pytest.param("started", marks=pytest.mark.deep), "forked"])
def intruder(
    request: pytest.FixtureRequest,
    run_cells: Callable[..., Execution],
    tmp_path_factory: pytest.TempPathFactory,
) -> Intruder:
    course = tmp_path_factory.mktemp("course")
    for folder in ("submitted/ada/exercise", "submitted/bob/exercise", "source/exercise"):
        (course / folder).mkdir(parents=True)
        (course / folder / "exercise.ipynb").write_text("{}")
    handed_in = course / "submitted/ada/exercise"
    (handed_in / "helper.py").write_text("ANSWER = 42")
    for name in ("numpy.py", "socket.py"):  # the kernel needs the real ones
        (handed_in / name).write_text("raise RuntimeError('not the real one')")
    (handed_in / "data").mkdir()
    (handed_in / "data/points.csv").write_text("1,2,3")
    startup = handed_in / ".ipython/profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "start.py").write_text("import os; os._exit(1)")
    before = temporary_folders(), set(psutil.pids())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADER_SECRET", SECRET)
        execution = run_cells(cells(course), handed_in, forked=request.param == "forked")
    return Intruder(execution, course, *before)


Said = Callable[[Execution, str], str]


def temporary_folders() -> set[str]:
    """Return the temporary folders of this process; others on the same machine have theirs."""
    with temporary_folder() as name:
        return {path.name for path in Path(name).parent.iterdir() if path.is_dir()} - {Path(name).name}


def test_there_is_no_network(intruder: Intruder, said: Said) -> None:
    assert said(intruder.execution, "network") == "OSError"
    assert said(intruder.execution, "interfaces") == "['lo']"


@pytest.mark.parametrize("place", ["others", "course", "repository"])
def test_files_of_others_do_not_exist(intruder: Intruder, said: Said, place: str) -> None:
    assert said(intruder.execution, place) == "FileNotFoundError"


def test_of_the_graders_home_only_an_interpreter_can_be_seen(intruder: Intruder, said: Said) -> None:
    home = Path.home()
    folders = [folder for folder in find_python("").folders if home in folder.parents]
    interpreter = {folder.relative_to(home).parts[0] for folder in folders}

    assert set(json.loads(said(intruder.execution, "home"))) <= interpreter


def test_nothing_of_the_graders_environment_is_passed_on(intruder: Intruder, said: Said) -> None:
    environment = json.loads(said(intruder.execution, "environment"))

    assert SECRET not in environment.values()
    assert environment["HOME"] == "/home/student"
    assert SECRET not in said(intruder.execution, "parents")


def test_the_kernel_has_no_privileges_and_cannot_become_root(intruder: Intruder, said: Said) -> None:
    assert said(intruder.execution, "user") == "1000 1000"
    assert said(intruder.execution, "root") in {"PermissionError", "OSError"}


def test_no_other_process_can_be_seen(intruder: Intruder, said: Said) -> None:
    seen = json.loads(said(intruder.execution, "processes"))

    # a shell holds the sandbox of a forked kernel open
    assert [name for name in seen if name not in {"bwrap", "sh"} and not name.startswith("python")] == []
    assert len(seen) <= 4


@pytest.mark.parametrize("place", ["system", "packages", "data"])
def test_only_the_own_folder_can_be_written_to(intruder: Intruder, said: Said, place: str) -> None:
    assert said(intruder.execution, place) in {"OSError", "PermissionError", "FileNotFoundError"}


@pytest.mark.parametrize("package", ["kit", "reference"])
def test_neither_the_kit_nor_the_reference_solution_can_be_imported(
    intruder: Intruder, said: Said, package: str
) -> None:
    assert said(intruder.execution, package) == "ModuleNotFoundError"


def test_the_command_line_and_the_order_of_imports_are_those_of_any_jupyter_kernel(
    intruder: Intruder, said: Said
) -> None:
    assert json.loads(said(intruder.execution, "jupyter")) == [
        "",
        ["ipykernel_launcher.py", "-f", "kernel.json"],
    ]


def test_the_recorder_cannot_be_imported(intruder: Intruder, said: Said) -> None:
    assert said(intruder.execution, "recorder") == "[]\nModuleNotFoundError"


def test_the_recorder_imports_its_own_modules_only_at_the_top() -> None:
    for file in Path(inside.__file__).parent.glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        later = {node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level} - set(
            tree.body
        )
        assert not later, file.name


def test_files_beside_the_notebook_can_be_used(intruder: Intruder, said: Said) -> None:
    assert said(intruder.execution, "beside") == "42 1,2,3"


def test_hidden_files_of_a_submission_do_not_change_how_the_kernel_starts(
    intruder: Intruder, said: Said
) -> None:
    assert said(intruder.execution, "hidden") == "False"


def test_a_notebook_can_write_into_its_folder_but_not_into_the_submission(
    intruder: Intruder, said: Said
) -> None:
    assert said(intruder.execution, "write") == "written /home/student"
    assert not (intruder.course / "submitted/ada/exercise/mine.txt").exists()


@pytest.mark.parametrize("way", ["keras_digits", "tf_digits", "imported_digits"])
def test_load_data_reads_the_graders_file(intruder: Intruder, said: Said, way: str) -> None:
    assert said(intruder.execution, way) == "(6164, 28, 28)"


def test_an_error_does_not_stop_later_cells(intruder: Intruder, said: Said) -> None:
    assert intruder.execution.evidence.outcome == "graded"
    assert intruder.execution.evidence.cells[0].error_name == "OSError"
    assert said(intruder.execution, "last") == "reached the end"


def test_nothing_is_left_over(intruder: Intruder) -> None:
    folders = temporary_folders() - intruder.temporary_before
    processes = [psutil.Process(pid) for pid in set(psutil.pids()) - intruder.processes_before]

    assert folders == set()
    assert not [one for one in processes if one.is_running() and "3600" in _command(one)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def test_a_python_that_does_not_exist_is_one_clear_line(tmp_path: Path, digits_file: Path) -> None:
    options = KernelOptions(
        make_sandbox("none"), digits_file, Limits(), seed=7, threads=1, python=str(tmp_path / "python")
    )

    with pytest.raises(SandboxError, match="does not start") as caught:
        execute(_empty(), None, options)

    assert str(tmp_path / "python") in str(caught.value)
    assert "\n" not in str(caught.value)


def _empty():
    import nbformat

    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])


def test_the_kits_own_python_is_found_with_all_folders_that_it_needs() -> None:
    python = find_python("")

    assert isinstance(python, Python)
    assert any(folder in python.site_packages.parents for folder in python.folders) or Path("/usr") in (
        python.site_packages.parents
    )
