"""All settings of a course in one place: `gradeascent.toml`, where every key is optional.

The descriptions below are the documentation: `settings_template` writes them into a new course folder.
"""

from __future__ import annotations

import difflib
import functools
import logging
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Literal

import tomli_w
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializeAsAny,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from autograder.errors import SettingsError
from autograder.exercise import USUAL, find_exercise, offered

SETTINGS_FILE = "gradeascent.toml"

_LOG = logging.getLogger(__name__)


class Section(BaseModel):
    """A part of the settings: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # Keys whose meaning was once part of another key: that key, and what its value says about this one.
    taken_from: ClassVar[dict[str, tuple[str, Callable[[float], float]]]] = {}

    @model_validator(mode="before")
    @classmethod
    def _with_taken_over(cls, given: Any) -> Any:
        return {**cls.taken_over(given), **given} if isinstance(given, dict) else given

    @classmethod
    def taken_over(cls, given: object) -> dict[str, float]:
        """Return the keys that were not given but follow from an older key that was."""
        if not isinstance(given, dict):
            return {}
        return {
            key: round(value(given[older]), 6)
            for key, (older, value) in cls.taken_from.items()
            if key not in given and type(given.get(older)) in (int, float)
        }


class Limits(Section):
    """What one submission may use. Too much time, memory or too many processes end its run; results so far count."""

    notebook_seconds: float = Field(1800, gt=0, description="wall-clock time for the whole notebook")
    cell_seconds: float = Field(
        900, gt=0, description="wall-clock time for one cell, which is then interrupted"
    )
    cpu_seconds: float = Field(7200, gt=0, description="processor time of the kernel and all its children")
    memory_mb: int = Field(4096, ge=1024, description="memory of the kernel, its children and their files")
    processes: int = Field(64, ge=2, description="processes at the same time, including the kernel")
    open_files: int = Field(1024, ge=256, description="open files, pipes and sockets of one process")
    scratch_mb: int = Field(
        512, ge=16, description="size of all files in the home folder, and the same again in /tmp"
    )
    scratch_files: int = Field(20_000, ge=100, description="number of these files")
    shared_memory_mb: int = Field(256, ge=1, description="memory shared between processes")
    output_mb: float = Field(16, gt=0, description="size of the outputs kept in the executed notebook")
    outputs: int = Field(10_000, ge=1, description="number of outputs kept in the executed notebook")
    display_mb: float = Field(
        16, gt=0, le=60, description="size of a single output, such as a picture; a larger one is dropped"
    )
    messages_mb: float = Field(
        1024, gt=0, description="everything that a kernel says, on all channels together, kept or not"
    )
    evidence_mb: float = Field(
        256, gt=0, description="size of the models, images and facts that leave the sandbox"
    )
    evidence_records: int = Field(
        5000, ge=1, description="number of the models, images and facts that leave the sandbox"
    )
    notebook_mb: float = Field(20, gt=0, description="size of a submitted notebook without its outputs")
    notebook_file_mb: float = Field(500, gt=0, description="size of a submitted notebook with its outputs")
    verify_seconds: float = Field(600, gt=0, description="wall-clock time to measure one submission again")
    verify_memory_mb: int = Field(8192, ge=4096, description="address space of the process that measures")


class ExerciseSettings(Section):
    """Settings of one exercise, which apply where it is graded."""

    thresholds: dict[str, float] = Field(
        default_factory=dict, description="numbers of its rubric; those under [thresholds] come before these"
    )


class Settings(Section):
    """Settings of one course, as read from `gradeascent.toml`."""

    exercise: str = Field(USUAL, description="the exercise that is graded, by its name")
    jobs: int = Field(
        0, ge=0, description="submissions graded at the same time; 0: the number that cores and memory allow"
    )
    sandbox: Literal["bwrap", "none"] = Field(
        "bwrap",
        description="what separates student code from this machine; 'none': nothing, only for code that you trust",
    )
    profile: Literal["full", "quick"] = Field(
        "full",
        description="'full' runs notebooks exactly as written; 'quick' ends training once it is good enough",
    )
    warm_start: bool = Field(
        default=True,
        description="fork kernels from a process that has imported TensorFlow, if bwrap allows it",
    )
    gpu: bool = Field(
        default=False,
        description="let notebooks use this machine's GPUs; student code can then reach NVIDIA's driver",
    )
    seed: int = Field(7, ge=0, description="seed of every run, so that a regrade gives the same scores")
    data: str = Field(
        "",
        description="the file with the exercise's data, relative to the course folder; empty: found automatically",
    )
    state_thresholds: bool = Field(
        default=True,
        description="let selfcheck.py in the release state the accuracy, the share of filters and the number of steps "
        "that count",
    )
    selfcheck_url: str = Field(
        "",
        pattern=r"^(https?://[^\s\"\\]+)?$",
        description="address of selfcheck.py, from which the notebook fetches it in Colab; empty: it says what to do",
    )
    python: str = Field("", description="the Python that runs student notebooks; empty: the kit's own")
    limits: Limits = Limits()
    exercises: dict[str, ExerciseSettings] = Field(
        default_factory=dict, description="settings that apply where an exercise is graded, by its name"
    )
    thresholds: SerializeAsAny[Section] = Field(Section(), validate_default=True)

    @field_validator("exercise")
    @classmethod
    def _is_offered(cls, name: str) -> str:
        if name not in offered():
            raise ValueError(f"there is no such exercise; installed are: {', '.join(offered())}")
        return name

    @field_validator("thresholds", mode="before")
    @classmethod
    def _of_the_exercise(cls, value: object, others: ValidationInfo) -> object:
        """Read the thresholds as the exercise describes them; by default, none is given."""
        given = {} if type(value) is Section else value
        name = others.data.get("exercise")
        own = others.data.get("exercises", {}).get(name)
        if own is not None and isinstance(given, dict):
            given = {**own.thresholds, **given}
        return find_exercise(name).thresholds.model_validate(given) if name else Section()


def load_settings(course: Path) -> Settings:
    """Read the course's settings; without a file, every setting has its default.

    Raises:
        SettingsError: the file is not TOML, or a key is unknown, or a value does not fit its key.
    """
    file = course / SETTINGS_FILE
    if not file.exists():
        return Settings()
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
        settings = Settings.model_validate(given)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}{_how_to_write(file, str(error))}") from error
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise SettingsError(f"{file}: {_first_problem(error)}") from error
    own = settings.exercises.get(settings.exercise, ExerciseSettings()).thresholds
    if also := settings.thresholds.taken_over({**own, **given.get("thresholds", {})}):
        written = ", ".join(f"{key} = {value:g}" for key, value in also.items())
        _say_once(
            f"{file}: add {written} to the thresholds: an older key used to decide this too, and its value still "
            "applies"
        )
    return settings


@functools.cache
def _say_once(line: str) -> None:
    _LOG.warning("%s", line)


def _how_to_write(file: Path, problem: str) -> str:
    """Return what to type instead, if a text lacks its quotes or a word has a capital letter."""
    place = re.search(r"at line (\d+)", problem)
    if not place:
        return ""
    line = file.read_text(encoding="utf-8", errors="replace").splitlines()[int(place[1]) - 1 :][:1]
    written = re.fullmatch(r"\s*([\w-]+)\s*=\s*([^\s\"'\[{#][^\"'#]*?)\s*(#.*)?", line[0]) if line else None
    if not written:
        return ""
    key, value = written[1], written[2]
    right = value.lower() if value.lower() in {"true", "false"} else f'"{value}"'
    return f"; write {key} = {right}"


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    place = problem["loc"]
    inner = problem.get("ctx", {}).get("error")
    if isinstance(inner, ValidationError):
        problem = inner.errors()[0]
        place += problem["loc"]
    key = ".".join(str(part) for part in place)
    if problem["type"] == "extra_forbidden":
        guess = difflib.get_close_matches(key, _known_keys(), n=1)
        return f"unknown setting '{key}'" + (f", did you mean '{guess[0]}'?" if guess else "")
    return f"setting '{key}' is {problem['input']!r}: {problem['msg'][:1].lower()}{problem['msg'][1:]}"


def sections(exercise: str = USUAL) -> dict[str, type[BaseModel]]:
    """Return the models of the settings by their section in `gradeascent.toml`."""
    own = "thresholds" if exercise == USUAL else f"exercises.{exercise}.thresholds"
    return {"": Settings, "limits": Limits, own: find_exercise(exercise).thresholds}


def _known_keys() -> list[str]:
    return [
        f"{section}.{key}".lstrip(".") for section, model in sections().items() for key in model.model_fields
    ]


def settings_template(exercise: str = USUAL) -> str:
    """Return a `gradeascent.toml` with the meaning and default of every key, commented out; it names the exercise."""
    lines = ["# Settings of this course. Every key is optional; remove the '#' to change it."]
    for section, model in sections(exercise).items():
        if section:
            lines += ["", f"# {(model.__doc__ or '').strip()}", f"[{section}]"]
        for key, field in model.model_fields.items():
            if key in {"limits", "exercises", "thresholds"}:
                continue
            if key == "exercise" and exercise != USUAL:
                lines += [f"# {field.description}", tomli_w.dumps({key: exercise}).strip()]
                continue
            lines += [f"# {field.description}", f"# {tomli_w.dumps({key: field.default}).strip()}"]
    return "\n".join(lines) + "\n"
