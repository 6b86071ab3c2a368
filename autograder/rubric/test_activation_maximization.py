"""The rubric: one pytest function per criterion of the exercise.

Each check gets what was measured (`model`, `images`, `features`, which are the images measured on their
filters, or all of it as `measured`), the numbers under
[thresholds] in gradeascent.toml (`thresholds`), and `award`, which it calls with a share of the points and
the words for the student. To change a check, put a function of the same name into `rubric/test_*.py` of
the course folder; the points stand in the source notebook.
"""

from __future__ import annotations

from statistics import median, mode

from autograder.measurements import FilterMeasurement, ImagesMeasurement, Measurements, ModelMeasurement
from autograder.rubric.award import Award, NeedsPersonError, NothingToCheckError, scale
from autograder.rubric.words import after_error, filter_list, percent
from autograder.settings import Thresholds

STEPS = 50
GRID = 64  # panels of the 8 x 8 grid


def test_cnn(model: ModelMeasurement, thresholds: Thresholds, award: Award) -> None:
    """At least four convolution layers lead from the 28 x 28 image to the ten classes."""
    wanted = thresholds.conv_layers
    share = min(model.conv_layers / wanted, 1.0)
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
    """The trained network recognises digits that it has not seen."""
    share = scale(model.accuracy, none=thresholds.accuracy_none, full=thresholds.accuracy_full)
    feedback = f"On {model.digits} digits it has not seen, your network is right in {percent(model.accuracy)}"
    if share == 1:
        feedback += "."
    elif model.epochs == 0:
        feedback += "; guessing gives 10 %. It was not trained: model.fit did not run to its end."
        feedback += after_error(measured, "train")
    else:
        feedback += f" after {model.epochs} epochs. "
        feedback += (
            "Look at the accuracy per epoch that model.fit prints: if it still rises, train longer or on "
            "more digits; if it stays near 10 %, look at loss, labels and learning rate."
        )
    award(share, feedback, accuracy=round(model.accuracy, 4), epochs=model.epochs)


def test_images(images: ImagesMeasurement, award: Award) -> None:
    """There is one image of 28 x 28 pixels for every filter, each its own."""
    wanted = expected_images(images)
    share = min(images.usable / wanted, 1.0)
    feedback = f"'{images.variable}' holds {images.count} images of 28 x 28 pixels"
    if share == 1:
        feedback += f" for the {images.layer_filters} filters of the layer '{images.layer}'."
    elif images.distinct < min(images.count, wanted):
        feedback += (
            f", but only {images.distinct} different ones. Do all entries refer to the same variable? "
            "Append a copy of the image, not the variable that the next filter overwrites."
        )
    elif images.usable < images.distinct:
        feedback += (
            f", of which {images.distinct - images.usable} are of one single grey or contain values that are "
            "no numbers (NaN, infinity)."
        )
    else:
        feedback += f"; {wanted} are needed, one for every filter. Does the loop reach all filters?"
    award(share, feedback, images=images.count, usable=images.usable, expected=wanted, layer=images.layer)


def test_ascent(features: ImagesMeasurement, thresholds: Thresholds, award: Award) -> None:
    """The images really raise the mean activation of filters above that of noise."""
    living = living_filters(features)
    fallen = [one for one in living if one.image < one.noise or one.pattern < -thresholds.pattern_raised]
    raised = [one for one in living if is_raised(one, features, thresholds)]
    if len(fallen) > len(living) / 2:  # a descent, even where it happens to raise another filter
        raised = [one for one in raised if one not in fallen]
    share = scale(len(raised) / len(living), none=thresholds.filters_none, full=thresholds.filters_full)
    start, end, best = (
        median(getattr(one, name) for one in living) for name in ("noise", "image", "reference")
    )
    feedback = f"{len(raised)} of {len(living)} filters are excited clearly more by your images than by noise"
    feedback += dead_filters(features)
    if features.scale_known:
        feedback += (
            f" (median activation {start:.3g} for noise, {end:.3g} for your images, {best:.3g} for images "
            "that 50 normalized steps lead to)"
        )
    feedback += "."
    if share == 1:
        pass
    elif len(fallen) > len(living) / 2:
        feedback += (
            f" For {len(fallen)} of them the activation fell: the update moves down the gradient. Look at "
            "the sign with which the gradient is added, and at the sign of the loss."
        )
    elif features.scale_known and features.movement < thresholds.movement_small:
        feedback += (
            " The images have hardly moved away from the noise they started from: are the gradients "
            "normalized before they are added, and is the step size 1?"
        )
    else:
        missing = [one.index for one in living if one not in raised]
        feedback += (
            f" Not raised: {filter_list(missing)}. Is the loss the mean of one feature map, is its gradient "
            "taken with respect to the image, and is it added in every step?"
        )
    award(share, feedback, raised=len(raised), living=len(living), layer=features.layer)


def test_objective(features: ImagesMeasurement, thresholds: Thresholds, award: Award) -> None:
    """Every image shows the pattern of its own filter and not that of another one."""
    living = living_filters(features)
    own = [one for one in living if is_own(one, thresholds)]
    shown = [one.best_filter for one in living]
    if (
        shown.count(mode(shown)) > len(living) / 2
    ):  # one pattern for all, which resembles that of other filters
        own = [one for one in own if one.best_filter == one.index]
    share = scale(len(own) / len(living), none=thresholds.filters_none, full=thresholds.filters_full)
    feedback = f"{len(own)} of {len(living)} images show what excites their own filter"
    feedback += dead_filters(features) + "."
    if share < 1:
        feedback += mistaken_filter(features, living, thresholds)
    award(share, feedback, own=len(own), living=len(living), layer=features.layer)


def test_updates(
    features: ImagesMeasurement, measured: Measurements, thresholds: Thresholds, award: Award
) -> None:
    """Every image was made by 50 steps of size 1 along the normalized gradient."""
    if measured.steps is not None:
        steps = measured.steps.per_image
        feedback = f"Your notebook takes {steps:.3g} gradient steps per image"
    elif features.scale_known:
        steps = features.movement * STEPS
        feedback = f"Your images lie as far from noise as {steps:.2g} steps of size 1 lead"
    else:
        raise NeedsPersonError(
            "The steps could not be watched, and the images have been deprocessed, so that their number "
            "cannot be measured either."
        )
    closeness = min(steps / STEPS, STEPS / steps) if steps > 0 else 0.0
    share = scale(closeness, none=thresholds.steps_none, full=1 - thresholds.steps_tolerance)
    feedback += "." if share == 1 else f"; {STEPS} are asked for (gradient_updates)."
    if features.scale_known and features.movement < thresholds.movement_small:
        share = 0.0
        feedback += (
            " The steps are far too small: the gradient must be normalized to a root mean square of 1 before "
            "it is multiplied by the step size of 1."
        )
    award(share, feedback, steps=round(steps, 2), movement=round(features.movement, 3))


def test_plot(measured: Measurements, award: Award) -> None:
    """The features are shown in a grid, one titled panel per feature."""
    wanted = expected_images(measured.images) if measured.images else GRID
    plot = measured.plot
    if plot is None:
        raise NothingToCheckError(
            "No figure was drawn. Call plt.show() after the panels are filled."
            + after_error(measured, "plot")
        )
    if plot.panels == 0 and plot.mosaic:
        raise NeedsPersonError(
            "The features seem to be drawn as one single picture instead of a grid of panels."
        )
    shown = min(plot.panels, plot.distinct) - plot.blank
    titled = min(plot.titled / max(plot.panels, 1), 1.0)
    share = max(min(shown / wanted, 1.0), 0.0) * (0.8 + 0.2 * titled)
    feedback = f"Your figure shows {max(shown, 0)} different features; {wanted} are asked for."
    if plot.blank:
        feedback += f" {plot.blank} panels are blank: look at the images before and after deprocessing."
    if plot.titled < plot.panels:
        feedback += (
            f" {plot.panels - plot.titled} panels have no title; give each one with ax.set_title(...)."
        )
    if share < 1:
        feedback += after_error(measured, "plot")
    award(share, feedback, panels=plot.panels, titled=plot.titled, blank=plot.blank)


def expected_images(images: ImagesMeasurement) -> int:
    """One image per filter, but not more than the grid has panels."""
    return min(images.layer_filters or GRID, GRID)


def living_filters(images: ImagesMeasurement) -> list[FilterMeasurement]:
    """The filters that the reference can raise; dead ones count for nobody."""
    living = [one for one in images.filters if one.live]
    if not living:
        raise NeedsPersonError(
            "No filter of this network can be excited from noise, not even by the reference: all seem dead."
        )
    return living


def is_raised(one: FilterMeasurement, images: ImagesMeasurement, thresholds: Thresholds) -> bool:
    """Did this image climb: for its own filter or, by mistake, clearly for another one?"""
    if not images.scale_known:
        return max(one.pattern, one.best_pattern) >= thresholds.pattern_own
    own = one.gain >= thresholds.gain_raised and one.pattern >= thresholds.pattern_raised
    other = one.best_gain >= thresholds.gain_raised and one.best_pattern >= thresholds.pattern_own
    return own or other


def is_own(one: FilterMeasurement, thresholds: Thresholds) -> bool:
    """Is this image the pattern of its own filter?"""
    return one.pattern >= thresholds.pattern_own and one.pattern >= thresholds.own_margin * one.best_pattern


def dead_filters(images: ImagesMeasurement) -> str:
    """A remark on filters that are left out: they give no gradient, at least from some noise."""
    dead = [one.index for one in images.filters if not one.live]
    return f" (left out, since an ascent from noise may find them dead: {filter_list(dead)})" if dead else ""


def mistaken_filter(
    images: ImagesMeasurement, living: list[FilterMeasurement], thresholds: Thresholds
) -> str:
    """The likely cause when images do not show their own filter."""
    others = [
        one for one in living if not is_own(one, thresholds) and one.best_pattern >= thresholds.pattern_own
    ]
    shown = [one.best_filter for one in others]
    if len(others) > len(living) / 2:
        most = max(set(shown), key=shown.count)
        if shown.count(most) > len(others) / 2:
            return (
                f" {shown.count(most)} of the others all show filter {most}: is filter_index really used "
                "inside the loss, so that it changes from image to image?"
            )
        shifts = [one.best_filter - one.index for one in others]
        most = max(set(shifts), key=shifts.count)
        if shifts.count(most) > len(others) / 2:
            return (
                f" The others show the pattern of the filter {abs(most)} "
                f"{'after' if most > 0 else 'before'} their own: compare the index in the loss with that "
                "of the loop."
            )
    return (
        " The others resemble no pattern that excites the filter: is the loss the mean of the feature map "
        f"filter_index of the layer '{images.layer}', and is the image kept that the ascent ended with?"
    )
