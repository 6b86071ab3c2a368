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

from autograder.measurements import IN_A_FIGURE, ImagesMeasurement, Measurements, ModelMeasurement
from autograder.rubric.award import Award, NeedsPersonError, NothingToCheckError, scale
from autograder.rubric.causes import (
    another_layer,
    cause_of_low_accuracy,
    cause_of_low_activation,
    dead_filters,
    in_proportion,
    missing_work,
    mistaken_filter,
)
from autograder.rubric.filters import (
    clear_filters,
    fallen_filters,
    is_own,
    living_filters,
    mostly_fallen,
    rises_of,
    share_of,
    share_raised,
)
from autograder.rubric.steps import (
    STEPS,
    closeness_to_asked,
    share_of_short_ascents,
    step_size,
    steps_per_image,
)
from autograder.rubric.words import after_error, by, percent
from autograder.settings import Thresholds

GRID = 64  # panels of the 8 x 8 grid
MANY = 16  # filters, of which some would be recognised if the images were their own
UNSEEN_ASCENT = (
    "Your notebook was not seen to take any gradient with respect to an image, so it is not known where these images "
    "come from, and a person will look at it. If an ascent has made them, it has to be in the notebook, with "
    "tf.GradientTape as in the exercise."
)


def test_cnn(model: ModelMeasurement, thresholds: Thresholds, award: Award) -> None:
    """At least four convolution layers lead from the 28 x 28 image to the ten classes.

    Each layer of the four earns a quarter, from two on; an output of another length halves what is earned.
    """
    wanted = thresholds.conv_layers
    share = min(model.conv_layers / wanted, 1.0) if 2 * model.conv_layers >= wanted else 0.0
    feedback = f"Your network has {model.conv_layers} convolution layers between image and output"
    feedback += "." if share == 1 else f"; at least {wanted} are asked for."
    cause = "unused_convolutions" if model.unused_conv_layers else "few_convolutions"
    if share < 1 and model.unused_conv_layers:
        feedback += (
            f" {model.unused_conv_layers} more do not contribute to the output: "
            "check which layer each one is connected to."
        )
    if model.outputs != 10:
        cause = "other_output_length" if share == 1 else cause
        share /= 2
        feedback += f" Its output has the length {model.outputs}; ten are needed, one per digit."
    award(share, feedback, cause=cause, conv_layers=model.conv_layers, outputs=model.outputs)


def test_training(
    model: ModelMeasurement, measured: Measurements, thresholds: Thresholds, award: Award
) -> None:
    """The trained network recognises digits that it has not seen.

    An accuracy of 0.5 earns nothing, 0.9 earns all, in between in proportion.
    """
    share = scale(model.accuracy, none=thresholds.accuracy_none, full=thresholds.accuracy_full)
    feedback = (
        f"On {model.digits} digits it has not seen, your network has an accuracy of {percent(model.accuracy)}"
    )
    cause = ""
    if share == 1:
        feedback += "."
    else:
        feedback += (
            f"; all points are given from {percent(thresholds.accuracy_full)}, none up to "
            f"{percent(thresholds.accuracy_none)}, and guessing gives 10 %. "
        )
        cause, likely = cause_of_low_accuracy(model)
        feedback += likely + after_error(measured, "train")
    award(
        share,
        feedback,
        cause=cause,
        accuracy=round(model.accuracy, 4),
        epochs=model.epochs,
        updates=model.updates,
    )


def test_images(
    images: ImagesMeasurement, measured: Measurements, thresholds: Thresholds, award: Award
) -> None:
    """There is one image of 28 x 28 pixels for every filter, each its own.

    Earned is the share of filters (at most 64 are asked for) that have a usable image; a tenth earns nothing.
    """
    wanted = expected_images(images)
    usable = images.usable + grey_but_dead(images)
    share = min(usable / wanted, 1.0)
    if usable < wanted * thresholds.images_least:
        share = 0.0
    feedback = f"{where_images_are(images)} holds {images.count} images of 28 x 28 pixels"
    cause = ""
    if share == 1:
        feedback += f" for the {images.layer_filters} filters of the layer '{images.layer}'."
    elif images.distinct < min(images.count, wanted):
        cause = "same_image"
        feedback += (
            f", but only {images.distinct} different {'one' if images.distinct == 1 else 'ones'}. Are all "
            "entries the same variable? Append a copy of the image, such as input_img.numpy(), not the variable "
            "itself, which the next filter overwrites."
        )
    elif images.usable < images.distinct:
        cause = "unusable_images"
        feedback += (
            f", of which {images.distinct - images.usable} are of one single grey or contain values that are "
            "no numbers (NaN, infinity)."
        )
    else:
        cause = missing_work(measured, "ascent", "few_images")
        feedback += f"; {wanted} are needed, one for every filter. Does the loop reach all filters?"
        feedback += after_error(measured, "ascent")
    if images.variable == IN_A_FIGURE and measured.other_shape:
        cause = cause or "other_shape"
        share /= 2
        feedback += (
            f" What visualized_feature itself holds has the shape {by(measured.other_shape)}: keep the images "
            "as the ascent leaves them, 28 x 28."
        )
    award(
        share,
        feedback,
        cause=cause,
        images=images.count,
        usable=images.usable,
        expected=wanted,
        layer=images.layer,
    )


def test_ascent(features: ImagesMeasurement, thresholds: Thresholds, award: Award) -> None:
    """The images really raise the mean activation of filters above that of noise.

    A filter counts from 5 % of the reference's rise, half at 4 %, not at all up to 3 %. Earned is the share of
    living filters that are raised: 85 % earn all, 10 % nothing, in between in proportion.
    """
    living = living_filters(features)
    fallen = fallen_filters(features, thresholds)
    rises = rises_of(living, features, thresholds)
    raised = [one for one in living if rises[one.index] == 1]
    slightly = sum(0 < value < 1 for value in rises.values())
    share = share_raised(features, thresholds)
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
    cause = ""
    if share < 1:
        cause, likely = cause_of_low_activation(features, living, fallen, raised, thresholds)
        feedback += likely + in_proportion(thresholds)
    award(
        share,
        feedback,
        cause=cause,
        raised=round(sum(rises.values()), 1),
        fallen=len(fallen),
        living=len(living),
        gain=round(median(one.gain for one in living), 3),
        layer=features.layer,
    )
    if share > 0 and not features.ascent_seen:
        award.needs_person(UNSEEN_ASCENT, "no_ascent_seen")


def test_objective(features: ImagesMeasurement, thresholds: Thresholds, award: Award) -> None:
    """Every image shows the pattern of its own filter and not that of another one.

    Earned is the share of filters whose image does: 85 % earn all, 10 % nothing, in between in proportion.
    """
    clear = clear_filters(features)
    own = [one for one in clear if is_own(one, thresholds)]
    recognised = sum(one.best_filter == one.index for one in clear)
    few_recognised = len(clear) >= MANY and recognised < thresholds.recognised_least * len(clear)
    excite_nearly_all = len(own) >= thresholds.filters_full * len(clear)
    if features.mix_up is not None or (few_recognised and not excite_nearly_all):
        # one pattern for all, or one without regard to the filter: it resembles that of some filters, never of
        # nearly all, which images that were smoothed or rounded still do
        own = [one for one in own if one.best_filter == one.index]
    share = scale(
        share_of(len(own), clear, features), none=thresholds.filters_none, full=thresholds.filters_full
    )
    feedback = f"{len(own)} of {len(clear)} images show what excites their own filter"
    feedback += dead_filters(features) + "." + another_layer(features)
    cause = ""
    if share < 1:
        cause, likely = mistaken_filter(features)
        feedback += likely + in_proportion(thresholds)
    award(
        share,
        feedback,
        cause=cause,
        own=len(own),
        clear=len(clear),
        recognised=recognised,
        pattern=round(median(one.pattern for one in clear), 3),
        layer=features.layer,
    )
    if share > 0 and not features.ascent_seen:
        award.needs_person(UNSEEN_ASCENT, "no_ascent_seen")


def test_updates(
    features: ImagesMeasurement, measured: Measurements, thresholds: Thresholds, award: Award
) -> None:
    """Every image was made by 50 steps of size 1 along the normalized gradient.

    45 to 55 steps earn all, 15 or 167 nothing, in between in proportion; far too small or large ones earn nothing.
    """
    if not features.ascent_seen and share_raised(features, thresholds) > 0:
        raise NeedsPersonError(UNSEEN_ASCENT, "no_ascent_seen")
    steps = steps_per_image(measured)
    if steps is None:
        raise NeedsPersonError(
            "The steps could not be watched, and the images are deprocessed or cut off, so that their number "
            "cannot be measured either.",
            "steps_not_seen",
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
    cause = "" if share == 1 else "other_number_of_steps"
    if not features.ascent_seen:
        cause = "no_ascent_seen"
        share = 0.0
        feedback += " But your notebook was not seen to take any gradient with respect to an image."
    if measured.steps and not measured.steps.follow_image and features.movement > thresholds.movement_small:
        cause = "gradient_at_the_start"
        share = 0.0
        feedback += (
            " But every gradient was taken at the same image: take it at the image as it is after "
            "the step before."
        )
    short = share_of_short_ascents(features, thresholds)
    if short > thresholds.short_ascents_most:
        cause = cause or "short_ascents"
        share *= 1 - short
        feedback += f" {percent(short)} of the images went less than half as far as the others."
    size = step_size(features, steps)
    if size is not None and features.movement > thresholds.movement_large:
        cause = "far_from_noise"
        share = 0.0
        feedback += (
            f" But your images lie {features.movement:.2g} times as far from noise as 50 steps of size 1 lead: no "
            "such steps have made them."
        )
    elif size is not None and not mostly_fallen(features, thresholds):
        if features.movement < thresholds.movement_small:
            cause = "not_normalized"
            share = 0.0
            feedback += (
                " The steps are far too small: the gradient must be normalized to a root mean square of 1 before "
                "it is multiplied by the step size of 1."
            )
        elif not 1 / thresholds.step_size_far <= size <= thresholds.step_size_far:
            cause = cause or "other_step_size"
            share /= 2
            feedback += (
                f" Each goes {size:.2g} times as far as a step of size 1 along the normalized gradient: look at "
                "step_size and at the normalization."
            )
    award(share, feedback, cause=cause, steps=round(steps, 2), movement=round(features.movement, 3))


def test_plot(measured: Measurements, award: Award) -> None:
    """The features are shown in a grid, one titled panel per feature.

    Earned is the share of images that are shown; titles are a fifth of it, one grid instead of many figures half.
    """
    plot = measured.plot
    if plot is None:
        raise NothingToCheckError(
            "No figure was drawn. Call plt.show() after the panels are filled."
            + after_error(measured, "plot"),
            missing_work(measured, "plot", "no_figure"),
        )
    if plot.mosaic and not plot.shown:
        raise NeedsPersonError(
            "The features seem to be drawn as one single picture instead of a grid of panels.",
            "one_picture",
        )
    wanted = expected_panels(measured)
    titled = min(plot.titled / max(plot.panels, 1), 1.0)
    share = min(plot.shown / wanted, 1.0) * (0.8 + 0.2 * titled)
    if plot.figures > 1:
        share /= 2
    feedback = (
        f"Your figure shows {plot.shown} different features in {plot.panels} panels; {wanted} are asked for."
    )
    cause = "few_panels"
    if plot.mosaic:
        cause = "one_picture"
        feedback = (
            f"Your figure shows {plot.shown} features, put together to one picture without titles; a grid of "
            "panels is asked for."
        )
    elif plot.figures > 1:
        cause = "many_figures"
        feedback = f"Your features are spread over {plot.figures} figures; a grid of 8 x 8 panels in one is asked for."
    if plot.blank:
        cause = "blank_panels"
        feedback += (
            f" {plot.blank} panels are blank, without any contrast: look at the images before and after "
            "deprocessing."
        )
    if plot.shown < min(plot.distinct - plot.blank, wanted) / 2:
        cause = "other_panels"
        feedback += (
            " Most panels show something else than the images of your ascent: noise, an older version of them, "
            "or another array."
        )
    elif plot.distinct < plot.panels / 2 and wanted > 1:
        cause = "same_panels"
        feedback += " Many panels show the same image: is the index of the loop used for the image, too?"
    if plot.titled < plot.panels and not plot.mosaic:
        cause = "no_titles" if cause == "few_panels" and plot.shown >= wanted else cause
        feedback += (
            f" {plot.panels - plot.titled} panels have no title; give each one with ax.set_title(...)."
        )
    if share < 1:
        feedback += after_error(measured, "plot")
    award(
        share,
        feedback,
        cause=cause,
        panels=plot.panels,
        titled=plot.titled,
        blank=plot.blank,
        shown=plot.shown,
    )


def grey_but_dead(images: ImagesMeasurement) -> float:
    """Images without any contrast count where their filter is dead, as far as the living filters have theirs."""
    grey = sum(not one.live and not one.spread for one in images.filters)
    living = sum(one.live for one in images.filters)
    return grey * min(images.usable / living, 1.0) if living else grey


def expected_images(images: ImagesMeasurement) -> int:
    """One image per filter, but not more than the grid has panels."""
    return min(images.layer_filters or GRID, GRID)


def expected_panels(measured: Measurements) -> int:
    """One panel per image; without images, as many as the grid has."""
    return max(min(measured.images.usable, GRID), 1) if measured.images else GRID


def where_images_are(images: ImagesMeasurement) -> str:
    """The name under which the images were found."""
    return "Your figure" if images.variable == IN_A_FIGURE else f"'{images.variable}'"
