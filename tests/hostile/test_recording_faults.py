"""Faults while grades are recorded: the same command goes on to the gradebook of a run that nothing disturbed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from mounts import in_a_mount_namespace
from nbgrader.api import SubmittedAssignment

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook
from autograder.course.notebooks import compose, read_notebook, write_notebook
from autograder.errors import GradeascentError
from autograder.files import HALF
from autograder.record.recording import record_reports

PLOTS = {"ada": 1.5, "bert": 2.5, "cleo": 3.5, "dora": 4.5}
# The recording of `gradeascent grade`, without the grading before it.
RECORD = """
import sys
from pathlib import Path
from autograder.course.folder import Course
from autograder.course.lock import only_writer
from autograder.progress import show_recording
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


@pytest.fixture(scope="module")
def undisturbed(graded_by_hand: GradedByHand, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Four who were graded and recorded without any disturbance."""
    course = graded_by_hand(tmp_path_factory.mktemp("faults") / "course", PLOTS)
    assert record_reports(course, list(PLOTS), Silent()) == list(PLOTS)
    assert {student: dict(zip_scores(grades)) for student, grades in standing(course).items()} == {
        student: {
            name: plot if name == "check_plot" else 0 for name, _ in zip_scores(standing(course)[student])
        }
        for student, plot in PLOTS.items()
    }
    return course


def zip_scores(grades: list[tuple[str, float | None, bool]]) -> list[tuple[str, float | None]]:
    return [(name, score) for name, score, _ in grades if name != "interpretation"]


@pytest.fixture
def course(undisturbed: Course, tmp_path: Path) -> Course:
    """The same course, not recorded yet."""
    copied = Course.open(shutil.copytree(undisturbed.root, tmp_path / "course"))
    copied.gradebook.unlink()
    shutil.rmtree(copied.root / "autograded")
    for note in copied.graded.rglob("recorded.json"):
        note.unlink()
    return copied


def record(course: Course) -> list[str]:
    return [sys.executable, "-c", RECORD, str(course.root), *PLOTS]


def test_recording_that_is_killed_goes_on_to_the_same_gradebook(
    course: Course, undisturbed: Course, tmp_path: Path, request: pytest.FixtureRequest, tell: Tell
) -> None:
    chance, wanted = random.Random(7), 50 if request.config.getoption("--thorough") else 4
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = os.environ | {"TMPDIR": str(temporary)}
    kills = 0
    while kills < wanted:
        with subprocess.Popen(
            record(course), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as run:
            assert run.stdout is not None
            assert run.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0, 12))
            run.kill()
            said, trouble = run.communicate()
        assert trouble == ""
        kills += run.returncode == -signal.SIGKILL
        if "recorded" in said:  # all of it before the kill
            assert_the_same(course, undisturbed)
            shutil.rmtree(course.root / "autograded")

    done = subprocess.run(record(course), env=environment, capture_output=True, text=True, check=False)

    assert (done.stderr, done.stdout) == ("", f"ready\nrecorded {' '.join(PLOTS)}\n")
    assert_the_same(course, undisturbed)
    assert list(temporary.glob("gradeascent-*")) == []  # nbgrader may leave an alembic.ini of its own
    tell(
        f"kill -9 of a recording, {kills} times at random",
        f"the same gradebook and notebooks of {len(PLOTS)} submissions; nothing left over",
    )


def assert_the_same(course: Course, undisturbed: Course) -> None:
    assert standing(course) == standing(undisturbed)
    assert autograded(course) == autograded(undisturbed)
    assert halves(course.root) == []


def on_a_disk_of_its_own(course: Course, before: str, after: str) -> subprocess.CompletedProcess[str]:
    """Record twice on a disk that holds only the course: after `before`, and after `after`."""
    words = " ".join(map(str, [sys.executable, "-c", '"$RECORD"', "$COURSE", *PLOTS]))
    return in_a_mount_namespace(
        f"cp -a $COURSE $SAVED && mount -t tmpfs -o size=64m none $COURSE && cp -a $SAVED/. $COURSE\n"
        f"cd $COURSE\n{before}\n{words}; echo first: $?\n{after}\n{words}; echo second: $?\n"
        "cd / && rm -r $SAVED && cp -a $COURSE $SAVED",
        COURSE=course.root, SAVED=course.root.with_name("saved"), RECORD=RECORD,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "before", "after", "words"),
    [
        (
            "a read-only autograded/",
            "mkdir autograded; mount --bind autograded autograded; mount -o remount,ro,bind autograded",
            "umount autograded",
            "Read-only file system",
        ),
        (
            "an autograded/ with room for one",
            "mkdir autograded; mount -t tmpfs -o size=100k none autograded",
            "mount -o remount,size=20m autograded",
            "No space left on device",
        ),
        (
            "a disk that becomes full",
            "dd if=/dev/zero of=filler bs=4k 2>/dev/null; truncate -s -300k filler",
            "rm filler",
            "full",
        ),
    ],
)
def test_what_cannot_be_written_is_said_and_the_same_command_goes_on_later(
    fault: str, before: str, after: str, words: str, course: Course, undisturbed: Course, tell: Tell
) -> None:
    run = on_a_disk_of_its_own(course, before, after)

    assert "second: 0" in run.stdout, run
    assert "Traceback" not in run.stderr, run.stderr
    assert any(words in line and "not recorded" in line for line in run.stderr.splitlines()), run.stderr
    assert all("not recorded: " in line for line in run.stderr.splitlines()), run.stderr
    assert run.stdout.splitlines()[-2] == f"recorded {' '.join(PLOTS)}"
    assert_the_same(Course.open(course.root.with_name("saved")), undisturbed)
    tell(f"record onto {fault}", run.stderr.splitlines()[0])


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
