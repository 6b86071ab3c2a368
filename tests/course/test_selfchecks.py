"""The release states the scales that count, and nothing else of the rubric, and knows where its self-checks are."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from pydantic import ValidationError

from autograder.course.checks import FIND_SELFCHECK
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.leaks import find_leaks
from autograder.course.notebooks import read_notebook
from autograder.course.selfchecks import fill_in, scales
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "source" / ASSIGNMENT
ADDRESS = "https://example.org/course/selfcheck.py"
OTHERS = Settings(thresholds=Thresholds(accuracy_full=0.93, steps_tolerance=0.2))


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A release that is not filled in."""
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / "selfcheck.py").write_bytes((SOURCE / "selfcheck.py").read_bytes())
    cells = [nbformat.v4.new_code_cell('import sys\nselfcheck_url = ""\nprint("selfcheck_url = ")')]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{ASSIGNMENT}.ipynb")
    return folder


def leaks(release: Path, settings: Settings, stated: str) -> list[str]:
    notebook = SOURCE / f"{ASSIGNMENT}.ipynb"
    return find_leaks(notebook, release, settings.thresholds.model_dump(), stated=stated)


def test_the_committed_release_states_the_scales_as_they_are_set() -> None:
    text = (Course(REPOSITORY).release_folder() / "selfcheck.py").read_text()
    assert scales(Settings()) in text.splitlines()


def test_the_scales_are_those_of_the_course(release: Path) -> None:
    fill_in(release, OTHERS)
    names: dict[str, object] = {}
    line = next(
        one for one in (release / "selfcheck.py").read_text().splitlines() if one.startswith("SCALES")
    )
    exec(line, names)
    assert names["SCALES"] == {
        "convolutions": [0, 4],
        "accuracy": [0.5, 0.93],
        "filters": [0.1, 0.85],
        "steps": [0.3, 0.8],
    }


def test_a_course_can_keep_them_back_but_for_what_the_exercise_asks(release: Path) -> None:
    kept = Settings.model_validate({"state_thresholds": False, "thresholds": {"conv_layers": 3}})
    fill_in(release, kept)
    stated = 'SCALES = {"convolutions": [0, 3]}'
    assert stated in (release / "selfcheck.py").read_text().splitlines()
    assert leaks(release, kept, stated) == []


def test_the_leak_check_lets_the_stated_line_through(release: Path) -> None:
    fill_in(release, OTHERS)
    assert leaks(release, OTHERS, scales(OTHERS)) == []


@pytest.mark.parametrize(
    ("added", "leak"),
    [
        ("ENOUGH = 0.93", "0.93 is the hidden threshold 'accuracy_full'"),
        ("SCALES = {\"accuracy\": [0.5, 0.93]}", "0.93 is the hidden threshold 'accuracy_full'"),
        ("OWN = 0.6", "0.6 is the hidden threshold"),
        ("accuracy_full = 1", "the name of the hidden threshold 'accuracy_full'"),
    ],
)  # fmt: skip
def test_the_leak_check_lets_nothing_else_through(release: Path, added: str, leak: str) -> None:
    fill_in(release, OTHERS)
    with (release / "selfcheck.py").open("a") as file:
        file.write(f"\n{added}\n")
    assert any(leak in one for one in leaks(release, OTHERS, scales(OTHERS)))


def test_what_is_kept_back_is_a_leak_in_the_place_for_it(release: Path) -> None:
    fill_in(release, OTHERS)
    assert any("accuracy_full" in one for one in leaks(release, OTHERS, ""))


def test_the_notebook_knows_the_address(release: Path) -> None:
    fill_in(release, Settings(selfcheck_url=ADDRESS))
    (cell,) = read_notebook(release / f"{ASSIGNMENT}.ipynb").cells
    assert cell.source == f'import sys\nselfcheck_url = "{ADDRESS}"\nprint("selfcheck_url = ")'


@pytest.mark.parametrize(
    "address", ["selfcheck.py", "ftp://example.org", 'https://a"b', "https://a b", "https://a\\b"]
)
def test_an_address_is_one_of_the_web(address: str) -> None:
    with pytest.raises(ValidationError):
        Settings(selfcheck_url=address)


def first_cell() -> str:
    cell = next(
        cell for cell in read_notebook(SOURCE / f"{ASSIGNMENT}.ipynb").cells if cell.cell_type == "code"
    )
    assert cell.id == FIND_SELFCHECK
    return str(cell.source)


def test_the_first_cell_says_what_to_do_without_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(first_cell(), {})
    assert "folder icon" in capsys.readouterr().out


def test_the_first_cell_fetches_the_file_from_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    address = (SOURCE / "selfcheck.py").as_uri()
    exec(first_cell().replace('selfcheck_url = ""', f"selfcheck_url = {address!r}"), {})
    assert (tmp_path / "selfcheck.py").read_bytes() == (SOURCE / "selfcheck.py").read_bytes()
    exec(first_cell(), {})
    assert capsys.readouterr().out == ""
