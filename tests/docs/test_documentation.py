"""The documentation builds without a warning, and shows every page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_documentation_builds_without_a_warning(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-b",
        "html",
        "-d",
        tmp_path / "cache",
    ]

    built = subprocess.run([*command, DOCS, tmp_path / "html"], capture_output=True, text=True, check=False)

    assert built.returncode == 0, built.stderr
    pages = {page.stem for page in (tmp_path / "html").glob("*.html")}
    assert pages >= {page.stem for page in DOCS.glob("*.md")}
    assert "GNU parallel" in (tmp_path / "html" / "cluster.html").read_text(encoding="utf-8")
