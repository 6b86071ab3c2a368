"""A page as PDF, printed by a browser without network access; the page itself forbids scripts."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from autograder.errors import CourseError
from autograder.plain.files import write_whole
from autograder.plain.scratch import temporary_folder

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS = 120


def find_browser() -> str:
    """Return the program that can print a page.

    Raises:
        CourseError: there is none.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise CourseError(
            "PDFs need Chromium, which was not found: install it (apt-get install chromium), "
            "or print the HTML pages from any browser"
        )
    return found


def make_pdf(page: Path, browser: str) -> Path:
    """Print a page to a PDF beside it, unless its PDF is up to date.

    Raises:
        CourseError: the browser could not.
    """
    target = page.with_suffix(".pdf")
    if target.is_file() and target.stat().st_mtime_ns >= page.stat().st_mtime_ns:
        return target
    with temporary_folder() as name:
        scratch = Path(name)
        printed = scratch / "page.pdf"
        # under a fixed name: the original address may contain any character of the student's name
        shutil.copyfile(page, scratch / "page.html")
        command = [
            browser,
            *("--headless", "--disable-gpu", "--disable-extensions", "--disable-background-networking"),
            *("--proxy-server=http://127.0.0.1:9", "--host-resolver-rules=MAP * ~NOTFOUND"),
            f"--user-data-dir={scratch / 'profile'}",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium has no sandbox for root
            *("--no-pdf-header-footer", f"--print-to-pdf={printed}", (scratch / "page.html").as_uri()),
        ]
        try:
            subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise CourseError(f"the browser did not print the page within {_SECONDS} seconds") from error
        if not printed.is_file():
            raise CourseError(f"{Path(browser).name} printed no PDF")
        write_whole(target, printed.read_bytes())
    return target
