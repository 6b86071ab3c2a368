"""The rubric: one pytest function per criterion of the exercise.

Each check gets what was measured (`model`, `images`, `features`, which are the images measured on their
filters, or all of it as `measured`), the numbers under [thresholds] in gradeascent.toml (`thresholds`), and
`award`, which it calls with a share of the points and the words for the student. The scale of every criterion
stands under its name, with the defaults of the thresholds. To change a check, put a function of the same name
into `rubric/test_*.py` of the course folder; the points stand in the source notebook. Then test the rubric:
`gradeascent audit`.
"""

from __future__ import annotations

from statistics import median

from autograder.measurements import (
    IN_A_FIGURE,
    FilterMeasurement,
    ImagesMeasurement,
    Measurements,
    ModelMeasurement,
)
from autograder.rubric.award import Award, NeedsPersonError, NothingToCheckError, scale
from autograder.rubric.words import after_error, by, filter_list, percent
from autograder.settings import Thresholds

STEPS = 50
FEW_UPDATES = 60  # steps of an optimizer, too few for any network to learn ten digits
GRID = 64  # panels of the 8 x 8 grid
MANY = 16  # filters, of which some would be recognised if the images were their own


def test_cnn(model: ModelMeasurement, thresholds: Thresholds, award: Award) -> None:
    """At least four convolution layers lead from the 28 x 28 image to the ten classes.

    Each layer of the four earns a quarter, from two on; an output of another length halves what is earned.
    """
    wanted = thresholds.conv_layers
    share = min(model.conv_layers / wanted, 1.0) if 2 * model.conv_layers >= wanted else 0.0
    feedback = f"Your network has {model.conv_layers} convolution layers between image and output"
    feedback += "." if share == 1 else f"; at least {wanted} are asked for."
    if share < 1 and model.unused_conv_layers:
        feedback += (
            f" {model.unused_conv_layers} more do not contribute to the output: "
            "check which layer each one is connected to."
        )
    if model.outputs != 10:
        share /= 2
        feedback += f" Its output has the length {model.outputs}; ten are needed, one per digit."
    award(share, feedback, conv_layers=model.conv_layers, outputs=model.outputs)


def test_training(
    model: ModelMeasurement, measured: Measurements, thresholds: Thresholds, award: Award
) -> None:
    """The trained network recognises digits that it has not seen.

    An accuracy of 0.5 earns nothing, 0.9 earns all, in between in proportion.
    """
    share = scale(model.accuracy, none=thresholds.accuracy_none, full=thresholds.accuracy_full)
    feedback = f"On {model.digits} digits it has not seen, your network is right in {percent(model.accuracy)}"
    if share == 1:
        feedback += "."
    else:
        feedback += (
            f"; all points are given from {percent(thresholds.accuracy_full)}, none up to "
            f"{percent(thresholds.accuracy_none)}, and guessing gives 10 %. "
        )
        feedback += cause_of_low_accuracy(model) + after_error(measured, "train")
    award(share, feedback, accuracy=round(model.accuracy, 4), epochs=model.epochs, updates=model.updates)


def test_images(
    images: ImagesMeasurement, measured: Measurements, thresholds: Thresholds, award: Award
) -> None:
    """There is one image of 28 x 28 pixels for every filter, each its own.

    Earned is the share of filters (at most 64 are asked for) that have a usable image; a tenth earns nothing.
    """
    wanted = expected_images(images)
    share = min(images.usable / wanted, 1.0)
    if images.usable < wanted * thresholds.filters_none:
        share = 0.0
    feedback = f"{where_images_are(images)} holds {images.count} images of 28 x 28 pixels"
    if share == 1:
        feedback += f" for the {images.layer_filters} filters of the layer '{images.layer}'."
    elif images.distinct < min(images.count, wanted):
        feedback += (
            f", but only {images.distinct} different {'one' if images.distinct == 1 else 'ones'}. Are all "
            "entries the same variable? Append a copy of the image, such as input_img.numpy(), not the variable "
            "itself, which the next filter overwrites."
        )
    elif images.usable < images.distinct:
        feedback += (
            f", of which {images.distinct - images.usable} are of one single grey or contain values that are "
            "no numbers (NaN, infinity)."
        )
    else:
        feedback += f"; {wanted} are needed, one for every filter. Does the loop reach all filters?"
        feedback += after_error(measured, "ascent")
    if images.variable == IN_A_FIGURE and measured.other_shape:
        share /= 2
        feedback += (
            f" What visualized_feature itself holds has the shape {by(measured.other_shape)}: keep the images "
            "as the ascent leaves them, 28 x 28."
        )
    award(share, feedback, images=images.count, usable=images.usable, expected=wanted, layer=images.layer)


def test_ascent(features: ImagesMeasurement, thresholds: Thresholds, award: Award) -> None:
    """The images really raise the mean activation of filters above that of noise.

    A filter counts from 5 % of the reference's rise, half at 4 %, not at all up to 3 %. Earned is the share of
    living filters that are raised: 85 % earn all, 10 % nothing, in between in proportion.
    """
    living = living_filters(features)
    fallen = fallen_filters(features, thresholds)
    rises = {one.index: rise(one, features, thresholds) for one in living}
    if len(fallen) > len(living) / 2:  # a descent, even where it happens to raise another filter
        rises |= dict.fromkeys((one.index for one in fallen), 0.0)
    raised = [one for one in living if rises[one.index] == 1]
    slightly = sum(0 < value < 1 for value in rises.values())
    share = scale(
        sum(rises.values()) / len(living), none=thresholds.filters_none, full=thresholds.filters_full
    )
    start, end, best = (
        median(getattr(one, name) for one in living) for name in ("noise", "image", "reference")
    )
    feedback = f"{len(raised)} of {len(living)} filters are excited clearly more by your images than by noise"
    feedback += f", {slightly} more a little" if slightly else ""
    feedback += dead_filters(features)
    if features.scale_known:
        feedback += (
            f" (median activation {start:.3g} for noise, {end:.3g} for your images, {best:.3g} for images "
            "that 50 normalized steps lead to)"
        )
    feedback += "."
    if share < 1:
        feedback += cause_of_low_activation(features, living, fallen, raised, thresholds)
        feedback += in_proportion(thresholds)
    award(
        share,
        feedback,
        raised=round(sum(rises.values()), 1),
        fallen=len(fallen),
        living=len(living),
        gain=round(median(one.gain for one in living), 3),
        layer=features.layer,
    )


def test_objective(features: ImagesMeasurement, thresholds: Thresholds, award: Award) -> None:
    """Every image shows the pattern of its own filter and not that of another one.

    Earned is the share of filters whose image does: 85 % earn all, 10 % nothing, in between in proportion.
    """
    clear = clear_filters(features)
    own = [one for one in clear if is_own(one, thresholds)]
    recognised = sum(one.best_filter == one.index for one in clear)
    few_recognised = len(clear) >= MANY and recognised < thresholds.recognised_least * len(clear)
    if features.mix_up is not None or few_recognised:
        # one pattern for all, or one without regard to the filter, which resembles that of some filters
        own = [one for one in own if one.best_filter == one.index]
    share = scale(len(own) / len(clear), none=thresholds.filters_none, full=thresholds.filters_full)
    feedback = f"{len(own)} of {len(clear)} images show what excites their own filter"
    feedback += dead_filters(features) + "." + another_layer(features)
    if share < 1:
        feedback += mistaken_filter(features) + in_proportion(thresholds)
    award(
        share,
        feedback,
        own=len(own),
        clear=len(clear),
        recognised=recognised,
        pattern=round(median(one.pattern for one in clear), 3),
        layer=features.layer,
    )


def test_updates(
    features: ImagesMeasurement, measured: Measurements, thresholds: Thresholds, award: Award
) -> None:
    """Every image was made by 50 steps of size 1 along the normalized gradient.

    45 to 55 steps earn all, 15 or 167 nothing, in between in proportion; far too small steps earn nothing.
    """
    steps = steps_per_image(measured)
    if steps is None:
        raise NeedsPersonError(
            "The steps could not be watched, and the images are deprocessed or cut off, so that their number "
            "cannot be measured either."
        )
    closeness = closeness_to_asked(steps)
    share = scale(closeness, none=thresholds.steps_none, full=1 - thresholds.steps_tolerance)
    if measured.steps is not None:
        feedback = f"Your notebook takes {steps:.3g} gradient steps per image"
    else:
        feedback = f"Your images lie as far from noise as {steps:.2g} steps of size 1 lead"
    feedback += (
        "."
        if share == 1
        else (
            f"; {STEPS} are asked for (gradient_updates). {percent(thresholds.steps_tolerance)} more or less cost "
            f"nothing, and {STEPS * thresholds.steps_none:g} steps earn nothing."
        )
    )
    size = step_size(features, steps)
    if size is not None and not mostly_fallen(features, thresholds):
        if features.movement < thresholds.movement_small:
            share = 0.0
            feedback += (
                " The steps are far too small: the gradient must be normalized to a root mean square of 1 before "
                "it is multiplied by the step size of 1."
            )
        elif not 1 / thresholds.step_size_far <= size <= thresholds.step_size_far:
            share /= 2
            feedback += (
                f" Each goes {size:.2g} times as far as a step of size 1 along the normalized gradient: look at "
                "step_size and at the normalization."
            )
    award(share, feedback, steps=round(steps, 2), movement=round(features.movement, 3))


def test_plot(measured: Measurements, award: Award) -> None:
    """The features are shown in a grid, one titled panel per feature.

    Earned is the share of images that are shown; titles are a fifth of it, one grid instead of many figures half.
    """
    plot = measured.plot
    if plot is None:
        raise NothingToCheckError(
            "No figure was drawn. Call plt.show() after the panels are filled."
            + after_error(measured, "plot")
        )
    if plot.mosaic and not plot.shown:
        raise NeedsPersonError(
            "The features seem to be drawn as one single picture instead of a grid of panels."
        )
    wanted = expected_panels(measured)
    titled = min(plot.titled / max(plot.panels, 1), 1.0)
    share = min(plot.shown / wanted, 1.0) * (0.8 + 0.2 * titled)
    if plot.figures > 1:
        share /= 2
    feedback = (
        f"Your figure shows {plot.shown} different features in {plot.panels} panels; {wanted} are asked for."
    )
    if plot.mosaic:
        feedback = (
            f"Your figure shows {plot.shown} features, put together to one picture without titles; a grid of "
            "panels is asked for."
        )
    elif plot.figures > 1:
        feedback = f"Your features are spread over {plot.figures} figures; a grid of 8 x 8 panels in one is asked for."
    if plot.blank:
        feedback += (
            f" {plot.blank} panels are blank, without any contrast: look at the images before and after "
            "deprocessing."
        )
    if plot.shown < min(plot.distinct - plot.blank, wanted) / 2:
        feedback += (
            " Most panels show something else than the images of your ascent: noise, an older version of them, "
            "or another array."
        )
    elif plot.distinct < plot.panels / 2 and wanted > 1:
        feedback += " Many panels show the same image: is the index of the loop used for the image, too?"
    if plot.titled < plot.panels and not plot.mosaic:
        feedback += (
            f" {plot.panels - plot.titled} panels have no title; give each one with ax.set_title(...)."
        )
    if share < 1:
        feedback += after_error(measured, "plot")
    award(share, feedback, panels=plot.panels, titled=plot.titled, blank=plot.blank, shown=plot.shown)


def cause_of_low_accuracy(model: ModelMeasurement) -> str:
    """The likely cause when a network recognises too few digits."""
    if model.epochs == 0 and model.updates == 0:
        cause = "It was not trained: model.fit did not run to its end."
        if not model.compiled:
            cause += (
                " Before it, model.compile(...) chooses optimizer, loss and metrics; that is missing, too."
            )
        return cause
    facts = f"It was trained for {model.epochs} epochs"
    if model.updates:
        facts += f" in {model.updates} steps"
    if model.learning_rate:
        facts += f" at a learning rate of {model.learning_rate:.3g}"
    if model.loss:
        facts += f" with the loss {model.loss}"
    if model.updates and model.updates < FEW_UPDATES:
        return f"{facts}, which are few: train longer or on more digits."
    return (
        f"{facts}. Look at the accuracy per epoch that model.fit prints: if it still rises, train longer or on "
        "more digits; if it stays near 10 %, look at the loss, at the labels, whether they still belong to "
        "their images, and at the learning rate."
    )


def cause_of_low_activation(
    features: ImagesMeasurement,
    living: list[FilterMeasurement],
    fallen: list[FilterMeasurement],
    raised: list[FilterMeasurement],
    thresholds: Thresholds,
) -> str:
    """The likely cause when images do not excite their filters."""
    missing = [one.index for one in living if one not in raised]
    if len(fallen) > len(living) / 4:
        return (
            f" For {len(fallen)} of them the activation fell: the update moves down the gradient. Look at "
            "the sign with which the gradient is added, and at the sign of the loss."
        )
    if features.kind == "gradient":
        return (
            " Each of your images has a root mean square of exactly 1: this is a normalized gradient, not the image "
            "that it was added to. Keep input_img."
        )
    if features.scale_known and features.movement < thresholds.movement_small:
        return (
            " The images have hardly moved away from the noise they started from: are the gradients "
            "normalized before they are added, is the step size 1, and is it the image that is kept, not its "
            "start or its gradient?"
        )
    return (
        f" Not raised: {filter_list(missing)}. Is the loss the mean of one feature map, is its gradient "
        "taken with respect to the image, and is it added in every step?"
    )


def in_proportion(thresholds: Thresholds) -> str:
    """How filters become points."""
    return (
        f" Points are given in proportion: none up to {percent(thresholds.filters_none)} of the filters, all from "
        f"{percent(thresholds.filters_full)}."
    )


def steps_per_image(measured: Measurements) -> float | None:
    """How many steps were taken for an image, or how many of size 1 its distance from noise is worth.

    None where it cannot be told.
    """
    images, steps = measured.images, measured.steps
    if steps is not None:
        return steps.per_image
    return images.movement * STEPS if images is not None and images.scale_known else None


def step_size(images: ImagesMeasurement, steps: float) -> float | None:
    """How far a step went, as measured by where the images are; None where that says nothing."""
    return images.movement * STEPS / steps if images.scale_known and steps > 0 else None


def closeness_to_asked(steps: float) -> float:
    """How near a number of steps is to the 50 asked for, 0...1."""
    return min(steps / STEPS, STEPS / steps) if steps > 0 else 0.0


def expected_images(images: ImagesMeasurement) -> int:
    """One image per filter, but not more than the grid has panels."""
    return min(images.layer_filters or GRID, GRID)


def expected_panels(measured: Measurements) -> int:
    """One panel per image; without images, as many as the grid has."""
    return max(min(measured.images.usable, GRID), 1) if measured.images else GRID


def where_images_are(images: ImagesMeasurement) -> str:
    """The name under which the images were found."""
    return "Your figure" if images.variable == IN_A_FIGURE else f"'{images.variable}'"


def living_filters(images: ImagesMeasurement) -> list[FilterMeasurement]:
    """The filters that the reference can raise; dead ones count for nobody."""
    living = [one for one in images.filters if one.live]
    if not living:
        raise NeedsPersonError(
            "No filter of this network can be excited from noise, not even by the reference: all seem dead."
        )
    return living


def clear_filters(images: ImagesMeasurement) -> list[FilterMeasurement]:
    """The filters whose pattern stands out from noise; for the others, nobody can tell what they respond to."""
    clear = [one for one in living_filters(images) if one.clear]
    if not clear:
        raise NeedsPersonError("No filter of this network responds to a pattern much more than to noise.")
    return clear


def fallen_filters(images: ImagesMeasurement, thresholds: Thresholds) -> list[FilterMeasurement]:
    """The filters that the images excite less than noise does."""
    return [
        one
        for one in living_filters(images)
        if (one.image < one.noise and images.scale_known)
        or (one.clear and one.pattern < -thresholds.pattern_raised)
    ]


def mostly_fallen(images: ImagesMeasurement, thresholds: Thresholds) -> bool:
    """Do most images excite their filter less than noise does? Then steps get small, as nothing is left to lose."""
    return len(fallen_filters(images, thresholds)) > len(living_filters(images)) / 2


def rise(one: FilterMeasurement, images: ImagesMeasurement, thresholds: Thresholds) -> float:
    """How far did this image climb, 0...1: for its own filter or, by mistake, clearly for another one?"""
    if not images.scale_known:
        return float(max(one.pattern, one.best_pattern) >= thresholds.pattern_own)
    own = one.gain if one.pattern >= thresholds.pattern_raised or not one.clear else 0.0
    other = one.best_gain if one.clear and one.best_pattern >= thresholds.pattern_own else 0.0
    return scale(max(own, other), none=thresholds.gain_none, full=thresholds.gain_raised)


def is_own(one: FilterMeasurement, thresholds: Thresholds) -> bool:
    """Is this image the pattern of its own filter?"""
    return one.pattern >= thresholds.pattern_own and one.pattern >= thresholds.own_margin * one.best_pattern


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


def mistaken_filter(images: ImagesMeasurement) -> str:
    """The likely cause when images do not show their own filter."""
    mix_up = images.mix_up
    if mix_up is not None and mix_up.kind == "one_for_all":
        return (
            f" They all show what excites filter {mix_up.by}: is filter_index really used inside the loss, so that "
            "it changes from image to image? (A tf.function keeps the number that it saw first.)"
        )
    if mix_up is not None and mix_up.kind == "shifted":
        return (
            f" They show the pattern of the filter {abs(mix_up.by)} {'after' if mix_up.by > 0 else 'before'} their "
            "own: compare the index in the loss with that of the loop."
        )
    if mix_up is not None:
        return (
            " They show the patterns of the filters in reverse order: the last filter's image comes first. Image i "
            "has to stand at index i."
        )
    return (
        " The others do not show the pattern that excites their filter: is the loss the mean of the feature map "
        f"filter_index of the layer '{images.layer}', and of that one alone, does every image start from noise of "
        "its own, and is the image kept that the ascent ended with?"
    )
