from collections.abc import Sequence

import keras
import numpy as np
import pytest
import tensorflow as tf

from solutions.gradient_ascent import (
    filter_activations,
    gradient_ascent,
    normalize,
    uniform_noise,
    visualize_filters,
)

layers = keras.layers


def exercise_ascent(
    model: keras.Model, layer_name: str, filters: Sequence[int], noise: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """The exercise as published: eager, one filter after the other."""
    submodel = keras.Model(model.inputs[0], model.get_layer(layer_name).output)
    images, final_activations = [], []
    for filter_index, start in zip(filters, noise, strict=True):
        input_img = tf.Variable(start[np.newaxis])  # (1, 28, 28, 1)
        for _ in range(steps):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(submodel(input_img)[:, :, :, filter_index])
            grads = tape.gradient(loss, input_img)
            grads = grads / (tf.sqrt(tf.reduce_mean(tf.square(grads))) + keras.backend.epsilon())
            input_img.assign_add(1.0 * grads)
        images.append(input_img.numpy()[0])
        final_activations.append(float(tf.reduce_mean(submodel(input_img)[:, :, :, filter_index])))
    return np.stack(images), np.array(final_activations)


def test_all_filters_at_once_agree_with_the_exercises_loop(trained_cnn: keras.Model) -> None:
    filters = list(range(0, 64, 16))
    noise = uniform_noise(len(filters), seed=5)

    ascent = visualize_filters(trained_cnn, "conv2d_3", filters=filters, noise=noise)
    images, final_activations = exercise_ascent(trained_cnn, "conv2d_3", filters, noise, steps=50)

    live = ~ascent.dead
    assert live.sum() >= 3
    largest_pixel = np.abs(images).max(axis=(1, 2, 3))
    apart = np.abs(ascent.images - images).max(axis=(1, 2, 3)) / largest_pixel
    assert np.median(apart[live]) <= 1e-4
    np.testing.assert_allclose(ascent.activations[-1][live], final_activations[live], rtol=1e-3)


def unusual_network() -> keras.Model:
    """Layers that differ in what may go wrong: strides, padding, dilation, groups, activations, no bias."""
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(6, 3, activation="tanh", name="first"),
            layers.Conv2D(6, 5, strides=2, padding="same", activation="relu", name="strided"),
            layers.Conv2D(6, (3, 2), padding="valid", activation="leaky_relu", name="valid"),
            layers.Conv2D(6, 3, dilation_rate=2, use_bias=False, padding="same", name="dilated"),
            layers.Conv2D(6, 3, strides=(2, 1), padding="same", activation="relu", name="uneven"),
            layers.Conv2D(6, 3, groups=2, padding="same", activation="relu", name="grouped"),
            layers.Conv2D(6, 3, padding="same", activation="softmax", name="softmax"),
            layers.Conv2D(6, 3, padding="same", activation=layers.LeakyReLU(0.1), name="own_activation"),
            layers.SeparableConv2D(6, 3, padding="same", name="separable"),
            layers.BatchNormalization(name="normalization"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(6, name="dense"),
        ]
    )


@pytest.mark.parametrize(
    "layer_name",
    [
        "first",
        "strided",
        "valid",
        "dilated",
        "uneven",
        "grouped",
        "softmax",
        "own_activation",
        "separable",
        "normalization",
        "dense",
    ],
)
def test_any_layer_is_measured_as_the_model_itself_computes_it(layer_name: str) -> None:
    keras.utils.set_random_seed(2)
    model = unusual_network()
    for layer in model.layers:  # biases start at zero, where forgetting them would go unnoticed
        layer.set_weights([weight + 0.1 for weight in layer.get_weights()])
    filters = [4, 0, 4, 5]
    images = tf.constant(uniform_noise(len(filters), seed=1))

    measured = filter_activations(model, layer_name, filters)(images)

    output = keras.Model(model.inputs[0], model.get_layer(layer_name).output)(images, training=False).numpy()
    means = output.reshape(len(filters), -1, 6).mean(axis=1)
    np.testing.assert_allclose(measured, means[np.arange(4), filters], rtol=1e-4, atol=1e-6)


def test_looking_does_not_change_the_model(trained_cnn: keras.Model) -> None:
    before = trained_cnn.get_weights()
    names = [layer.name for layer in trained_cnn.layers]

    visualize_filters(trained_cnn, "conv2d_1", filters=[0, 1], steps=2)

    assert [layer.name for layer in trained_cnn.layers] == names
    for weights, weights_before in zip(trained_cnn.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weights, weights_before)


def test_a_function_follows_further_training_of_its_model() -> None:
    model = unusual_network()
    activations = filter_activations(model, "first")
    noise = uniform_noise(6, seed=1)
    before = gradient_ascent(activations, noise, steps=1)

    kernel, bias = model.get_layer("first").get_weights()
    model.get_layer("first").set_weights([kernel, bias + 0.5])

    assert (gradient_ascent(activations, noise, steps=1).activations > before.activations).all()


def test_every_activation_is_recorded(trained_cnn: keras.Model) -> None:
    noise = uniform_noise(3, seed=1)
    activations = filter_activations(trained_cnn, "conv2d_1", [0, 1, 2])

    ascent = gradient_ascent(activations, noise, steps=7, step_size=0.5)

    assert ascent.images.shape == (3, 28, 28, 1)
    assert ascent.activations.shape == (8, 3)
    assert ascent.images.dtype == ascent.activations.dtype == np.float32
    np.testing.assert_allclose(ascent.activations[0], activations(tf.constant(noise)), rtol=1e-5)
    np.testing.assert_allclose(ascent.activations[-1], activations(tf.constant(ascent.images)), rtol=1e-5)


def test_any_function_of_the_images_can_be_climbed() -> None:
    ascent = gradient_ascent(
        lambda images: tf.reduce_mean(images, axis=(1, 2, 3)), np.zeros((2, 28, 28, 1)), steps=3, step_size=1
    )

    np.testing.assert_allclose(ascent.images, 3.0, rtol=1e-4)  # three steps of root mean square one


def test_a_dead_filter_is_detected_and_its_image_untouched(trained_cnn: keras.Model) -> None:
    model = keras.models.clone_model(trained_cnn)
    model.set_weights(trained_cnn.get_weights())
    kernel, bias = model.get_layer("conv2d_1").get_weights()
    bias[3] = -1e6
    model.get_layer("conv2d_1").set_weights([kernel, bias])
    noise = uniform_noise(32, seed=1)

    ascent = visualize_filters(model, "conv2d_1", noise=noise, steps=5)

    assert ascent.dead[3]
    assert ascent.dead.sum() < 8
    np.testing.assert_array_equal(ascent.images[3], noise[3])


def test_a_seed_makes_noise_and_images_reproducible(trained_cnn: keras.Model) -> None:
    np.testing.assert_array_equal(uniform_noise(4, seed=9), uniform_noise(4, seed=9))
    assert not np.array_equal(uniform_noise(4, seed=9), uniform_noise(4, seed=10))
    assert not np.array_equal(uniform_noise(4), uniform_noise(4))

    one, other = (visualize_filters(trained_cnn, filters=[1, 2], steps=5, seed=9) for _ in range(2))

    np.testing.assert_array_equal(one.images, other.images)


def test_noise_is_uniform_float32() -> None:
    noise = uniform_noise(64, seed=0)
    assert noise.shape == (64, 28, 28, 1)
    assert noise.dtype == np.float32
    assert 0 <= noise.min() < 0.01
    assert 0.99 < noise.max() < 1


def test_each_gradient_is_normalized_by_itself() -> None:
    gradients = np.stack([np.zeros((28, 28, 1)), np.full((28, 28, 1), 2.0), np.full((28, 28, 1), -300.0)])

    normalized = normalize(tf.constant(gradients, tf.float32)).numpy()

    np.testing.assert_allclose(normalized[:, 0, 0, 0], [0, 1, -1], rtol=1e-6)


def test_an_unknown_layer_is_answered_with_the_layers_there_are(trained_cnn: keras.Model) -> None:
    with pytest.raises(ValueError, match=r"no layer 'conv2d_9'; its layers are conv2d, conv2d_1, "):
        visualize_filters(trained_cnn, "conv2d_9")


def test_a_filter_out_of_range_is_refused(trained_cnn: keras.Model) -> None:
    with pytest.raises(ValueError, match="has the filters 0 to 63"):
        visualize_filters(trained_cnn, filters=[3, 64])


def test_a_model_that_was_never_built_is_refused() -> None:
    with pytest.raises(ValueError, match="has no defined input"):
        visualize_filters(keras.Sequential([layers.Conv2D(4, 3, name="conv2d_3")]))


def test_noise_of_another_shape_or_number_is_refused(trained_cnn: keras.Model) -> None:
    with pytest.raises(ValueError, match=r"needed is \(filters, 28, 28, 1\)"):
        visualize_filters(trained_cnn, noise=np.zeros((64, 28, 28), np.float32))
    with pytest.raises(ValueError, match="2 images of noise for 64 filters"):
        visualize_filters(trained_cnn, noise=uniform_noise(2))
