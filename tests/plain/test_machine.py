"""How many submissions run at the same time by default."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.cli import run
from autograder.plain.machine import fitting_jobs, gpu_devices, jobs_for


@pytest.mark.parametrize(
    ("cores", "megabytes", "jobs"), [(8, 64_000, 8), (8, 5500, 3), (2, 16_000, 2), (4, 500, 1)]
)
def test_every_core_has_a_job_if_there_is_memory_for_it(cores: int, megabytes: float, jobs: int) -> None:
    assert jobs_for(cores, megabytes) == jobs


def test_this_machine_has_room_for_one() -> None:
    assert fitting_jobs() >= 1


@pytest.mark.parametrize("jobs", ["0", "-1", "many", "2.5"])
def test_what_is_no_number_of_jobs_is_refused(jobs: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grade", "--jobs", jobs]) == 2

    assert f"'{jobs}' is neither a number from 1 nor auto" in capsys.readouterr().err


def test_of_all_devices_those_of_gpus_are_found(tmp_path: Path) -> None:
    for name in ("null", "nvidia0", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()

    assert [device.name for device in gpu_devices(tmp_path)] == ["nvidia-uvm", "nvidia0", "nvidiactl"]
    assert gpu_devices(tmp_path / "none") == ()
