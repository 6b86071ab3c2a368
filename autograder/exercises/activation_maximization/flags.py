"""What a person should know about the images and the network, besides the criteria."""

from __future__ import annotations

from autograder.exercises.activation_maximization.constants import RESULT
from autograder.measurements import Measurements
from autograder.report import Flag


def flags_of(measurements: Measurements) -> list[Flag]:
    """Return a flag for every name or layer that is not the exercise's."""
    flags = []
    if measurements.images and measurements.images.variable != RESULT:
        message = f"The images were found under the name '{measurements.images.variable}'."
        flags.append(Flag(code="other_name", message=message))
    if measurements.model and measurements.model.variable != "model":
        message = f"The network was found under the name '{measurements.model.variable}'."
        flags.append(Flag(code="other_name", message=message))
    if measurements.images and measurements.images.layer not in {"", measurements.images.asked_layer}:
        message = (
            f"The images fit the layer '{measurements.images.layer}', not '{measurements.images.asked_layer}', "
            "the layer in layer_name."
        )
        flags.append(Flag(code="other_layer", message=message))
    return flags
