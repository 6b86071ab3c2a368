"""Measurements of correct work with something changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from autograder.measurements import FilterMeasurement, Measurements
from autograder.report import Result

Judge = Callable[..., dict[str, Result]]


def with_model(good: Measurements, **changes: Any) -> Measurements:
    assert good.model is not None
    return replace(good, model=replace(good.model, **changes))


def with_images(good: Measurements, **changes: Any) -> Measurements:
    assert good.images is not None
    return replace(good, images=replace(good.images, **changes))


def with_filters(
    good: Measurements, change: Callable[[FilterMeasurement], FilterMeasurement], **changes: Any
) -> Measurements:
    assert good.images is not None
    return with_images(good, filters=tuple(change(one) for one in good.images.filters), **changes)
