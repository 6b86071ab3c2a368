"""Which filters count, which of them climbed, and which images are their own: what several checks ask."""

from __future__ import annotations

from autograder.measurements import FilterMeasurement, ImagesMeasurement
from autograder.rubric.award import NeedsPersonError, scale
from autograder.settings import Thresholds

# Among fewer living filters than these, one weighs more than the rubric's tolerance.
FEW_LIVING, FORGIVING_FROM = 8, 0.75
# Of so many filters, some would be recognised if the images were their own.
MANY = 16


def living_filters(images: ImagesMeasurement) -> list[FilterMeasurement]:
    """The filters that the reference can raise; dead ones count for nobody."""
    living = [one for one in images.filters if one.live]
    if not living:
        raise NeedsPersonError(
            "No filter of this network can be excited from noise, not even by the reference: all seem dead.",
            "dead_network",
        )
    return living


def clear_filters(images: ImagesMeasurement) -> list[FilterMeasurement]:
    """The filters whose pattern stands out from noise; for the others, nobody can tell what they respond to."""
    clear = [one for one in living_filters(images) if one.clear]
    if not clear:
        raise NeedsPersonError(
            "No filter of this network responds to a pattern much more than to noise.", "no_pattern"
        )
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


def rises_of(
    living: list[FilterMeasurement], images: ImagesMeasurement, thresholds: Thresholds
) -> dict[int, float]:
    """How far the image of each living filter climbed."""
    rises = {one.index: rise(one, images, thresholds) for one in living}
    if mostly_fallen(images, thresholds):  # a descent, even where it happens to raise another filter
        rises |= dict.fromkeys((one.index for one in fallen_filters(images, thresholds)), 0.0)
    return rises


def share_raised(images: ImagesMeasurement, thresholds: Thresholds) -> float:
    """The share of the points for filters that are raised, 0...1."""
    living = living_filters(images)
    rises = rises_of(living, images, thresholds)
    return scale(
        share_of(sum(rises.values()), living, images),
        none=thresholds.filters_none,
        full=thresholds.filters_full,
    )


def is_own(one: FilterMeasurement, thresholds: Thresholds) -> bool:
    """Is this image the pattern of its own filter?"""
    return one.pattern >= thresholds.pattern_own and one.pattern >= thresholds.own_margin * one.best_pattern


def own_images(images: ImagesMeasurement, thresholds: Thresholds) -> list[FilterMeasurement]:
    """The clear filters whose image shows their own pattern."""
    clear = clear_filters(images)
    own = [one for one in clear if is_own(one, thresholds)]
    recognised = [one for one in own if one.best_filter == one.index]
    few = sum(one.best_filter == one.index for one in clear) < thresholds.recognised_least * len(clear)
    fit_nearly_all = len(own) >= thresholds.filters_full * len(clear)
    if images.mix_up is not None or (few and len(clear) >= MANY and not fit_nearly_all):
        # One pattern for all, or one without regard to the filter. It resembles that of some filters, never of
        # nearly all, which images that were smoothed or rounded still do.
        return recognised
    return own


def share_of(good: float, counted: list[FilterMeasurement], images: ImagesMeasurement) -> float:
    """The share of filters that are good, 0...1.

    Where a network's filters die, an ascent may find one dead that no trial of the reference did. Among few living
    filters that one weighs much, so it is forgiven.
    """
    some_die = any(not one.live for one in images.filters)
    if some_die and len(counted) < FEW_LIVING and good >= FORGIVING_FROM * len(counted):
        good = min(good + 1, len(counted))
    return good / len(counted)
