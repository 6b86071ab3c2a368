"""Fills the pages from the code and from files of the repository, while Sphinx reads them.

A page says `<!-- generated: NAME -->` where the reference of NAME belongs. A link followed by `<!-- page -->` makes a
page of another Markdown file of the repository. So the reference cannot differ from what the program does.
"""

from __future__ import annotations

import inspect
import os
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer
import typer.main
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sphinx.application import Sphinx

import solutions
from autograder.cli import COMMANDS, app
from autograder.exercise import USUAL, offered
from autograder.report import Flag, Provenance, Report, Result
from autograder.settings import sections as sections_of_settings

DOCS = Path(__file__).parent
REPOSITORY = DOCS.parent
_GENERATED = re.compile(r"<!-- generated: (\w+) -->")
_PAGE = re.compile(r"\[[^\]]*\]\((\S+)\)<!-- page -->")
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
# Files of the repository that are pages here.
PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "introduction.md",
    "SECURITY.md": "explanation/threat_model.md",
    "benchmarks/README.md": "benchmarks.md",
}


def setup(application: Sphinx) -> dict[str, bool]:
    """Be an extension of Sphinx."""
    application.connect("source-read", fill_in)
    application.connect("env-get-outdated", not_kept)
    return {"parallel_read_safe": True}


def not_kept(*_: object) -> list[str]:
    """Return the pages that change without their file: they are read in every build."""
    return [
        file.relative_to(DOCS).with_suffix("").as_posix()
        for file in DOCS.rglob("*.md")
        if "<!-- generated: " in (text := file.read_text(encoding="utf-8")) or _PAGE.search(text)
    ]


def fill_in(_: Sphinx, page: str, source: list[str]) -> None:
    """Put in what a page takes from elsewhere; `source` holds its text."""
    file = DOCS / f"{page}.md"
    text = _PAGE.sub(lambda found: other_page((file.parent / found[1]).resolve(), file), source[0])
    text = _GENERATED.sub(lambda found: "\n".join(GENERATED[found[1]]()), text)
    source[0] = _LINK.sub(lambda found: _as_page(found, file), text)


def other_page(other: Path, file: Path) -> str:
    """Return a Markdown file of the repository with its links as seen from a page."""

    def moved(link: re.Match[str]) -> str:
        mark, words, target = link.groups()
        if "://" in target or target.startswith("#"):
            return link[0]
        path, _, anchor = target.partition("#")
        found = (other.parent / path).resolve()
        if found.is_dir():  # a site has no page for a folder of code
            return words
        place = Path(os.path.relpath(found, file.parent)).as_posix()
        return f"{mark}[{words}]({place}{'#' + anchor if anchor else ''})"

    return _LINK.sub(moved, other.read_text(encoding="utf-8"))


def _as_page(link: re.Match[str], file: Path) -> str:
    """Let a link to a file that is also a page lead to the page."""
    mark, words, target = link.groups()
    path, _, anchor = target.partition("#")
    if "://" in target or not path:
        return link[0]
    found = (file.parent / path).resolve()
    name = found.relative_to(REPOSITORY).as_posix() if found.is_relative_to(REPOSITORY) else ""
    if name not in PAGES:
        return link[0]
    place = Path(os.path.relpath(DOCS / PAGES[name], file.parent)).as_posix()
    return f"{mark}[{words}]({place}{'#' + anchor if anchor else ''})"


def commands() -> Iterator[str]:
    """Describe every command as Markdown, from the tree that the command line itself uses."""
    program: Any = typer.main.get_command(app)
    context = typer.Context(program, info_name="gradeascent")
    yield from ("## For every command", "")
    yield from _parameters(program.get_params(context), {})
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        inner = typer.Context(command, info_name=f"gradeascent {name}")
        usage = " ".join(command.collect_usage_pieces(inner))
        yield from (f"## {name}", "", _cell(command.help or "", escape=False), "")
        yield from ("```text", f"gradeascent {name} {usage}", "```", "")
        yield from _parameters(command.get_params(inner), get_type_hints(COMMANDS[name]))


def _parameters(parameters: list[Any], kinds: dict[str, Any]) -> Iterator[str]:
    """Describe parameters in a table; `kinds` are their types by name."""
    shown = [one for one in parameters if not one.hidden and one.name != "help"]
    if shown:
        yield from ("| | meaning | default |", "|---|---|---|")
    for one in shown:
        yield f"| {_written(one, kinds.get(one.name))} | {_cell(one.help or '')} | {_default(one)} |"
    yield ""


def _written(parameter: Any, kind: Any) -> str:
    """Return how a parameter is typed."""
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar}`".replace("|", "\\|")
    names = ", ".join([*parameter.opts, *parameter.secondary_opts])
    takes = "" if parameter.is_flag else f" {parameter.metavar or _placeholder(kind)}"
    return f"`{names}{takes}`".replace("|", "\\|")


def _placeholder(kind: Any) -> str:
    """Return the placeholder for a value of a type."""
    if get_origin(kind) is Literal:
        return "|".join(get_args(kind))
    inner = [one for one in get_args(kind) if one is not type(None)]
    return _placeholder(inner[0]) if inner else {Path: "PATH", int: "N"}.get(kind, "TEXT")


def _default(parameter: Any) -> str:
    """Return what holds if the parameter is not given."""
    if parameter.required:
        return "required"
    if isinstance(parameter.show_default, str):
        return _cell(parameter.show_default)
    if parameter.default is None or parameter.is_eager:
        return ""
    if isinstance(parameter.default, bool):
        return "yes" if parameter.default else "no"
    return f"`{parameter.default}`"


def settings() -> Iterator[str]:
    """Describe every setting as Markdown, from the models that read `gradeascent.toml`."""
    models = sections_of_settings()
    for name in sorted(set(offered()) - {USUAL}):
        models |= {key: model for key, model in sections_of_settings(name).items() if key not in models}
    for section, model in models.items():
        yield from (f"## {f'[{section}]' if section else 'The course'}", "")
        yield from (_cell(model.__doc__ or "", escape=False), "")
        yield from ("| key | meaning | default | allowed |", "|---|---|---|---|")
        for key, field in model.model_fields.items():
            if key not in models and key != "exercises":
                yield f"| `{key}` | {_described(model, key, field)} | {_literal(field.default)} | {_allowed(field)} |"
        yield ""


def report() -> Iterator[str]:
    """Describe every field of a report as Markdown."""
    titles = {
        Report: "The report",
        Result: "A criterion: `criteria.<name>`",
        Flag: "A flag: `flags[]`",
        Provenance: "How it came about: `provenance`",
    }
    for model, title in titles.items():
        yield from (f"## {title}", "", _cell(model.__doc__ or "", escape=False), "")
        yield from ("| field | type | meaning |", "|---|---|---|")
        for key, field in model.model_fields.items():
            yield f"| `{key}` | {_type(field.annotation)} | {_described(model, key, field)} |"
        yield ""


def solution() -> Iterator[str]:
    """Show how the reference solution is used, as its own docstring does."""
    lines = inspect.cleandoc(solutions.__doc__ or "").split("\n")
    code = [number for number, line in enumerate(lines) if line.startswith("    ")]
    yield from ("```python", textwrap.dedent("\n".join(lines[code[0] : code[-1] + 1])), "```")


def _described(model: type[BaseModel], key: str, field: FieldInfo) -> str:
    """Return a field's description.

    Raises:
        ValueError: it has none.
    """
    if not field.description:
        raise ValueError(f"{model.__name__}.{key} has no description")
    return _cell(field.description)


def _type(annotation: Any) -> str:
    """Return a type in the words of JSON."""
    words = {str: "text", int: "integer", float: "number", bool: "true or false", type(None): "null"}
    if annotation in words:
        return words[annotation]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is list:
        return f"list of {_type(inner[0])}"
    if origin is dict:
        return f"object: name to {_type(inner[1])}"
    if isinstance(annotation, type):
        return annotation.__name__
    if inner and all(isinstance(one, str | int) for one in inner):
        return ", ".join(f"`{one}`" for one in inner)
    if hasattr(annotation, "__metadata__"):
        return _type(inner[0])
    return " or ".join(dict.fromkeys(_type(one) for one in inner))


def _allowed(field: FieldInfo) -> str:
    """Return which values a setting takes."""
    signs = (("ge", "from"), ("gt", "above"), ("le", "to"), ("lt", "below"))
    bounds = {
        name: value
        for one in field.metadata
        for name, _ in signs
        if (value := getattr(one, name, None)) is not None
    }
    if bounds:
        return " ".join(f"{word} {bounds[name]}" for name, word in signs if name in bounds)
    return _type(field.annotation)


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def _cell(text: str, *, escape: bool = True) -> str:
    """Return a text that fits into a table's cell, or into a line."""
    line = " ".join(text.split())
    return line.replace("|", "\\|").replace("<", "&lt;") if escape else line


GENERATED: dict[str, Callable[[], Iterator[str]]] = {
    "commands": commands,
    "report": report,
    "settings": settings,
    "solution": solution,
}
