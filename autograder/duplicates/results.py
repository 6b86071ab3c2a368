"""What a notebook computed, weights and images, in the form in which it is compared and in which processes pass it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter

from autograder.duplicates.images import Images, images_of
from autograder.duplicates.weights import GradedNetwork, Weights, weights_of
from autograder.evidence import Evidence


@dataclass(frozen=True, eq=False)
class NotebookResults:
    """The weights of the graded network and the result images; None if there are none that can be compared."""

    weights: Weights | None = None
    images: Images | None = None


_ADAPTER = TypeAdapter(NotebookResults)


def results_of(evidence: Evidence, network: GradedNetwork, images: str) -> NotebookResults:
    """Return the results in the evidence, which is hostile: call it only in a sandbox.

    Args:
        evidence: of one submission.
        network: the network that was graded.
        images: what the exercise calls the result images.
    """
    return NotebookResults(weights_of(evidence, network), images_of(evidence, images))


def results_to_json(results: NotebookResults) -> bytes:
    """Return the results as JSON text."""
    return _ADAPTER.dump_json(results)


def results_from_json(text: bytes) -> NotebookResults:
    """Read what `results_to_json` wrote.

    Raises:
        pydantic.ValidationError: the text is something else.
    """
    return _ADAPTER.validate_json(text)
