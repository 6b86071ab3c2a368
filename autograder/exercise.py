"""An exercise, as the kit knows it: what is measured, how that becomes points and words, and what people see.

Installed packages offer exercises by entry points of the group `gradeascent.exercises`, each the name of an
`Exercise`; a course names its own in `gradeascent.toml`.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from markupsafe import Markup
from pydantic import BaseModel

from autograder.errors import SettingsError

if TYPE_CHECKING:
    from autograder.evidence import Evidence
    from autograder.measurements import Measurements
    from autograder.pictures import Pictures
    from autograder.report import Flag, Report
    from solutions.data import RawDigits

GROUP = "gradeascent.exercises"
USUAL = "activation_maximization"


class Measuring(Protocol):
    """The module that measures a submission; only the verifier's process imports it."""

    def measure(
        self, evidence: Evidence, digits: Any, *, seed: int, most_times: float
    ) -> tuple[Measurements, Pictures]:
        """Measure one submission again, from its evidence alone.

        Raises:
            TooCostlyError: a network takes more than `most_times` times as long as the solution's.
        """

    def forget_models(self) -> None:
        """Free memory between two submissions."""


@dataclass(frozen=True)
class DemoData:
    """Data that need no download, for the demo.

    Attributes:
        file: the name of their file in the demo's course.
        words: what they are, for the user.
        data: the data.
    """

    file: str
    words: str
    data: RawDigits


class Data(Protocol):
    """The module that knows the exercise's data; it does not import TensorFlow."""

    def find(self, path: Path | None, *, announce: Callable[[str], None], download: bool = True) -> RawDigits:
        """Return the data, from a file if one is named.

        Args:
            path: the file.
            announce: receives the source of the data if it is unexpected.
            download: whether the network may be used.
        """

    def for_demo(self) -> DemoData:
        """Return data that come with the kit."""

    def read(self, path: Path) -> RawDigits:
        """Read the data from a file that `solutions.data.write_npz` wrote."""

    def held_out(self, data: RawDigits) -> Any:
        """Return what a notebook did not see, for measuring networks: an `autograder.verify.held_out.HeldOut`."""


@dataclass(frozen=True)
class Watch:
    """What the recorder looks at in the student's kernel, besides models and the figures that are drawn.

    Attributes:
        side: pixels in the height and width of an image that goes into the network.
        arrays: the names of the results, if these are arrays of numbers; without any, they are sets of images of this
            side, one for each filter.
    """

    side: int = 28
    arrays: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quantity:
    """What a threshold of the rubric is compared with.

    Attributes:
        criterion: the criterion that the threshold decides.
        words: what is measured.
        threshold: the name of the threshold.
        at: returns the threshold's value.
        of: returns what was measured; None if a submission has no such value.
    """

    criterion: str
    words: str
    threshold: str
    at: Callable[[Any], float]
    of: Callable[[Measurements, Any], float | None]


@dataclass(frozen=True)
class Hint:
    """An explanation of one kind of error.

    Attributes:
        pattern: of "Name: message".
        words: continue the sentence "the cell stopped with ..."; they may use groups of the pattern.
        only_in: the cells in which it fits; empty: all.
    """

    pattern: str
    words: str
    only_in: frozenset[str] = frozenset()


@dataclass(frozen=True)
class WallChoice:
    """Submissions that the wall can show alone.

    Attributes:
        words: what they have in common.
        of: tells of measurements whether they are such a submission's.
    """

    words: str
    of: Callable[[Measurements], bool]


@dataclass(frozen=True)
class Wording:
    """What pages that all exercises share call the things of this one, each in lower case.

    Attributes:
        item: what one picture of the grid is about.
        items: the pictures of the grid.
        held_out: what networks are measured on, in the plural.
        comments: the first comments for reuse at the desk.
    """

    item: str
    items: str
    held_out: str
    comments: tuple[str, ...]


@dataclass(frozen=True)
class Compared:
    """Where `duplicates` finds what two students may share.

    Attributes:
        images: the name of the result images in the notebook.
        after_network: before the first of these cells, all code that makes the network has been written.
        after_images: before the first of these cells, all code that makes the images has been written.
    """

    images: str
    after_network: tuple[str, ...]
    after_images: tuple[str, ...]


@dataclass(frozen=True)
class Exercise:
    """Everything that the kit needs to know about one exercise.

    Attributes:
        name: what a course calls it in its settings.
        title: what it is called where people read.
        heading: what stands over the pictures of the feedback page.
        wording: what shared pages call its things.
        source: the folder with the instructor's notebook and the files that go with it.
        brought: those of these files that a notebook reads; in the sandbox they lie beside it.
        data: the name of the module that knows the data.
        watch: what the recorder looks at.
        measuring: the name of the module that measures a submission.
        measured_by: the files and folders that determine the measurements.
        checks: the rubric, a pytest file.
        scored_by: the files and folders that determine the verdicts.
        fixtures: the name of the module with the fixtures that the checks use, besides the kit's.
        thresholds: the numbers of the rubric.
        scales: returns what earns nothing and what earns all, by measure, from the thresholds: those that a release
            may state.
        always_stated: those of them that the exercise names in its text, so that every release states them.
        quick_accuracy: returns the held-out accuracy that is certain to earn full marks, from the thresholds;
            in profile quick, a training ends a margin above it.
        cells_behind: the cells that a criterion grades.
        slow_cells: the cells that take most of the time, by the word for what they do.
        mistakes: the usual mistakes by code, in a few words.
        general_causes: those codes that only say what was measured, and name no mistake.
        hints: explain errors; the first that fits is used, before those for any exercise.
        flags: returns what a person should know about measurements, besides the criteria.
        most_images: how many images of a submission a page shows at most.
        columns: how many of them stand in a row of the grid.
        draw: returns the picture of a submission, `grid.png`.
        desk: returns the desk's panel about one image, by its place in the grid, as HTML.
        table: returns the desk's table of all images, as HTML; empty if there is nothing to list.
        page: returns what the feedback page shows besides the pictures, as HTML; empty if that is nothing.
        style: returns the style sheet of panel and page.
        shown_by: the files and folders that determine the page and its style.
        choices: submissions that the wall can show alone, by their name in addresses.
        traits: returns the numbers by which a submission differs from others; None if there is nothing to see.
        compared: where `duplicates` finds what two students may share.
        quantities: what the audit compares with the thresholds.
        samples: the folder with the submissions of the demo.
    """

    name: str
    title: str
    heading: str
    wording: Wording
    source: Path
    brought: tuple[str, ...]
    data: str
    watch: Watch
    measuring: str
    measured_by: tuple[Path, ...]
    checks: Path
    scored_by: tuple[Path, ...]
    fixtures: str
    thresholds: type[BaseModel]
    scales: Callable[[Any], Mapping[str, tuple[float, float]]]
    always_stated: frozenset[str]
    quick_accuracy: Callable[[Any], float]
    cells_behind: Mapping[str, tuple[str, ...]]
    slow_cells: Mapping[str, str]
    mistakes: Mapping[str, str]
    general_causes: frozenset[str]
    hints: tuple[Hint, ...]
    flags: Callable[[Measurements], list[Flag]]
    most_images: int
    columns: int
    draw: Callable[[Report, Measurements, Pictures], bytes]
    desk: Callable[[Measurements, Pictures, int], Markup]
    table: Callable[[Measurements], Markup]
    page: Callable[[Report | None, Measurements, Pictures], Markup]
    style: Callable[[], str]
    shown_by: tuple[Path, ...]
    choices: Mapping[str, WallChoice]
    traits: Callable[[Measurements], tuple[float, ...] | None]
    compared: Compared
    quantities: tuple[Quantity, ...]
    samples: Path

    def __reduce__(self) -> tuple[Callable[[str], Exercise], tuple[str]]:
        """Go to another process by name, and be found again there."""
        return find_exercise, (self.name,)

    def mistake_words(self, cause: str) -> str:
        """Describe a cause; a code that a course added is described by its own name."""
        return self.mistakes.get(cause) or cause.replace("_", " ")

    def load_measuring(self) -> Measuring:
        """Import the module that measures, and with it TensorFlow."""
        return cast("Measuring", import_module(self.measuring))

    def load_data(self) -> Data:
        """Import the module that knows the data."""
        return cast("Data", import_module(self.data))

    def brought_files(self) -> tuple[Path, ...]:
        """Return the files that lie beside a notebook when it runs."""
        return tuple(self.source / name for name in self.brought)


def offered() -> tuple[str, ...]:
    """Return the names of all installed exercises, sorted."""
    return tuple(sorted({one.name for one in entry_points(group=GROUP)}))


def loadable() -> tuple[Exercise, ...]:
    """Return all installed exercises that can be loaded: a broken one concerns only the courses that name it."""
    found = []
    for name in offered():
        with contextlib.suppress(SettingsError):
            found.append(find_exercise(name))
    return tuple(found)


@functools.cache
def find_exercise(name: str) -> Exercise:
    """Return an installed exercise.

    Raises:
        SettingsError: no installed package offers an exercise of this name, or what it offers cannot be loaded.
    """
    for one in entry_points(group=GROUP, name=name):
        try:
            exercise = one.load()
        except Exception as error:  # its package may do anything while it is imported
            raise SettingsError(
                f"the exercise '{name}' cannot be loaded from {one.value} ({type(error).__name__}: {error}); "
                "mend its package or uninstall it"
            ) from error
        if isinstance(exercise, Exercise):
            return exercise
        raise SettingsError(f"the exercise '{name}' cannot be loaded: {one.value} is not an Exercise")
    raise SettingsError(f"there is no exercise '{name}'; installed are: {', '.join(offered()) or 'none'}")


def packaged_source(name: str) -> Path:
    """Return the folder of an assignment that comes with the kit: in its package, or in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "course" / "assignments" / name
    return inside if inside.is_dir() else package.parent / "source" / name


def python_files(parts: tuple[Path, ...]) -> list[Path]:
    """Return these files, and the Python files in these folders, in a fixed order."""
    return [file for part in parts for file in (sorted(part.rglob("*.py")) if part.is_dir() else [part])]
