"""One notebook tries to get out of its sandbox in every way that its author can think of.

Outside stand a file, a listening port, an abstract socket, a secret in the environment and a neighbour who is
graded at the same time; none of them may notice.
"""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import psutil
import pytest

from autograder.course.folder import Course
from autograder.course.notebooks import read_answers
from autograder.execute.probe import Attempt, try_to_break_out
from autograder.execute.sandbox import Bubblewrap, Program, Sandbox
from autograder.grading.course import Progress, grade_course
from autograder.grading.grader import Grader
from autograder.report import Report

SECRET = "the-graders-own-secret"
ABSTRACT = "\0gradeascent-canary-"  # and the number of the port, since others may test here too
SLEEP = 86_397

ATTACKS = Path(__file__).with_name("attacks") / "escape.txt"

Tell = Callable[[str, str], None]


@dataclass(frozen=True)
class Try:
    """What a cell tries, its code, and how it has to end: the start of what it prints or of its error."""

    what: str
    code: str
    held: tuple[str, ...]


def tries(**places: object) -> dict[str, Try]:
    """Return the attempts by the name of their cell, with these places filled in."""
    cells = read_answers(Template(ATTACKS.read_text()).safe_substitute(places))
    cells.pop("prepare")
    attempts = {}
    for name, code in cells.items():
        what, *held = code.splitlines()[0].removeprefix("# ").split(" | ")
        attempts[name] = Try(what, code, tuple(held))
    return attempts


def preparation() -> str:
    return read_answers(ATTACKS.read_text())["prepare"]


@dataclass(frozen=True)
class Attack:
    """The attack after it is over."""

    tries: Mapping[str, Try]
    said: Mapping[str, str]
    reports: Mapping[str, Report]
    alone: Report  # the neighbour's, graded without an intruder beside it
    connections: list[Any]
    course: Course


@pytest.fixture(scope="module")
def canaries() -> Iterator[tuple[int, list[Any]]]:
    """A port and an abstract socket that note who connects, and a process with a known name."""
    connections: list[Any] = []
    with (
        socket.create_server(("127.0.0.1", 0)) as port,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        number = port.getsockname()[1]
        abstract.bind(f"{ABSTRACT}{number}")
        abstract.listen()
        for server in (port, abstract):
            server.settimeout(0.1)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                for server in (port, abstract):
                    try:
                        connections.append(server.accept()[1])
                    except TimeoutError:
                        continue

        listener = threading.Thread(target=listen)
        process = subprocess.Popen(["sleep", str(SLEEP + 100_000)])
        listener.start()
        try:
            yield number, connections
        finally:
            over.set()
            listener.join()
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def attack(
    grader: Grader,
    make_course: Callable[..., Course],
    correct_cells: dict[str, str],
    canaries: tuple[int, list[Any]],
    said_in: Callable[[Course, str], dict[str, str]],
    quiet: Callable[[], Progress],
    tmp_path_factory: pytest.TempPathFactory,
) -> Attack:
    root = tmp_path_factory.mktemp("attacked") / "course"
    port, connections = canaries
    attempts = tries(
        course=root, repository=Path(__file__).parents[2], port=port, grader=psutil.Process().pid
    )
    cells = {"prepare": preparation()} | {name: attempt.code for name, attempt in attempts.items()}
    course = make_course(root, {"intruder": cells, "neighbour": correct_cells})
    (root / "gradebook.db").write_text("the gradebook")
    (root / "gradeascent.toml").write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADER_SECRET", SECRET)
        reports = grade_course(course, ["intruder", "neighbour"], grader, quiet())
        alone = grade_course(course, ["neighbour"], grader, quiet(), force=True)["neighbour"]
    return Attack(attempts, said_in(course, "intruder"), reports, alone, connections, course)


@pytest.mark.parametrize("name", list(tries()))
def test_an_attempt_to_get_out_is_stopped(name: str, attack: Attack, tell: Tell) -> None:
    attempt, happened = attack.tries[name], attack.said[name]

    assert happened.startswith(attempt.held), happened
    assert SECRET not in happened
    tell(attempt.what, happened)


def test_the_canaries_noticed_nothing(attack: Attack, tell: Tell) -> None:
    assert attack.connections == []
    assert (attack.course.root / "gradebook.db").read_text() == "the gradebook"
    tell("reach a port, an abstract socket or the gradebook", "no connection came, nothing was changed")


def test_no_process_outlives_the_run(attack: Attack, tell: Tell) -> None:
    time.sleep(0.2)

    assert [
        one for one in psutil.process_iter(["cmdline"]) if str(SLEEP) in (one.info["cmdline"] or [])
    ] == []
    tell("leave a daemon behind by a double fork", "it ended with the sandbox")


def test_the_intruder_has_earned_nothing_and_the_neighbour_noticed_nothing(
    attack: Attack, tell: Tell
) -> None:
    assert attack.reports["intruder"].score == 0
    assert attack.reports["neighbour"].criteria == attack.alone.criteria
    assert attack.alone.score > 50
    tell("disturb the neighbour who is graded at the same time", "the same scores as alone")


def test_the_doctors_own_attempts_are_all_stopped(sandbox: Sandbox, tell: Tell) -> None:
    attempts = try_to_break_out(sandbox)

    assert [attempt.what for attempt in attempts if not attempt.stopped_by] == []
    assert len(attempts) >= 15
    tell(f"the doctor's {len(attempts)} attempts", "all stopped")


def test_the_doctor_names_what_a_leaky_sandbox_lets_through(tell: Tell) -> None:
    class WithNetwork(Bubblewrap):
        def command(self, program: Program) -> list[str]:
            return [option for option in super().command(program) if option != "--unshare-net"]

    attempts = try_to_break_out(WithNetwork())

    assert Attempt("connect to a port of this machine", "") in attempts
    tell("a sandbox that forgets the network", "the doctor says what it lets through")
