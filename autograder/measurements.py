"""Measurements: what the verifier found by itself, and all that the rubric sees.

`autograder.verify` makes them from evidence. They are plain numbers and words that JSON can hold, so that a
new rubric can be applied to stored measurements without running a notebook again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

from autograder.evidence import ChangedCell, Outcome

# The name of the images if only a figure shows them.
IN_A_FIGURE = "figure"


@dataclass(frozen=True)
class ModelMeasurement:
    """The student's network, as found in its computation."""

    variable: str
    conv_layers: int  # distinct convolutions on paths from the image to the output
    unused_conv_layers: int  # convolutions that the output does not depend on
    input_shape: tuple[int, ...]  # without the batch axis
    outputs: int  # length of the output vector; should be 10
    compiled: bool  # as the kernel reports
    epochs: int  # as the kernel reports: entries in the training history
    updates: int  # as the kernel reports: optimizer steps
    loss: str  # as the kernel reports
    learning_rate: float  # as the kernel reports
    accuracy: float  # on held-out digits, 0...1
    digits: int  # the number of held-out digits


@dataclass(frozen=True)
class FilterMeasurement:
    """One filter and the image meant for it. Activations are means over the feature map."""

    index: int
    live: bool  # can the reference ascent raise it from any noise?
    clear: bool  # and does the reference's pattern stand out from noise of the same contrast?
    noise: float  # b: mean activation over uniform noise
    image: float  # a(X): of the student's image
    reference: float  # a(X_ref): of the reference ascent on the same model
    gain: float  # r = (a(X) - b) / (a(X_ref) - b)
    spread: float  # standard deviation of the image's pixels, relative to the reference; 0 for one grey
    pattern: float  # p: the same ratio after giving all images the same mean and standard deviation
    best_filter: int  # the clear filter for which this image was most likely made
    best_pattern: float  # that filter's pattern score
    best_gain: float  # and that filter's gain


@dataclass(frozen=True)
class MixUp:
    """How images were mixed up with filters, if a mix-up explains them."""

    kind: Literal["one_for_all", "shifted", "reversed"]
    by: int  # the filter that all show, or the offset from an image's own filter to the one shown


@dataclass(frozen=True)
class ImagesMeasurement:
    """The images handed in for the filters of one layer."""

    variable: str
    layer: str
    asked_layer: str  # the layer in `layer_name`
    layer_filters: int
    count: int
    distinct: int  # how many differ from all earlier ones
    usable: int  # how many are distinct, finite and not of a single value
    kind: Literal["image", "gradient"]  # "gradient": each has the root mean square of a normalized gradient
    scale_known: bool  # False after `deprocess_image`: gains and movement then mean nothing
    movement: float  # median spread of the pixels, relative to the reference after 50 steps of size 1
    filters: tuple[FilterMeasurement, ...]
    mix_up: MixUp | None = None
    ascent_seen: bool = True  # was a gradient with respect to images seen earlier, as far as can be known?


@dataclass(frozen=True)
class StepsMeasurement:
    """The gradient steps seen while the images were made."""

    per_image: float
    follow_image: bool  # were the gradients taken at an image that moved?
    curves: tuple[tuple[float, ...], ...]  # the loss per step, one curve per image; empty where unknown


@dataclass(frozen=True)
class PlotMeasurement:
    """The figure with the most panels that show a 28 x 28 image."""

    panels: int  # how many contain a 28 x 28 image
    titled: int  # how many of these have a title
    blank: int  # how many of these show a single value
    distinct: int
    shown: int  # how many different result images are in the panels
    figures: int  # how many figures the panels are spread over
    mosaic: bool  # is it one picture composed of many?


@dataclass(frozen=True)
class CellError:
    """A cell of the submission that stopped with an error."""

    cell: str
    error: str  # name and message, one line
    hint: str  # what it means in the words of the exercise; may be empty
    missing_module: str = ""


@dataclass(frozen=True)
class Measurements:
    """All measurements of one submission. `None` means that nothing of this kind was found."""

    outcome: Outcome
    model: ModelMeasurement | None = None
    refused_model: str = ""  # why a model that the kernel showed could not be measured
    images: ImagesMeasurement | None = None
    other_shape: tuple[int, ...] = ()  # of what `visualized_feature` holds, if not a 28 x 28 image
    steps: StepsMeasurement | None = None
    plot: PlotMeasurement | None = None
    errors: tuple[CellError, ...] = ()
    changed_cells: tuple[ChangedCell, ...] = ()
    is_cut_off: bool = False  # was there more evidence than the limit allows?
    stopped: str = ""  # why the notebook did not run to its end
    unreadable: str = ""  # why the handed-in file is not a notebook
    trouble: str = ""  # what the verifier itself failed to do; a person has to look
    is_final: bool = True  # False: the verifier was stopped, maybe from outside, and may do better next time


_ADAPTER = TypeAdapter(Measurements)


def measurements_to_json(measurements: Measurements) -> bytes:
    """Return the measurements as JSON text."""
    return _ADAPTER.dump_json(measurements, indent=1)


def measurements_from_json(text: bytes) -> Measurements:
    """Read what `measurements_to_json` wrote.

    Raises:
        pydantic.ValidationError: the text is something else.
    """
    return _ADAPTER.validate_json(text)
