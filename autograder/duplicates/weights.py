"""The weights of a student's network, as far as others can be compared with them.

With the seed fixed, everybody who builds the same layers starts from the same weights. So networks that have
not learned anything say nothing, and two trained ones are near each other only if they are much nearer than
training has moved them. (Measured: one epoch more than three changes the weights by 0.17 of that, another batch
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

# A network that guesses better than this has learned something.
LEARNED = 0.5
# Of larger networks, only equal ones are found.
MOST = 1 << 24
# States of the network that are looked at.
MOST_MODELS = 24
# Nearly equal: so near, relative to the way from the first weights, or where these are not known, to the weights.
NEAR_BY_MOVEMENT, NEAR_BY_SIZE = 0.1, 0.003


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of one trained network.

    Attributes:
        digest: equal for equal weights, in whatever order the layers are.
        shapes: those of all weights; only where they are equal, sketches can be compared.
        sketch: None where the network is too large or not finite.
        near: the distance from which others are another network.
        was_trained: was it trained in the notebook, as the kernel says?
        has_learned: does it read digits?
        versions: (run, digest, was trained) of every state that was seen, in order.
    """

    digest: str
    shapes: tuple[tuple[int, ...], ...]
    sketch: Vector | None
    near: float
    was_trained: bool
    has_learned: bool
    versions: tuple[tuple[int, str, bool], ...]

    def at(self, run: int) -> tuple[str, bool]:
        """Return the digest of the weights as they were after a cell, and whether they had been trained."""
        before = [version for version in self.versions if version[0] <= run] or self.versions[:1]
        return before[-1][1:]


def weights_of(evidence: Evidence, measured: ModelMeasurement | None) -> Weights | None:
    """Return the weights of the network that was graded, after its training; None if none can be read.

    Args:
        evidence: of the submission.
        measured: what the verifier found out about the network; None if it could not.
    """
    name = measured.variable if measured is not None else "model"
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
        has_learned=measured is None or measured.accuracy >= LEARNED,
        versions=tuple((one.run, _digest(some), _is_trained(one, first)) for one, some in states),
    )


def _shapes(arrays: list[Array]) -> tuple[tuple[int, ...], ...]:
    return tuple(array.shape for array in arrays)


def _digest(arrays: list[Array]) -> str:
    return sha256_of(sorted(f"{array.shape} {sha256_of([array.tobytes()])}" for array in arrays))


def _is_trained(state: Record, first: Record) -> bool:
    """Tell whether a state has been trained: of a training loop of the student's own, only its effect is seen."""
    is_own_loop = state.facts.get("compiled") is not True and state.payload != first.payload
    return _updates(state) > 0 or is_own_loop


def _updates(record: Record) -> int:
    updates = record.facts.get("updates")
    return updates if type(updates) is int else 0


def _sketch(arrays: list[Array]) -> Vector | None:
    if sum(array.size for array in arrays) > MOST:
        return None
    return sketch(np.concatenate([array.astype(np.float64).ravel() for array in arrays]))
