"""Names the likely cause of a problem in the terms of the exercise: the second half of a check's feedback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from autograder.exercises.activation_maximization.constants import RESULT, STEPS
from autograder.exercises.activation_maximization.rubric.cells import after_error
from autograder.exercises.activation_maximization.rubric.filters import (
    fallen_filters,
    filter_list,
    mostly_fallen,
)
from autograder.exercises.activation_maximization.rubric.reenacted import mixes_ascents
from autograder.exercises.activation_maximization.rubric.steps import (
    apparent_step_size,
    share_of_short_ascents,
)
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.measurements import (
    IN_A_FIGURE,
    ImagesMeasurement,
    Measurements,
    ModelMeasurement,
    PlotMeasurement,
    Reenactment,
)
from autograder.rubric.award import Fault
from autograder.rubric.words import by, count_of, percent

# With this many recorded ascents for each image, every step began with new noise.
MANY_STARTS = 5
FEW_UPDATES = 60  # optimizer steps; fewer are too few for any network to learn ten digits


def missing_work(measured: Measurements, cell: str, otherwise: str) -> str:
    """Return the likely cause of missing work: an error up to the end of the cell, else `otherwise`."""
    return "cell_stopped" if after_error(measured, cell) else otherwise


def cause_of_few_convolutions(model: ModelMeasurement, thresholds: Thresholds) -> Fault:
    """Return the likely cause if a network has too few convolution layers."""
    asked = f"; the exercise asks for at least {thresholds.conv_layers}."
    if not model.unused_conv_layers:
        return Fault("few_convolutions", asked)
    return Fault(
        "unused_convolutions",
        f"{asked} {model.unused_conv_layers} more do not contribute to the output: check which layer each one is "
        "connected to.",
    )


def faults_of_output(model: ModelMeasurement) -> Iterator[Fault]:
    """Yield what is wrong with the output of a network."""
    if model.outputs != 10:
        yield Fault(
            "other_output_length",
            f"Its output has the length {model.outputs}; ten are needed, one per digit.",
            factor=0.5,
        )


def cause_of_low_accuracy(model: ModelMeasurement, measured: Measurements, thresholds: Thresholds) -> Fault:
    """Return the likely cause if a network recognizes too few digits."""
    scale = (
        f"; all points are given from {percent(thresholds.accuracy_full)}, none up to "
        f"{percent(thresholds.accuracy_none)}, and guessing gives 10 %. "
    )
    code, words = _why_so_little_was_learned(model)
    return Fault(code, scale + words + after_error(measured, "train"))


def _why_so_little_was_learned(model: ModelMeasurement) -> tuple[str, str]:
    if model.epochs == 0 and model.updates == 0:
        words = "It was not trained: model.fit did not run to its end."
        if not model.compiled:
            words += (
                " Before it, model.compile(...) chooses optimizer, loss and metrics; that is missing, too."
            )
        return "not_trained", words
    facts = f"It was trained for {count_of(model.epochs, 'epoch')}"
    if model.updates:
        facts += f" in {model.updates} steps"
    if model.learning_rate:
        facts += f" at a learning rate of {model.learning_rate:.3g}"
    if model.loss:
        facts += f" with the loss {model.loss}"
    if model.updates and model.updates < FEW_UPDATES:
        return "few_training_steps", f"{facts}, which is not much: train longer or on more digits."
    return (
        "low_accuracy",
        f"{facts}. Look at the accuracy per epoch that model.fit prints: if it is still rising, train longer or on "
        "more digits. If it stays near 10 %, look at the loss and the learning rate, and check that the labels still "
        "belong to their images.",
    )


def cause_of_few_images(images: ImagesMeasurement, wanted: int, measured: Measurements) -> Fault:
    """Return the likely cause if there are too few usable images."""
    if images.distinct < min(images.count, wanted):
        return Fault(
            "same_image",
            f", but only {images.distinct} {'is' if images.distinct == 1 else 'are'} different. Are all entries the "
            "same variable? Append a copy of the image, such as input_img.numpy(), not the variable itself, which "
            "the next filter overwrites.",
        )
    if images.usable < images.distinct:
        return Fault(
            "unusable_images",
            f", of which {images.distinct - images.usable} have a single grey level or contain NaN or infinity.",
        )
    return Fault(
        missing_work(measured, "ascent", "few_images"),
        f"; {wanted} are needed, one for every filter. Does the loop reach all filters?"
        + after_error(measured, "ascent"),
    )


def faults_of_shape(images: ImagesMeasurement, measured: Measurements) -> Iterator[Fault]:
    """Yield what is wrong with the shape of images that only a figure shows."""
    if images.variable == IN_A_FIGURE and measured.other_shape:
        yield Fault(
            "other_shape",
            f"What {RESULT} itself holds has the shape {by(measured.other_shape)}: keep the images as the "
            "ascent leaves them, 28 x 28.",
            factor=0.5,
        )


def cause_of_low_activation(
    features: ImagesMeasurement, rises: Mapping[int, float], thresholds: Thresholds
) -> Fault:
    """Return the likely cause if images do not excite their filters."""
    fallen, scale = len(fallen_filters(features, thresholds)), in_proportion(thresholds)
    if fallen > len(rises) / 4:
        return Fault(
            "gradient_descent",
            f"For {fallen} of them the activation fell: the update moves down the gradient. Look at the sign with "
            f"which the gradient is added, and at the sign of the loss.{scale}",
        )
    if features.kind == "gradient":
        return Fault(
            "gradient_kept",
            "Each of your images has a root mean square of exactly 1: this is a normalized gradient, not the image "
            f"that it was added to. Keep input_img.{scale}",
        )
    if features.scale_known and features.movement < thresholds.movement_small:
        return Fault(
            "hardly_moved",
            "The images have hardly moved away from the noise they started from. Check that the gradients are "
            "normalized before they are added and that the step size is 1. Keep the image itself, not its start or its "
            f"gradient.{scale}",
        )
    missing = [index for index, rise in rises.items() if rise < 1]
    return Fault(
        "not_raised",
        f"Not raised: {filter_list(missing)}. Check that the loss is the mean of one feature map, that its gradient is "
        f"taken with respect to the image, and that it is added in every step.{scale}",
    )


def cause_of_other_patterns(images: ImagesMeasurement, thresholds: Thresholds) -> Fault:
    """Return the likely cause if images do not show their own filter."""
    mix_up, scale = images.mix_up, in_proportion(thresholds)
    if images.count > 1 and images.distinct <= images.count / 2:
        return Fault(
            "same_image",
            f"Most of your images are the same image, so they cannot each show the pattern of their own filter.{scale}",
        )
    if mix_up is not None and mix_up.kind == "one_for_all":
        return Fault(
            "one_filter_for_all",
            f"They all show filter {mix_up.by}: is filter_index really used inside the loss, so that it changes from "
            f"image to image? (A tf.function keeps the number that it saw first.){scale}",
        )
    if mix_up is not None and mix_up.kind == "shifted":
        return Fault(
            "shifted_filters",
            f"They show the pattern of the filter {abs(mix_up.by)} {'after' if mix_up.by > 0 else 'before'} their "
            f"own: compare the index in the loss with that of the loop.{scale}",
        )
    if mix_up is not None:
        return Fault(
            "reversed_filters",
            "They show the patterns of the filters in reverse order: the last filter's image comes first. Image i "
            f"belongs at index i.{scale}",
        )
    return Fault(
        "other_pattern",
        "The others do not show their filter's pattern. Check that the loss is the mean of the feature map "
        f"filter_index of the layer '{images.layer}' and of no other map. Every image must start from new noise, and "
        f"the last image of each ascent must be kept.{scale}",
    )


def cause_of_other_number(found: Reenactment | None, thresholds: Thresholds) -> Fault:
    """Return what to say if the number of steps is not as required."""
    is_anew = found is not None and found.steps <= 1 and found.ascents >= MANY_STARTS * found.watched
    return Fault(
        "noise_every_step" if is_anew else "other_number_of_steps",
        f"; the exercise asks for {STEPS} (gradient_updates). {percent(thresholds.steps_tolerance)} more or less cost "
        f"nothing, and {STEPS * thresholds.steps_none:g} steps earn nothing."
        + (" Every step begins with new noise: make the noise once per image." if is_anew else ""),
    )


def faults_of_steps(
    features: ImagesMeasurement, measured: Measurements, steps: float, thresholds: Thresholds
) -> Iterator[Fault]:
    """Yield what is wrong with the steps apart from their number, the gravest first."""
    size = apparent_step_size(features, steps)
    can_judge_size = size is not None and not mostly_fallen(features, thresholds)
    if size is not None and features.movement > thresholds.movement_large:
        yield Fault(
            "far_from_noise",
            f"But your images are {features.movement:.2g} times as far from the noise as {STEPS} steps of size 1 would "
            "take them: such steps cannot have made them.",
            factor=0,
        )
    elif can_judge_size and features.movement < thresholds.movement_small:
        yield Fault(
            "not_normalized",
            "The steps are far too small: the gradient must be normalized to a root mean square of 1 before it is "
            "multiplied by the step size of 1.",
            factor=0,
        )
    yield from _gradient_at_the_start(features, measured, thresholds)
    if not features.ascent_seen:
        yield Fault(
            "no_ascent_seen",
            "But no recorded gradient step leads to these images.",
            factor=0,
        )
    yield from _short_ascents(features, thresholds)
    is_usual = thresholds.movement_small <= features.movement <= thresholds.movement_large
    far = thresholds.step_size_far
    if can_judge_size and is_usual and size is not None and not 1 / far <= size <= far:
        yield Fault(
            "other_step_size",
            f"Each goes {size:.2g} times as far as a step of size 1 along the normalized gradient: look at step_size "
            "and at the normalization.",
            factor=0.5,
        )


def faults_of_ends(
    features: ImagesMeasurement, measured: Measurements, found: Reenactment, thresholds: Thresholds
) -> Iterator[Fault]:
    """Yield what the recorded steps and the images themselves say beyond the size of a step."""
    if found.kept == "every_step" and not mixes_ascents(found):  # that costs the objective
        yield Fault(
            "kept_every_step",
            "You keep an image after every step, so most images belong to the ascent of another filter: append "
            "the image after the inner loop.",
            factor=0.5,
        )
    if found.start == "previous_image":
        yield Fault(
            "previous_image",
            "Each ascent starts from the image of the previous filter: begin with new noise for every filter.",
            factor=0.5,
        )
    yield from _gradient_at_the_start(features, measured, thresholds)
    short = sum(one.steps < found.steps / 2 for one in found.images) / max(len(found.images), 1)
    if found.kept != "every_step" and short > thresholds.short_ascents_most:
        yield _short(short)


def _gradient_at_the_start(
    features: ImagesMeasurement, measured: Measurements, thresholds: Thresholds
) -> Iterator[Fault]:
    if measured.steps and not measured.steps.follow_image and features.movement > thresholds.movement_small:
        yield Fault(
            "gradient_at_the_start",
            "But every gradient was taken at the same image: take it at the image as it is after the previous step.",
            factor=0,
        )


def _short_ascents(features: ImagesMeasurement, thresholds: Thresholds) -> Iterator[Fault]:
    short = share_of_short_ascents(features, thresholds)
    if short > thresholds.short_ascents_most:
        yield _short(short)


def _short(share: float) -> Fault:
    return Fault(
        "short_ascents",
        f"{percent(share)} of the images went less than half as far as the others.",
        factor=1 - share,
    )


def faults_of_plot(plot: PlotMeasurement, wanted: int) -> Iterator[Fault]:
    """Yield what is wrong with a figure, the gravest first."""
    if plot.shown < min(plot.distinct - plot.blank, wanted) / 2:
        yield Fault(
            "other_panels",
            "Most panels show something other than the images of your ascent: noise, an older version of them, or "
            "another array.",
        )
    elif plot.distinct < plot.panels / 2 and plot.blank < plot.panels / 2 and wanted > 1:
        yield Fault(
            "same_panels",
            "Many panels show the same image: check that the image also depends on the index of the loop.",
        )
    if plot.blank:
        yield Fault(
            "blank_panels",
            f"{plot.blank} panels are blank, without any contrast: look at the images before and after deprocessing.",
        )
    if plot.mosaic:
        yield Fault("one_picture", "The exercise asks for a grid of panels instead of one picture.")
    if plot.figures > 1:
        yield Fault("many_figures", "The exercise asks for one grid of 8 x 8 panels.", factor=0.5)
    if plot.shown < wanted:
        yield Fault("few_panels", f"The exercise asks for {wanted} different features.")
    if plot.titled < plot.panels:
        untitled = "Its features" if plot.mosaic else f"{plot.panels - plot.titled} panels"
        yield Fault(
            "no_titles",
            f"{untitled} have no title; give each one with ax.set_title(...).",
            factor=0.8 + 0.2 * plot.titled / plot.panels,
        )


def another_layer(images: ImagesMeasurement) -> str:
    """Return a remark on images that were made for another layer than the one in `layer_name`."""
    if images.layer == images.asked_layer:
        return ""
    return (
        f" They fit the filters of the layer '{images.layer}' and not those of '{images.asked_layer}', the layer in "
        "layer_name, so they were measured there."
    )


def dead_filters(images: ImagesMeasurement) -> str:
    """Return a remark on filters that are left out: they give no gradient, at least from some noise."""
    dead = [one.index for one in images.filters if not one.live]
    return f" (not graded: {filter_list(dead)} did not respond to noise)" if dead else ""


def in_proportion(thresholds: Thresholds) -> str:
    """Say how filters become points."""
    return (
        f" Points are given in proportion: none up to {percent(thresholds.filters_none)} of the filters, all from "
        f"{percent(thresholds.filters_full)}."
    )
