import numpy as np
import pytest

from solutions.deprocess import deprocess


def exercise_deprocess(x: np.ndarray) -> np.ndarray:
    """As given to the students, on a copy."""
    x = x.copy()
    x -= x.mean()
    x /= x.std() + 1e-7
    x += 0.5
    x *= 255
    return np.clip(x, 0, 255).astype("uint8")


def images(count: int) -> np.ndarray:
    return np.random.default_rng(0).normal(3, 40, (count, 28, 28, 1)).astype(np.float32)


def test_it_computes_what_the_exercise_computes_for_each_image() -> None:
    batch = images(5) * np.array([1, 2, 1e3, 1e-3, 1e6], np.float32).reshape(-1, 1, 1, 1)

    grey = deprocess(batch)

    assert grey.dtype == np.uint8
    expected = np.stack([exercise_deprocess(image) for image in batch])
    assert np.abs(grey.astype(int) - expected).max() <= 1  # the exercise rounds in float32


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (1, 28, 28, 1), (4, 28, 28), (4, 28, 28, 1)])
def test_it_keeps_the_shape_and_treats_each_image_by_itself(shape: tuple[int, ...]) -> None:
    batch = images(4)
    count = int(np.prod(shape)) // 784

    grey = deprocess(batch[:count].reshape(shape))

    assert grey.shape == shape
    expected = np.stack([deprocess(image) for image in batch[:count]])
    np.testing.assert_array_equal(grey.reshape(-1, 28, 28), expected[..., 0])


def test_it_leaves_its_argument_alone() -> None:
    batch = images(2)
    before = batch.copy()
    deprocess(batch)
    np.testing.assert_array_equal(batch, before)


def test_a_constant_image_is_middle_grey() -> None:
    assert set(deprocess(np.full((28, 28), 7.0)).ravel()) == {127}


def test_pixels_that_are_not_finite_disturb_no_other_pixel() -> None:
    image = images(1)[0]
    broken = image.copy()
    broken[0, :3, 0] = np.nan, np.inf, -np.inf

    grey = deprocess(broken)

    assert grey[0, :3, 0].tolist() == [127, 255, 0]
    assert np.abs(grey[1:].astype(int) - deprocess(image)[1:]).max() <= 2
    assert set(deprocess(np.full((28, 28), np.nan)).ravel()) == {127}


def test_exploded_and_integer_images_are_accepted() -> None:
    assert deprocess(images(1) * np.float32(1e34)).std() > 50
    assert deprocess(np.arange(784).reshape(28, 28)).std() > 50


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(ValueError, match="no image"):
        deprocess(np.zeros(28))
