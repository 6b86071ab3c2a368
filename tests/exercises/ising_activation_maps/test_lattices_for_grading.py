"""What networks are measured on: lattices that no notebook has seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autograder.exercises.ising_activation_maps import data
from autograder.exercises.ising_activation_maps.data import Lattices
from solutions.data import DataError, write_npz


def test_the_held_out_file_is_what_the_simulation_makes() -> None:
    with np.load(data.HELD_OUT) as file:
        held_out = file["spins"]

    assert data.make_held_out(250).tobytes() == held_out[:250].tobytes()


def test_held_out_lattices_are_in_no_release(lattices: Lattices) -> None:
    (train, _), (test, _) = data.simulation().load_data()
    released = {one.tobytes() for one in (*train, *test)}

    assert not released & {one.astype(np.int8).tobytes() for one in lattices.images[..., 0]}
    assert lattices.shown[..., 0].astype(np.int8).tobytes() == test.tobytes()


def test_temperatures_and_phases_are_those_of_the_release(lattices: Lattices) -> None:
    ising = data.simulation()
    _, (_, temperatures) = ising.load_data()

    np.testing.assert_array_equal(lattices.shown_temperatures, temperatures)
    np.testing.assert_array_equal(lattices.shown_classes, temperatures > ising.T_C)
    assert data.CRITICAL == ising.T_C


def test_a_file_for_a_sandbox_is_read_back(tmp_path: Path) -> None:
    found = data.find(None, announce=print)
    write_npz(found, tmp_path / "lattices.npz")

    assert data.find(tmp_path / "lattices.npz", announce=print).sha256() == found.sha256()


def test_another_file_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", x_train=np.zeros(3))

    with pytest.raises(DataError, match=r"other\.npz"):
        data.find(tmp_path / "other.npz", announce=print)
