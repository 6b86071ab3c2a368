"""Which labelled submissions are measured again: another sample for every commit, from every folder."""

from __future__ import annotations

import hashlib
import random
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import autograder
import solutions
from autograder.audit.audit import packaged_submissions

QUICK, FULL = 40, 8  # of the submissions; those in the profile `full` are the first of the others


def seed_of_commit(repository: Path) -> str:
    """Return what identifies the commit; outside git, for the sources of the packages."""
    command = ["git", "-C", str(repository), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return sources_sha256()


def sources_sha256() -> str:
    """Return what identifies the sources of the packages."""
    digest = hashlib.sha256()
    for package in (autograder, solutions):
        for file in sorted(Path(package.__file__ or "").parent.rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def folders_of_submissions() -> dict[str, list[str]]:
    """Return the names of the labelled submissions by the folder that they stand in; '' for none."""
    top = packaged_submissions()
    folders: dict[str, list[str]] = {}
    for file in sorted(top.rglob("*.py")):
        inside = file.relative_to(top).parts
        folders.setdefault(inside[0] if len(inside) > 1 else "", []).append(file.stem)
    return folders


def sample(folders: Mapping[str, Sequence[str]], seed: str, size: int) -> list[str]:
    """Return this many names, or one of each folder if that is more: of a larger folder, more of them.

    A smaller sample of the same seed is the beginning of a larger one.
    """
    chance = random.Random(seed)
    places = {}
    for names in folders.values():
        for rank, name in enumerate(chance.sample(sorted(names), len(names))):
            # The first of a folder come first; after them, each folder is spread evenly.
            places[name] = (rank > 0, (rank + chance.random()) / len(names))
    first = sum(1 for rest, _ in places.values() if not rest)
    return sorted(places, key=places.__getitem__)[: max(size, first)]


def parts(names: Sequence[str], count: int) -> list[list[str]]:
    """Return the names dealt out to this many parts."""
    return [list(names[number::count]) for number in range(count)]
