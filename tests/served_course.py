"""The TAs' pages, served by the real command: to be looked at in a real browser."""

from __future__ import annotations

import contextlib
import json
import queue
import shutil
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psutil
from browser import browser_program
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, expect, sync_playwright
from sqlalchemy.exc import SAWarning

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook
from autograder.record.files import (
    REPORT,
    read_report,
)
from autograder.review.submissions import key_of

# a machine that grades beside the tests is slow, not wrong
expect.set_options(timeout=20_000)
# So long may it take, beside other work, until a server has said where it is, and until a context is closed.
STARTING_SECONDS, CLOSING_SECONDS = 120, 60

ANSWER = "The first layers want **edges**; the last ones want textures.\n\nFilter 2 likes stripes."
# Whatever runs would give itself away by one of these.
ATTACK = (
    "<script>document.title='owned';alert(1)</script><img src=x onerror=\"document.title='owned';alert(2)\">"
    "<iframe src='https://example.org/frame'></iframe><svg onload=\"alert(3)\"></svg>"
    "<img src='https://example.org/image'><a href=\"javascript:alert(4)\">x</a><style>body{display:none}</style>"
    "</textarea></pre></main>{{ 7*7 }}<base href='https://example.org/'>"
)
MALLORY = "<img src=x onerror=alert(5)>"
COPIES = [f"student{number:02}" for number in range(1, 31)]


Enter = Callable[..., Page]


def copy_submissions(course: Course, students: list[str]) -> None:
    """Let more students have handed in what ada has; every third has points missing, by number."""
    report = read_report(course.result_folder("ada"))
    assert report is not None
    with warnings.catch_warnings(), open_gradebook(course) as gradebook:
        warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own way to add a submission
        for number, student in enumerate(students):
            missing = number % 3 == 0
            result = report.criteria["cnn"].model_copy(
                update={"score": 5.0 + number / 10, "status": "partial"} if missing else {}
            )
            own = report.model_copy(
                update={"student": student, "criteria": {**report.criteria, "cnn": result}}
            )
            own = own.model_copy(update={"score": sum(one.score for one in own.criteria.values())})
            for place in ("graded", "autograded", "submitted"):
                shutil.copytree(course.root / place / "ada", course.root / place / student)
            (course.result_folder(student) / REPORT).write_text(json.dumps(own.model_dump(mode="json")))
            gradebook.add_student(student)
            submission = gradebook.add_submission(ASSIGNMENT, student)
            for grade in submission.notebooks[0].grades:
                criterion = grade.name.removeprefix("check_")
                if criterion in own.criteria:
                    grade.auto_score, grade.needs_manual_grade = own.criteria[criterion].score, False
        gradebook.db.commit()


@dataclass
class Server:
    """A running `gradeascent review`."""

    course: Course
    address: str  # with the token
    process: subprocess.Popen[str] = field(repr=False)

    @property
    def root(self) -> str:
        return self.address.partition("/?")[0]

    def desk(self, student: str) -> str:
        return f"{self.root}/desk/{key_of(ASSIGNMENT, student)}"


@contextlib.contextmanager
def serving(course: Course, *options: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "autograder", "review", "--course", str(course.root), "--no-browser"]
    process = subprocess.Popen(
        [*command, "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    # read to the end, so that a server which says much never waits for someone to listen
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    reader = threading.Thread(target=_pass_on, args=(process, said), daemon=True)
    reader.start()
    try:
        lines = [said.get(timeout=STARTING_SECONDS), said.get(timeout=STARTING_SECONDS)]
        assert "?token=" in lines[1], lines
        yield Server(course, lines[1].strip(), process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        finally:
            process.kill()
            reader.join(timeout=30)


def _pass_on(process: subprocess.Popen[str], said: queue.SimpleQueue[str]) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            said.put(line)
    said.put("")  # for those who still wait
    said.put("")


class Chromium:
    """A browser that keeps no test waiting: playwright has no limit for closing a context, nor for `evaluate`.

    Chromium sometimes never answers that a context is closed. So it is ended then, and begun anew for the next test.
    """

    def __init__(self, playwright: Playwright, program: str) -> None:
        self._playwright, self._program = playwright, program
        self._browser = self._launch()

    def new_context(self, **settings: object) -> BrowserContext:
        if not self._browser.is_connected():
            self._browser = self._launch()
        return self._browser.new_context(**settings)  # type: ignore[arg-type]

    def close_context(self, context: BrowserContext, *, within: float = CLOSING_SECONDS) -> None:
        with self.at_most(within), contextlib.suppress(Error):
            context.close()

    def close(self) -> None:
        with self.at_most(CLOSING_SECONDS), contextlib.suppress(Error):
            self._browser.close()

    @contextlib.contextmanager
    def at_most(self, seconds: float) -> Iterator[None]:
        """End Chromium if this takes longer; whatever waits for it then fails."""
        timer = threading.Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _launch(self) -> Browser:
        return self._playwright.chromium.launch(executable_path=self._program, args=["--no-sandbox"])

    def _end(self) -> None:
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if "chrom" in process.name():
                    process.kill()


@contextlib.contextmanager
def open_chromium() -> Iterator[Chromium]:
    with sync_playwright() as playwright:
        browser = Chromium(playwright, browser_program())
        yield browser
        browser.close()


def come_in(page: Page, name: str, server: Server) -> Page:
    """Open the address that the command has printed, and say who one is."""
    page.goto(server.address)
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_selector(".cards")
    return page


def press(page: Page, key: str) -> None:
    """Press a key as soon as the page listens to it: what a page shows can be seen before its script has run."""
    page.wait_for_load_state("domcontentloaded")
    page.keyboard.press(key)
