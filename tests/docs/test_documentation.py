"""The documentation builds without a warning, its links lead somewhere, and its tutorial can be typed."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest
import typer
import typer.main

from autograder.cli import COMMANDS, app
from autograder.report import Flag, Provenance, Report, Result
from autograder.settings import Settings, sections

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
PAGES = [
    *(REPOSITORY / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md", "benchmarks/README.md")),
    *(file for file in DOCS.rglob("*.md") if "_build" not in file.parts),
]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"^ *```.*?^ *```|`[^`]+`", re.MULTILINE | re.DOTALL)
GENERATED = "<!-- generated: "


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    options = ["-q", "-W", "--keep-going", "-b", "html", "-d", folder / "cache"]

    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, DOCS, folder / "html"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert built.returncode == 0, built.stderr
    return folder / "html"


def words_of(page: Path) -> str:
    return re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8"))


def test_every_page_is_in_the_site(site: Path) -> None:
    pages = {page.relative_to(site).with_suffix("").as_posix() for page in site.rglob("*.html")}

    assert pages >= {page.relative_to(DOCS).with_suffix("").as_posix() for page in PAGES[4:]}
    assert "GNU parallel" in words_of(site / "howto" / "cluster.html")


def test_the_site_asks_no_other_server_for_anything(site: Path) -> None:
    loaded = re.compile(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="(https?://[^"]+)"')

    foreign = {
        address for page in site.rglob("*.html") for address in loaded.findall(page.read_text("utf-8"))
    }

    assert foreign == set()


def test_the_reference_has_every_command_setting_and_field(site: Path) -> None:
    reference = {
        name: words_of(site / "reference" / f"{name}.html") for name in ("commands", "settings", "report")
    }

    assert {name for name in COMMANDS if f"gradeascent {name}" not in reference["commands"]} == set()
    assert {
        key for model in sections().values() for key in model.model_fields if key not in reference["settings"]
    } <= {
        "exercises",
        "limits",
        "thresholds",
    }
    for model in (Report, Result, Flag, Provenance):
        assert {key for key in model.model_fields if key not in reference["report"]} == set()
    assert "grade_notebook" in words_of(site / "reference" / "python.html")


def test_every_setting_and_every_field_of_a_report_is_described_at_its_source() -> None:
    models = [*sections().values(), Report, Result, Flag, Provenance]

    bare = [
        f"{model.__name__}.{key}"
        for model in models
        for key, field in model.model_fields.items()
        if not field.description and key not in sections()
    ]

    assert bare == []


def anchors_of(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = HEADING.findall(text)
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", one).lower()).replace(" ", "-")
        for one in found
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_the_links_of_a_plain_page_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)

    for target in LINK.findall(text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.exists(), target
        if anchor and GENERATED not in other.read_text(encoding="utf-8"):
            assert anchor in anchors_of(other), target


def test_the_readme_is_short_and_keeps_the_commands_that_ci_reads() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")

    assert len(readme.splitlines()) <= 130
    for mark in ("demo", "test", "deep"):
        assert re.search(rf"^<!-- {mark} -->\n```bash\n(python3|\.venv).+\n```$", readme, re.MULTILINE), mark


def test_the_cells_of_tables_are_short() -> None:
    long = {
        f"{page.name}: {cell.strip()[:50]}"
        for page in PAGES
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
        for cell in re.sub(r"\]\([^)]*\)", "]", line).split("|")  # without addresses
        if len(cell.strip()) > 500
    }

    assert long == set()


def test_every_command_of_the_documentation_exists() -> None:
    named = {
        (page.name, name)
        for page in PAGES
        for code in CODE.findall(page.read_text(encoding="utf-8"))
        for name in re.findall(r"(?:^\s*|`)gradeascent\s([a-z][a-z-]*)", code, re.MULTILINE)
    }

    assert {(page, name) for page, name in named if name not in COMMANDS} == set()


def options_of(command: str) -> set[str]:
    """Return the options of a command, from the tree that the command line itself uses."""
    program = typer.main.get_command(app)
    context = typer.Context(program)
    known = program.get_command(context, command)
    return {name for one in known.get_params(context) for name in (*one.opts, *one.secondary_opts)}


def test_every_option_of_the_documentation_exists() -> None:
    typed = {
        (page.name, name, option)
        for page in PAGES
        for code in CODE.findall(page.read_text(encoding="utf-8"))
        for line in code.replace("\\\n", " ").splitlines()
        for name, rest in re.findall(r"gradeascent ([a-z][a-z-]*)([^`#&|;]*)", line)
        for option in re.findall(r"(?<!\S)--[a-z][a-z-]*", rest)
        if name in COMMANDS
    }

    assert len(typed) > 25
    assert {(page, name, option) for page, name, option in typed if option not in options_of(name)} == set()


def blocks(language: str) -> list[str]:
    """Return all blocks of code in one language."""
    pattern = re.compile(rf"^( *)```{language}\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
    return [
        textwrap.dedent(block)
        for page in PAGES
        for _, block in pattern.findall(page.read_text(encoding="utf-8"))
    ]


def test_settings_in_the_documentation_can_be_used() -> None:
    for block in blocks("toml"):
        Settings.model_validate(tomllib.loads(block))

    assert blocks("toml")


def test_python_in_the_documentation_can_be_parsed() -> None:
    for block in blocks("python"):
        ast.parse(block)

    assert len(blocks("python")) > 5


@pytest.mark.deep
def test_the_first_course_can_be_typed_as_it_is(tmp_path: Path) -> None:
    page = (DOCS / "tutorials" / "first_course.md").read_text(encoding="utf-8")
    script = "\n".join(re.findall(r"^```bash\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "JUPYTER_CONFIG_DIR": str(tmp_path / "no-settings"),
        "COLUMNS": "200",
    }

    done = subprocess.run(
        ["bash", "-eux", "-o", "pipefail", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    course = tmp_path / "my-course"
    assert (course / "graded" / "ada" / "activation_maximization" / "report.json").is_file()
    assert (
        course / "feedback" / "ada" / "activation_maximization" / "activation_maximization.html"
    ).is_file()
    assert (course / "grades_csv.csv").is_file()
    assert "ada" in done.stdout.rpartition("Nothing is written yet")[0]
