"""What is likely to have gone wrong, in the words of the exercise: the second half of a check's feedback."""

from __future__ import annotations

from typing import NamedTuple

from autograder.measurements import FilterMeasurement, ImagesMeasurement, Measurements, ModelMeasurement
from autograder.rubric.words import after_error, count_of, filter_list, percent
from autograder.settings import Thresholds

FEW_UPDATES = 60  # steps of an optimizer, too few for any network to learn ten digits


class Cause(NamedTuple):
    """What is likely to have gone wrong."""

    code: str  # one of `autograder.rubric.mistakes`
    words: str  # for the student


def missing_work(measured: Measurements, cell: str, otherwise: str) -> str:
    """The code of the likely cause when the work of a cell is missing: an error before its end, if there was one."""
    return "cell_stopped" if after_error(measured, cell) else otherwise


def cause_of_low_accuracy(model: ModelMeasurement) -> Cause:
    """The likely cause when a network recognises too few digits."""
    if model.epochs == 0 and model.updates == 0:
        cause = "It was not trained: model.fit did not run to its end."
        if not model.compiled:
            cause += (
                " Before it, model.compile(...) chooses optimizer, loss and metrics; that is missing, too."
            )
        return Cause("not_trained", cause)
    facts = f"It was trained for {count_of(model.epochs, 'epoch')}"
    if model.updates:
        facts += f" in {model.updates} steps"
    if model.learning_rate:
        facts += f" at a learning rate of {model.learning_rate:.3g}"
    if model.loss:
        facts += f" with the loss {model.loss}"
    if model.updates and model.updates < FEW_UPDATES:
        return Cause("few_training_steps", f"{facts}, which are few: train longer or on more digits.")
    return Cause(
        "low_accuracy",
        f"{facts}. Look at the accuracy per epoch that model.fit prints: if it still rises, train longer or on "
        "more digits; if it stays near 10 %, look at the loss, at the labels, whether they still belong to "
        "their images, and at the learning rate.",
    )


def cause_of_low_activation(
    features: ImagesMeasurement,
    living: list[FilterMeasurement],
    fallen: list[FilterMeasurement],
    raised: list[FilterMeasurement],
    thresholds: Thresholds,
) -> Cause:
    """The likely cause when images do not excite their filters."""
    missing = [one.index for one in living if one not in raised]
    if len(fallen) > len(living) / 4:
        return Cause(
            "gradient_descent",
            f" For {len(fallen)} of them the activation fell: the update moves down the gradient. Look at "
            "the sign with which the gradient is added, and at the sign of the loss.",
        )
    if features.kind == "gradient":
        return Cause(
            "gradient_kept",
            " Each of your images has a root mean square of exactly 1: this is a normalized gradient, not the image "
            "that it was added to. Keep input_img.",
        )
    if features.scale_known and features.movement < thresholds.movement_small:
        return Cause(
            "hardly_moved",
            " The images have hardly moved away from the noise they started from: are the gradients "
            "normalized before they are added, is the step size 1, and is it the image that is kept, not its "
            "start or its gradient?",
        )
    return Cause(
        "not_raised",
        f" Not raised: {filter_list(missing)}. Is the loss the mean of one feature map, is its gradient "
        "taken with respect to the image, and is it added in every step?",
    )


def mistaken_filter(images: ImagesMeasurement) -> Cause:
    """The likely cause when images do not show their own filter."""
    mix_up = images.mix_up
    if mix_up is not None and mix_up.kind == "one_for_all":
        return Cause(
            "one_filter_for_all",
            f" They all show filter {mix_up.by}: is filter_index really used inside the loss, so that "
            "it changes from image to image? (A tf.function keeps the number that it saw first.)",
        )
    if mix_up is not None and mix_up.kind == "shifted":
        return Cause(
            "shifted_filters",
            f" They show the pattern of the filter {abs(mix_up.by)} {'after' if mix_up.by > 0 else 'before'} their "
            "own: compare the index in the loss with that of the loop.",
        )
    if mix_up is not None:
        return Cause(
            "reversed_filters",
            " They show the patterns of the filters in reverse order: the last filter's image comes first. Image i "
            "has to stand at index i.",
        )
    return Cause(
        "other_pattern",
        " The others do not show the pattern that excites their filter: is the loss the mean of the feature map "
        f"filter_index of the layer '{images.layer}', and of that one alone, does every image start from noise of "
        "its own, and is the image kept that the ascent ended with?",
    )


def another_layer(images: ImagesMeasurement) -> str:
    """A remark on images that were made for another layer than `layer_name` says."""
    if images.layer == images.asked_layer:
        return ""
    return (
        f" They fit the filters of the layer '{images.layer}' and not those of '{images.asked_layer}', which "
        "layer_name says, so they were measured there."
    )


def dead_filters(images: ImagesMeasurement) -> str:
    """A remark on filters that are left out: they give no gradient, at least from some noise."""
    dead = [one.index for one in images.filters if not one.live]
    return f" (left out, since an ascent from noise may find them dead: {filter_list(dead)})" if dead else ""


def in_proportion(thresholds: Thresholds) -> str:
    """How filters become points."""
    return (
        f" Points are given in proportion: none up to {percent(thresholds.filters_none)} of the filters, all from "
        f"{percent(thresholds.filters_full)}."
    )
