"""Finds out whether a machine hands over a control group. The folders here are made up, as those machines show them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.execute.cgroup import GRADER, ControlGroup, divide, find_delegation
from autograder.settings import Limits

SYSTEMD = "/user.slice/user-1000.slice/user@1000.service/app.slice/grade.scope"
SLURM = "/system.slice/slurmstepd.scope/job_7/step_0/user/task_0"
DOCKER = "/"


def machine(root: Path, group: str, controllers: str = "cpu memory pids") -> tuple[Path, Path]:
    """Make what a machine with control groups of version 2 shows to a process in one of them."""
    cgroups = root / "cgroup"
    folder = cgroups / group.lstrip("/")
    folder.mkdir(parents=True)
    (cgroups / "cgroup.controllers").write_text("cpu memory pids\n")
    (folder / "cgroup.controllers").write_text(controllers + "\n")
    for name in ("cgroup.procs", "cgroup.subtree_control"):
        (folder / name).touch()
    own = root / "own"
    own.write_text(f"0::{group}\n")
    return cgroups, own


@pytest.mark.parametrize("group", [SYSTEMD, SLURM, DOCKER], ids=["systemd", "Slurm", "Docker"])
def test_a_delegated_group_is_found(group: str, tmp_path: Path) -> None:
    cgroups, own = machine(tmp_path, group)

    found = find_delegation(cgroups, own)

    assert (found.folder, found.problem) == (cgroups / group.lstrip("/"), "")


def test_a_group_without_the_controllers_is_none(tmp_path: Path) -> None:
    found = find_delegation(*machine(tmp_path, SYSTEMD, controllers="cpu memory"))

    assert found.folder is None
    assert "is not given pids" in found.problem


def test_a_group_of_another_user_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cgroups, own = machine(tmp_path, SLURM)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root, as which tests may run, may write everywhere

    found = find_delegation(cgroups, own)

    assert found.folder is None
    assert "not delegated" in found.problem


def test_version_1_is_none(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    own = tmp_path / "own"
    own.write_text("4:memory:/job\n0::/\n")

    assert "version 1" in find_delegation(tmp_path, own).problem


def test_a_machine_that_says_nothing_is_none(tmp_path: Path) -> None:
    assert find_delegation(tmp_path, tmp_path / "absent").folder is None


def test_all_processes_of_the_group_make_room_for_groups_inside_it(tmp_path: Path) -> None:
    cgroups, _ = machine(tmp_path, SYSTEMD)
    folder = cgroups / SYSTEMD.lstrip("/")
    (folder / "cgroup.procs").write_text("17\n")

    divide(folder)

    assert (folder / GRADER / "cgroup.procs").read_text() == "17"
    assert (folder / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_a_kernel_gets_a_group_with_its_limits(tmp_path: Path) -> None:
    group = ControlGroup(tmp_path, Limits(memory_mb=2048, processes=10))
    (folder,) = tmp_path.iterdir()

    group.add([os.getpid()])

    assert (folder / "memory.max").read_text() == str(2048 * 1024 * 1024)
    assert (folder / "pids.max").read_text() == "160"
    assert (folder / "cgroup.procs").read_text() == str(os.getpid())
    assert not group.ran_out_of_memory()
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert group.ran_out_of_memory()
