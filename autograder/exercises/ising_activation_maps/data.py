"""The lattices of this exercise: those that notebooks see, and others of the same kind on which networks are measured.

A file of the kit holds the test lattices that come with the release as `x_train`, and held-out lattices as `x_test`,
each as bytes of 0 (down) and 1 (up) with the places of their temperatures in `TEMPERATURES` as labels. Held-out
lattices were simulated with another seed; `python -m autograder.exercises.ising_activation_maps.data` makes them again.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt

from autograder.exercise import DemoData, packaged_source
from autograder.exercises.ising_activation_maps.constants import SIDE
from autograder.verify.held_out import HeldOut
from solutions.data import DataError, Float32Array, RawDigits, UInt8Array

Doubles = npt.NDArray[np.float64]

SOURCE = packaged_source("ising_activation_maps")
MODULE, SHIPPED, HELD_OUT = (
    SOURCE / "ising.py",
    SOURCE / "ising.npz",
    Path(__file__).with_name("held_out.npz"),
)
HELD_OUT_SEED = 3
TEMPERATURES: Doubles = 1.545 + 0.09 * np.arange(20, dtype=np.float64)
CRITICAL = 2 / np.log(1 + np.sqrt(2))
# A lattice has no border, so one that is moved along itself is as good. Lattice k is moved by SHIFTS[k % 3].
SHIFTS = ((5, 11), (16, 3), (9, 24))


@dataclass(frozen=True)
class Lattices(HeldOut):
    """Held-out lattices and the test lattices that notebooks have.

    Attributes:
        shown: float32, (1000, 32, 32, 1), of -1 and 1.
        shown_classes: int64, (1000,): 0 below the critical temperature, 1 above it.
        shown_temperatures: float64, (1000,).
    """

    shown: Float32Array
    shown_classes: npt.NDArray[np.int64]
    shown_temperatures: Doubles

    def as_zero_and_one(self) -> Lattices:
        """Return the same lattices with 0 for a spin down, as some notebooks scale them."""
        parts = (self.images, self.moved, self.shown)
        images, moved, shown = (((one + 1) / 2).astype(np.float32) for one in parts)
        return replace(self, images=images, moved=moved, shown=shown)


def find(path: Path | None, *, announce: Callable[[str], None], download: bool = True) -> RawDigits:
    """Return the lattices that come with the kit, or those of a file that `write_npz` wrote."""
    del announce, download  # they always come from where they are expected
    if path is not None:
        return read(path)
    with np.load(SHIPPED, allow_pickle=False) as shown, np.load(HELD_OUT, allow_pickle=False) as held:
        parts = [_unpacked(shown["spins_test"]), _unpacked(held["spins"])]
    (x_train, y_train), (x_test, y_test) = ((spins, _in_turn(len(spins))) for spins in parts)
    return RawDigits(x_train, y_train, x_test, y_test, source="simulated Ising lattices")


def for_demo() -> DemoData:
    """Return the lattices that come with the kit: there are no others."""
    data = find(None, announce=lambda _: None)
    return DemoData("ising_lattices.npz", "lattices of the Ising model, simulated before and packed", data)


def read(path: Path) -> RawDigits:
    """Read a file that `solutions.data.write_npz` wrote.

    Raises:
        DataError: it is something else.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = [np.asarray(arrays[f"{part}_{kind}"]) for kind in ("train", "test") for part in "xy"]
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise DataError(
            f"{path} does not contain lattices of this exercise; leave the setting 'data' empty"
        ) from error
    if any(spins.dtype != np.uint8 or spins.shape[1:] != (SIDE, SIDE) for spins in found[::2]):
        raise DataError(
            f"{path} does not contain lattices of {SIDE} x {SIDE} spins; leave the setting 'data' empty"
        )
    x_train, y_train, x_test, y_test = found
    return RawDigits(x_train, y_train, x_test, y_test, source="simulated Ising lattices")


def held_out(data: RawDigits) -> Lattices:
    """Return the lattices as networks take them."""
    moved = [np.roll(one, SHIFTS[k % len(SHIFTS)], axis=(0, 1)) for k, one in enumerate(data.x_test)]
    temperatures: Doubles = TEMPERATURES[data.y_train]
    others: Doubles = TEMPERATURES[data.y_test]
    return Lattices(
        images=_as_spins(data.x_test),
        moved=_as_spins(np.stack(moved)),
        labels=_phases(others),
        shown=_as_spins(data.x_train),
        shown_classes=_phases(temperatures),
        shown_temperatures=temperatures,
    )


def simulation() -> ModuleType:
    """Import the module that comes with the release."""
    spec = importlib.util.spec_from_file_location("ising", MODULE)
    if spec is None or spec.loader is None:
        raise ImportError(f"{MODULE} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_held_out(count: int = 1000) -> UInt8Array:
    """Simulate the held-out lattices, packed as bits: uint8 (count, 128)."""
    ising = simulation()
    packed: UInt8Array = ising.pack(ising.make_lattices(count, HELD_OUT_SEED))
    return packed


def _unpacked(bits: UInt8Array) -> UInt8Array:
    return np.unpackbits(bits, axis=1).reshape(-1, SIDE, SIDE)


def _in_turn(count: int) -> UInt8Array:
    return (np.arange(count) % len(TEMPERATURES)).astype(np.uint8)


def _phases(temperatures: Doubles) -> npt.NDArray[np.int64]:
    return np.where(temperatures > CRITICAL, 1, 0)


def _as_spins(bits: UInt8Array) -> Float32Array:
    return np.where(bits[..., np.newaxis], 1, -1).astype(np.float32)  # (n, 32, 32, 1)


if __name__ == "__main__":
    np.savez_compressed(HELD_OUT, spins=make_held_out())
