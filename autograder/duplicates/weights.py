"""The weights of a student's network, in a form that can be compared with others.

With the seed fixed, students who build the same layers start from the same weights. So untrained networks
mean nothing, and two trained networks are near only if their distance is much smaller than the distance that
training moved them. (Measured: one epoch more than three changes the weights by 0.17 of that, another batch
size or learning rate by 0.35 or more.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograder.duplicates.constants import Array, kernels
from autograder.duplicates.sketch import Vector, sketch
from autograder.evidence import Evidence, Record
from autograder.measurements import ModelMeasurement
from autograder.plain.untrusted_files import sha256_of

# A network with a higher accuracy than this has learned something.
LEARNED = 0.5
# Of larger networks, only exact copies are found.
MOST = 1 << 24
# How many states of the network are examined.
MOST_MODELS = 24
# Nearly equal: distance relative to the movement from the first weights or, if unknown, to the weights.
NEAR_BY_MOVEMENT, NEAR_BY_SIZE = 0.1, 0.003


@dataclass(frozen=True)
class GradedNetwork:
    """The graded network, as the verifier knows it.

    Attributes:
        variable: its name in the notebook.
        has_learned: does it recognize digits?
    """

    variable: str
    has_learned: bool

    @classmethod
    def of(cls, measured: ModelMeasurement | None) -> GradedNetwork:
        """Return the network that the verifier measured; without measurements, the one that the exercise asks for."""
        if measured is None:
            return cls("model", has_learned=True)
        return cls(measured.variable, has_learned=measured.accuracy >= LEARNED)


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of one trained network.

    Attributes:
        digest: equal for equal weights, in any order of layers.
        shapes: of all weights; sketches can be compared only if these are equal.
        sketch: None if the network is too large or not finite.
        near: networks closer than this distance are nearly equal.
        was_trained: was it trained in the notebook, according to the kernel?
        has_learned: does it recognize digits?
        versions: (run, digest, was trained) of every recorded state, in order.
    """

    digest: str
    shapes: tuple[tuple[int, ...], ...]
    sketch: Vector | None
    near: float
    was_trained: bool
    has_learned: bool
    versions: tuple[tuple[int, str, bool], ...]

    def at(self, run: int) -> tuple[str, bool]:
        """Return the digest of the weights after a cell, and whether they had been trained."""
        before = [version for version in self.versions if version[0] <= run] or self.versions[:1]
        return before[-1][1:]


def weights_of(evidence: Evidence, network: GradedNetwork) -> Weights | None:
    """Return the weights of the graded network after its training; None if none can be read."""
    name = network.variable
    records = [one for one in evidence.of_kind("model") if str(one.facts.get("variable"))[:100] == name]
    states = [(one, arrays) for one in records[:MOST_MODELS] if (arrays := kernels(evidence.payload(one)))]
    if not states:
        return None
    _, (last, arrays) = max(enumerate(states), key=lambda pair: (_updates(pair[1][0]), pair[0]))
    first, first_arrays = states[0]
    trained = _sketch(arrays)
    near = 0.0
    if trained is not None:
        near = NEAR_BY_SIZE * float(np.linalg.norm(trained))
        if not _updates(first) and first.payload != last.payload and _shapes(first_arrays) == _shapes(arrays):
            start = _sketch(first_arrays)
            near = NEAR_BY_MOVEMENT * float(np.linalg.norm(trained - start)) if start is not None else near
    return Weights(
        digest=_digest(arrays),
        shapes=_shapes(arrays),
        sketch=trained,
        near=near,
        was_trained=_is_trained(last, first),
        has_learned=network.has_learned,
        versions=tuple((one.run, _digest(some), _is_trained(one, first)) for one, some in states),
    )


def _shapes(arrays: list[Array]) -> tuple[tuple[int, ...], ...]:
    return tuple(array.shape for array in arrays)


def _digest(arrays: list[Array]) -> str:
    return sha256_of(sorted(f"{array.shape} {sha256_of([array.tobytes()])}" for array in arrays))


def _is_trained(state: Record, first: Record) -> bool:
    """Tell whether a state has been trained; a student's own training loop shows only by its effect."""
    is_own_loop = state.facts.get("compiled") is not True and state.payload != first.payload
    return _updates(state) > 0 or is_own_loop


def _updates(record: Record) -> int:
    updates = record.facts.get("updates")
    return updates if type(updates) is int else 0


def _sketch(arrays: list[Array]) -> Vector | None:
    if sum(array.size for array in arrays) > MOST:
        return None
    return sketch(np.concatenate([array.astype(np.float64).ravel() for array in arrays]))
