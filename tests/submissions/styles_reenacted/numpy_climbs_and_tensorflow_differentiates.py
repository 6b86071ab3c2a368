# TensorFlow only gives the gradient; image, normalization and update are float64 arrays of numpy. Climbs by recursion:
# fifty steps are one step and forty-nine more. Everything right.
#
# /// label
# ///

# %% cnn
model = keras.Sequential([layers.Input((28, 28, 1))])
for k, (f, s) in enumerate([(12, 1), (12, 2), (24, 1), (28, 2)]):
    model.add(layers.Conv2D(f, 3, strides=s, padding="same", name="conv2d" + f"_{k}" * bool(k)))
    model.add(layers.Activation("elu"))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(keras.optimizers.Adam(0.002), "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=6, batch_size=16, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 28
until_layer = keras.Model(model.inputs, model.get_layer(layer_name).output)


def gradient(image, f):
    x = tf.constant(image[np.newaxis, :, :, np.newaxis], dtype=tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_mean(until_layer(x)[0, :, :, f])
    return tape.gradient(y, x).numpy()[0, :, :, 0].astype(np.float64)


def climb(image, f, steps_left):
    if steps_left == 0:
        return image
    g = gradient(image, f)
    g /= np.sqrt((g * g).mean()) + 1e-7
    return climb(image + step_size * g, f, steps_left - 1)


rng = np.random.default_rng(5)
visualized_feature = [climb(rng.random((28, 28)), f, gradient_updates) for f in range(number_of_filters)]

# %% plot
figure, axes = plt.subplots(4, 7, figsize=(10, 6.5))
for f in range(number_of_filters):
    axes.flat[f].imshow(deprocess_image(visualized_feature[f].copy()), cmap="gray")
    axes.flat[f].set_title(f"feature {f}")
    axes.flat[f].axis("off")
plt.show()
