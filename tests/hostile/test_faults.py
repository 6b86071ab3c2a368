"""Faults on the grader's own side: whatever happens to it, the same command continues to the same scores."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from kill_points import held_command, kill_at, killed_command, naming, outlived, points_of, tell_stages
from mounts import in_a_mount_namespace

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook
from autograder.course.lock import LOCK
from autograder.course.submission import Submission
from autograder.evidence import Evidence
from autograder.grading.course import Progress, grade_course
from autograder.grading.grader import Grader
from autograder.grading.stages import run_submission
from autograder.plain.files import HALF
from autograder.run import Origin, Run
from autograder.verify.identity import verifier_sha256

pytestmark = pytest.mark.deep

STUDENTS = ("ada", "bert")
Tell = Callable[[str, str], None]
MakeCourse = Callable[[Path, Mapping[str, Mapping[str, str]]], Course]
Scores = dict[str, dict[str, tuple[str, float]]]


def grade(course: Course, data: Path, *options: str) -> list[str]:
    words = ["grade", "--course", str(course.root), "--data", str(data), "--jobs", "2", "--no-record"]
    return ["-m", "autograder", *words, *options]


def run(course: Course, data: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Give the command as anybody would."""
    return subprocess.run(
        [sys.executable, *grade(course, data)],
        env=os.environ | variables, capture_output=True, text=True, check=False,
    )  # fmt: skip


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


@dataclass(frozen=True)
class Graded:
    """A course that was graded without any disturbance, which no test may change."""

    course: Course
    scores: Scores
    shown: dict[str, tuple[Run, Evidence]]  # what each notebook showed, to be stored once more


@pytest.fixture(scope="module")
def undisturbed(
    make_course: MakeCourse,
    correct_cells: dict[str, str],
    grader: Grader,
    quiet: Callable[[], Progress],
    tmp_path_factory: pytest.TempPathFactory,
) -> Graded:
    """Ada's is correct; Bert goes down instead of up."""
    down = {**correct_cells, "ascent": correct_cells["ascent"].replace("assign_add", "assign_sub")}
    course = make_course(tmp_path_factory.mktemp("faults") / "course", {"ada": correct_cells, "bert": down})
    shown = {}

    def keep(submission: Submission, *rest: Any, **options: Any) -> tuple[Run, Evidence]:
        shown[submission.student] = run_submission(submission, *rest, **options)
        return shown[submission.student]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autograder.grading.course.run_submission", keep)
        grade_course(course, STUDENTS, grader, quiet())
    assert scores(course).keys() == set(STUDENTS)
    assert scores(course)["ada"] != scores(course)["bert"]
    return Graded(course, scores(course), shown)


@pytest.fixture
def graded(undisturbed: Graded, tmp_path: Path) -> Course:
    """A copy of the course."""
    return Course.open(shutil.copytree(undisturbed.course.root, tmp_path / "course"))


@pytest.fixture
def course(graded: Course) -> Course:
    """The same course with one submission, not graded yet."""
    shutil.rmtree(graded.graded)
    shutil.rmtree(graded.submitted / "bert")
    return graded


@pytest.fixture
def all_but_the_report(graded: Course) -> Course:
    """The same course, in which one report is to be made of a stored run."""
    (graded.result_folder("ada") / "report.json").unlink()
    return graded


def contents(course: Course) -> dict[str, bytes]:
    """Return all results, and what should not be among them."""
    return {
        str(file.relative_to(course.graded)): file.read_bytes()
        for file in course.graded.rglob("*")
        if file.is_file() and file.name != LOCK
    }


def new(course: Course) -> None:
    """Nothing is stored of Ada's."""
    shutil.rmtree(course.graded / "ada")


def handed_in_again(course: Course) -> None:
    """What is stored of Ada's is of another submission: now she has handed in Bert's."""
    shutil.rmtree(course.submitted / "ada")
    shutil.copytree(course.submitted / "bert", course.submitted / "ada")


def measured_by_an_older_verifier(course: Course) -> None:
    for name in ("run.json", "report.json"):
        file = course.result_folder("ada") / name
        file.write_text(file.read_text().replace(verifier_sha256(), "0" * 64))


@pytest.fixture
def replay(
    undisturbed: Graded, grader: Grader, quiet: Callable[[], Progress], monkeypatch: pytest.MonkeyPatch
) -> Callable[[Course], object]:
    """Grade a course in which notebooks show at once what they showed before: only the storing takes time."""
    shown = {submission_of(undisturbed.course, student).sha256(): student for student in STUDENTS}

    def run_again(submission: Submission, *_: Any, **__: Any) -> tuple[Run, Evidence]:
        return undisturbed.shown[shown[submission.sha256()]]

    def measured(execution: object, origin: Origin, *_: Any) -> Run:
        return undisturbed.shown[shown[origin.submission_sha256]][0]

    monkeypatch.setattr("autograder.grading.course.run_submission", run_again)
    monkeypatch.setattr("autograder.grading.stored.measure_again", measured)
    return lambda course: grade_course(course, STUDENTS, grader, quiet())


def submission_of(course: Course, student: str) -> Submission:
    return Submission(student, ASSIGNMENT, course.submission_folder(student))


def assert_it_goes_on_after(
    point: str, before: Course, replay: Callable[[Course], object], after: Course, folder: Path
) -> None:
    """Grade from here, with a kill at a point, and again without."""
    course = Course.open(shutil.copytree(before.root, folder))
    with naming(f"after a kill where {point}"):
        kill_at(point, lambda: replay(course), course.root)
        stands = scores(course).get("ada")
        assert stands in (None, scores(before).get("ada"), scores(after)["ada"])
        replay(course)
        assert scores(course) == scores(after)
        assert contents(course) == contents(after)
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["measurements.json", "report.json"])
def test_results_that_are_half_written_are_written_again(
    name: str,
    graded: Course,
    replay: Callable[[Course], object],
    undisturbed: Graded,
    tmp_path: Path,
    tell: Tell,
) -> None:
    new(graded)
    point = f"graded/ada/{ASSIGNMENT}/{name} is half written"

    assert_it_goes_on_after(point, graded, replay, undisturbed.course, tmp_path / "killed")

    tell(f"kill -9 while {name} is written", "the same results")


@pytest.mark.parametrize("begin", [new, handed_in_again, measured_by_an_older_verifier])
def test_storing_results_can_be_killed_at_any_point(
    begin: Callable[[Course], None],
    graded: Course,
    replay: Callable[[Course], object],
    tmp_path: Path,
    tell: Tell,
) -> None:
    begin(graded)
    after = Course.open(shutil.copytree(graded.root, tmp_path / "after"))
    points = points_of(lambda: replay(after), after.root)
    assert len(points) > 8

    for point in points:
        assert_it_goes_on_after(point, graded, replay, after, tmp_path / "killed")

    tell(f"kill -9 at each of {len(points)} points of storing results", "the same results")


def test_a_killed_grader_leaves_nothing_running_and_the_same_command_continues(
    course: Course, digits_file: Path, undisturbed: Graded, short_folder: Path, tmp_path: Path, tell: Tell
) -> None:
    command = killed_command(
        "cell train runs", course.root, tmp_path / "started", *grade(course, digits_file)
    )
    environment = os.environ | {"TMPDIR": str(short_folder)}
    killed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert outlived(tmp_path / "started") == []
    assert list(short_folder.iterdir()) != []

    done = run(course, digits_file, TMPDIR=str(short_folder))

    assert done.returncode == 0, done.stderr
    assert scores(course) == {"ada": undisturbed.scores["ada"]}
    assert not [name for name in contents(course) if HALF in name]
    assert list(short_folder.iterdir()) == []
    tell("kill -9 of the grader while a cell runs", "nothing outlives it or is left in /tmp; the same scores")


def test_a_grader_can_be_killed_at_one_stage_after_the_other(
    course: Course, digits_file: Path, undisturbed: Graded, tmp_path: Path, tell: Tell
) -> None:
    """The last two are stages of recording."""
    stages = [
        "cell imports runs",
        "cell ascent runs",
        "measuring",
        f"graded/ada/{ASSIGNMENT}/run.json is half written",
        f"graded/ada/{ASSIGNMENT}/report.json is half written",
        "gradebook.db has changed (3)",
        f"graded/ada/{ASSIGNMENT}/recorded.json has appeared",
    ]
    command = [word for word in grade(course, digits_file) if word != "--no-record"]
    for stage in stages:
        killed = subprocess.run(
            killed_command(stage, course.root, tmp_path / "started", *command),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert killed.returncode == -signal.SIGKILL, f"not killed where {stage}: {killed.stderr}"
        assert outlived(tmp_path / "started") == [], f"something outlived a kill where {stage}"

    subprocess.run([sys.executable, *command], check=True, capture_output=True)

    assert scores(course) == {"ada": undisturbed.scores["ada"]}
    assert not [name for name in contents(course) if HALF in name]
    with open_gradebook(course) as gradebook:
        (recorded,) = gradebook.assignment_submissions(ASSIGNMENT)
        assert recorded.score == sum(score for _, score in undisturbed.scores["ada"].values())
    tell(f"kill -9 of the grader at {len(stages)} stages", "the same scores, recorded once")


Kill = Callable[[str, int], list[int]]


@pytest.fixture
def kill_once(monkeypatch: pytest.MonkeyPatch) -> Kill:
    """Kill a process of a stage, by its number there, when the stage is come to for the first time."""
    plan: list[tuple[str, int, list[int]]] = []

    def at_stage(stage: str, processes: Sequence[int]) -> None:
        for wanted, which, killed in plan:
            if stage == wanted and not killed:
                killed.append(processes[which])
                os.kill(processes[which], signal.SIGKILL)

    def intend(stage: str, which: int) -> list[int]:
        plan.append((stage, which, []))
        return plan[-1][2]

    tell_stages(at_stage, monkeypatch.setattr)
    return intend


def test_a_kernel_and_a_verifier_that_are_killed_cost_nothing(
    course: Course,
    grader: Grader,
    quiet: Callable[[], Progress],
    undisturbed: Graded,
    kill_once: Kill,
    tell: Tell,
) -> None:
    kernel, verifier = kill_once("cell train runs", 1), kill_once("measuring", 0)

    grade_course(course, ["ada"], grader, quiet())

    assert len(kernel) == len(verifier) == 1
    assert scores(course) == {"ada": undisturbed.scores["ada"]}
    tell("kill -9 of the kernel in a cell, and of the verifier while it measures", "the same scores")


@pytest.mark.parametrize("cell", ["imports", "data", "cnn", "train", "ascent"])
@pytest.mark.parametrize("process", ["sandbox", "kernel"])
def test_a_kernel_that_is_killed_in_any_cell_costs_nothing(
    cell: str,
    process: str,
    course: Course,
    grader: Grader,
    quiet: Callable[[], Progress],
    undisturbed: Graded,
    kill_once: Kill,
) -> None:
    killed = kill_once(f"cell {cell} runs", ["sandbox", "kernel"].index(process))

    grade_course(course, ["ada"], grader, quiet())

    assert len(killed) == 1
    assert scores(course) == {"ada": undisturbed.scores["ada"]}


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder with a path that is short enough for sockets."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_of_two_commands_at_once_the_second_does_not_wait_and_says_why(
    all_but_the_report: Course, digits_file: Path, undisturbed: Graded, tell: Tell
) -> None:
    course = all_but_the_report
    point = f"graded/ada/{ASSIGNMENT}/report.json is half written"
    with subprocess.Popen(
        held_command(point, course.root, *grade(course, digits_file)),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as first:  # fmt: skip
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        second = run(course, digits_file)
        first.communicate("go on\n")

    assert second.returncode == 2
    assert second.stderr.count("\n") == 1
    assert f"process {first.pid}" in second.stderr
    assert first.returncode == 0
    assert scores(course) == undisturbed.scores
    tell("two grade commands at once", second.stderr)


def lines_of(run: subprocess.CompletedProcess[str]) -> list[str]:
    """Return what was said besides the progress."""
    return [line for line in run.stderr.splitlines() if line.startswith("gradeascent")]


def test_on_a_full_disk_the_same_command_finishes_later(
    all_but_the_report: Course, digits_file: Path, undisturbed: Graded, tell: Tell
) -> None:
    course = all_but_the_report
    fill = "dd if=/dev/zero of=$GRADED/filler bs=4k 2>/dev/null; truncate -s -8k $GRADED/filler"

    saved = graded_on_a_full_disk(
        course, digits_file, f"cp -a $STORED/. $GRADED\n{fill}", "rm $GRADED/filler"
    )

    assert contents(saved) == contents(undisturbed.course)
    tell(
        "write a report onto a full disk, then make room", "not graded: No space left on device; later it is"
    )


def test_on_a_full_disk_the_others_continue_and_the_same_command_finishes_later(
    graded: Course, digits_file: Path, undisturbed: Graded, tell: Tell
) -> None:
    size = sum(map(len, contents(graded).values())) * 2 // 3

    saved = graded_on_a_full_disk(
        graded, digits_file, f"mount -o remount,size={size} $GRADED", "mount -o remount,size=200m $GRADED"
    )

    assert scores(saved) == undisturbed.scores
    tell(
        "grade onto a full disk, then make room", "not graded: No space left on device; later the same scores"
    )


def graded_on_a_full_disk(course: Course, digits_file: Path, before: str, after: str) -> Course:
    """Grade twice on a disk that holds only the results: after `before`, when it is full, and after `after`."""
    command = " ".join([sys.executable, *grade(course, digits_file)])
    run = in_a_mount_namespace(
        f"cp -a $GRADED $STORED\nmount -t tmpfs -o size=200m none $GRADED\n{before}\n{command}; echo full: $?\n"
        f"{after}\n{command}; echo roomy: $?\nmkdir $SAVED; cp -a $GRADED $SAVED/graded",
        GRADED=course.graded, STORED=course.root / "stored", SAVED=course.root / "saved",
    )  # fmt: skip
    assert "full: 1" in run.stdout, run.stderr
    assert "roomy: 0" in run.stdout, run.stderr
    assert "No space left on device" in run.stderr
    assert "Traceback" not in run.stderr
    return Course(course.root / "saved")


def test_a_folder_that_cannot_be_written_to_is_one_clear_line(
    course: Course, digits_file: Path, tell: Tell
) -> None:
    command = " ".join([sys.executable, *grade(course, digits_file)])
    run = in_a_mount_namespace(
        f"mount --bind $COURSE $COURSE && mount -o remount,ro,bind $COURSE\n{command}; echo read-only: $?",
        COURSE=course.root,
    )

    assert "read-only: 2" in run.stdout
    assert len(lines_of(run)) == 1
    assert "Read-only file system" in lines_of(run)[0]
    tell("grade in a read-only course folder", lines_of(run)[0])


def test_a_full_temporary_folder_is_one_clear_line(
    course: Course, digits_file: Path, short_folder: Path, tell: Tell
) -> None:
    command = " ".join([sys.executable, *grade(course, digits_file)])
    run = in_a_mount_namespace(
        f"mount -t tmpfs -o size=64k none $TMPDIR\n{command}; echo full: $?",
        TMPDIR=short_folder,
    )

    assert "full: 2" in run.stdout
    assert len(run.stderr.strip().splitlines()) == 1
    assert f"temporary folder {short_folder} cannot be written to: No space left" in run.stderr
    tell("grade with a full /tmp", run.stderr)


@pytest.mark.parametrize("state", ["corrupt", "locked"])
def test_grading_does_not_need_the_gradebook(
    state: str, all_but_the_report: Course, grader: Grader, quiet: Callable[[], Progress], tell: Tell
) -> None:
    course = all_but_the_report
    course.gradebook.write_bytes(b"no database" * 100 if state == "corrupt" else b"")
    before = course.gradebook.read_bytes()
    holder = sqlite3.connect(":memory:" if state == "corrupt" else course.gradebook, isolation_level=None)
    if state == "locked":
        holder.execute("BEGIN EXCLUSIVE")

    reports = grade_course(course, ["ada"], grader, quiet())

    assert reports["ada"].score > 50
    holder.close()
    assert course.gradebook.read_bytes() == before
    tell(f"grade beside a {state} gradebook.db", "graded; the gradebook was not touched")


def test_a_clock_that_jumps_changes_nothing(
    course: Course,
    grader: Grader,
    quiet: Callable[[], Progress],
    undisturbed: Graded,
    monkeypatch: pytest.MonkeyPatch,
    tell: Tell,
) -> None:
    hours = itertools.cycle([0, -3600 * 48, 3600 * 1000])
    now = time.time
    monkeypatch.setattr("time.time", lambda: now() + next(hours))

    grade_course(course, ["ada"], grader, quiet())
    monkeypatch.undo()
    grade_course(course, ["ada"], grader, quiet())

    assert scores(course) == {"ada": undisturbed.scores["ada"]}
    tell("a clock that jumps by days with every look", "the same scores")


@pytest.fixture(autouse=True)
def nothing_keeps_running() -> Iterator[None]:
    """A test that fails half way must not leave a grader behind."""
    yield
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if "grade" in process.cmdline():
                process.kill()
