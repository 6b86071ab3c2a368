"""What another processor rounds otherwise is no difference; whatever else has changed is one, and is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from comparing import LEARNED, NOT_COMPARED, OF_ANOTHER_ARITHMETIC, OF_LIVING, PARTS, differences

from autograder.measurements import (
    CellError,
    FilterMeasurement,
    ImagesMeasurement,
    Measurements,
    MixUp,
    ModelMeasurement,
    PlotMeasurement,
    Reenactment,
    StepsMeasurement,
)

MODEL = ModelMeasurement(
    "model", 4, 0, (28, 28, 1), 10, True, 2, 96, "categorical_crossentropy", 0.001, 0.96, 1500
)
FILTERS = tuple(
    FilterMeasurement(number, True, True, 0.1, 0.9, 1.0, 0.9 + number / 100, 1.0, 0.95, number, 0.95, 0.9)
    for number in range(10)
)
IMAGES = ImagesMeasurement(
    "visualized_feature", "conv2d_3", "conv2d_3", 10, 10, 10, 10, "image", True, 1.0, FILTERS
)
MEASURED = Measurements(
    "graded",
    model=MODEL,
    images=IMAGES,
    steps=StepsMeasurement(50.0, True, ((0.1, 0.2),)),
    plot=PlotMeasurement(10, 10, 0, 10, 10, 1, False),
)


def with_model(**changes: Any) -> Measurements:
    return replace(MEASURED, model=replace(MODEL, **changes))


def with_images(**changes: Any) -> Measurements:
    return replace(MEASURED, images=replace(IMAGES, **changes))


def with_filters(change: Callable[[FilterMeasurement], FilterMeasurement]) -> Measurements:
    return with_images(filters=tuple(map(change, FILTERS)))


def with_plot(**changes: Any) -> Measurements:
    assert MEASURED.plot is not None
    return replace(MEASURED, plot=replace(MEASURED.plot, **changes))


def test_the_same_is_the_same() -> None:
    assert differences(MEASURED, MEASURED) == []
    assert differences(Measurements("kernel_died"), Measurements("kernel_died")) == []


@pytest.mark.parametrize(
    "measured",
    [
        with_model(accuracy=0.94),
        with_model(accuracy=0.98, epochs=3, updates=144),
        with_images(movement=0.9),
        with_filters(lambda one: replace(one, gain=0.95 * one.gain, pattern=0.9, image=0.7, reference=0.8)),
        with_filters(lambda one: replace(one, gain=-5.0) if one.index == 3 else one),
        with_filters(lambda one: replace(one, live=False, clear=False) if one.index == 3 else one),
        replace(MEASURED, steps=StepsMeasurement(50.0, True, ())),
    ],
)
def test_what_another_training_gives_is_no_difference(measured: Measurements) -> None:
    assert differences(MEASURED, measured) == []
    assert differences(measured, MEASURED) == []


@pytest.mark.parametrize(
    ("measured", "named"),
    [
        (with_model(accuracy=0.86), "model.accuracy: 0.96 is 0.86 now"),
        (with_model(conv_layers=5), "model.conv_layers"),
        (with_model(unused_conv_layers=1), "model.unused_conv_layers"),
        (with_model(input_shape=(784,)), "model.input_shape: (28, 28, 1) is (784,) now"),
        (with_model(variable="cnn"), "model.variable: 'model' is 'cnn' now"),
        (with_model(epochs=0), "model.epochs"),
        (with_model(updates=960), "model.updates"),
        (with_model(learning_rate=0.01), "model.learning_rate"),
        (replace(MEASURED, model=None), "model: there is none now"),
        (with_images(layer="conv2d_2"), "images.layer: 'conv2d_3' is 'conv2d_2' now"),
        (with_images(kind="gradient"), "images.kind"),
        (with_images(usable=9), "images.usable"),
        (with_images(movement=0.5), "images.movement"),
        (with_images(mix_up=MixUp("shifted", 1)), "images.mix_up"),
        (with_images(scale_known=False), "images.scale_known"),
        (with_images(ascent_seen=False), "images.ascent_seen"),
        (with_images(filters=FILTERS[:9]), "filters: 10 are 9 now"),
        (with_filters(lambda one: replace(one, live=one.index > 2)), "share of living filters: 1 is 0.7 now"),
        (with_filters(lambda one: replace(one, gain=one.gain / 2)), "median gain: 0.945 is 0.47"),
        (with_filters(lambda one: replace(one, pattern=0.6)), "median pattern"),
        (with_filters(lambda one: replace(one, best_pattern=1.3)), "median best pattern"),
        (with_filters(lambda one: replace(one, spread=0.7)), "median spread"),
        (with_filters(lambda one: replace(one, clear=one.index > 2)), "share of clear ones"),
        (with_filters(lambda one: replace(one, best_filter=one.index + 1)), "share of images"),
        (replace(MEASURED, steps=StepsMeasurement(51.0, True, ())), "steps.per_image: 50.0 is 51.0 now"),
        (replace(MEASURED, steps=StepsMeasurement(50.0, False, ())), "steps.follow_image"),
        (with_plot(panels=9), "plot.panels: 10 is 9 now"),
        (with_plot(titled=0), "plot.titled"),
        (replace(MEASURED, plot=None), "plot: there is none now"),
        (replace(MEASURED, errors=(CellError("train", "NameError: x", ""),)), "errors"),
        (replace(MEASURED, outcome="timeout"), "outcome: 'graded' is 'timeout' now"),
        (replace(MEASURED, trouble="too slow"), "trouble"),
    ],
)
def test_what_has_changed_is_named(measured: Measurements, named: str) -> None:
    found = differences(MEASURED, measured)

    assert [line for line in found if line.startswith(named)], found


def test_what_was_not_there_before_is_named() -> None:
    assert differences(replace(MEASURED, plot=None), MEASURED) == ["plot: there is one now"]


@pytest.mark.parametrize(
    ("measured", "named"),
    [
        (with_plot(shown=9), "plot.shown"),
        (with_filters(lambda one: replace(one, best_pattern=one.best_pattern + 0.2)), "median best pattern"),
    ],
)
def test_a_training_in_another_arithmetic_may_learn_a_little_otherwise(
    measured: Measurements, named: str
) -> None:
    assert [line for line in differences(MEASURED, measured) if line.startswith(named)]
    assert differences(MEASURED, measured, same_arithmetic=False) == []
    lost = replace(measured, plot=None)
    assert differences(MEASURED, lost, same_arithmetic=False) == ["plot: there is none now"]


def test_whatever_is_named_here_is_measured() -> None:
    records = {"model": MODEL, "images": IMAGES, "steps": MEASURED.steps, "plot": MEASURED.plot}
    records["reenactment"] = Reenactment(watched=64)
    names = {f"{part}.{field.name}" for part, one in records.items() for field in fields(one)}  # type: ignore[arg-type]

    names |= {field.name for field in fields(MEASURED)}
    assert set(LEARNED) | NOT_COMPARED <= names
    assert set(OF_ANOTHER_ARITHMETIC) <= names | OF_LIVING.keys()
    assert set(PARTS) <= {field.name for field in fields(MEASURED)}
    assert OF_LIVING


def test_what_older_measurements_lack_is_not_compared() -> None:
    today = replace(MEASURED, pictures_shown=1, model=replace(MODEL, accuracy_before=0.1))

    assert differences(MEASURED, today) == []
    assert differences(today, replace(today, pictures_shown=0)) == ["pictures_shown: 1 is 0 now"]
