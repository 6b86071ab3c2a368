"""Measurements: what the verifier found by itself, and all that the rubric sees.

`autograder.verify` makes them from evidence. They are plain numbers and words that JSON can hold, so that a
new rubric can be applied to stored measurements without running a notebook again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter

from autograder.evidence import ChangedCell, Notice, Outcome

# The name of the images if only a figure shows them.
IN_A_FIGURE = "figure"
# Rounding can change the choice of a max pooling and lead a few ascents astray: this share has to come out again.
REPRODUCED_SHARE = 0.75
# From this share on, recorded gradients that are those of an objective show that it was climbed.
AGREEING_SHARE = 0.9
# A way on which less than this share of what was climbed is gained did not make the image.
LEAST_RISE = 0.2
# What the exercise asks to climb; as in a well-known tutorial, the border of a map may be left out of its mean.
AS_ASKED = frozenset({"mean", "border_left_out"})


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
    accuracy_before: float | None = None  # on these digits, before any training was seen; None if not known


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
    is_compiled: bool = False  # does the kernel say that they came out of functions that XLA compiles?


@dataclass(frozen=True)
class StepsMeasurement:
    """The gradient steps seen while the images were made."""

    per_image: float
    follow_image: bool  # were the gradients taken at an image that moved?
    curves: tuple[tuple[float, ...], ...]  # the loss per step, one curve per image; empty where unknown


@dataclass(frozen=True)
class ReenactedImage:
    """One image that came out of recorded steps."""

    index: int  # the filter that it is meant for
    steps: int  # updates before it was kept
    kept: str  # "end", "start", "earlier", "gradient" or "every_step"
    # between its displacement and the re-enacted one; None if it was not made again
    correlation: float | None
    reproduced: bool


@dataclass(frozen=True)
class Reenactment:
    """How the images were made: what the recorded steps say, as far as doing it again confirms it."""

    watched: int  # images that came out of recorded steps
    dead: tuple[int, ...] = ()  # filters of watched images that never had a gradient
    objective: str = ""  # what was climbed, as `autograder.verify.objectives` names it; empty if unknown
    place: tuple[int, ...] = ()  # of the objective
    layer: str = ""  # whose maps it is of
    filters: str = ""  # whose filters: "own", "shifted", "constant", "reversed", "other"; empty if unknown
    by: int = 0  # the shift, the one filter, or the sum of both
    agreeing: float = 0.0  # share of sampled gradients that are those of the objective
    # median cosine between sampled gradients and those of the mean of the filter's own map; -1: unknown
    likeness: float = -1.0
    direction: int = 0  # 1: up; -1: down; 0: nothing moved
    scaling: str = ""  # what the gradient was divided by
    step_size: float = 0.0  # after that
    steps: float = 0.0  # median over the images
    ascents: int = 0  # in the cell
    start: str = ""  # what the ascents began with
    kept: str = ""  # what was kept of most ascents; "step" if each step took the place of the image
    step_length: float = 0.0  # root mean square over the pixels of the median step, however it was made
    rise: float = -1.0  # median share of the distance from noise that was covered from the start; -1: unknown
    moved: float = 0.0  # root mean square over the pixels of the median way from start to image
    is_steady: bool = True  # was every step a multiple of its gradient by one rule?
    followed: float = 0.0  # share of images that come out again piece by piece; only where not in one go
    images: tuple[ReenactedImage, ...] = ()

    @property
    def reproduced(self) -> int:
        """The number of images that came out again."""
        return sum(one.reproduced for one in self.images)

    @property
    def made_again(self) -> int:
        """The number of images that were made again."""
        return sum(one.correlation is not None for one in self.images)

    @property
    def is_shown(self) -> bool:
        """Whether this is how the images were made: most of them come out again."""
        return self.made_again > 0 and self.reproduced >= REPRODUCED_SHARE * self.made_again

    @property
    def is_explained(self) -> bool:
        """Whether it is known how the images moved: they come out again, or every recorded step shows it."""
        recorded = self.agreeing >= AGREEING_SHARE and self.is_steady
        return bool(self.scaling) and (self.is_shown or recorded)

    @property
    def is_contradicted(self) -> bool:
        """Whether the recorded steps can be repeated, but lead elsewhere, in one go and from step to step."""
        can_be_repeated = bool(self.objective and self.scaling) and self.is_steady
        return can_be_repeated and not self.is_shown and self.followed < REPRODUCED_SHARE

    @property
    def gains_nothing(self) -> bool:
        """Whether what was climbed is hardly higher at the images than where their ascents began."""
        return 0 <= self.rise < LEAST_RISE

    @property
    def is_as_asked(self) -> bool:
        """Whether the images climbed the mean of their own feature map."""
        return (
            self.is_shown
            and self.objective in AS_ASKED
            and self.filters == "own"
            and self.direction > 0
            and self.kept in {"end", "earlier", "picture"}
        )


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
    reenactment: Reenactment | None = None  # None: no steps were recorded
    plot: PlotMeasurement | None = None
    pictures_shown: int | None = None  # in the outputs of the executed notebook; None if not known
    errors: tuple[CellError, ...] = ()
    changed_cells: tuple[ChangedCell, ...] = ()
    notices: tuple[Notice, ...] = ()
    is_cut_off: bool = False  # was there more evidence than the limit allows?
    stopped: str = ""  # why the notebook did not run to its end
    unreadable: str = ""  # why the handed-in file is not a notebook
    trouble: str = ""  # what the verifier itself failed to do; a person has to look
    own: dict[str, Any] = field(
        default_factory=dict
    )  # what only one exercise measures; it knows how to read it
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
