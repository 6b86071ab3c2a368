"""A gradebook in PostgreSQL: the same scores, several graders at once, and no password where it could be read."""

from __future__ import annotations

import csv
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from diary import Diary
from made_release import RELEASE_IS_MADE, take_for_released
from nbgrader.api import Gradebook, SubmittedAssignment
from nbgrader.apps.api import NbGraderAPI
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from autograder.cli import run
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import course_directory, nbgrader_config, open_gradebook, search_path
from autograder.course.marks import read_marks
from autograder.course.notebooks import read_notebook, write_notebook
from autograder.course.release import enter_assignment, generate_release
from autograder.errors import GradeascentError
from autograder.record.recording import record_reports
from autograder.review.audit_log import AuditLog
from autograder.review.saving import ChangedMeanwhileError, Decision, Saving

PASSWORD = "q9-Not-To-Be-Read"
PROGRAMS = ("initdb", "pg_ctl")
# Several of these are recorded at once, so that graders meet.
STUDENTS = ("ada", "bert", "cleo", "dora", "emil", "fay")
RECORD = f"""{RELEASE_IS_MADE}
import sys
from autograder.course.folder import Course
from autograder.record.recording import record_reports
class Told:
    def recorded(self, student): ...
    def not_recorded(self, student, error): print(student, error, flush=True)
print("ready", flush=True)
sys.stdin.readline()
record_reports(Course.open(Path(sys.argv[1])), sys.argv[2:], Told())
"""


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server of the tests' own."""

    port: int
    numbers: Iterator[int]

    def address(self, database: str, *, user: str = "teacher", password: str = PASSWORD) -> str:
        return f"postgresql+psycopg://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def new_database(self, *, like: str = "template1") -> str:
        """Make an empty database, or one like another; return its address."""
        name = f"course{next(self.numbers)}"
        engine = create_engine(self.address("postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {like}"))
        return self.address(name)


def program_folder() -> Path:
    """Return where Debian, or the PATH, has the server's programs."""
    folders = [
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
        *map(Path, os.get_exec_path()),
    ]
    for folder in folders:
        if all((folder / name).is_file() for name in PROGRAMS):
            return folder
    # a green run must not mean that nothing was tried
    pytest.fail("the tests need PostgreSQL's server: apt-get install postgresql")


def free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server with a password, that ends with the tests."""
    programs = program_folder()
    user = None if os.getuid() else "nobody"  # the server refuses to run as root
    root = Path(tempfile.mkdtemp(prefix="postgresql-"))

    def call(program: str, *words: str | Path) -> None:
        done = subprocess.run(
            [programs / program, *words],
            user=user, cwd=root, capture_output=True, text=True, check=False, timeout=60,
            env={"PATH": os.defpath, "LC_ALL": "C"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    port = free_port()
    data, secret, log = root / "data", root / "password", root / "log"
    secret.write_text(PASSWORD)
    for path in (root, secret):
        if user:
            shutil.chown(path, user)
    try:
        call(
            "initdb", "--username=teacher", f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8",
            "--no-sync", "--pgdata", data,
        )  # fmt: skip
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={root} -c fsync=off"
        call("pg_ctl", "start", "--wait", "--pgdata", data, "--log", log, "--options", options)
        try:
            yield Server(port, count())
        finally:
            call("pg_ctl", "stop", "--wait", "--mode=immediate", "--pgdata", data)
    finally:
        shutil.rmtree(root)


def points_of(number: int) -> float:
    """Return what a student has for the plot: for everyone something else."""
    return number / 2


@pytest.fixture(scope="module")
def graded_course(graded_by_hand: Callable[..., Course], tmp_path_factory: pytest.TempPathFactory) -> Course:
    scores = {student: points_of(number) for number, student in enumerate(STUDENTS)}
    return graded_by_hand(tmp_path_factory.mktemp("course") / "course", scores)


def copy_with(course: Course, root: Path, db_url: str) -> Course:
    """Return a copy, as on another machine, whose gradebook is this database."""
    copied = Course.open(shutil.copytree(course.root, root))
    with (root / "nbgrader_config.py").open("a") as file:
        file.write(f"c.CourseDirectory.db_url = {db_url!r}\n")
    return copied


class Entered(NamedTuple):
    """A database in which nothing but the assignment stands, and the file of what students get."""

    name: str
    released: Path


@pytest.fixture(scope="module")
def entered_once(graded_course: Course, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Entered:
    address, folder = server.new_database(), tmp_path_factory.mktemp("entered")
    released = enter_assignment(copy_with(graded_course, folder / "course", address))
    write_notebook(released, folder / "released.ipynb")
    return Entered(address.rpartition("/")[2], folder / "released.ipynb")


@pytest.fixture
def entered(entered_once: Entered, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of that database; the release is made already, too."""
    take_for_released(read_notebook(entered_once.released), monkeypatch)
    return entered_once.name


def command(course: Course, *words: str) -> list[str]:
    return [sys.executable, "-m", "nbgrader", *words, f"--CourseDirectory.root={course.root}"]


def environment(course: Course) -> dict[str, str]:
    return os.environ | {"PATH": search_path(), "JUPYTER_CONFIG_DIR": str(course.root / "no-settings")}


def plot_scores(course: Course) -> dict[str, float]:
    with open_gradebook(course) as gradebook:
        return {
            submission.student_id: gradebook.find_grade(
                "check_plot", ASSIGNMENT, ASSIGNMENT, submission.student_id
            ).auto_score
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
        }


def assert_all_is_right(course: Course, students: Sequence[str] = STUDENTS) -> None:
    """Everyone has one submission with every grade and comment in it once, and the scores of the report."""
    assert plot_scores(course) == {student: points_of(STUDENTS.index(student)) for student in students}
    with open_gradebook(course) as gradebook:
        submissions = gradebook.db.query(SubmittedAssignment).all()
        assert Counter(one.student_id for one in submissions) == Counter(students)
        for submission in submissions:
            (notebook,) = submission.notebooks
            names = Counter(grade.name for grade in notebook.grades)
            assert names == Counter([f"check_{name}" for name in course.points()] + ["interpretation"])
            assert len(notebook.comments) == len({comment.name for comment in notebook.comments}) == 5
            assert submission.score == points_of(STUDENTS.index(submission.student_id))


class Watch:
    """Notes the command lines of all processes below the tests, as any user of the machine could."""

    def __enter__(self) -> Watch:
        self.seen: set[str] = set()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(0.2):
            for process in psutil.Process().children(recursive=True):
                try:
                    self.seen.add(" ".join(process.cmdline()))
                except psutil.Error:
                    continue


@pytest.mark.deep
def test_a_whole_course_with_nbgrader_s_own_commands_beside(
    graded_course: Course, server: Server, tmp_path: Path
) -> None:
    course = copy_with(graded_course, tmp_path / "course", server.new_database())
    diary = Diary()
    with Watch() as watch:
        generate_release(course)
        assert record_reports(course, STUDENTS, diary) == list(STUDENTS)

        assert diary.trouble == {}
        assert_all_is_right(course)

        with open_gradebook(course) as gradebook:
            grade = gradebook.find_grade("interpretation", ASSIGNMENT, ASSIGNMENT, "ada")
            grade.manual_score, grade.needs_manual_grade = 8, False
            gradebook.db.commit()
        assert record_reports(course, ["ada"], diary, force=True) == ["ada"]

        api = NbGraderAPI(course_directory(course), config=nbgrader_config(course))
        shown = {one["student"]: one for one in api.get_submissions(ASSIGNMENT)}
        assert {student: (one["score"], one["autograded"]) for student, one in shown.items()} == {
            student: (points_of(number) + (8 if student == "ada" else 0), True)
            for number, student in enumerate(STUDENTS)
        }
        assert {student for student, one in shown.items() if one["needs_manual_grade"]} == set(STUDENTS[1:])

        table = tmp_path / "grades.csv"
        done = subprocess.run(
            command(course, "export", f"--to={table}"),
            env=environment(course), cwd=course.root, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        with table.open(newline="") as file:
            exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
        assert exported == {student: one["score"] for student, one in shown.items()}

    assert any("generate_assignment" in line for line in watch.seen)
    assert not [line for line in watch.seen if PASSWORD in line]
    assert not course.gradebook.exists()


@pytest.mark.parametrize(
    ("shares", "is_new"),
    [
        pytest.param((STUDENTS, STUDENTS), True, id="the same, in an empty database", marks=pytest.mark.deep),
        pytest.param((STUDENTS[::2], STUDENTS[1::2]), False, id="different ones"),
    ],
)
def test_two_graders_at_once_lose_nothing_and_record_nothing_twice(
    shares: Sequence[Sequence[str]],
    is_new: bool,
    graded_course: Course,
    server: Server,
    entered_once: Entered,
    tmp_path: Path,
) -> None:
    entered = entered_once.name
    db_url = server.new_database() if is_new else server.new_database(like=entered)
    courses = [copy_with(graded_course, tmp_path / str(number), db_url) for number in range(len(shares))]
    graders = [
        subprocess.Popen(
            [sys.executable, "-c", RECORD, str(course.root), *students],
            env=os.environ | {"RELEASED": str(entered_once.released)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for course, students in zip(courses, shares, strict=True)
    ]  # fmt: skip
    for grader in graders:
        assert grader.stdout is not None
        assert grader.stdout.readline() == "ready\n"

    start_all(graders)

    assert [grader.communicate(timeout=120) for grader in graders] == [("", "")] * len(graders)
    assert_all_is_right(courses[0])
    for course, students in zip(courses, shares, strict=True):
        assert {path.parts[-3] for path in course.root.glob("autograded/*/*/*.ipynb")} == set(students)


def start_all(graders: Sequence[subprocess.Popen[str]]) -> None:
    for grader in graders:
        assert grader.stdin is not None
        grader.stdin.write("\n")
        grader.stdin.flush()


@pytest.mark.deep
def test_nbgrader_autograde_may_run_beside(
    graded_course: Course, server: Server, entered: str, tmp_path: Path
) -> None:
    db_url = server.new_database(like=entered)
    ours = copy_with(graded_course, tmp_path / "ours", db_url)
    theirs = copy_with(graded_course, tmp_path / "theirs", db_url)
    diary = Diary()

    with subprocess.Popen(
        command(theirs, "autograde", ASSIGNMENT, "--VerifiedResults.is_graded=True"),
        env=environment(theirs), cwd=theirs.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as autograde:  # fmt: skip
        assert autograde.stdout is not None
        for line in autograde.stdout:
            if "Creating/updating student" in line:
                break
        else:
            pytest.fail("nbgrader ended before it wrote anything")
        assert record_reports(ours, STUDENTS, diary, force=True) == list(STUDENTS)
        said = autograde.stdout.read()

    assert diary.trouble == {}
    assert "Traceback" not in said or "IntegrityError" in said  # nbgrader itself does not try again
    assert_all_is_right(ours)


def test_a_row_that_another_program_wrote_first_is_no_trouble(
    graded_course: Course, server: Server, entered: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `nbgrader autograde` on another machine does between our look and our write."""
    course = copy_with(graded_course, tmp_path / "course", server.new_database(like=entered))
    db_url = course_directory(course).db_url
    add = Gradebook.add_submission
    others = iter(["bert"])

    def add_late(gradebook: Gradebook, assignment: str, student: str, **rest: object) -> SubmittedAssignment:
        for other in others:
            with Gradebook(db_url, "default_course") as theirs:
                add(theirs, assignment, other)
        return add(gradebook, assignment, student, **rest)

    monkeypatch.setattr(Gradebook, "add_submission", add_late)
    diary = Diary()

    assert record_reports(course, ["bert"], diary) == ["bert"]

    assert diary.trouble == {}
    assert list(others) == []
    assert_all_is_right(course, ["bert"])


@pytest.mark.parametrize(
    ("db_url", "words"),
    [
        ("postgresql+psycopg://teacher:{password}@127.0.0.1:{free}/course", "refused"),
        ("postgresql+psycopg://teacher:{password}@localhost:{free}/course", "refused"),
        (
            "postgresql+psycopg://teacher:x{password}@127.0.0.1:{port}/postgres",
            "password authentication failed",
        ),
        ("postgresql+psycopg://somebody:{password}@127.0.0.1:{port}/postgres", "authentication failed"),
        (
            "postgresql+psycopg://teacher:{password}@127.0.0.1:{port}/nothing",
            'database "nothing" does not exist',
        ),
        ("postgresql+psycopg://teacher@127.0.0.1:{port}/nothing?password={password}", "create it"),
        ("postgresql+psycopg2://teacher:{password}@127.0.0.1:{port}/postgres", "gradeascent[postgresql]"),
        pytest.param(  # this kind is known only after the release is made, which takes long
            "postgres://teacher:{password}@127.0.0.1:{port}/postgres", "postgres", marks=pytest.mark.deep
        ),
        ("postgresql+psycopg://teacher:ab@{password}@127.0.0.1:{port}/postgres", "write it as %40"),
        ("postgresql+psycopg://teacher@127.0.0.1:{password}/postgres", "no address of a database"),
        ("{password}", "no address of a database"),
    ],
)
def test_a_server_that_cannot_be_used_is_one_clear_line_without_the_password(
    db_url: str,
    words: str,
    graded_course: Course,
    server: Server,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address = db_url.format(password=PASSWORD, port=server.port, free=free_port())
    course = copy_with(graded_course, tmp_path / "course", address)

    with pytest.raises(GradeascentError) as recording:
        record_reports(course, ["ada"], Diary())
    with pytest.raises(GradeascentError) as releasing:
        generate_release(course)
    assert run(["export", "csv", "--course", str(course.root)]) == 2

    shown = capsys.readouterr()
    assert shown.err.count("\n") == 1
    assert "CourseDirectory.db_url" in shown.err
    for said in (shown.err, str(recording.value), str(releasing.value)):
        assert words in said
        assert PASSWORD not in said
    assert shown.out == ""


def test_of_two_tas_who_save_at_once_one_is_shown_what_the_other_saved(
    graded_course: Course, server: Server, entered: str, tmp_path: Path
) -> None:
    address = server.new_database(like=entered)
    desks = [copy_with(graded_course, tmp_path / name, address) for name in ("bea", "carl")]
    assert record_reports(desks[0], ["bert"], Diary()) == ["bert"]
    with open_gradebook(desks[0]) as gradebook:
        before = read_marks(gradebook, ASSIGNMENT, ASSIGNMENT, "bert")["bert"]
    meet, outcomes = threading.Barrier(len(desks)), Counter[str]()

    def save(course: Course, score: float) -> None:
        saving = Saving(course, ASSIGNMENT, ASSIGNMENT, AuditLog(course.graded, ASSIGNMENT))
        decision = Decision(scores={"interpretation": score}, comments={"interpretation": f"{score:g}"})
        meet.wait()
        try:
            saving.save("bert", decision, based_on=before.version, who=course.root.name)
            outcomes["saved"] += 1
        except ChangedMeanwhileError:
            outcomes["shown"] += 1

    tas = [threading.Thread(target=save, args=(course, 3.0 + i)) for i, course in enumerate(desks)]
    for ta in tas:
        ta.start()
    for ta in tas:
        ta.join()

    assert outcomes == {"saved": 1, "shown": 1}
    with open_gradebook(desks[0]) as gradebook:
        after = read_marks(gradebook, ASSIGNMENT, ASSIGNMENT, "bert")["bert"]
    assert after.marks["interpretation"].manual in (3.0, 4.0)
    assert after.comments["interpretation"] == f"{after.marks['interpretation'].manual:g}"
