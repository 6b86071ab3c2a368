"""Spin lattices of the two-dimensional Ising model, and the simulation that made them.

On a square lattice of 32 x 32 places with periodic borders, every spin s is +1 or -1, and every pair of neighbours
has the energy -s s'. At low temperature T (in units of the coupling) most spins agree, at high temperature they hardly
care about each other. In between, at T_c = 2 / ln(1 + sqrt 2) = 2.269, lies a phase transition (Onsager, Phys. Rev. 65,
117, 1944).

`load_data` reads the lattices that came with this file. `python ising.py FILE` makes them again, in about a minute.
"""

import sys
from pathlib import Path

import numpy as np

SIDE = 32  # spins in a row, and rows
T_C = 2 / np.log(1 + np.sqrt(2))  # 2.269
TEMPERATURES = 1.545 + 0.09 * np.arange(20)  # 9 of them below T_c, and 11 above
SWEEPS = 40  # from 30 on, the mean energy near T_c no longer moves
BATCH = 250  # lattices that are simulated together, from random numbers of their own
# How many lattices there are, and the seed of their random numbers.
PARTS = {"train": (4000, 1), "test": (1000, 2)}
DATA = Path(__file__).with_name("ising.npz")


def load_data(path=DATA):
    """Return (x_train, t_train), (x_test, t_test): lattices, and the temperature of each.

    Lattices are arrays of -1 and +1, int8, of shape (4000, 32, 32) and (1000, 32, 32); temperatures are float64.
    """
    with np.load(path, allow_pickle=False) as file:
        packed = [file[f"spins_{part}"] for part in PARTS]
    return tuple((unpack(spins), temperatures(len(spins))) for spins in packed)


def temperatures(count):
    """Return the temperatures of so many lattices: all of them in turn, again and again."""
    return TEMPERATURES[np.arange(count) % len(TEMPERATURES)]


def make_lattices(count, seed):
    """Simulate `count` lattices, int8 (count, 32, 32), at `temperatures(count)`."""
    parts = []
    for first in range(0, count, BATCH):
        random = np.random.Generator(np.random.PCG64([seed, first]))
        parts.append(simulate(temperatures(count)[first : first + BATCH], random))
    return np.concatenate(parts)


def simulate(temperature, random, side=SIDE, sweeps=SWEEPS):
    """Return one lattice for each temperature, int8 (n, side, side), after so many sweeps of Swendsen and Wang.

    Below T_c the lattices begin with all spins up, above it with random ones, so that both begin near what they
    become. A sweep joins neighbours that agree with probability 1 - exp(-2 / T), and gives every cluster that is
    joined together a new direction (Swendsen and Wang, Phys. Rev. Lett. 58, 86, 1987). All lattices are
    swept together, as separate parts of one graph.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = len(temperature)
    place = np.arange(count * side * side).reshape(count, side, side)
    joined = (1 - np.exp(-2 / temperature)).reshape(-1, 1, 1)
    start = np.where(random.random((count, side, side)) < 0.5, 1, -1)
    spins = np.where((temperature < T_C).reshape(-1, 1, 1), 1, start).astype(np.int8)
    for _ in range(sweeps):
        ends = []
        for axis in (1, 2):
            agree = spins == np.roll(spins, -1, axis)
            bond = agree & (random.random(spins.shape) < joined)
            ends.append((place[bond], np.roll(place, -1, axis)[bond]))
        rows, columns = map(np.concatenate, zip(*ends))
        bonds = coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(place.size, place.size))
        clusters, cluster = connected_components(bonds, directed=False)
        # Each cluster takes the number of its first place, so the way in which clusters are counted does not matter.
        first = np.empty(clusters, np.int64)
        first[cluster[::-1]] = place.ravel()[::-1]
        direction = np.where(random.random(place.size) < 0.5, 1, -1).astype(np.int8)
        spins = direction[first[cluster]].reshape(spins.shape)
    return spins


def energy(spins):
    """Return the energy per spin of lattices (n, side, side), in units of the coupling: -2 if all agree."""
    spins = spins.astype(np.int64)
    right, down = (spins * np.roll(spins, -1, axis) for axis in (2, 1))
    return -(right + down).mean(axis=(1, 2))


def magnetization(spins):
    """Return |m| of lattices (n, side, side), the absolute mean of the spins: 1 if all agree."""
    return np.abs(spins.mean(axis=(1, 2)))


def pack(spins):
    """Write lattices as bits, uint8 (n, side * side / 8): 1 for a spin up."""
    return np.packbits(spins.reshape(len(spins), -1) > 0, axis=1)


def unpack(bits):
    """Return the lattices, int8 (n, 32, 32), that `pack` wrote."""
    return np.where(np.unpackbits(bits, axis=1), 1, -1).astype(np.int8).reshape(-1, SIDE, SIDE)


def main(path):
    """Simulate all lattices and write them into a file."""
    packed = {f"spins_{part}": pack(make_lattices(*how)) for part, how in PARTS.items()}
    np.savez_compressed(path, **packed)


if __name__ == "__main__":
    main(sys.argv[1])
