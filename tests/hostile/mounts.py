"""Mounts for a test: full and read-only disks that no other process sees."""

from __future__ import annotations

import subprocess


def in_a_mount_namespace(script: str, **variables: object) -> subprocess.CompletedProcess[str]:
    """Run a shell script that may mount what it likes: no other process sees it."""
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script],
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", **{name: str(value) for name, value in variables.items()}},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
