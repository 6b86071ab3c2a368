"""The lattices obey the physics, and the file that is shipped is what the simulation makes."""

from __future__ import annotations

from itertools import product
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest

Floats = npt.NDArray[np.float64]


def logarithm_of_partition_sum(coupling: float, side: int) -> float:
    """Return ln Z of the side x side torus at coupling K = 1 / T (Kaufman, Phys. Rev. 76, 1232, 1949)."""
    steps = np.arange(2 * side)
    cosh = np.cosh(2 * coupling) / np.tanh(2 * coupling) - np.cos(np.pi * steps / side)
    angles = np.arccosh(np.maximum(cosh, 1.0))
    angles[0] = 2 * coupling + np.log(np.tanh(coupling))  # changes its sign at the transition
    terms = []
    for part in (angles[1::2], angles[::2]):
        half = side / 2 * part
        grown = np.abs(half).sum()  # the large part of both products, as a logarithm
        terms.append((grown, np.prod(1 + np.exp(-2 * np.abs(half)))))
        terms.append((grown, np.prod(np.sign(half) * (1 - np.exp(-2 * np.abs(half))))))
    largest = max(grown for grown, _ in terms)
    total = sum(np.exp(grown - largest) * rest for grown, rest in terms)
    return float(side**2 / 2 * np.log(2 * np.sinh(2 * coupling)) - np.log(2) + largest + np.log(total))


def exact_energy(temperature: float, side: int) -> float:
    """Return the mean energy per spin, the derivative of -ln Z by the coupling."""
    step, coupling = 1e-5, 1 / temperature
    above, below = (logarithm_of_partition_sum(coupling + sign * step, side) for sign in (1, -1))
    return -(above - below) / (2 * step) / side**2


def enumerated_energy(temperature: float, side: int) -> float:
    """Return the mean energy per spin, from all 2^(side * side) lattices."""
    spins = np.array(list(product((-1, 1), repeat=side * side)), np.int8).reshape(-1, side, side)
    bonds = spins * np.roll(spins, 1, 1) + spins * np.roll(spins, 1, 2)
    energies = -bonds.sum(axis=(1, 2), dtype=np.int64)
    weights = np.exp(-(energies - energies.min()) / temperature)
    return float((energies * weights).sum() / weights.sum() / side**2)


@pytest.mark.parametrize("temperature", [1.5, 2.269, 3.3])
def test_the_exact_formula_agrees_with_counting_all_lattices(temperature: float) -> None:
    assert exact_energy(temperature, 4) == pytest.approx(enumerated_energy(temperature, 4), abs=1e-6)


def test_the_mean_energies_are_the_exact_ones(ising: ModuleType) -> None:
    (spins, temperature), _ = ising.load_data()
    energy = ising.energy(spins)

    for one in ising.TEMPERATURES:
        chosen = energy[temperature == one]
        error = chosen.std(ddof=1) / np.sqrt(len(chosen))
        assert abs(chosen.mean() - exact_energy(one, ising.SIDE)) < 5 * error


def test_the_magnetization_is_yangs_where_a_finite_lattice_has_it(ising: ModuleType) -> None:
    (spins, temperature), _ = ising.load_data()
    magnetization = ising.magnetization(spins)

    for one in ising.TEMPERATURES:
        mean = magnetization[temperature == one].mean()
        if one < 2.2:  # Yang, Phys. Rev. 85, 808, 1952
            assert mean == pytest.approx((1 - np.sinh(2 / one) ** -4) ** (1 / 8), abs=0.03)
        if one > 2.6:
            assert mean < 0.25


def test_the_shipped_file_is_what_the_simulation_makes(ising: ModuleType) -> None:
    _, (spins, temperature) = ising.load_data()
    _, seed = ising.PARTS["test"]

    again = ising.make_lattices(ising.BATCH, seed)

    assert again.tobytes() == spins[: ising.BATCH].tobytes()
    assert temperature.tobytes() == ising.temperatures(1000).tobytes()


def test_nothing_depends_on_how_clusters_are_counted(
    ising: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scipy.sparse import csgraph

    temperature, original = np.full(3, 2.3), csgraph.connected_components
    plain = ising.simulate(temperature, np.random.default_rng(0), side=8, sweeps=5)

    def otherwise(*args: object, **kwargs: object) -> tuple[int, npt.NDArray[np.int32]]:
        count, labels = original(*args, **kwargs)
        return count, np.random.default_rng(1).permutation(count)[labels]

    monkeypatch.setattr(csgraph, "connected_components", otherwise)
    other = ising.simulate(temperature, np.random.default_rng(0), side=8, sweeps=5)

    assert other.tobytes() == plain.tobytes()


def test_lattices_come_back_from_bits(ising: ModuleType) -> None:
    spins = ising.make_lattices(2, seed=5)

    assert ising.unpack(ising.pack(spins)).tobytes() == spins.tobytes()


def test_training_and_testing_lattices_have_nothing_in_common(ising: ModuleType) -> None:
    (train, _), (test, _) = ising.load_data()

    assert (len(train), len(test)) == (4000, 1000)
    assert not {one.tobytes() for one in train} & {one.tobytes() for one in test}
