"""Decides which filters count, which climbed, and which images are their own; several checks use it."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.measurements import FilterMeasurement, ImagesMeasurement, ModelMeasurement
from autograder.rubric.award import Fault, NeedsPersonError, need, scale
from autograder.rubric.words import count_of

# Among fewer living filters than this, a single one weighs more than the rubric's tolerance.
FEW_LIVING, FORGIVING_FROM = 8, 0.75
# Of this many filters, some would be recognized if the images were their own.
MANY = 16
# Of that many filters, at least this share is alive in any network that was trained as the exercise says.
LIVING_LEAST = 0.1


def require_enough(images: ImagesMeasurement, thresholds: Thresholds) -> None:
    """Leave a check out if there are too few images to judge how they were made: one of 64 is no ascent, eight are."""
    least = min(max(2, thresholds.judged_least * images.layer_filters), images.layer_filters)
    need(
        images.filters if len(images.filters) >= least else None,
        f"{count_of(len(images.filters), 'image')} for {images.layer_filters} filters: too few to judge how images "
        "were made.",
    )


def few_to_respond(
    images: ImagesMeasurement, model: ModelMeasurement | None, thresholds: Thresholds
) -> Fault | None:
    """Return why a person has to look at a layer in which hardly any filter can respond; None if enough can.

    The filters of a network that has learned nothing may die in its training. Where a trained network reads digits
    past a layer of dead filters, they may have been made dead on purpose.
    """
    if images.layer_filters == 1:
        words = f"The layer '{images.layer}' has a single filter, so a person will look at it."
        return Fault("one_filter", words)
    alive, measured = sum(one.live for one in images.filters), len(images.filters)
    reads = model is not None and model.accuracy > thresholds.accuracy_reads
    if measured < MANY or alive >= LIVING_LEAST * measured or not reads:
        return None
    return Fault(
        "few_living",
        f"Only {alive} of {measured} filters of the layer '{images.layer}' respond to anything, although the network "
        "reads digits, so a person will look at it.",
    )


def living_filters(images: ImagesMeasurement) -> list[FilterMeasurement]:
    """Return the filters that the reference can raise; dead filters never count."""
    living = [one for one in images.filters if one.live]
    if not living:
        raise NeedsPersonError(
            "No filter of this network responds to noise, and the reference cannot raise any: all seem dead.",
            "dead_network",
        )
    return living


def clear_filters(images: ImagesMeasurement) -> list[FilterMeasurement]:
    """Return the filters whose pattern stands out from noise; what the others respond to is unknown."""
    clear = [one for one in living_filters(images) if one.clear]
    if not clear:
        raise NeedsPersonError(
            "No filter of this network responds to a pattern much more than to noise.", "no_pattern"
        )
    return clear


def fallen_filters(images: ImagesMeasurement, thresholds: Thresholds) -> list[FilterMeasurement]:
    """Return the filters that the images excite less than noise does."""
    return [
        one
        for one in living_filters(images)
        if (one.image < one.noise and images.scale_known)
        or (one.clear and one.pattern < -thresholds.pattern_fallen)
    ]


def mostly_fallen(images: ImagesMeasurement, thresholds: Thresholds) -> bool:
    """Tell whether most images excite their filter less than noise; steps then shrink at the bottom."""
    return len(fallen_filters(images, thresholds)) > len(living_filters(images)) / 2


def rise(one: FilterMeasurement, images: ImagesMeasurement, thresholds: Thresholds) -> float:
    """Return how far this image climbed, 0...1: for its own filter or, by mistake, clearly for another."""
    if not images.scale_known:
        return float(max(one.pattern, one.best_pattern) >= thresholds.pattern_own)
    own = one.gain if one.pattern >= thresholds.pattern_raised or not one.clear else 0.0
    other = one.best_gain if one.clear and one.best_pattern >= thresholds.pattern_own else 0.0
    return scale(max(own, other), none=thresholds.gain_none, full=thresholds.gain_raised)


def rises_of(
    living: list[FilterMeasurement],
    images: ImagesMeasurement,
    thresholds: Thresholds,
    climbed: frozenset[int] = frozenset(),
) -> dict[int, float]:
    """Return how far the image of each living filter climbed; `climbed` are the filters where that is shown."""
    rises = {one.index: 1.0 if one.index in climbed else rise(one, images, thresholds) for one in living}
    # a descent, even if it happens to raise another filter
    if not climbed and mostly_fallen(images, thresholds):
        rises |= dict.fromkeys((one.index for one in fallen_filters(images, thresholds)), 0.0)
    return rises


def share_raised(
    images: ImagesMeasurement, thresholds: Thresholds, climbed: frozenset[int] = frozenset()
) -> float:
    """Return the share of the points for filters that are raised, 0...1."""
    living = living_filters(images)
    rises = rises_of(living, images, thresholds, climbed)
    return scale(
        share_of(sum(rises.values()), living, images),
        none=thresholds.filters_none,
        full=thresholds.filters_full,
    )


def is_own(one: FilterMeasurement, thresholds: Thresholds) -> bool:
    """Tell whether this image shows the pattern of its own filter."""
    return one.pattern >= thresholds.pattern_own and one.pattern >= thresholds.own_margin * one.best_pattern


def own_images(images: ImagesMeasurement, thresholds: Thresholds) -> list[FilterMeasurement]:
    """Return the clear filters whose image shows their own pattern."""
    clear = clear_filters(images)
    own = [one for one in clear if is_own(one, thresholds)]
    recognised = [one for one in own if one.best_filter == one.index]
    few = sum(one.best_filter == one.index for one in clear) < thresholds.recognised_least * len(clear)
    fit_nearly_all = len(own) >= thresholds.own_nearly_all * len(clear)
    if images.mix_up is not None or (few and len(clear) >= MANY and not fit_nearly_all):
        # The images ignore their filter, for instance the same pattern for all. They fit some filters, but
        # never nearly all; smoothed or rounded images of the right patterns still fit nearly all.
        return recognised
    return own


def share_of(good: float, counted: list[FilterMeasurement], images: ImagesMeasurement) -> float:
    """Return the share of filters that are good, 0...1.

    In a network whose filters die, an ascent may find one dead that no trial of the reference found dead.
    Among few living filters, a single one weighs much, so it is forgiven.
    """
    some_die = any(not one.live for one in images.filters)
    if some_die and len(counted) < FEW_LIVING and good >= FORGIVING_FROM * len(counted):
        good = min(good + 1, len(counted))
    return good / len(counted)


def filter_list(indices: Sequence[int], most: int = 6) -> str:
    """Return 'filter 3', 'filters 3 and 9', or 'filters 3, 9, 12 and 20 more'."""
    if not indices:
        return "no filter"
    if len(indices) == 1:
        return f"filter {indices[0]}"
    shown = [str(index) for index in indices[:most]]
    rest = len(indices) - len(shown)
    last = f"{rest} more" if rest else shown.pop()
    return f"filters {', '.join(shown)} and {last}"
