"""Faults on the grader's own side: whatever happens to it, the same command goes on to the same scores."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest
from mounts import in_a_mount_namespace

from autograder.course.folder import ASSIGNMENT, Course
from autograder.grade import Progress, grade_course
from autograder.grader import Grader

GRADE = Path(sys.executable).with_name("gradeascent")
Tell = Callable[[str, str], None]
MakeCourse = Callable[[Path, Mapping[str, Mapping[str, str]]], Course]
Scores = dict[str, dict[str, tuple[str, float]]]


def classroom(correct: Mapping[str, str], size: int) -> dict[str, Mapping[str, str]]:
    """Return so many submissions: correct ones, and those with one of four mistakes."""
    ascent = correct["ascent"]
    kinds: list[Mapping[str, str]] = [
        correct,
        {**correct, "ascent": ascent.replace("assign_add", "assign_sub")},
        {**correct, "ascent": ascent.replace("range(50)", "range(20)")},
        {**correct, "train": "model.compile('adam', 'sparse_categorical_crossentropy')"},
        {**correct, "ascent": ascent.replace("list(images.numpy())", "[images.numpy()[0]] * 4")},
    ]
    return {
        f"student{number:02}": cells
        for number, cells in zip(range(size), itertools.cycle(kinds), strict=False)
    }


def grade(course: Course, data: Path, *options: str) -> list[str]:
    return [str(GRADE), "grade", "--course", str(course.root), "--data", str(data), "--jobs", "2", *options]


def scores(course: Course) -> Scores:
    """Return status and score of every criterion of every student who has a report."""
    reports = {
        file.parts[-3]: json.loads(file.read_text())
        for file in course.graded.glob(f"*/{ASSIGNMENT}/report.json")
    }
    return {
        student: {name: (result["status"], result["score"]) for name, result in report["criteria"].items()}
        for student, report in reports.items()
    }


@pytest.fixture(scope="module")
def undisturbed(
    make_course: MakeCourse,
    correct_cells: dict[str, str],
    digits_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> tuple[Course, Scores]:
    """A course, graded without any disturbance."""
    size = 20 if request.config.getoption("--thorough") else 3
    course = make_course(tmp_path_factory.mktemp("faults") / "course", classroom(correct_cells, size))
    subprocess.run(grade(course, digits_file), check=True, capture_output=True)
    assert len(scores(course)) == size
    return course, scores(course)


@pytest.fixture
def course(undisturbed: tuple[Course, Scores], tmp_path: Path) -> Course:
    """The same course, not graded yet."""
    copied = Course.open(shutil.copytree(undisturbed[0].root, tmp_path / "course"))
    shutil.rmtree(copied.graded)
    return copied


def victims(grader: psutil.Process) -> dict[str, list[psutil.Process]]:
    """Return the processes that can be killed, by their role."""
    found: dict[str, list[psutil.Process]] = {"grader": [grader], "kernel": [], "verifier": []}
    for process in grader.children(recursive=True):
        try:
            command = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if "recorder.pyz" in command:
            found["kernel"].append(process)
        elif "autograder.verify.worker" in command:
            found["verifier"].append(process)
    return {role: processes for role, processes in found.items() if processes}


def test_whatever_is_killed_the_same_command_ends_with_the_same_scores(
    undisturbed: tuple[Course, Scores],
    course: Course,
    digits_file: Path,
    request: pytest.FixtureRequest,
    tell: Tell,
) -> None:
    chance, wanted = random.Random(7), 50 if request.config.getoption("--thorough") else 6
    kills: dict[str, int] = {"grader": 0, "kernel": 0, "verifier": 0}
    rounds = 0
    while sum(kills.values()) < wanted:
        with subprocess.Popen(
            grade(course, digits_file), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as run:
            grader = psutil.Process(run.pid)
            while run.poll() is None:
                time.sleep(chance.uniform(0.2, 12))
                if run.poll() is not None or sum(kills.values()) >= wanted:
                    continue
                family = victims(grader)
                role = min(family, key=lambda one: (kills[one], chance.random()))
                victim = chance.choice(family[role])
                everybody = [grader, *grader.children(recursive=True)]
                with_victim = victim.is_running()
                victim.kill()
                kills[role] += with_victim
                if role == "grader":
                    run.wait()
                    _, alive = psutil.wait_procs(everybody, timeout=10)
                    assert alive == [], "something outlived the grader"
        if run.returncode == 0 or sum(kills.values()) >= wanted:
            subprocess.run(grade(course, digits_file), check=True, capture_output=True)
            assert scores(course) == undisturbed[1]
            rounds += 1
            if sum(kills.values()) < wanted:
                shutil.rmtree(course.graded)

    assert list(course.graded.rglob(".half-*")) == []
    told = ", ".join(f"{count} times the {role}" for role, count in kills.items())
    tell(
        f"kill -9 at random: {told}",
        f"{rounds + 1} times through, the same scores of {len(undisturbed[1])} submissions",
    )


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder with a path that is short enough for sockets."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_a_run_that_was_killed_twice_is_tried_again_by_the_next_command(
    make_course: MakeCourse,
    correct_cells: dict[str, str],
    grader: Grader,
    quiet: Callable[[], Progress],
    tmp_path: Path,
    tell: Tell,
) -> None:
    suicide = {**correct_cells, "end": "import os\nos.kill(os.getpid(), 9)"}
    course = make_course(tmp_path / "course", {"ada": suicide})
    told = quiet()
    first = grade_course(course, ["ada"], grader, told)["ada"]
    before = (course.result_folder("ada") / "report.json").stat().st_mtime_ns

    again = grade_course(course, ["ada"], grader, told)["ada"]

    assert (course.result_folder("ada") / "report.json").stat().st_mtime_ns > before
    assert (again.outcome, again.criteria) == ("kernel_died", first.criteria)
    assert again.score > 50
    tell("a kernel that is killed twice", "what it showed counts, and the next command tries it again")


def test_what_a_killed_grader_leaves_in_the_temporary_folder_is_removed_by_the_next(
    course: Course, digits_file: Path, short_folder: Path, tell: Tell
) -> None:
    temporary = short_folder
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(temporary)}
    with subprocess.Popen(
        grade(course, digits_file), env=environment, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stderr is not None
        assert "running" in run.stderr.readline()
        left = {path.name for path in temporary.iterdir()}
        run.kill()

    subprocess.run(
        grade(course, digits_file, "student00"), env=environment, check=True, capture_output=True, text=True
    )

    assert left
    assert list(temporary.iterdir()) == []
    tell("kill -9, and look for what is left in /tmp", "the next run removes it")


def test_of_two_commands_at_once_the_second_waits_for_nobody_and_says_why(
    course: Course, digits_file: Path, undisturbed: tuple[Course, Scores], tell: Tell
) -> None:
    with subprocess.Popen(grade(course, digits_file), stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        assert "running" in first.stderr.readline()
        second = subprocess.run(grade(course, digits_file), capture_output=True, text=True, check=False)
        first.stderr.read()

    assert second.returncode == 2
    assert second.stderr.count("\n") == 1
    assert f"process {first.pid}" in second.stderr
    assert first.returncode == 0
    assert scores(course) == undisturbed[1]
    tell("two grade commands at once", second.stderr)


def lines_of(run: subprocess.CompletedProcess[str]) -> list[str]:
    """Return what was said besides the progress."""
    return [line for line in run.stderr.splitlines() if line.startswith("gradeascent")]


def test_on_a_full_disk_the_others_go_on_and_the_same_command_finishes_later(
    course: Course, digits_file: Path, undisturbed: tuple[Course, Scores], tell: Tell
) -> None:
    course.graded.mkdir()
    command = " ".join(grade(course, digits_file))

    run = in_a_mount_namespace(
        f"mount -t tmpfs -o size=3m none $GRADED\n{command}; echo full: $?\n"
        f"mount -o remount,size=200m $GRADED\n{command}; echo roomy: $?\ncp -r $GRADED $SAVED",
        GRADED=course.graded, SAVED=course.root / "saved",
    )  # fmt: skip

    assert "full: 1" in run.stdout
    assert "roomy: 0" in run.stdout
    assert "No space left on device" in run.stderr
    assert "Traceback" not in run.stderr
    shutil.rmtree(course.graded)
    (course.root / "saved").rename(course.graded)
    assert scores(course) == undisturbed[1]
    tell(
        "grade onto a full disk, then make room", "not graded: No space left on device; later the same scores"
    )


def test_a_folder_that_cannot_be_written_to_is_one_clear_line(
    course: Course, digits_file: Path, tell: Tell
) -> None:
    run = in_a_mount_namespace(
        f"mount --bind $COURSE $COURSE && mount -o remount,ro,bind $COURSE\n"
        f"{' '.join(grade(course, digits_file))}; echo read-only: $?",
        COURSE=course.root,
    )

    assert "read-only: 2" in run.stdout
    assert len(lines_of(run)) == 1
    assert "Read-only file system" in lines_of(run)[0]
    tell("grade in a read-only course folder", lines_of(run)[0])


def test_a_full_temporary_folder_is_one_clear_line(
    course: Course, digits_file: Path, short_folder: Path, tell: Tell
) -> None:
    run = in_a_mount_namespace(
        f"mount -t tmpfs -o size=64k none $TMPDIR\n{' '.join(grade(course, digits_file))}; echo full: $?",
        TMPDIR=short_folder,
    )

    assert "full: 2" in run.stdout
    assert len(run.stderr.strip().splitlines()) == 1
    assert f"temporary folder {short_folder} cannot be written to: No space left" in run.stderr
    tell("grade with a full /tmp", run.stderr)


@pytest.mark.parametrize("state", ["corrupt", "locked"])
def test_grading_does_not_need_the_gradebook(
    state: str, course: Course, grader: Grader, quiet: Callable[[], Progress], tell: Tell
) -> None:
    course.gradebook.write_bytes(b"no database" * 100 if state == "corrupt" else b"")
    before = course.gradebook.read_bytes()
    holder = sqlite3.connect(":memory:" if state == "corrupt" else course.gradebook, isolation_level=None)
    if state == "locked":
        holder.execute("BEGIN EXCLUSIVE")

    reports = grade_course(course, ["student00"], grader, quiet())

    assert reports["student00"].score > 50
    holder.close()
    assert course.gradebook.read_bytes() == before
    tell(f"grade beside a {state} gradebook.db", "graded; the gradebook was not touched")


def test_a_clock_that_jumps_changes_nothing(
    course: Course,
    grader: Grader,
    quiet: Callable[[], Progress],
    undisturbed: tuple[Course, Scores],
    monkeypatch: pytest.MonkeyPatch,
    tell: Tell,
) -> None:
    hours = itertools.cycle([0, -3600 * 48, 3600 * 1000])
    now = time.time
    monkeypatch.setattr("time.time", lambda: now() + next(hours))

    students = ["student00", "student01"]
    grade_course(course, students, grader, quiet())
    monkeypatch.undo()
    grade_course(course, students, grader, quiet())

    assert scores(course) == {student: undisturbed[1][student] for student in students}
    tell("a clock that jumps by days with every look", "the same scores")


@pytest.fixture(autouse=True)
def nothing_keeps_running() -> Iterator[None]:
    """A test that fails half way must not leave a grader behind."""
    yield
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if "grade" in process.cmdline():
                process.kill()
