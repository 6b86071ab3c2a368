"""How long a TA waits: the review pages of a large course, in a real browser.

    python benchmarks/review.py --course gradeascent-demo [--submissions 500] [--repeats 9]

Makes a course of that many submissions from the few graded ones of `--course`, starts `gradeascent review` on
it and opens its pages in headless Chromium. For the wall, the cache is always empty; for the desk, keys lead
from submission to submission. The browser measures the times itself, from the click or the key to the first
paint. The exit status is 1 if a bar is missed. Chromium has to be installed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook
from autograder.course.initialise import initialise
from autograder.course.release import generate_release
from autograder.record.files import (
    REPORT,
    read_report,
)
from autograder.report import Report

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WALL_BAR, NEXT_BAR = 1.0, 0.1  # seconds
SHOT = {"width": 1440, "height": 900}
# The next page needs the time of the key press on the previous page.
REMEMBER_KEYS = """addEventListener("keydown", event =>
    sessionStorage.setItem("pressed", performance.timeOrigin + event.timeStamp), true)"""
FIRST_PAINT = """() => new Promise(done => new PerformanceObserver(list => {
    for (const entry of list.getEntriesByName("first-contentful-paint")) done(entry.startTime)
}).observe({type: "paint", buffered: true}))"""
SINCE_KEY = "() => performance.timeOrigin - Number(sessionStorage.getItem('pressed'))"
GRID_SHOWN = """() => Promise.all([...document.querySelectorAll("[data-grid] img")].map(image => image.decode()))
    .then(() => performance.now())"""
WEIGHTS = """() => performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
    .map(entry => [new URL(entry.name).pathname, entry.encodedBodySize])"""
# Pages that the browser has prefetched cost no waiting time.
SERVER_TIME = """() => { const entry = performance.getEntriesByType("navigation")[0];
    return entry.deliveryType ? 0 : entry.responseEnd - entry.requestStart }"""
CARDS_THERE = "() => performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
AFTER_LAST_BYTE = "() => -performance.getEntriesByType('navigation')[0].responseEnd"
SCROLL = """() => new Promise(done => {
    const frames = []; let before = performance.now();
    const bottom = () => scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    const step = now => { frames.push(now - before); before = now; scrollBy(0, 120);
        if (bottom() || frames.length > 600) done(frames.slice(1)); else requestAnimationFrame(step) };
    requestAnimationFrame(step) })"""


def make_course(samples: Course, folder: Path, number: int) -> Course:
    """Make a course in which the sample submissions are repeated under other names."""
    course = initialise(folder)
    generate_release(course)
    graded = [one for one in sorted(samples.graded.glob(f"*/{ASSIGNMENT}")) if read_report(one) is not None]
    if not graded:
        sys.exit(f"nothing is graded in {samples.root}; make a course with 'gradeascent demo'")
    with open_gradebook(course) as gradebook:
        for index in range(number):
            student = f"student{index:04}"
            source = graded[index % len(graded)]
            target = course.result_folder(student)
            shutil.copytree(source, target, copy_function=os.link, ignore=shutil.ignore_patterns("evidence"))
            report = read_report(source)
            assert report is not None
            (target / REPORT).unlink()
            named = report.model_copy(update={"student": student})
            (target / REPORT).write_text(named.model_dump_json(), encoding="utf-8")
            enter(gradebook, named)
        gradebook.db.commit()
    return course


def enter(gradebook, report: Report) -> None:
    """Enter a report in the gradebook; the answer waits for a person."""
    gradebook.update_or_create_student(report.student)
    submission = gradebook.update_or_create_submission(ASSIGNMENT, report.student)
    for grade in submission.notebooks[0].grades:
        result = report.criteria.get(grade.cell.name.removeprefix("check_"))
        grade.auto_score = result.score if result is not None else None
        grade.needs_manual_grade = result is None or result.status == "review"


@contextmanager
def running_server(course: Course) -> Iterator[str]:
    """Run the command; yield the address that it prints."""
    command = [sys.executable, "-m", "autograder", "review", "--course", str(course.root), "--no-browser"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    assert server.stdout is not None
    try:
        said = ""
        for line in server.stdout:
            said += line
            if found := re.search(r"http://\S+token=\S+", line):
                yield found.group()
                break
        else:
            sys.exit(f"the server did not start: {said}")
    finally:
        server.terminate()
        server.wait()


def enter_site(browser: Browser, address: str) -> Page:
    """Open the pages like a TA on the first visit; the browser has cached only the style."""
    context = browser.new_context(viewport=SHOT)
    context.add_init_script(REMEMBER_KEYS)
    page = context.new_page()
    page.goto(address)
    page.fill("input[name=name]", "Benchmark")
    page.press("input[name=name]", "Enter")
    page.wait_for_selector(".cards")
    return page


def open_wall(browser: Browser, address: str) -> tuple[dict[str, float], dict[str, int]]:
    """Return the seconds to the first paint of the wall, and its size."""
    page = enter_site(browser, address)
    page.reload()
    seconds = {"wall: first paint": page.evaluate(FIRST_PAINT) / 1000}
    seconds |= {
        "wall: of it for the server": page.evaluate(SERVER_TIME) / 1000,
        "wall: all cards there": page.evaluate(CARDS_THERE) / 1000,
    }
    page.wait_for_load_state("networkidle")
    weights = weigh(page)
    frames = page.evaluate(SCROLL)
    seconds |= {
        "wall: a frame while scrolling": median(frames) / 1000,
        "wall: the longest of the frames": max(frames) / 1000,
    }
    page.goto(address.partition("/?")[0] + "/who")
    empty = page.evaluate(AFTER_LAST_BYTE) + page.evaluate(FIRST_PAINT)
    page.context.close()
    return seconds | {"a page of one line: first paint after its last byte": empty / 1000}, weights


def walk(browser: Browser, address: str, steps: int, keys: list[str]) -> tuple[list[dict[str, float]], Page]:
    """Press the keys that lead to the next submission; return the seconds to each paint."""
    page = enter_site(browser, address)
    page.keyboard.press("j")
    page.wait_for_url("**/desk/**")
    page.wait_for_load_state("networkidle")
    seconds = []
    for _ in range(steps):
        here = page.url
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_url(lambda url, here=here: url != here)
        gap = page.evaluate(SINCE_KEY)
        seconds.append(
            {
                "first paint": (gap + page.evaluate(FIRST_PAINT)) / 1000,
                "both grids": (gap + page.evaluate(GRID_SHOWN)) / 1000,
                "of it for the server": page.evaluate(SERVER_TIME) / 1000,
            }
        )
        page.wait_for_load_state("networkidle")
        time.sleep(0.5)  # people look at least this long
    return seconds, page


def weigh(page: Page) -> dict[str, int]:
    """Return the bytes of a page by kind."""
    weights: dict[str, int] = {}
    for path, size in page.evaluate(WEIGHTS):
        kind = "pictures" if "/picture/" in path else "notebook" if path.endswith("/notebook") else "page"
        kind = "look and script" if path.startswith("/assets/") else kind
        weights[kind] = weights.get(kind, 0) + size
    return weights


def manual_scores(course: Course) -> int:
    """Return the number of answers with a manual score."""
    with open_gradebook(course) as gradebook:
        grades = [
            gradebook.find_submission(ASSIGNMENT, one.student.id)
            for one in gradebook.assignment_submissions(ASSIGNMENT)
        ]
        return sum(grade.manual_score is not None for one in grades for grade in one.notebooks[0].grades)


def main() -> None:
    """Print the tables."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--course", type=Path, required=True, help="a course with graded submissions")
    arguments.add_argument("--submissions", type=int, default=500)
    arguments.add_argument("--repeats", type=int, default=9)
    given = arguments.parse_args()
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        sys.exit("no Chromium is installed")
    samples = Course.open(given.course)
    with tempfile.TemporaryDirectory(dir=samples.root.parent) as folder, sync_playwright() as playwright:
        course = make_course(samples, Path(folder) / "course", given.submissions)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        with running_server(course) as address:
            cold, _ = open_wall(browser, address)
            walls, weights = zip(*(open_wall(browser, address) for _ in range(given.repeats)), strict=True)
            looked, desk = walk(browser, address, given.repeats, ["j"])
            desk.reload(wait_until="networkidle")
            desk_weights = weigh(desk)
            keys = ["7", "Enter"]
            graded, _ = walk(browser, address, given.repeats, keys)
        browser.close()
        saved = manual_scores(course)
    if saved != given.repeats:
        sys.exit(f"{given.repeats} answers were graded, but {saved} are in the gradebook")
    rows = {name: [one[name] for one in walls] for name in walls[0]}
    empty = {name: rows.pop(name) for name in list(rows) if name.startswith("a page")}
    rows |= {f"next by key: {name}": [one[name] for one in looked] for name in looked[0]}
    rows |= {f"points, save, next: {name}": [one[name] for one in graded] for name in graded[0]}
    rows |= empty
    bars = {"wall: first paint": WALL_BAR, "next by key: first paint": NEXT_BAR}
    console = Console()
    console.print(times_table(rows, bars, given.submissions, given.repeats))
    console.print(f"The very first look at the wall: {cold['wall: first paint']:.2f} s to the first paint")
    console.print(weights_table({"wall": weights[0], "desk": desk_weights}))
    console.print(f"Keys to grade one submission and see the next: {len(keys)} ({', '.join(keys)})")
    if any(median(rows[name]) > bar for name, bar in bars.items()):
        sys.exit(1)


def times_table(rows: dict[str, list[float]], bars: dict[str, float], number: int, repeats: int) -> Table:
    """Return the table of times, in milliseconds."""
    table = Table(title=f"{number} submissions, {repeats} times each", title_justify="left")
    for heading in ("", "median ms", "min..max ms", "bar ms"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, values in rows.items():
        low, high = min(values) * 1000, max(values) * 1000
        bar = f"{bars[name] * 1000:.0f}" if name in bars else ""
        table.add_row(name, f"{median(values) * 1000:.0f}", f"{low:.0f}..{high:.0f}", bar)
    return table


def weights_table(weights: dict[str, dict[str, int]]) -> Table:
    """Return the table of page sizes, in kB."""
    kinds = list(dict.fromkeys(kind for one in weights.values() for kind in one))
    table = Table(title="kB, with the pictures of the first screen", title_justify="left")
    for heading in ("", *kinds):
        table.add_column(heading, justify="right" if heading else "left")
    for name, one in weights.items():
        table.add_row(name, *(f"{one.get(kind, 0) / 1000:.0f}" for kind in kinds))
    return table


if __name__ == "__main__":
    main()
