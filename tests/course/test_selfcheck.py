import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from matplotlib.figure import Figure
from tensorflow import keras

from autograder.course.folder import ASSIGNMENT

SELFCHECK = Path(__file__).resolve().parents[2] / "source" / ASSIGNMENT / "selfcheck.py"
CHECKS = ["cnn", "training", "images", "ascent", "objective", "updates", "plot"]


@pytest.fixture(scope="module")
def selfcheck() -> ModuleType:
    spec = importlib.util.spec_from_file_location("selfcheck", SELFCHECK)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    spec.loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


@pytest.fixture
def say(selfcheck: ModuleType, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(check: str, **notebook: Any) -> str:
        capsys.readouterr()
        getattr(selfcheck, f"check_{check}")(notebook)
        return capsys.readouterr().out

    return run


def detector() -> Any:
    """A network of four filters that answer to the brightness of one quarter of the image each."""
    layers = keras.layers
    quarters = np.zeros((28, 28, 1, 4), "float32")
    for i in range(4):
        quarters[14 * (i // 2) :, 14 * (i % 2) :, 0, i][:14, :14] = 1
    model = keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(4, 28, name="conv2d_3"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.get_layer("conv2d_3").set_weights([quarters, np.zeros(4, "float32")])
    return model


def own_images() -> list[Any]:
    images = []
    for i in range(4):
        image = np.random.default_rng(i).uniform(size=(1, 28, 28, 1))
        image[0, 14 * (i // 2) :, 14 * (i % 2) :, 0][:14, :14] += 5
        images.append(image)
    return images


ODD_STATES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "stubs": dict.fromkeys(["model", "results", "visualized_feature", "figure", "gradient_updates"], ...),
    "numbers": dict.fromkeys(["model", "results", "visualized_feature", "figure", "layer_name", "x_test"], 3),
    "a model class": {"model": keras.Sequential, "visualized_feature": [1, 2]},
    "an unbuilt model": {
        "model": keras.Sequential([keras.layers.Conv2D(4, 3)]),
        "visualized_feature": own_images(),
    },
    "ragged": {"model": detector(), "visualized_feature": [[1], [1, 2], "x", None, np.zeros((3, 28, 28))]},
    "a nan": {"model": detector(), "visualized_feature": [np.full((28, 28), np.nan)]},
    "a lonely image": {"model": detector(), "visualized_feature": np.ones((1, 28, 28, 1))},
    "strange results": {
        "model": detector(),
        "results": {"loss": []},
        "x_test": np.zeros(3),
        "y_test": [1, 2, 3],
    },
    "text instead of numbers": {"gradient_updates": "fifty", "step_size": [1, 2], "layer_name": None},
    "an empty figure": {"figure": Figure()},
}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("state", ODD_STATES)
def test_no_check_ever_raises(say: Callable[..., str], check: str, state: str) -> None:
    assert " ✗ " in say(check, **ODD_STATES[state])


CONTAINERS: dict[str, Callable[[list[Any]], Any]] = {
    "a list": list,
    "an array": np.concatenate,
    "a flat array": lambda images: np.concatenate(images)[..., 0],
    "a tensor": lambda images: tf.constant(np.concatenate(images)),
    "a dictionary": lambda images: dict(enumerate(images)),
    "tensors": lambda images: [tf.constant(image) for image in images],
    "variables": lambda images: [tf.Variable(image) for image in images],
    "Keras variables": lambda images: [keras.Variable(image) for image in images],
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_images_are_recognised_in_whatever_they_are_kept(say: Callable[..., str], container: str) -> None:
    images = CONTAINERS[container](own_images())

    for check in ("images", "ascent", "objective"):
        assert " ✗ " not in say(check, model=detector(), visualized_feature=images)


def test_an_own_image_for_every_filter_is_praised(say: Callable[..., str]) -> None:
    assert "4 of 4 filters are raised" in say("ascent", model=detector(), visualized_feature=own_images())
    assert "4 of 4 living filters" in say("objective", model=detector(), visualized_feature=own_images())


def test_images_of_the_wrong_filters_are_noticed(say: Callable[..., str]) -> None:
    shifted = own_images()[1:] + own_images()[:1]

    assert "✗ 0 of 4 living filters" in say("objective", model=detector(), visualized_feature=shifted)


def test_one_variable_appended_again_and_again_is_noticed(say: Callable[..., str]) -> None:
    images = [tf.Variable(own_images()[0])] * 4

    assert "✗ Only 1 of 4 images are different" in say("images", model=detector(), visualized_feature=images)


def test_convolutions_in_nested_models_count(say: Callable[..., str]) -> None:
    layers = keras.layers
    inner = keras.Sequential([layers.Conv2D(2, 3) for _ in range(3)])
    model = keras.Sequential(
        [layers.Input((28, 28, 1)), inner, layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(10)]
    )

    assert "✓ 4 convolution layers" in say("cnn", model=model)


def test_a_subclassed_model_is_judged_by_what_it_does(say: Callable[..., str]) -> None:
    class Mine(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = keras.layers.Conv2D(4, 28, name="conv2d_3")
            self.dense = keras.layers.Dense(10)

        def call(self, x: Any) -> Any:
            return self.dense(self.convolution(x)[:, 0, 0])

    model = Mine()
    model(np.zeros((1, 28, 28, 1), "float32"))

    assert "ten numbers come out" in say("cnn", model=model)
    assert "the grading can" in say("ascent", model=model, visualized_feature=own_images())


def test_a_figure_is_found_under_any_name(say: Callable[..., str]) -> None:
    mine = Figure()
    for i in range(4):
        axes = mine.add_subplot(2, 2, i + 1)
        axes.imshow(np.eye(28))
        axes.set_title(f"feature {i}")

    assert " ✗ " not in say("plot", fig=mine, visualized_feature=own_images())
    mine.axes[2].set_title("")
    assert "✗ 1 panel without a title" in say("plot", fig=mine, visualized_feature=own_images())


def test_a_check_changes_nothing(say: Callable[..., str]) -> None:
    model, images = detector(), own_images()
    weights, copies = model.get_weights(), [image.copy() for image in images]
    state = np.random.get_state()[1].copy()

    for check in CHECKS:
        say(check, model=model, visualized_feature=images)

    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), weights, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(images, copies, strict=True))
    assert np.array_equal(np.random.get_state()[1], state)


@pytest.mark.parametrize("check", CHECKS)
def test_only_nbgrader_s_validation_is_stopped_by_what_is_missing(
    check: str, selfcheck: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = getattr(selfcheck, f"check_{check}")
    run({})

    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    with pytest.raises(AssertionError, match=r"."):
        run({})


def test_nbgrader_s_validation_lists_no_check_that_is_met(
    selfcheck: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    with pytest.raises(AssertionError):
        selfcheck.check_images({})

    selfcheck.check_images({"model": detector(), "visualized_feature": own_images()})


def test_the_course_says_how_many_convolutions_are_enough(
    say: Callable[..., str], selfcheck: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "asks for at least 4" in say("cnn", model=detector())

    monkeypatch.setattr(selfcheck, "SCALES", {"convolutions": [0, 1]})

    assert "asks for" not in say("cnn", model=detector())


def test_what_counts_is_said_where_the_course_states_it(
    say: Callable[..., str], selfcheck: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "What counts" not in say("updates", gradient_updates=50, step_size=1.0)

    monkeypatch.setattr(selfcheck, "SCALES", {"steps": [0.3, 0.9]})

    assert "90 % earn all points, 30 % none" in say("updates", gradient_updates=50, step_size=1.0)
