"""What is in the bundle: all that a container needs, and nothing of the solution."""

from __future__ import annotations

import re
import subprocess
import tomllib
import zipfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from command_line import succeed

from autograder.cli import run
from autograder.course.folder import Course
from autograder.course.leaks import leaks_in, secrets_of, texts_of
from autograder.course.notebooks import read_notebook
from autograder.settings import load_settings

# How TensorFlow is used at all; the reference ascent, by which all others are measured, cannot do without.
COMMON_CODE = "withtf.GradientTape()astape"


def test_no_line_of_the_solution_is_in_the_bundle(bundle: Path, bundled_course: Course) -> None:
    secrets = secrets_of(read_notebook(bundled_course.source_notebook()), {})
    assert len(secrets.lines) > 40
    secrets = replace(
        secrets, lines={line: cell for line, cell in secrets.lines.items() if line != COMMON_CODE}
    )
    texts = [text for text in texts_of(bundle) if not text.place.endswith(".npz")]
    assert any(text.place.startswith("kit/autograder/verify/") for text in texts)

    assert leaks_in(secrets, (replace(text, is_code=False, is_check=False) for text in texts)) == []


def test_labelled_and_sample_submissions_are_not_in_the_bundle(bundle: Path) -> None:
    names = {path.relative_to(bundle / "kit").as_posix() for path in (bundle / "kit").rglob("*")}

    assert not [name for name in names if "samples" in name or "submissions" in name]
    assert not [name for name in names if "assignments" in name and name.endswith((".ipynb", "selfcheck.py"))]
    assert not [name for name in names if name.endswith(".pyc")]


def test_the_container_finds_the_exercise(bundle: Path) -> None:
    project = tomllib.loads((bundle / "kit" / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    module, _, name = project["entry-points"]["gradeascent.exercises"]["activation_maximization"].partition(
        ":"
    )

    assert name == "EXERCISE"
    assert (bundle / "kit" / module.replace(".", "/")).with_suffix(".py").is_file()


def test_the_container_has_the_points_the_rubric_and_the_settings_of_the_course(
    bundle: Path, bundled_course: Course
) -> None:
    there = Course.open(bundle / "course")
    settings = load_settings(there.root)

    assert there.points() == bundled_course.points()
    assert there.manual_points() == bundled_course.manual_points()
    assert (there.root / "rubric" / "test_own.py").read_bytes() == (
        bundled_course.root / "rubric" / "test_own.py"
    ).read_bytes()
    assert settings.thresholds.accuracy_full == 0.8
    assert (settings.sandbox, settings.jobs, settings.data) == ("bwrap", 1, "digits.npz")
    assert settings.limits.cell_seconds == 200
    assert settings.limits.notebook_seconds < 10 * 60


def test_every_file_that_the_scripts_name_is_there(bundle: Path) -> None:
    scripts = [bundle / "setup.sh", bundle / "run_autograder"]
    for script in scripts:
        subprocess.run(["bash", "-n", script], check=True)
        named = re.findall(r"\$source/([\w.]+)", script.read_text())
        assert named
        assert [name for name in named if not (bundle / name).exists()] == []


def test_the_scripts_may_be_executed_and_lie_at_the_top(bundle: Path) -> None:
    with zipfile.ZipFile(bundle.parent / "autograder.zip") as archive:
        for name in ("setup.sh", "run_autograder"):
            assert archive.getinfo(name).external_attr >> 16 & 0o111


def test_pip_gets_what_the_kit_needs_and_the_versions_that_it_computes_with(bundle: Path) -> None:
    project = tomllib.loads((bundle / "kit" / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[<>=~! ]", text)[0].lower() for text in project["dependencies"]}

    assert {"tensorflow", "nbclient", "pytest", "pandas", "ipywidgets"} <= names
    assert "mypy" not in names
    assert project["version"] == version("gradeascent")
    assert f"tensorflow=={version('tensorflow')}\n" in (bundle / "constraints.txt").read_text()


@pytest.mark.deep
def test_without_a_sandbox_only_on_request_and_then_it_says_so(
    bundled_course: Course, digits_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "autograder.zip"
    arguments = ["--course", str(bundled_course.root), "--to", str(archive), "--data", str(digits_file)]

    succeed(["gradescope-bundle", *arguments, "--sandbox", "none"])

    assert "NO SANDBOX" in capsys.readouterr().out
    with zipfile.ZipFile(archive) as content:
        settings = tomllib.loads(content.read("course/gradeascent.toml").decode())
    assert settings["sandbox"] == "none"


def test_a_rubric_that_quotes_the_solution_is_refused_and_the_old_bundle_stays(
    bundled_course: Course, digits_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "autograder.zip"
    archive.write_text("the old one")
    quoting = bundled_course.root / "rubric" / "test_quoting.py"
    quoting.write_text("# good: input_img.assign_add(step_size * grads)\n")
    try:
        arguments = ["--course", str(bundled_course.root), "--to", str(archive), "--data", str(digits_file)]
        assert run(["gradescope-bundle", *arguments]) == 2
    finally:
        quoting.unlink()

    assert "test_quoting.py: a part of the solution of 'ascent'" in capsys.readouterr().err
    assert archive.read_text() == "the old one"


def test_more_minutes_than_gradescope_has_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradescope-bundle", "--minutes", "60"]) == 2
    assert "--minutes" in capsys.readouterr().err
