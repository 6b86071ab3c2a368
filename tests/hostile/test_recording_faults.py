"""Faults while grades are recorded: the same command continues to the gradebook of a run that nothing disturbed."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from kill_points import kill_at, killed_command, naming, points_of
from made_release import RELEASE_IS_MADE, take_for_released
from mounts import in_a_mount_namespace
from nbgrader.api import SubmittedAssignment

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook
from autograder.course.notebooks import compose, read_notebook, write_notebook
from autograder.course.release import enter_assignment
from autograder.errors import GradeascentError
from autograder.plain.files import HALF
from autograder.record.recording import record_reports

PLOTS = {"ada": 1.5, "bert": 2.5, "cleo": 3.5}
# The recording of `gradeascent grade`, without the grading before it, and with a release that is made already.
RECORD = f"""{RELEASE_IS_MADE}
import sys
from autograder.course.folder import Course
from autograder.course.lock import only_writer
from autograder.progress.bars import show_recording
from autograder.record.recording import record_reports
print("ready", flush=True)
course = Course.open(Path(sys.argv[1]))
with only_writer(course), show_recording(len(sys.argv[2:])) as progress:
    print("recorded", *record_reports(course, sys.argv[2:], progress), flush=True)
"""

Tell = Callable[[str, str], None]
GradedByHand = Callable[[Path, Mapping[str, float]], Course]


class Silent:
    """Progress that must meet no trouble."""

    def recorded(self, student: str) -> None: ...

    def not_recorded(self, student: str, error: GradeascentError | OSError) -> None:
        raise error


Standing = dict[str, list[tuple[str, float | None, bool]]]


def standing(course: Course) -> Standing:
    """Return what the gradebook says of every submission, each of which has one notebook."""
    with open_gradebook(course) as gradebook:
        submissions = gradebook.db.query(SubmittedAssignment).all()
        assert len({one.student_id for one in submissions}) == len(submissions)
        return {
            submission.student_id: sorted(
                (grade.name, grade.auto_score, grade.needs_manual_grade)
                for notebook in submission.notebooks
                for grade in notebook.grades
            )
            for submission in submissions
        }


def autograded(course: Course) -> dict[str, bytes]:
    return {
        str(path.relative_to(course.root)): path.read_bytes()
        for path in (course.root / "autograded").rglob("*")
        if path.is_file()
    }


def halves(root: Path) -> list[Path]:
    return [*root.rglob(f"{HALF}*"), *root.glob(".release-*")]


class Before(NamedTuple):
    """The same course at four times, which no test may change; and what students of it get."""

    new: Course  # the gradebook does not know the assignment
    nobody: Course
    all_but_ada: Course
    all: Course
    released: Path


@pytest.fixture(scope="module")
def times(graded_by_hand: GradedByHand, tmp_path_factory: pytest.TempPathFactory) -> Before:
    """Three who were graded and recorded without any disturbance."""
    root = tmp_path_factory.mktemp("faults")
    course = graded_by_hand(root / "course", PLOTS)
    new = Course.open(shutil.copytree(course.root, root / "new"))
    released = enter_assignment(course)
    write_notebook(released, root / "released.ipynb")
    nobody = Course.open(shutil.copytree(course.root, root / "nobody"))
    others = [student for student in PLOTS if student != "ada"]
    with pytest.MonkeyPatch.context() as patch:
        take_for_released(released, patch)
        assert record_reports(course, others, Silent()) == others
        all_but_ada = Course.open(shutil.copytree(course.root, root / "all but ada"))
        assert record_reports(course, ["ada"], Silent()) == ["ada"]
    assert {student: dict(zip_scores(grades)) for student, grades in standing(course).items()} == {
        student: {
            name: plot if name == "check_plot" else 0 for name, _ in zip_scores(standing(course)[student])
        }
        for student, plot in PLOTS.items()
    }
    return Before(new, nobody, all_but_ada, course, root / "released.ipynb")


@pytest.fixture
def release_is_made(times: Before, monkeypatch: pytest.MonkeyPatch) -> None:
    take_for_released(read_notebook(times.released), monkeypatch)


def zip_scores(grades: list[tuple[str, float | None, bool]]) -> list[tuple[str, float | None]]:
    return [(name, score) for name, score, _ in grades if name != "interpretation"]


@pytest.fixture
def course(times: Before, tmp_path: Path) -> Course:
    """A copy in which no student is recorded, but the assignment is entered."""
    return Course.open(shutil.copytree(times.nobody.root, tmp_path / "course"))


def record(course: Course) -> list[str]:
    return ["-c", RECORD, str(course.root), *PLOTS]


def test_recording_that_is_killed_continues_to_the_same_gradebook(
    course: Course, times: Before, tmp_path: Path, tell: Tell
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = os.environ | {"TMPDIR": str(temporary), "RELEASED": str(times.released)}
    point = "gradebook.db has changed (7)"  # it has some of the first student's grades
    killed = subprocess.run(
        killed_command(point, course.root, tmp_path / "started", *record(course)),
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (killed.returncode, killed.stdout, killed.stderr) == (-signal.SIGKILL, "ready\n", "")
    assert standing(course).keys() == {"ada"}
    assert list(temporary.glob("gradeascent-*")) != []

    done = subprocess.run(
        [sys.executable, *record(course)], env=environment, capture_output=True, text=True, check=False
    )

    assert (done.stderr, done.stdout) == ("", f"ready\nrecorded {' '.join(PLOTS)}\n")
    assert_the_same(course, times.all)
    assert list(temporary.glob("gradeascent-*")) == []  # nbgrader may leave an alembic.ini of its own
    tell(
        "kill -9 of a recording, between two grades of a student",
        f"the same gradebook and notebooks of {len(PLOTS)} submissions; nothing left over",
    )


def assert_it_goes_on_after(point: str, before: Course, undisturbed: Course, folder: Path) -> None:
    """Record from here, with a kill at a point, and again without."""
    course = Course.open(shutil.copytree(before.root, folder))
    with naming(f"after a kill where {point}"):
        kill_at(point, lambda: record_reports(course, list(PLOTS), Silent()), course.root)
        assert record_reports(course, list(PLOTS), Silent()) == list(PLOTS)
        assert_the_same(course, undisturbed)
    shutil.rmtree(folder)


@pytest.mark.parametrize("note", ["is half written", "has appeared"])
@pytest.mark.usefixtures("release_is_made")
def test_a_kill_at_the_note_that_a_report_is_recorded_costs_no_notebook(
    note: str, times: Before, tmp_path: Path, tell: Tell
) -> None:
    """nbgrader writes the notebook once without results, and last of all, after the note, with them."""
    point = f"graded/ada/{ASSIGNMENT}/recorded.json {note}"

    assert_it_goes_on_after(point, times.all_but_ada, times.all, tmp_path / "course")

    tell(f"kill -9 where recorded.json {note}", "the notebook is made again")


def points_of_recording(before: Course, folder: Path) -> list[str]:
    course = Course.open(shutil.copytree(before.root, folder))
    return points_of(lambda: record_reports(course, list(PLOTS), Silent()), course.root)


@pytest.mark.deep
@pytest.mark.usefixtures("release_is_made")
def test_recording_a_student_can_be_killed_at_any_point(times: Before, tmp_path: Path, tell: Tell) -> None:
    points = points_of_recording(times.all_but_ada, tmp_path / "watched")
    assert len(points) > 15

    for point in points:
        assert_it_goes_on_after(point, times.all_but_ada, times.all, tmp_path / "course")

    tell(f"kill -9 of a recording, at each of {len(points)} points", "the same gradebook and notebooks")


@pytest.mark.deep
def test_entering_the_assignment_can_be_killed_at_any_point(
    times: Before, tmp_path: Path, tell: Tell
) -> None:
    points = points_of_recording(times.new, tmp_path / "watched")
    points = list(itertools.takewhile(lambda point: "autograded/" not in point, points))
    assert len(points) > 3

    for point in points:
        assert_it_goes_on_after(point, times.new, times.all, tmp_path / "course")

    tell(f"kill -9 of a first recording, at each of {len(points)} points", "the same gradebook and notebooks")


def assert_the_same(course: Course, undisturbed: Course) -> None:
    assert standing(course) == standing(undisturbed)
    assert autograded(course) == autograded(undisturbed)
    assert halves(course.root) == []


def on_a_disk_of_its_own(
    course: Course, released: Path, before: str, after: str
) -> subprocess.CompletedProcess[str]:
    """Record twice on a disk that holds only the course: after `before`, and after `after`."""
    words = " ".join(map(str, [sys.executable, "-c", '"$RECORD"', "$COURSE", *PLOTS]))
    return in_a_mount_namespace(
        f"cp -a $COURSE $SAVED && mount -t tmpfs -o size=64m none $COURSE && cp -a $SAVED/. $COURSE\n"
        f"cd $COURSE\n{before}\n{words}; echo first: $?\n{after}\n{words}; echo second: $?\n"
        "cd / && rm -r $SAVED && cp -a $COURSE $SAVED",
        COURSE=course.root, SAVED=course.root.with_name("saved"), RECORD=RECORD, RELEASED=released,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "before", "after", "words"),
    [
        pytest.param(
            "a read-only autograded/",
            "mkdir autograded; mount --bind autograded autograded; mount -o remount,ro,bind autograded",
            "umount autograded",
            "Read-only file system",
            marks=pytest.mark.deep,
        ),
        pytest.param(
            "an autograded/ with room for one",
            "mkdir autograded; mount -t tmpfs -o size=100k none autograded",
            "mount -o remount,size=20m autograded",
            "No space left on device",
            marks=pytest.mark.deep,
        ),
        (
            "a disk that becomes full",
            "dd if=/dev/zero of=filler bs=4k 2>/dev/null; truncate -s -60k filler",
            "rm filler",
            "full",
        ),
    ],
)
@pytest.mark.deep
def test_what_cannot_be_written_is_said_and_the_same_command_continues_later(
    fault: str, before: str, after: str, words: str, course: Course, times: Before, tell: Tell
) -> None:
    run = on_a_disk_of_its_own(course, times.released, before, after)

    assert "second: 0" in run.stdout, run
    assert "Traceback" not in run.stderr, run.stderr
    assert any(words in line and "not recorded" in line for line in run.stderr.splitlines()), run.stderr
    assert all("not recorded: " in line for line in run.stderr.splitlines()), run.stderr
    assert run.stdout.splitlines()[-2] == f"recorded {' '.join(PLOTS)}"
    assert_the_same(Course.open(course.root.with_name("saved")), times.all)
    tell(f"record onto {fault}", run.stderr.splitlines()[0])


@pytest.mark.usefixtures("release_is_made")
def test_a_course_without_the_kit_s_settings_runs_nothing_outside_the_sandbox(
    course: Course, tmp_path: Path, tell: Tell
) -> None:
    """The settings of a course that nbgrader has served before do not name the kit."""
    outside = tmp_path / "outside"
    for folder in (course.submission_folder("ada"), course.result_folder("ada")):
        file = folder / f"{ASSIGNMENT}.ipynb"
        attack = f"open({str(outside)!r}, 'w').close()"
        write_notebook(compose(read_notebook(file), {"cnn": attack, "train": attack}), file)
    (course.root / "nbgrader_config.py").write_text("c = get_config()\n")

    assert record_reports(course, ["ada"], Silent()) == ["ada"]

    assert not outside.exists()
    assert ("check_plot", 1.5, False) in standing(course)["ada"]
    tell(
        "record in a course folder whose settings do not name the kit", "nothing was run outside the sandbox"
    )
