"""The rubric: one pytest function per criterion of the exercise.

A check gets the measurements (`model`, `images`, `features`, which are the images measured on their filters,
or everything as `measured`), the numbers under [thresholds] in gradeascent.toml (`thresholds`), and `award`.
It calls `award` once, with a share of the points and a sentence that says what was measured; `otherwise`
continues the sentence if points are missing, each of `faults` lowers the share and says why, and `remark` costs
nothing. The scale of a criterion is in its docstring, with the default thresholds.

To change a check, put a function of the same name into `rubric/test_*.py` of the course folder; the points
are in the source notebook. Then test the rubric with `gradeascent audit`.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import median

from autograder.exercises.activation_maximization.constants import PANELS
from autograder.exercises.activation_maximization.rubric.causes import (
    another_layer,
    cause_of_few_convolutions,
    cause_of_few_images,
    cause_of_low_accuracy,
    cause_of_low_activation,
    cause_of_other_number,
    cause_of_other_patterns,
    dead_filters,
    faults_of_ends,
    faults_of_output,
    faults_of_plot,
    faults_of_shape,
    faults_of_steps,
    missing_work,
)
from autograder.exercises.activation_maximization.rubric.cells import after_error
from autograder.exercises.activation_maximization.rubric.filters import (
    clear_filters,
    fallen_filters,
    few_to_respond,
    living_filters,
    own_images,
    require_enough,
    rises_of,
    share_of,
    share_raised,
)
from autograder.exercises.activation_maximization.rubric.reenacted import (
    cause_of_no_rise,
    cause_of_other_objective,
    climbed,
    climbed_own,
    faults_of_rule,
    how_made,
    is_unexplained,
    reenacted,
    remark_on_start,
    watched,
)
from autograder.exercises.activation_maximization.rubric.steps import closeness_to_asked, steps_per_image
from autograder.exercises.activation_maximization.rubric.unproven import UNEXPLAINED_ASCENT, why_unseen
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.measurements import (
    IN_A_FIGURE,
    ImagesMeasurement,
    Measurements,
    ModelMeasurement,
    PlotMeasurement,
    Reenactment,
)
from autograder.rubric.award import Award, Fault, NeedsPersonError, NothingToCheckError, need, scale
from autograder.rubric.words import NO_PICTURE, percent

NO_LAYER = "There are images, but no network with convolutions whose filters they could be for."


def test_cnn(model: ModelMeasurement, thresholds: Thresholds, award: Award) -> None:
    """At least four convolution layers lead from the 28 x 28 image to the ten classes.

    Each layer of the four earns a quarter, from two on; an output of another length halves what is earned.
    """
    share = min(model.conv_layers / thresholds.conv_layers, 1.0)
    award(
        share if share >= 0.5 else 0.0,
        f"Your network has {model.conv_layers} convolution layers between image and output",
        otherwise=cause_of_few_convolutions(model, thresholds),
        faults=faults_of_output(model),
        conv_layers=model.conv_layers,
        outputs=model.outputs,
    )


def test_training(
    model: ModelMeasurement, measured: Measurements, thresholds: Thresholds, award: Award
) -> None:
    """The trained network recognizes digits that it has not seen.

    An accuracy of 0.5 earns nothing, 0.9 earns all, in between in proportion. A network that reads digits before any
    training goes to a person.
    """
    award(
        scale(model.accuracy, none=thresholds.accuracy_none, full=thresholds.accuracy_full),
        f"On {model.digits} digits it has not seen, your network has an accuracy of {percent(model.accuracy)}",
        otherwise=cause_of_low_accuracy(model, measured, thresholds),
        accuracy=round(model.accuracy, 4),
        epochs=model.epochs,
        updates=model.updates,
    )
    before = model.accuracy_before
    if before is not None and before > thresholds.accuracy_reads:
        award.needs_person(
            f"It already had an accuracy of {percent(before)} before any training was seen ({model.updates} updates by "
            "the end), so a person will look at where its weights come from.",
            "trained_elsewhere",
        )


def test_images(
    images: ImagesMeasurement, measured: Measurements, thresholds: Thresholds, award: Award
) -> None:
    """There is one image of 28 x 28 pixels for every filter, each its own.

    The share of filters (at most 64 count) that have a usable image is earned; less than a tenth earns nothing. Without
    a network, there are no filters that images could be for.
    """
    need(
        images.layer or None,
        NO_LAYER
        if not measured.refused_model
        else f"The images could not be measured: {measured.refused_model}.",
        needs_person=bool(measured.refused_model),
    )
    wanted = min(images.layer_filters or PANELS, PANELS)
    share = min((images.usable + grey_but_dead(images)) / wanted, 1.0)
    where = "Your figure" if images.variable == IN_A_FIGURE else f"'{images.variable}'"
    award(
        share if share >= thresholds.images_least else 0.0,
        f"{where} holds {images.count} images of 28 x 28 pixels for the {images.layer_filters} filters of the layer "
        f"'{images.layer}'",
        otherwise=cause_of_few_images(images, wanted, measured),
        faults=faults_of_shape(images, measured),
        images=images.count,
        usable=images.usable,
        expected=wanted,
        layer=images.layer,
    )
    ask_about_few_filters(images, measured, thresholds, award)


def test_ascent(
    features: ImagesMeasurement, measured: Measurements, thresholds: Thresholds, award: Award
) -> None:
    """The images really raise the mean activation of filters above that of noise.

    All is earned if doing the ascent again shows that the images climbed. Otherwise a filter counts from 5 % of the
    reference's rise, half at 4 %, not at all up to 3 %. The share of living filters that are raised decides: 85 %
    earn all, 10 % nothing, in between in proportion.
    """
    require_enough(features, thresholds)
    living, found = living_filters(features), reenacted(measured)
    other = cause_of_other_objective(found, features.asked_layer) if found is not None else None
    rises = rises_of(living, features, thresholds, climbed(found))
    award(
        share_raised(features, thresholds, climbed(found)),
        what_was_raised(features, rises),
        otherwise=cause_of_no_rise(measured.reenactment)
        or (replace(other, factor=1.0) if other else None)
        or cause_of_low_activation(features, rises, thresholds),
        remark=how_made(found) if found is not None else "",
        raised=round(sum(rises.values()), 1),
        fallen=len(fallen_filters(features, thresholds)),
        living=len(living),
        gain=round(median(one.gain for one in living), 3),
        layer=features.layer,
        reproduced=found.reproduced if found is not None else 0,
    )
    ask_where_from(features, measured, award)
    ask_about_few_filters(features, measured, thresholds, award)


def test_objective(
    features: ImagesMeasurement, measured: Measurements, thresholds: Thresholds, award: Award
) -> None:
    """Every image shows the pattern of its own filter and not of a different filter.

    If doing the ascent again shows what the images climbed, that decides. Otherwise the share of filters whose
    image shows their pattern decides: 85 % earn all, 10 % nothing, in between in proportion.
    """
    require_enough(features, thresholds)
    found = reenacted(measured)
    other = cause_of_other_objective(found, features.asked_layer) if found is not None else None
    clear, own = clear_filters(features), own_images(features, thresholds)
    shown, general = climbed_own(found), cause_of_other_patterns(features, thresholds)
    own = [one for one in clear if one in own or one.index in shown]
    award(
        scale(
            share_of(len(own), clear, features), none=thresholds.filters_none, full=thresholds.filters_full
        ),
        f"{len(own)} of {len(clear)} images show the pattern of their own filter{dead_filters(features)}."
        + another_layer(features),
        otherwise=None if other else cause_of_no_rise(measured.reenactment) or general,
        faults=[other] if other else [],
        own=len(own),
        clear=len(clear),
        recognised=sum(one.best_filter == one.index for one in clear),
        pattern=round(median(one.pattern for one in clear), 3),
        layer=features.layer,
    )
    ask_where_from(features, measured, award)
    ask_about_few_filters(features, measured, thresholds, award)


def test_updates(
    features: ImagesMeasurement, measured: Measurements, thresholds: Thresholds, award: Award
) -> None:
    """Every image was made by 50 steps of size 1 along the normalized gradient.

    45 to 55 steps earn all, 15 or 167 nothing, in between in proportion; far too small or large ones earn nothing.
    """
    require_enough(features, thresholds)
    is_raised = share_raised(features, thresholds) > 0
    if not features.ascent_seen and is_raised:
        raise NeedsPersonError(why_unseen(features), "no_ascent_seen")
    found = watched(measured, features)
    steps, said, faults = steps_taken(features, measured, found, thresholds)
    award(
        scale(closeness_to_asked(steps), none=thresholds.steps_none, full=1 - thresholds.steps_tolerance),
        said,
        otherwise=cause_of_other_number(found, thresholds),
        faults=faults,
        remark=remark_on_start(found) if found is not None else "",
        steps=round(steps, 2),
        movement=round(features.movement, 3),
    )
    if award.share > 0 and is_raised and is_unexplained(measured.reenactment):
        award.needs_person(UNEXPLAINED_ASCENT, "ascent_not_explained")


def test_plot(measured: Measurements, award: Award) -> None:
    """The features are shown in a grid, one titled panel per feature.

    The share of images that are shown is earned; titles are a fifth of it, a single grid instead of many figures half.
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
            "The features seem to be drawn as a single picture instead of a grid of panels.",
            "one_picture",
        )
    # one panel per image; without images, all panels of the grid
    wanted = max(min(measured.images.usable, PANELS), 1) if measured.images else PANELS
    faults = list(faults_of_plot(plot, wanted))
    award(
        min(plot.shown / wanted, 1.0),
        what_is_shown(plot),
        faults=faults,
        remark=after_error(measured, "plot") if faults else "",
        panels=plot.panels,
        titled=plot.titled,
        blank=plot.blank,
        shown=plot.shown,
    )
    if award.share > 0 and measured.pictures_shown == 0:
        award.needs_person(NO_PICTURE, "no_picture_shown")


def ask_where_from(features: ImagesMeasurement, measured: Measurements, award: Award) -> None:
    """Let a person look at images that earn points although no recorded steps lead to them, or explain them."""
    if award.share > 0 and not features.ascent_seen:
        award.needs_person(why_unseen(features), "no_ascent_seen")
    elif award.share > 0 and is_unexplained(measured.reenactment):
        award.needs_person(UNEXPLAINED_ASCENT, "ascent_not_explained")


def ask_about_few_filters(
    images: ImagesMeasurement, measured: Measurements, thresholds: Thresholds, award: Award
) -> None:
    """Let a person look at points for a layer in which hardly any filter can respond."""
    few = few_to_respond(images, measured.model, thresholds)
    if few is not None and award.share > 0:
        award.needs_person(few.words, few.code)


def grey_but_dead(images: ImagesMeasurement) -> float:
    """Images without any contrast count where their filter is dead, as far as the living filters have theirs."""
    grey = sum(not one.live and not one.spread for one in images.filters)
    living = sum(one.live for one in images.filters)
    return grey * min(images.usable / living, 1.0) if living else grey


def what_was_raised(features: ImagesMeasurement, rises: dict[int, float]) -> str:
    """Say how many filters respond more to the images than to noise, and how much."""
    living = living_filters(features)
    raised = sum(value == 1 for value in rises.values())
    slightly = sum(0 < value < 1 for value in rises.values())
    said = f"{raised} of {len(living)} filters respond clearly more to your images than to noise"
    said += f", and {slightly} slightly more" if slightly else ""
    said += dead_filters(features)
    if features.scale_known:
        start, end, best = (
            median(getattr(one, name) for one in living) for name in ("noise", "image", "reference")
        )
        said += (
            f" (median activation {start:.3g} for noise, {end:.3g} for your images, {best:.3g} for images "
            "that 50 normalized steps lead to)"
        )
    return said


def steps_taken(
    features: ImagesMeasurement, measured: Measurements, found: Reenactment | None, thresholds: Thresholds
) -> tuple[float, str, list[Fault]]:
    """Return the number of steps per image, how it is known, and what is wrong with the steps apart from it."""
    if found is not None:
        rule, ends = faults_of_rule(found, thresholds), faults_of_ends(features, measured, found, thresholds)
        return found.steps, f"Your notebook takes {found.steps:.3g} gradient steps per image", [*rule, *ends]
    steps = steps_per_image(measured)
    if steps is None:
        raise NeedsPersonError(
            "The steps could not be watched, and the images are deprocessed or cut off, so their number "
            "cannot be measured either.",
            "steps_not_seen",
        )
    if measured.steps is not None:
        said = f"Your notebook takes {steps:.3g} gradient steps per image"
    else:
        said = f"Your images moved as far from the noise as {steps:.2g} steps of size 1 would"
    return steps, said, list(faults_of_steps(features, measured, steps, thresholds))


def what_is_shown(plot: PlotMeasurement) -> str:
    """Say how the features are shown."""
    if plot.mosaic:
        return f"Your figure shows {plot.shown} features in one picture."
    if plot.figures > 1:
        return f"Your {plot.figures} figures show {plot.shown} different features."
    return f"Your figure shows {plot.shown} different features in {plot.panels} panels."
