"""The work is found by what it is: another start, another layer, another order, another place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import keras
import numpy as np
import numpy.typing as npt
import pytest

from autograder.evidence import Evidence, Record, digest
from autograder.execute.inside.freezing import freeze
from autograder.execute.inside.recorder import as_npy
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.exercises.activation_maximization.verify.conditions import AS_ASKED
from autograder.exercises.activation_maximization.verify.filters import look_at_layer, only_sure_filters
from autograder.exercises.activation_maximization.verify.images import Version, image_sets, measure_images
from autograder.exercises.activation_maximization.verify.measure import measure
from autograder.measurements import ImagesMeasurement, Measurements
from autograder.rubric.score import score
from autograder.verify.graph import read_graph
from autograder.verify.held_out import HeldOut
from solutions.cnn import train
from solutions.data import embedded_digits, prepare
from solutions.gradient_ascent import filter_activations, gradient_ascent, uniform_noise

Images = npt.NDArray[np.float32]
MakeEvidence = Callable[..., Evidence]
OBJECTIVE = {"ascent": 20.0, "objective": 15.0}


@pytest.fixture(scope="module")
def ascend(network: keras.Model) -> Callable[..., Images]:
    def run(layer: str = "conv2d_3", low: float = 0.0, high: float = 1.0, **how: object) -> Images:
        activations = filter_activations(network, layer)
        count = network.get_layer(layer).output.shape[-1]
        start = low + (high - low) * uniform_noise(count, seed=3)
        return gradient_ascent(activations, start.astype(np.float32), **how).images  # type: ignore[arg-type]

    return run


def verdicts(measurements: Measurements) -> dict[str, str]:
    points = dict.fromkeys(["cnn", "training", "images", "ascent", "objective", "updates", "plot"], 10.0)
    return {name: one.status for name, one in score(EXERCISE, measurements, Thresholds(), points).items()}


def found(measurements: Measurements) -> ImagesMeasurement:
    assert measurements.images is not None
    return measurements.images


@pytest.mark.deep
def test_pixels_cut_off_after_every_step_cost_nothing(
    ascend: Callable[..., Images], make_evidence: MakeEvidence, digits: HeldOut
) -> None:
    measurements, _ = measure(make_evidence(ascend(bounds=(0.0, 1.0))), digits, seed=7)

    assert not found(measurements).scale_known
    assert verdicts(measurements)["ascent"] == verdicts(measurements)["objective"] == "pass"


@pytest.mark.deep
@pytest.mark.parametrize(("low", "high"), [(118.0, 138.0), (64.0, 192.0), (-0.5, 0.5), (0.45, 0.55)])
def test_another_start_costs_nothing(
    low: float, high: float, ascend: Callable[..., Images], make_evidence: MakeEvidence, digits: HeldOut
) -> None:
    measurements, _ = measure(make_evidence(ascend(low=low, high=high)), digits, seed=7)

    assert verdicts(measurements)["ascent"] == verdicts(measurements)["objective"] == "pass"


@pytest.mark.deep
def test_another_layer_that_is_not_named_is_found(
    ascend: Callable[..., Images], make_evidence: MakeEvidence, digits: HeldOut
) -> None:
    measurements, _ = measure(make_evidence(ascend("conv2d_2")), digits, seed=7)

    assert found(measurements).layer == "conv2d_2"
    assert verdicts(measurements)["objective"] == "pass"


@pytest.mark.deep
def test_the_images_of_a_dictionary_belong_to_its_keys(
    ascend: Callable[..., Images], make_evidence: MakeEvidence, digits: HeldOut
) -> None:
    order = np.random.default_rng(0).permutation(64)
    evidence = make_evidence(ascend()[order])
    *others, images = evidence.records
    keyed = replace(images, facts={**images.facts, "positions": order.tolist()})

    right, _ = measure(replace(evidence, records=(*others, keyed)), digits, seed=7)
    wrong, _ = measure(evidence, digits, seed=7)

    assert verdicts(right)["objective"] == "pass"
    assert verdicts(wrong)["objective"] == "fail"


@pytest.mark.parametrize("said", [[0, 0, 1], [-1, 0, 1], ["a", 1, 2], [0, 1], [0, 1, 10**9], {"0": 1}, None])
def test_positions_that_cannot_be_are_passed_over(said: object) -> None:
    payload = as_npy(np.ones((3, 28, 28), np.float32))
    record = Record("images", 0, {"variable": "visualized_feature", "positions": said}, digest(payload))

    ((_, _, positions),) = image_sets(Evidence("graded", (), (record,), {digest(payload): payload}))

    assert positions == (0, 1, 2)


@pytest.mark.deep
def test_images_that_only_a_figure_shows_are_found(
    ascend: Callable[..., Images], make_evidence: MakeEvidence, digits: HeldOut
) -> None:
    evidence = make_evidence(ascend())
    *others, images = evidence.records
    panels = [{"title": f"feature {i}", "shapes": [[28, 28]]} for i in range(64)]
    figure = Record("figure", 2, {"panels": panels}, images.payload)

    measurements, _ = measure(replace(evidence, records=(*others, figure)), digits, seed=7)

    assert found(measurements).variable == "figure"
    assert {verdicts(measurements)[name] for name in ("images", "ascent", "objective", "plot")} == {"pass"}


@pytest.mark.deep
def test_normalization_inside_the_network_costs_no_correct_image(digits: HeldOut) -> None:
    layers = keras.layers
    keras.utils.set_random_seed(1)
    blocks = [
        [
            layers.Conv2D(filters, 3, padding="same", name=f"conv2d_{k}"),
            layers.BatchNormalization(),
            layers.ReLU(),
        ]
        for k, filters in enumerate([8, 16, 16, 32])
    ]
    model = keras.Sequential(
        [layers.Input((28, 28, 1)), *blocks[0], layers.MaxPooling2D(), *blocks[1], *blocks[2], *blocks[3],
         layers.MaxPooling2D(), layers.Flatten(), layers.Dense(10, activation="softmax")]
    )  # fmt: skip
    train(model, prepare(embedded_digits()), epochs=2, seed=0, verbose=0)
    frozen = read_graph(*freeze(model))
    maps = next(layer for layer in frozen.layers if layer.name == model.layers[-5].name)
    images = gradient_ascent(filter_activations(model, maps.name), uniform_noise(32, seed=3)).images
    version = Version(
        Record("images", 0, {"variable": "x"}, digest(b"")), images[..., 0], tuple(range(32)), None
    )

    layer = only_sure_filters(look_at_layer(frozen, maps, AS_ASKED, seed=7), seed=7)
    measured = measure_images(version, layer)

    clear = [one for one in measured.filters if one.clear]
    own = [one for one in clear if one.pattern >= 0.6 and one.best_filter == one.index]
    assert len(clear) > 16
    assert len(own) > 0.85 * len(clear)
