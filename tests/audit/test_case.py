"""`gradeascent report-case` bundles what a verdict rests on, and nothing that says whose it is."""

from __future__ import annotations

import ast
import json
import shutil
import zipfile
from pathlib import Path

import nbformat
import pytest
from command_line import succeed

from autograder.audit.anonymous import KnownNames, anonymous_code, anonymous_facts
from autograder.cli import run
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook
from autograder.course.notebooks import grade_id, read_notebook, write_notebook
from autograder.record.files import MEASUREMENTS, PICTURES, REPORT
from autograder.report import Report

OLDER = Path(__file__).parents[1] / "older_course"
SECRETS = (
    "bert",
    "Bertram",
    "Quist",
    "quist@example.org",
    "quist.example.org",
    "8675309",
    "my dog Rex",
    "/home/quist",
)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A stored course, in which bert has left his name wherever he could."""
    course = Course.open(Path(shutil.copytree(OLDER, tmp_path / "course")))
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_student(
            "bert", first_name="Bertram", last_name="Quist", email="quist@example.org", lms_user_id="8675309"
        )
    file = course.submission_folder("bert") / f"{ASSIGNMENT}.ipynb"
    notebook = read_notebook(file)
    for cell in notebook.cells:
        match grade_id(cell):
            case "cnn":
                cell.source += "  # by Bertram Quist, and my dog Rex\nplt.title('of Bertram, 8675309')"
                cell.outputs = [nbformat.v4.new_output("stream", text="my dog Rex")]
            case "interpretation":
                cell.source = "I am Bertram, and my dog Rex sees stripes."
    notebook.cells.append(nbformat.v4.new_markdown_cell("Made by my dog Rex"))
    notebook.metadata["author"] = "Quist"
    write_notebook(notebook, file)
    settings = course.root / "gradeascent.toml"
    address = 'selfcheck_url = "https://quist.example.org/selfcheck.py"\n'
    settings.write_text(address + settings.read_text())
    report = course.result_folder("bert") / REPORT
    facts = json.loads(report.read_text())
    facts["criteria"]["cnn"]["feedback"] = "Bertram's file /home/quist/cnn.h5 was not found."
    facts["provenance"]["dataset"] = "/home/quist/mnist.npz, sha256 0123456789abcdef"
    facts["flags"] = [{"code": "edited", "message": "A cell was edited.", "details": ["+ # my dog Rex"]}]
    report.write_text(json.dumps(facts))
    return course


def bundled(course: Course, folder: Path) -> dict[str, bytes]:
    succeed(["report-case", "bert", "--course", str(course.root), "--to", str(folder / "case.zip")])
    with zipfile.ZipFile(folder / "case.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_nothing_in_the_bundle_says_whose_it_is(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = bundled(course, tmp_path)

    for name, content in files.items():
        if name != PICTURES:
            assert {secret for secret in SECRETS if secret in content.decode()} == set(), name
    assert "look into the file before you send it" in " ".join(capsys.readouterr().out.split())


def test_what_the_verdict_rests_on_is_in_it(course: Course, tmp_path: Path) -> None:
    files = bundled(course, tmp_path)

    assert files.keys() == {
        REPORT,
        MEASUREMENTS,
        PICTURES,
        "settings.json",
        "machine.json",
        f"{ASSIGNMENT}.ipynb",
    }
    report = Report.model_validate_json(files[REPORT])
    assert (report.student, report.score) == ("student", 55.0)
    assert report.provenance.dataset.startswith("mnist.npz, sha256")
    notebook = nbformat.reads(files[f"{ASSIGNMENT}.ipynb"].decode(), as_version=4)
    code = {grade_id(cell): cell for cell in notebook.cells}
    assert "Conv2D" in code["cnn"].source
    assert "plt.title('of student, student')" in code["cnn"].source
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_a_submission_that_is_no_notebook_can_be_reported_too(course: Course, tmp_path: Path) -> None:
    file = tmp_path / "case.zip"

    succeed(["report-case", "cleo", "--course", str(course.root), "--to", str(file)])

    with zipfile.ZipFile(file) as archive:
        assert REPORT in archive.namelist()
        assert f"{ASSIGNMENT}.ipynb" not in archive.namelist()


def test_without_a_report_it_says_what_to_do(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(course.result_folder("ada"))

    assert run(["report-case", "ada", "--course", str(course.root)]) == 2
    assert "gradeascent grade ada" in capsys.readouterr().err
    assert run(["report-case", "zoe", "--course", str(course.root)]) == 2
    assert "'zoe'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "clean"),
    [
        ("x = 1  # mine", "x = 1"),
        ("# 1. noise\nx = 1", "# 1. noise\nx = 1"),
        ("x = '# no comment'", "x = '# no comment'"),
        ('def f():\n    """By Max."""\n    return max(1, 2)', 'def f():\n    ""\n    return max(1, 2)'),
        ('"""\nMax wrote\nthis\n"""\nx = 1', '""\nx = 1'),
        ("print('Max', f'{max(3, 4)}')", "print('student', f'{max(3, 4)}')"),
        ("%matplotlib inline\nx = 1  # mine", "%matplotlib inline\nx = 1"),
        ("!pip install tqdm  # mine", "!pip install tqdm"),
        ("model = (  # mine\nx", "model = (\nx"),
        ("a = 'b'; c = 'Max'  # Max", "a = 'b'; c = 'student'"),
        ("text = '''Max\nand Max''', 'Max'", "text = '''student\nand student''', 'student'"),
    ],
)
def test_code_loses_comments_and_names_and_still_means_the_same(source: str, clean: str) -> None:
    without = anonymous_code(source, {"# 1. noise"}, KnownNames({"max"}))

    assert "\n".join(line.rstrip() for line in without.split("\n")) == clean


@pytest.mark.parametrize("file", sorted((Path(__file__).parents[1] / "submissions").glob("*/*.py"))[::12])
def test_the_code_of_real_submissions_stays_code(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    try:
        before = ast.parse(source)
    except SyntaxError:
        return

    after = ast.parse(anonymous_code(source, set(), KnownNames({"zoe"})))

    for tree in (before, after):
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                node.value.value = ""
    assert ast.dump(before) == ast.dump(after)


def test_facts_lose_names_in_sentences_and_folders_anywhere() -> None:
    facts = {
        "a": ["Max did it", "max", 1.5, None, "/home/max/digits.npz"],
        "b": {"c": "see https://example.org/x"},
    }

    assert anonymous_facts(facts, KnownNames({"Max"})) == {
        "a": ["student did it", "max", 1.5, None, "digits.npz"],
        "b": {"c": "see https://example.org/x"},
    }
