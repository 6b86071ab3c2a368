"""What doing the student's ascent again has shown, in words: how the images were made, and what was different."""

from __future__ import annotations

from dataclasses import replace

from autograder.exercises.activation_maximization.constants import NOISE_DEVIATION
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.measurements import AS_ASKED, ImagesMeasurement, Measurements, Reenactment
from autograder.rubric.award import Fault

# Gradients with a penalty, or of several filters, have at least this cosine with that of the own filter, if the penalty
# is left out. The way from noise to an image from elsewhere has half of it.
UNLIKE = 0.6

SCALINGS = {
    "root_mean_square": "divided by its root mean square",
    "norm": "divided by its Euclidean norm",
    "maximum": "divided by its largest absolute value",
    "deviation": "divided by its standard deviation",
    "batch": "divided by the root mean square over the whole batch",
    "none": "as it is, without normalization",
}
OBJECTIVES = {
    "mean": "the mean of {own} feature map",
    "border_left_out": "the mean of {own} feature map without its border",
    "maximum": "the maximum of {own} feature map",
    "strongest": "the mean of the {place[0]} largest values of {own} feature map",
    "mean_square": "the mean square, or the norm, of {own} feature map",
    "place": "{own} feature map at row {place[0]}, column {place[1]} only",
    "row": "row {place[0]} of {own} feature map only",
    "column": "column {place[0]} of {own} feature map only",
    "row_of_all": "one row of all feature maps together",
    "column_of_all": "one column of all feature maps together",
    "layer": "the mean of all feature maps together",
    "unit": "a unit of a Dense layer",
    "log_unit": "the logarithm of a unit of a Dense layer",
}
OVERWRITTEN = (
    "Each step takes the place of the image instead of being added to it, so no image is more than one step."
)
STARTS = {
    "black": "from black images",
    "one_grey": "from images of a single grey",
    "digit": "from a digit",
    "same_noise": "from the same noise for all filters",
    "other_noise": "from noise other than uniform noise in [0, 1]",
}


def reenacted(measured: Measurements) -> Reenactment | None:
    """Return how the images were made if that is known; None if it is not."""
    found = measured.reenactment
    return found if found is not None and found.is_explained else None


def watched(measured: Measurements, features: ImagesMeasurement) -> Reenactment | None:
    """Return what the recorded steps say about steps, if they lead to the images; None if they do not."""
    found = measured.reenactment
    if found is None or not features.ascent_seen or not found.steps or not found.scaling:
        return None
    if measured.steps is not None and not measured.steps.follow_image and found.step_size > 2:
        return None  # one great step, the sum of many gradients at the same image
    return found


def how_made(found: Reenactment) -> str:
    """Say how the images were made."""
    own = "their own" if found.filters == "own" else "a"
    objective = OBJECTIVES[found.objective].format(own=own, place=(*found.place, 0, 0))
    way = "along" if found.direction > 0 else "against"
    scaled = SCALINGS[found.scaling]
    if not found.is_shown:
        return f"The recorded steps go {way} the gradient of {objective}, {scaled}."
    return (
        f"{found.reproduced} of {found.made_again} images are reproduced by {found.steps:.3g} steps of size "
        f"{found.step_size:.3g} {way} the gradient of {objective}, {scaled}."
    )


def is_unexplained(found: Reenactment | None) -> bool:
    """Tell whether recorded steps lead to the images, but are not shown to be steps on the network.

    Their gradients may be those of nothing in it. Or all that is known of them fits, but making these steps again leads
    elsewhere: what was not kept whole of a record can be made up.
    """
    if found is None or not found.images:
        return False
    return found.is_contradicted if found.objective else found.likeness < UNLIKE


def climbed(found: Reenactment | None) -> frozenset[int]:
    """Return the filters whose images are shown to have gone up the gradient, and away from the noise.

    Without normalization, they hardly get anywhere: how far is for the end state to say.
    """
    if found is None or not found.is_shown or found.direction < 0 or found.moved < NOISE_DEVIATION:
        return frozenset()
    if found.kept not in {"end", "earlier", "picture", "every_step"} or found.scaling == "none":
        return frozenset()
    return frozenset(one.index for one in found.images if one.reproduced)


def climbed_own(found: Reenactment | None) -> frozenset[int]:
    """Return the filters whose images are shown to have climbed the mean of their own feature map."""
    return climbed(found) if found is not None and found.is_as_asked else frozenset()


def cause_of_no_rise(found: Reenactment | None) -> Fault | None:
    """Return why the images do not excite their filters, if the recorded steps show it."""
    if found is None:
        return None
    if found.kept == "start":
        return Fault(
            "start_kept",
            "The images that you kept are the noise that the ascents began with, before the first step. Keep the image "
            "after the last one.",
        )
    if found.kept == "gradient":
        return Fault(
            "gradient_kept",
            "What you kept is the gradient of the last step, not the image that it was added to. Keep the image.",
        )
    if found.is_explained and found.kept == "step":
        return Fault("image_overwritten", OVERWRITTEN)
    if found.is_explained and found.direction < 0:
        return Fault(
            "gradient_descent",
            "The steps go down the gradient, not up: look at the sign with which the gradient is added, and at the "
            "sign of the loss.",
        )
    if found.is_explained and found.scaling == "none" and found.moved < NOISE_DEVIATION:
        return Fault(
            "not_normalized",
            "The gradient is added as it is, without being normalized, so the images have hardly moved away from "
            "the noise.",
        )
    if found.is_explained and found.step_size < 0.5 and found.moved < NOISE_DEVIATION:
        return Fault(
            "other_step_size",
            f"The steps have the size {found.step_size:.3g} instead of 1, so the images have hardly moved away "
            "from the noise.",
        )
    return None


def cause_of_other_objective(found: Reenactment, asked_layer: str) -> Fault | None:
    """Return what was climbed in place of the mean of each image's own feature map, if anything else was.

    Another layer's feature maps are as good: that fault has the factor 1, the others 0.
    """
    fault = _other_objective(found, asked_layer) if found.direction >= 0 else cause_of_no_rise(found)
    return fault if fault is None or fault.code == "another_layer" else replace(fault, factor=0.0)


def _other_objective(found: Reenactment, asked_layer: str) -> Fault | None:
    objective = OBJECTIVES[found.objective].format(own="the", place=(*found.place, 0, 0))
    shown = "Your images are reproduced by climbing" if found.is_shown else "Your recorded steps climb"
    shown += f" {objective}"
    mean = "the exercise asks for the mean of the feature map filter_index, for each filter its own"
    if found.objective == "maximum":
        return Fault("maximum_instead_of_mean", f"{shown}; {mean}.")
    if found.objective in {"mean_square", "strongest"}:
        return Fault("other_functional", f"{shown}; {mean}.")
    if found.objective == "place":
        return Fault("one_place", f"{shown}; {mean}, over all rows and columns.")
    if found.objective in {"row", "column"}:
        return Fault("one_row", f"{shown}; {mean}, over all rows and columns.")
    if found.objective in {"row_of_all", "column_of_all"}:
        return Fault(
            "wrong_axis",
            f"{shown}: filter_index is used on a wrong axis. The filters are the last axis of the layer's output; "
            f"{mean}.",
        )
    if found.objective == "layer":
        return Fault(
            "whole_layer",
            f"{shown}, the same for every filter; {mean}. Where does filter_index choose the map?",
        )
    if found.objective in {"unit", "log_unit"}:
        where = "the network's output" if found.layer == "output" else f"the layer '{found.layer}'"
        return Fault("class_score", f"{shown} ({where}), not of a filter's feature map; {mean}.")
    if found.objective in AS_ASKED and found.layer != asked_layer and found.filters == "own":
        return Fault("another_layer", f"{shown} of the layer '{found.layer}', not of '{asked_layer}'.")
    return _mix_up(found)


def mixes_ascents(found: Reenactment) -> bool:
    """Tell whether an image was kept after every step, so that images do not stand at their own filter's index."""
    return found.kept == "every_step" and found.filters in {"constant", "shifted", "reversed", "other"}


def _mix_up(found: Reenactment) -> Fault | None:
    """Return how the filters were mixed up, if one rule says it."""
    if mixes_ascents(found):
        where = (
            f"are all of the ascent for filter {found.by}"
            if found.filters == "constant"
            else "share few ascents"
        )
        return Fault(
            "kept_every_step",
            f"You keep an image after every step, so the images that count {where}: keep one image per filter, after "
            "the inner loop.",
        )
    if found.filters == "constant":
        return Fault(
            "one_filter_for_all",
            f"They all climb the feature map of filter {found.by}: is filter_index really used inside the loss, so "
            "that it changes from image to image? (A tf.function keeps the number that it saw first.)",
        )
    if found.filters == "shifted":
        side = "after" if found.by > 0 else "before"
        return Fault(
            "shifted_filters",
            f"Each climbs the feature map of the filter {abs(found.by)} {side} its own: compare the index in the loss "
            "with that of the loop.",
        )
    if found.filters == "reversed":
        return Fault(
            "reversed_filters",
            "They climb the feature maps in reverse order: the last filter's image comes first. Image i belongs at "
            "index i.",
        )
    return None


def faults_of_rule(found: Reenactment, thresholds: Thresholds) -> list[Fault]:
    """Return what was different about each step, the gravest first."""
    size, away = found.step_size, thresholds.step_size_tolerance
    if found.kept == "step":
        return [Fault("image_overwritten", OVERWRITTEN, factor=0)]
    if not found.is_steady:
        usual = 1 / thresholds.step_length_far <= found.step_length <= thresholds.step_length_far
        return [
            Fault(
                "changed_between_steps",
                "Your steps are not plain steps along the normalized gradient: something else changes the image "
                "between them, or an optimizer makes them (momentum, clipping, blurring). The exercise asks for "
                "step_size times the gradient divided by its RMS.",
                factor=1.0 if usual else 0.5,
            )
        ]
    if found.scaling == "none":
        return [
            Fault(
                "not_normalized",
                "The gradient must be normalized to a root mean square of 1 before it is multiplied by the step size "
                "of 1; yours is added as it is.",
                factor=0,
            )
        ]
    faults = []
    if found.scaling not in {"root_mean_square", "batch", "deviation"}:
        faults.append(
            Fault(
                "other_normalization",
                f"The gradient is {SCALINGS[found.scaling]}; the exercise divides it by its root mean square (RMS), "
                "which gives steps of a different size.",
                factor=0.5,
            )
        )
    if not 1 / (1 + away) <= size <= 1 + away:
        faults.append(
            Fault(
                "other_step_size",
                f"The step size is {size:.3g}; the exercise asks for 1.",
                factor=0.5 if thresholds.step_size_least < size < thresholds.step_size_most else 0,
            )
        )
    return faults


def remark_on_start(found: Reenactment) -> str:
    """Say where the ascents began, if not at uniform noise; it costs nothing."""
    words = STARTS.get(found.start)
    return (
        f" (They start {words}; the exercise starts from uniform noise. This costs nothing.)" if words else ""
    )
