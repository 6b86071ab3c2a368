"""All settings of a course in one place: `gradeascent.toml`, where every key is optional.

The descriptions below are the documentation: `settings_template` writes them into a new course folder.
"""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autograder.errors import SettingsError

SETTINGS_FILE = "gradeascent.toml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Section):
    """What one submission may use; passing a limit ends it, and what was shown before still counts."""

    notebook_seconds: float = Field(1800, gt=0, description="wall-clock time for the whole notebook")
    cell_seconds: float = Field(900, gt=0, description="wall-clock time for one cell; it is interrupted then")
    cpu_seconds: float = Field(7200, gt=0, description="processor time of the kernel and all its children")
    memory_mb: int = Field(4096, ge=1024, description="memory of the kernel, its children and their files")
    processes: int = Field(64, ge=2, description="processes at the same time, the kernel among them")
    open_files: int = Field(1024, ge=256, description="open files, pipes and sockets of one process")
    scratch_mb: int = Field(512, ge=16, description="files in the home folder, and the same again in /tmp")
    scratch_files: int = Field(20_000, ge=100, description="how many such files there may be")
    shared_memory_mb: int = Field(256, ge=1, description="memory that its processes share")
    output_mb: float = Field(16, gt=0, description="output kept in the executed notebook")
    outputs: int = Field(10_000, ge=1, description="outputs kept in the executed notebook")
    display_mb: float = Field(
        16, gt=0, le=60, description="a single output, a picture say; a larger one is dropped"
    )
    evidence_mb: float = Field(256, gt=0, description="models, images and facts that leave the sandbox")
    evidence_records: int = Field(5000, ge=1, description="how many of them")
    notebook_mb: float = Field(20, gt=0, description="size of a handed-in notebook without its outputs")
    notebook_file_mb: float = Field(500, gt=0, description="size of a handed-in notebook with its outputs")
    verify_seconds: float = Field(120, gt=0, description="wall-clock time to measure one submission again")
    verify_memory_mb: int = Field(8192, ge=4096, description="address space of the process that measures")


class Thresholds(_Section):
    """The numbers of the rubric. Of these, students see what `state_thresholds` states, and no other."""

    conv_layers: int = Field(4, ge=1, description="convolutions asked for between image and classes")
    accuracy_none: float = Field(
        0.5, ge=0, le=1, description="held-out accuracy up to which `training` earns nothing"
    )
    accuracy_full: float = Field(
        0.9, ge=0, le=1, description="held-out accuracy from which `training` earns all"
    )
    images_least: float = Field(
        0.1, ge=0, lt=1, description="share of the images asked for below which `images` earns nothing"
    )
    gain_none: float = Field(
        0.03, ge=0, description="share of the reference's rise up to which an activation has not risen"
    )
    gain_raised: float = Field(
        0.05, gt=0, description="share of the reference's rise from which an activation counts as raised"
    )
    pattern_raised: float = Field(
        0.25, gt=0, description="pattern score below which a rise is only brightness, not a pattern"
    )
    pattern_own: float = Field(
        0.6, gt=0, description="pattern score from which an image shows what its filter responds to"
    )
    own_margin: float = Field(
        0.6, gt=0, description="pattern score of the own filter, relative to the best other filter"
    )
    recognised_least: float = Field(
        0.1, ge=0, le=1, description="share of images that must resemble most what their own filter wants"
    )
    filters_full: float = Field(
        0.85, gt=0, le=1, description="share of living filters that is as good as all of them"
    )
    filters_none: float = Field(
        0.1, ge=0, lt=1, description="share of living filters up to which nothing is earned"
    )
    movement_small: float = Field(
        0.03, ge=0, description="spread of the pixels, relative to the reference, that 50 steps of 1 exceed"
    )
    movement_large: float = Field(
        33.3,
        gt=0,
        description="spread of the pixels, relative to the reference, that 50 steps of 1 never reach",
    )
    short_ascents_most: float = Field(
        0.15,
        ge=0,
        le=1,
        description="share of images that may climb less than half as far as the others at no cost",
    )
    step_size_far: float = Field(
        3.0, gt=1, description="times that a step may be larger or smaller than one of size 1 at no cost"
    )
    steps_tolerance: float = Field(
        0.1, ge=0, lt=1, description="relative deviation from 50 steps that costs nothing"
    )
    steps_none: float = Field(
        0.3, ge=0, lt=1, description="share of the 50 steps up to which `updates` earns nothing"
    )


class Settings(_Section):
    """Settings of one course, as read from `gradeascent.toml`."""

    jobs: int = Field(
        0, ge=0, description="submissions graded at the same time; 0: as many as cores and memory allow"
    )
    sandbox: Literal["bwrap", "none"] = Field(
        "bwrap", description="what separates student code from this machine; 'none' only for trusted code"
    )
    profile: Literal["full", "quick"] = Field(
        "full",
        description="'full' runs notebooks exactly as written; 'quick' ends trainings that are good enough",
    )
    warm_start: bool = Field(
        default=True, description="fork kernels from a process that has imported TensorFlow, where bwrap can"
    )
    gpu: bool = Field(
        default=False,
        description="let notebooks share the GPUs here: NVIDIA's driver is then open to student code",
    )
    seed: int = Field(7, ge=0, description="seed of every run, so that a regrade gives the same scores")
    data: str = Field(
        "", description="an mnist.npz, relative to the course folder; empty: found as the README says"
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
    thresholds: Thresholds = Thresholds()


def load_settings(course: Path) -> Settings:
    """Read the course's settings; without a file, every setting has its default.

    Raises:
        SettingsError: the file is not TOML, or a key is unknown, or a value does not fit its key.
    """
    file = course / SETTINGS_FILE
    if not file.exists():
        return Settings()
    try:
        return Settings.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}") from error
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise SettingsError(f"{file}: {_first_problem(error)}") from error


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        guess = difflib.get_close_matches(key, _known_keys(), n=1)
        return f"unknown setting '{key}'" + (f", did you mean '{guess[0]}'?" if guess else "")
    return f"setting '{key}' is {problem['input']!r}: {problem['msg'].lower()}"


def _sections() -> dict[str, type[_Section]]:
    return {"": Settings, "limits": Limits, "thresholds": Thresholds}


def _known_keys() -> list[str]:
    return [
        f"{section}.{key}".lstrip(".") for section, model in _sections().items() for key in model.model_fields
    ]


def settings_template() -> str:
    """Return a `gradeascent.toml` with the meaning and default of every key, commented out."""
    lines = ["# Settings of this course. Every key is optional; take the '#' away to change one."]
    for section, model in _sections().items():
        if section:
            lines += ["", f"# {(model.__doc__ or '').strip()}", f"[{section}]"]
        for key, field in model.model_fields.items():
            if key in _sections():
                continue
            lines += [f"# {field.description}", f"# {key} = {_toml(field.default)}"]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()
